"""Names for what a path is that is no regular file: reading it may never end."""

from __future__ import annotations

import stat
from typing import Final

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def special_kind(mode: int) -> str:
    """Return what a file is by its mode, such as "a named pipe"; empty for a regular file.

    Args:
        mode: `st_mode` of `os.stat`.
    """
    if stat.S_ISREG(mode):
        return ""
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "a special file")
