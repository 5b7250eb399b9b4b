"""Folders and files of a home, which only their owner can read, or the group that shares them.

The permissions do not depend on the umask. A folder that has the set-group-ID bit and that its
group may write is shared on purpose: below it, the group can read and write. Windows has no such
permissions, so there these functions only create folders and files.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from digitlab.settings import Settings, bundled

_SHARED: Final = stat.S_ISGID | stat.S_IWGRP


def protect_home(settings: Settings) -> None:
    """Restrict the folders of a home and all that is in them, if others can read the folders.

    The home folder itself stays as it is: it may hold other things.
    """
    folders = [settings.home / "feedback", settings.home / "notebooks" / "runs"]
    if settings.models == bundled("models/base").parent:  # a checkout, whose `base` is no secret
        folders += [path for path in settings.models.glob("*") if path.name != "base"]
    else:
        folders.append(settings.models)
    for folder in folders:
        if folder.is_dir() and not _is_private(folder):
            restrict_tree(folder)


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents, each of them private.

    Raises:
        OSError: it cannot be created, or something else has its name.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:  # another process was first
        if not folder.is_dir():
            raise
    else:
        restrict(folder)


def create_file(file: Path) -> int:
    """Create or empty a private file and return its file descriptor, open for writing.

    Raises:
        OSError: it cannot be created.
    """
    descriptor = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    restrict(file)
    return descriptor


def write_file(file: Path, data: bytes) -> None:
    """Write a private file; leave none if that fails.

    Raises:
        OSError: it cannot be written.
    """
    try:
        with open(create_file(file), "wb") as stream:
            stream.write(data)
    except BaseException:
        with contextlib.suppress(OSError):
            file.unlink()
        raise


def restrict_tree(folder: Path) -> None:
    """Restrict a folder and all that is in it; see `restrict`."""
    restrict(folder)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            restrict(Path(parent, name))


def restrict(path: Path) -> None:
    """Give a file 0600 and a folder 0700; in a shared folder, give 0660 and 2770.

    A link and a file of another owner stay as they are.
    """
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        info = path.lstat()
        is_folder = stat.S_ISDIR(info.st_mode)
        if not is_folder and not stat.S_ISREG(info.st_mode):
            return
        shared = _is_shared(path) if is_folder else False
        shared = shared or _is_shared(path.parent)
        owner_only, with_group = (0o700, 0o2770) if is_folder else (0o600, 0o660)
        mode = with_group if shared else owner_only
        if stat.S_IMODE(info.st_mode) != mode:
            path.chmod(mode)


def umask_for(folder: Path) -> int:
    """Return the umask of a process that writes into a folder of a home."""
    return 0o007 if _is_shared(folder) else 0o077


def _is_private(folder: Path) -> bool:
    return os.name != "posix" or _is_shared(folder) or not folder.stat().st_mode & 0o077


def _is_shared(folder: Path) -> bool:
    return folder.stat().st_mode & _SHARED == _SHARED
