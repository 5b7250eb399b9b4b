"""Whether the process that holds something of a home is still there."""

from __future__ import annotations

import socket
from datetime import datetime
from typing import Final

HOST: Final = socket.gethostname()
"""The name of this machine, as it stands beside process numbers in the store."""

SILENT_SECONDS: Final = 600
"""How long a process of this machine may go without a sign of life."""

SILENT_SECONDS_ELSEWHERE: Final = 60
"""The same for a process of another machine, which cannot be looked at."""

NO_PROCESS: Final = 0
"""A process number that stands for none."""

_CLOCK_SECONDS: Final = 5
"""How far the clock that numbers a process's start may be off."""


def lives(host: str, pid: int, *, heartbeat_at: datetime, now: datetime) -> bool:
    """Whether the process `pid` of `host`, which gave a sign of life at `heartbeat_at`, still runs.

    On this machine the process must be there, be no zombie, and be older than its last sign of
    life: a number is given to another process some day. Elsewhere only the sign counts.
    """
    silent = (now - heartbeat_at).total_seconds()
    if host != HOST:
        return silent < SILENT_SECONDS_ELSEWHERE
    return silent < SILENT_SECONDS and _is_there(pid, heartbeat_at)


def _is_there(pid: int, heartbeat_at: datetime) -> bool:
    if pid == NO_PROCESS:
        return False
    import psutil  # os.kill(pid, 0) asks on POSIX, but ends the process on Windows

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        started: float = process.create_time()
        return started <= heartbeat_at.timestamp() + _CLOCK_SECONDS
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # somebody else's process, but there
        return True
