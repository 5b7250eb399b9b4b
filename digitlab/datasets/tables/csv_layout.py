"""The layout of a CSV text, found in its first lines."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from digitlab.datasets.tables.columns import (
    EXPECTED_COLUMNS,
    Columns,
    named_columns,
    side_of,
    unnamed_columns,
)
from digitlab.datasets.tables.limits import LIMITS, BoundedStream, table_error
from digitlab.errors import DataError

_FEWEST_COLUMNS: Final = 65  # a label and 8x8 pixels

DELIMITERS: Final = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "spaces"}
"""Characters between two fields, with their names."""

_ENCODINGS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Layout:
    """How the lines of a text are to be read; found in its first lines.

    Attributes:
        columns: the columns by their use.
        delimiter: the character between two fields; " " for any number of spaces.
        decimal: the decimal point or comma.
        fields: number of fields in each line.
        first_row: number of the first line with a digit, counted from 1.
        first_text: that line.
    """

    columns: Columns
    delimiter: str
    decimal: str
    fields: int
    first_row: int
    first_text: str


def find_encoding(file: BoundedStream) -> tuple[str, str]:
    """Return the encoding of a text and the words that name it among the rules."""
    head = file.read(4096) or b""
    for mark, encoding in _ENCODINGS:
        if head.startswith(mark):
            return encoding, "" if encoding == "utf-8-sig" else f" in {encoding.upper()}"
    if head[1:2] == b"\0" and head[3:4] == b"\0":
        return "utf-16-le", " in UTF-16"
    if head[0:1] == b"\0" and head[2:3] == b"\0":
        return "utf-16-be", " in UTF-16"
    return "utf-8", ""


def find_layout(text: io.TextIOWrapper, source: object) -> Layout:
    """Read the first lines of a text, up to its first digit.

    Raises:
        DataError: the columns do not tell label and pixels.
    """
    lines = _numbered_lines(text)
    number, line = next(lines, (1, ""))
    named_delimiter = re.fullmatch(r"\"?sep=(.)\"?", line.strip())
    if named_delimiter:  # Excel's first line
        number, line = next(lines, (number + 1, ""))
    if not line.strip():
        raise table_error(source, "holds no line", EXPECTED_COLUMNS, row=1)
    if "\0" in line:
        raise table_error(source, "is not a text", EXPECTED_COLUMNS, row=1)
    while line.startswith("#") and len(_split(line, _find_delimiter(line))) < _FEWEST_COLUMNS:
        number, line = next(lines, (number + 1, ""))  # a comment
    line = line.removeprefix("#")  # numpy.savetxt marks its header
    delimiter = _find_delimiter(line)
    names = _split(line, delimiter)
    if len(names) > LIMITS.max_columns:
        raise table_error(source, f"has {len(names):,} columns", EXPECTED_COLUMNS, row=1)
    if not _is_header(names):
        _require_plain_numbers(names, delimiter, number, source)
        is_ended = not names[-1].strip()  # a separator at the end of each line
        columns = unnamed_columns(len(names) - is_ended, source)
        decimal = _find_decimal(line, delimiter)
        return Layout(columns, delimiter, decimal, len(names), number, line)
    number, line = next(lines, (number + 1, ""))
    fields = _split(line, delimiter) if line else names
    if len(fields) == len(names) + 1:  # a comma at the end of each line, or unnamed row numbers
        names = [*names, "index"] if not fields[-1].strip() else ["", *names]
    columns = named_columns(names, source)
    if not line:
        raise table_error(source, "has a header and no line after it", "at least one digit", row=1)
    if len(fields) != len(names):
        raise fields_error(source, number, len(fields), len(names))
    _require_plain_numbers(fields, delimiter, number, source)
    return Layout(columns, delimiter, _find_decimal(line, delimiter), len(names), number, line)


def _numbered_lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, with their numbers."""
    number = 0
    while line := text.readline():
        number += 1
        if line.strip():
            yield number, line
        elif number > LIMITS.max_pictures:
            return


def _find_delimiter(line: str) -> str:
    """Return the delimiter that splits a line into the columns of a table of digits.

    Returns:
        If none does, the one that splits it into the most.
    """
    counts = {delimiter: len(_split(line, delimiter)) for delimiter in DELIMITERS}
    for delimiter, count in counts.items():
        if any(side_of(count - extra) for extra in (1, 2)):
            return delimiter
    return max(counts, key=lambda delimiter: (counts[delimiter], delimiter == ","))


def _require_plain_numbers(fields: list[str], delimiter: str, number: int, source: object) -> None:
    """Refuse numbers with the delimiter in them, such as "0,5" between commas.

    Raises:
        DataError: a field in quotes contains the delimiter.
    """
    field = next((field for field in fields if delimiter in field and delimiter != " "), None)
    if field is not None:
        shown = field if len(field) <= 40 else f"{field[:37]}..."
        raise table_error(
            source,
            f"line {number}: the field {shown!r} contains the separator",
            "numbers with a decimal point, or another separator",
            row=number,
        )


def _find_decimal(line: str, delimiter: str) -> str:
    return "," if delimiter != "," and "," in line and "." not in line else "."


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.replace('"', "").split()
    try:
        return next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])
    except csv.Error:  # for example a field over csv's own limit
        return line.strip("\r\n").split(delimiter)


def _is_header(fields: list[str]) -> bool:
    """Return whether the fields of a first line are names.

    Names have a text among them, or are the numbers of their columns.
    """
    texts = [field.strip().strip("'").strip() for field in fields]
    numbers = [text for text in texts if _is_number(text)]
    if len(numbers) < len(texts):
        # A line of data with a few wrong fields repeats its numbers; names are distinct.
        return len(numbers) < len(texts) / 2 or len(set(numbers)) > len(numbers) / 2
    whole = [text for text in texts if text.isdecimal()]
    return (
        len(whole) == len(texts)
        and len(texts) > 2
        and [int(text) for text in whole] == list(range(int(whole[0]), int(whole[0]) + len(whole)))
    )


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def fields_error(source: object, number: int, found: int, expected: int) -> DataError:
    """Build the error for a line with another number of fields."""
    return table_error(
        source,
        f"line {number}: {found} field{'' if found == 1 else 's'}",
        f"{expected}, as in the lines before",
        row=number,
    )
