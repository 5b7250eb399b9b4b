"""Labels in tables beside pictures: CSV files with a column of file names and one of labels."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from digitlab.datasets.folder_files import FolderFiles, LeftOut
from digitlab.datasets.label_names import LabelName, parse_label_name
from digitlab.errors import DataError

FILE_COLUMNS: Final = (
    *("file_name", "filename", "file", "image_name", "image", "img", "picture", "name"),
    *("file_path", "filepath", "image_path", "path", "image_id", "id"),
)
"""Names of a column with file names, in the order of preference; Hugging Face's is first."""

LABEL_COLUMNS: Final = (
    *("label", "labels", "true_label", "class", "class_name", "category", "target", "digit"),
    *("digits", "numeral", "y", "y_true", "truth", "ground_truth", "gt"),
)
"""Names of a column with labels, in the order of preference."""

_PREDICTIONS: Final = re.compile(r"predict|submission|result|output", re.IGNORECASE)
"""Parts of the names of tables whose labels are a model's, not the true ones."""

MAX_TABLE_BYTES: Final = 100_000_000
"""Largest table of labels that is read, in bytes."""


class LabelTable(NamedTuple):
    """The labels in the tables of a folder.

    Attributes:
        labels: by the picture's path within the folder.
        left_out: pictures with contradictory labels or none, and names without a picture.
        rule: the tables and columns, for example "metadata.csv (file_name, label)".
    """

    labels: dict[PurePosixPath, LabelName]
    left_out: list[LeftOut]
    rule: str


class _Pictures:
    """Find pictures by the names that a table gives them."""

    def __init__(self, pictures: Mapping[PurePosixPath, Path]) -> None:
        self._paths = set(pictures)
        self._by_name: dict[str, list[PurePosixPath]] = defaultdict(list)
        for within in pictures:
            self._by_name[within.name].append(within)
            if within.stem != within.name:
                self._by_name[within.stem].append(within)

    def find(self, folder: PurePosixPath, name: str) -> PurePosixPath | None:
        """Return the picture with a path relative to `folder`, or with a unique file name."""
        within = folder / PurePosixPath(name.strip().replace("\\", "/"))
        if within in self._paths:
            return within
        same = [path for path in self._by_name.get(within.name, []) if path.is_relative_to(folder)]
        return same[0] if len(same) == 1 else None


def read_label_tables(files: FolderFiles, shown: str) -> LabelTable | None:
    """Read the labels in the tables of a folder; None if no table has file names and labels.

    Args:
        files: of the folder.
        shown: the folder's name in messages.

    Raises:
        DataError: a table gives a label that is no digit.
    """
    pictures = _Pictures(files.pictures)
    given: dict[PurePosixPath, set[LabelName]] = defaultdict(set)
    left_out: list[LeftOut] = []
    rules = []
    for within, path in files.tables.items():
        table = None if _PREDICTIONS.search(within.name) else _read(path)
        if table is None:
            continue
        columns, rows = table
        used = False
        for line, name, text in rows:
            picture = pictures.find(within.parent, name)
            if columns == _NO_HEADER and not used and (picture is None or picture.name not in name):
                break
            used = True
            if picture is None:
                left_out.append(
                    LeftOut(name, "listed, but missing", f"{within} lists it, but it is not there")
                )
            elif not text.strip():
                left_out.append(LeftOut(picture.as_posix(), "no label", f"no label in {within}"))
            else:
                given[picture].add(_label(text, f"{shown}: {within}, line {line}", line))
        if used:
            rules.append(f"{within} ({columns})")
    if not rules:
        return None
    labels = {}
    for within, names in given.items():
        digits = {name.digit for name in names}
        if len(digits) == 1:
            labels[within] = next(iter(names))
        else:
            texts = " and ".join(sorted("no digit" if d is None else str(d) for d in digits))
            reason = f"the table gives it the labels {texts}"
            left_out.append(LeftOut(within.as_posix(), "two labels", reason))
    return LabelTable(labels, left_out, " and ".join(rules))


_NO_HEADER: Final = "no header"

_Rows = Iterator[tuple[int, str, str]]


def read_table_text(path: Path) -> str:
    """Return the text of a table: UTF-8, or UTF-16 with its mark; NUL characters are dropped.

    Raises:
        DataError: the file cannot be opened, or has more than `MAX_TABLE_BYTES`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TABLE_BYTES + 1)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be opened ({error.strerror}); expected a readable table.",
            path=str(path),
            expected="a readable file",
        ) from error
    if len(data) > MAX_TABLE_BYTES:
        raise DataError(
            f"{path}: has more than {MAX_TABLE_BYTES / 1e6:g} MB; expected a smaller table.",
            path=str(path),
            expected=f"at most {MAX_TABLE_BYTES} bytes",
        )
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    # File names on Linux may hold bytes that are not text: they are kept.
    errors = "replace" if is_utf16 else "surrogateescape"
    return data.decode("utf-16" if is_utf16 else "utf-8-sig", errors=errors).replace("\0", "")


def _read(path: Path) -> tuple[str, _Rows] | None:
    """Return the columns of a table, and its rows as line, file name and label."""
    text = read_table_text(path)
    header = text[: text.find("\n")].strip() if "\n" in text else text
    delimiter = max(",;\t|", key=header.count)
    names = [name.strip().strip("\"'").casefold() for name in header.split(delimiter)]
    file_column = next((name for name in FILE_COLUMNS if name in names), None)
    label_column = next((name for name in LABEL_COLUMNS if name in names), None)
    if file_column is not None and label_column is not None:
        places = (names.index(file_column), names.index(label_column))
        return f"{file_column}, {label_column}", _rows(path, text, delimiter, places, skip=True)
    if len(names) == len(("file name", "label")):
        return _NO_HEADER, _rows(path, text, delimiter, (0, 1), skip=False)
    return None


def _rows(path: Path, text: str, delimiter: str, places: tuple[int, int], *, skip: bool) -> _Rows:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, row in enumerate(reader):
            if (number == 0 and skip) or not any(row):
                continue
            if len(row) <= max(places):
                raise DataError(
                    f"{path}, line {reader.line_num}: {len(row)} fields; expected at least "
                    f"{max(places) + 1}.",
                    path=str(path),
                    row=reader.line_num,
                    expected="a file name and a label",
                )
            if row[places[0]].strip():  # an exported verdict may have no picture
                yield reader.line_num, row[places[0]], row[places[1]]
    except csv.Error as error:
        raise DataError(
            f"{path}, line {reader.line_num}: not a table ({error}); expected CSV.",
            path=str(path),
            row=reader.line_num,
            expected="CSV",
        ) from error


def _label(text: str, place: str, line: int) -> LabelName:
    """Return the label in a cell; pandas writes whole numbers as 7.0 beside empty cells."""
    label = parse_label_name(re.sub(r"^(\d+)\.0+$", r"\1", text.strip()))
    if label is None:
        note = "; in some data sets 10 stands for 0" if text.strip() in {"10", "10.0"} else ""
        raise DataError(
            f"{place}: the label is {text.strip()[:40]!r}; expected a digit from 0 to 9{note}.",
            path=place,
            row=line,
            expected="a label from 0 to 9",
        )
    return label
