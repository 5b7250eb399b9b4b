"""Pictures in folders: which files are some, and what their folders and names say of them."""

from __future__ import annotations

import os
from pathlib import Path

from digitlab.errors import DataError

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif"}
)
"""File name endings by which a folder's pictures are found."""


def list_labelled_folder(folder: Path) -> list[tuple[Path, int]]:
    """Pictures below a folder with their labels, sorted by path.

    The label is the parent folder's name if that is one digit, else the first character
    of the file's name.

    Raises:
        DataError: the folder is missing, holds no picture, or a picture has no label.
    """
    folder = Path(os.path.abspath(folder))  # "." may be the one named by a digit
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder.", path=str(folder), expected="a folder")
    found = list_pictures(folder)
    if not found:
        raise DataError(
            f"{folder}: holds no picture; expected files ending in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}.",
            path=str(folder),
            expected="pictures",
        )
    return [(path, _label_of(path)) for path in found]


def list_pictures(folder: Path) -> list[Path]:
    """All pictures below a folder by their ending, sorted by path; hidden ones left out."""
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
