"""The files below a folder: pictures, tables, and those that are left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, Literal, NamedTuple

from digitlab.images.formats import suffixes

PICTURE_SUFFIXES: Final = suffixes()
"""File suffixes, in lower case with their dot, of the pictures in a folder."""

Cause = Literal[
    "not a digit",
    "a letter",
    "two labels",
    "no label",
    "not a picture",
    "not a regular file",
    "cannot be opened",
    "not in the table",
    "listed, but missing",
    "changed after the export",
    "cannot be read",
]
"""Why a file is left out, in a few words."""

TABLE_SUFFIXES: Final = frozenset({".csv", ".tsv"})
"""File suffixes of tables that may give labels."""

_HIDDEN_FOLDERS: Final = frozenset({"__MACOSX"})  # resource forks that macOS adds to a zip file


class LeftOut(NamedTuple):
    """A file that is not read.

    Attributes:
        name: its path within the folder, with "/".
        cause: why, in a few words; to count by.
        reason: why, in a sentence without its full stop.
    """

    name: str
    cause: Cause
    reason: str


class FolderFiles(NamedTuple):
    """The files below a folder, by their path within it.

    Attributes:
        root: the folder.
        pictures: regular files with the suffix of a picture, sorted.
        tables: regular files with the suffix of a table, sorted.
        left_out: all other files, except hidden ones.
    """

    root: Path
    pictures: dict[PurePosixPath, Path]
    tables: dict[PurePosixPath, Path]
    left_out: list[LeftOut]


def list_pictures(folder: Path) -> list[Path]:
    """List all pictures below a folder by their suffix, sorted by path, without hidden ones."""
    return sorted(list_files(folder).pictures.values())


def list_files(folder: Path) -> FolderFiles:
    """List the files below a folder. Links to folders are not followed."""
    files = FolderFiles(folder, {}, {}, [])
    for within, path in _walk(folder, files.left_out):
        suffix = within.suffix.lower()
        is_table = suffix in TABLE_SUFFIXES
        if suffix not in PICTURE_SUFFIXES and not is_table:
            reason = "not a picture by its file extension"
            files.left_out.append(LeftOut(within.as_posix(), "not a picture", reason))
        elif not _is_regular(path):
            reason = "not a regular file"
            files.left_out.append(LeftOut(within.as_posix(), "not a regular file", reason))
        else:
            (files.tables if is_table else files.pictures)[within] = path
    return files._replace(
        pictures=dict(sorted(files.pictures.items())), tables=dict(sorted(files.tables.items()))
    )


def _walk(root: Path, left_out: list[LeftOut]) -> Iterator[tuple[PurePosixPath, Path]]:
    """Yield the files below a folder; add folders that are links or cannot be opened."""

    def add_unreadable(error: OSError) -> None:
        name = Path(error.filename).relative_to(root).as_posix()
        left_out.append(
            LeftOut(name, "cannot be opened", f"a folder that cannot be opened ({error.strerror})")
        )

    for place, folders, names in os.walk(root, onerror=add_unreadable):
        inside = PurePosixPath(Path(place).relative_to(root).as_posix())
        folders[:] = [name for name in sorted(folders) if not _is_hidden(name)]
        for name in folders:
            if os.path.islink(os.path.join(place, name)):
                reason = "a link to a folder, which is not followed"
                left_out.append(LeftOut((inside / name).as_posix(), "not a regular file", reason))
        for name in sorted(names):
            if not _is_hidden(name):
                yield inside / name, Path(place, name)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in _HIDDEN_FOLDERS


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:  # a broken link, or a loop of links
        return False
