"""Which pictures a folder of somebody else's labels holds; reading them is the caller's."""

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
        label: the right digit, 0-9.
        predicted: what the older app had read; None where that is not known.
        name: the picture's own name.
    """

    path: Path
    label: int
    predicted: int | None
    name: str


def parse_legacy_name(filename: str) -> tuple[int, int, str] | None:
    """Right digit, predicted digit and the picture's own name in one of the old app's names.

    Split at "_", such a name has at least five parts: the first is the right digit, the fourth
    the predicted one, and the fifth begins the picture's own name, which may hold more "_".

    Returns:
        None when the name is not of that kind.
    """
    parts = filename.split("_", 4)
    if len(parts) < 5 or parts[0] not in _DIGITS or parts[3] not in _DIGITS:
        return None
    return int(parts[0]), int(parts[3]), parts[4]


def scan_import(
    path: str | os.PathLike[str],
) -> tuple[list[ImportItem], list[tuple[str, str]]]:
    """The labelled pictures below a folder, and what else is there.

    A picture is labelled by its parent folder when that is named by one digit, else by its
    own name if that is one of the old app's. Hidden files are passed over.

    Args:
        path: the old app's `incorrect_predictions`, or a folder of folders 0 to 9.

    Returns:
        The pictures, sorted by path; and for each other file its path within the folder and
        the reason why it is skipped.

    Raises:
        DataError: there is no such folder.
    """
    folder = Path(os.path.abspath(path))  # the folder itself may be the one named by a digit
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
        item = _item(file)
        if isinstance(item, str):
            skipped.append((within.as_posix(), item))
        else:
            items.append(item)
    return items, skipped


def _item(file: Path) -> ImportItem | str:
    from digitlab.datasets import PICTURE_SUFFIXES  # digitlab.images behind it loads Pillow

    if file.suffix.lower() not in PICTURE_SUFFIXES:
        return "not a picture by its ending"
    parent = file.parent.name
    if parent in _DIGITS:
        return ImportItem(file, int(parent), None, file.name)
    legacy = parse_legacy_name(file.name)
    if legacy is None:
        return (
            "has no label: neither a parent folder named 0 to 9, nor a name such as "
            "7_x_y_1_photo.png (right digit, two words, predicted digit, own name)"
        )
    digit, predicted, name = legacy
    return ImportItem(file, digit, predicted, name)
