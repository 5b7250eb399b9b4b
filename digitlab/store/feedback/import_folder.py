"""The labelled pictures in a folder that `digitlab feedback import` reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from digitlab.errors import DataError

_DIGITS: Final = frozenset("0123456789")


class ImportItem(NamedTuple):
    """One labelled picture.

    Attributes:
        path: the file.
        label: the true digit, 0-9.
        predicted: the digit that the old app predicted; None if the file name does not tell.
        name: the picture's own name.
    """

    path: Path
    label: int
    predicted: int | None
    name: str


def parse_legacy_name(filename: str) -> tuple[int, int, str] | None:
    """Split a file name of the old app into true digit, predicted digit and the picture's name.

    Split at "_", such a name has at least five parts: the first is the true digit, the fourth
    the predicted digit, and the fifth begins the picture's own name, which may contain "_" too.

    Returns:
        None if the name does not have this form.
    """
    parts = filename.split("_", 4)
    if len(parts) < 5 or parts[0] not in _DIGITS or parts[3] not in _DIGITS:
        return None
    return int(parts[0]), int(parts[3]), parts[4]


def scan_import(
    path: str | os.PathLike[str],
) -> tuple[list[ImportItem], list[tuple[str, str]]]:
    """List the labelled pictures below a folder and the files to skip.

    The label is the name of the parent folder if that is one digit, otherwise it is taken from
    the file name if that is one of the old app's. Hidden files are ignored.

    Args:
        path: the old app's `incorrect_predictions`, or a folder with folders 0 to 9.

    Returns:
        The pictures, sorted by path; and for each other file its path within the folder and
        the reason why it is skipped.

    Raises:
        DataError: there is no such folder.
    """
    folder = Path(os.path.abspath(path))  # "." may be a folder that is named by a digit
    if not folder.is_dir():
        raise DataError(
            f"{folder}: no such folder; expected one with labelled pictures.",
            path=str(folder),
            expected="a folder",
        )
    items: list[ImportItem] = []
    skipped: list[tuple[str, str]] = []
    for file in sorted(folder.rglob("*")):
        within = file.relative_to(folder)
        if not file.is_file() or any(part.startswith(".") for part in within.parts):
            continue
        item_or_reason = _to_item(file)
        if isinstance(item_or_reason, str):
            skipped.append((within.as_posix(), item_or_reason))
        else:
            items.append(item_or_reason)
    return items, skipped


def _to_item(file: Path) -> ImportItem | str:
    """Return the labelled picture, or the reason why the file is none."""
    from digitlab.datasets import PICTURE_SUFFIXES  # digitlab.images behind it loads Pillow

    if file.suffix.lower() not in PICTURE_SUFFIXES:
        return "not a picture by its file extension"
    parent = file.parent.name
    if parent in _DIGITS:
        return ImportItem(file, int(parent), None, file.name)
    legacy = parse_legacy_name(file.name)
    if legacy is None:
        return (
            "has no label: neither a parent folder named 0 to 9, nor a name such as "
            "7_x_y_1_photo.png (true digit, two words, predicted digit, own name)"
        )
    label, predicted, name = legacy
    return ImportItem(file, label, predicted, name)
