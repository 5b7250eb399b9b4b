"""The check whether a process that holds something of a home is still alive."""

from __future__ import annotations

import socket
from datetime import datetime
from typing import Final

HOST: Final = socket.gethostname()
"""Name of this machine, as the store writes it beside process numbers."""

MAX_SILENCE_S: Final = 600
"""Longest time between two heartbeats of a living process of this machine, in seconds."""

MAX_REMOTE_SILENCE_S: Final = 60
"""The same for a process of another machine, which cannot be examined."""

NO_PROCESS: Final = 0
"""Process number that stands for no process."""

_CLOCK_TOLERANCE_S: Final = 5
"""Largest error of the clock that dates the start of a process, in seconds."""


def is_process_alive(host: str, pid: int, *, heartbeat_at: datetime, now: datetime) -> bool:
    """Tell whether the process `pid` of `host` still runs.

    On this machine the process must exist, not be a zombie, and be older than its last
    heartbeat, because operating systems reuse process numbers. On another machine only the age of
    the heartbeat counts.

    Args:
        host: the machine.
        pid: the process number.
        heartbeat_at: the last heartbeat, aware.
        now: the current time, aware.
    """
    silence_s = (now - heartbeat_at).total_seconds()
    if host != HOST:
        return silence_s < MAX_REMOTE_SILENCE_S
    return silence_s < MAX_SILENCE_S and _exists(pid, heartbeat_at)


def _exists(pid: int, heartbeat_at: datetime) -> bool:
    if pid == NO_PROCESS:
        return False
    import psutil  # os.kill(pid, 0) only asks on POSIX; on Windows it ends the process

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        started: float = process.create_time()
        return started <= heartbeat_at.timestamp() + _CLOCK_TOLERANCE_S
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it exists and belongs to another user
        return True
