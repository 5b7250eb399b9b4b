"""Pictures in folders: which files are pictures, and the labels in their folders and names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from digitlab.errors import DataError
from digitlab.images.formats import suffixes

PICTURE_SUFFIXES: Final = suffixes()
"""File suffixes, in lower case with their dot, of the pictures in a folder."""


def list_labelled_folder(folder: Path) -> list[tuple[Path, int]]:
    """List the pictures below a folder with their labels, sorted by path.

    The label is the parent folder's name if that is one digit, else the first character
    of the file's name.

    Raises:
        DataError: the folder is missing, holds no picture, or a picture has no label.
    """
    folder = Path(os.path.abspath(folder))  # "." may be the folder that a digit names
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder.", path=str(folder), expected="a folder")
    paths = list_pictures(folder)
    if not paths:
        raise DataError(
            f"{folder}: holds no picture; expected files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}.",
            path=str(folder),
            expected="pictures",
        )
    return [(path, _label_of(path)) for path in paths]


def list_pictures(folder: Path) -> list[Path]:
    """List all pictures below a folder by their suffix, sorted by path, without hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _label_of(path: Path) -> int:
    parent, first = path.parent.name, path.name[0]
    text = parent if len(parent) == 1 and parent in "0123456789" else first
    if text not in "0123456789":
        raise DataError(
            f"{path}: has no label; expected a parent folder named 0-9 or a file name that "
            "begins with its digit.",
            path=str(path),
            expected="a digit",
        )
    return int(text)
