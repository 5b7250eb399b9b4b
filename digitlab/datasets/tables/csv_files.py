"""Texts with one digit in each line: CSV in its usual variants."""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.columns import EXPECTED_COLUMNS
from digitlab.datasets.tables.csv_layout import (
    DELIMITERS,
    Layout,
    fields_error,
    find_encoding,
    find_layout,
)
from digitlab.datasets.tables.csv_rows import Rows
from digitlab.datasets.tables.labelled_pictures import LabelledPictures
from digitlab.datasets.tables.limits import LIMITS, BoundedStream, first_line, table_error
from digitlab.errors import DataError

_ROWS_AT_ONCE: Final = 5_000  # 31 MB as int64
_TOO_MANY_FIELDS: Final = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read_csv(file: BinaryIO, source: object) -> LabelledPictures:
    """Read a text with one digit in each line.

    The text may have a header or none, its label in any column, and one more column with row
    numbers; fields separated by commas, semicolons, tabs, bars or spaces; decimal commas beside
    semicolons or tabs; values of any scale of `find_scale`; and be in UTF-8, UTF-16, UTF-32 or
    Latin-1. The rules that were used are part of the result.

    Args:
        file: the text, not compressed; it can go back to its start.
        source: path or name in messages.

    Raises:
        DataError: the columns do not tell label and pixels, a line has another number of fields,
            a value is out of range, or the file is over a limit. The error's row is the line.
    """
    raw = BoundedStream(
        file, source, max_bytes=LIMITS.max_bytes, max_line_bytes=LIMITS.max_line_bytes
    )
    encoding, rule = find_encoding(raw)
    raw.seek(0)
    with io.TextIOWrapper(
        io.BufferedReader(raw, 65_536), encoding=encoding, errors="replace", newline=""
    ) as text:
        layout = find_layout(text, source)
        table = _read_rows(text, layout, source)
    rules = (
        f"CSV with {DELIMITERS[layout.delimiter]}{rule}",
        *(("decimal commas",) if layout.decimal == "," else ()),
        *layout.columns.rules,
    )
    return table.labelled_pictures(rules)


class _Replay(io.TextIOBase):
    """A text with its first line put back, and without quotes around numbers."""

    def __init__(self, first: str, rest: io.TextIOWrapper) -> None:
        self._first = first
        self._rest = rest

    def read(self, size: int | None = -1) -> str:
        """Read the next characters."""
        text, self._first = self._first, ""
        text = text or self._rest.read(size)
        return text.replace('"', "").replace("'", "")

    def readable(self) -> bool:
        """Return True."""
        return True


def _read_rows(text: io.TextIOWrapper, layout: Layout, source: object) -> Rows:
    import pandas as pd  # loaded by evaluations of a CSV file alone

    rows = Rows(layout.columns, source)
    line = layout.first_row
    try:
        # pandas only warns of fields that it drops at the end of a line.
        with (
            warnings.catch_warnings(action="error", category=pd.errors.ParserWarning),
            pd.read_csv(
                _Replay(layout.first_text, text),
                sep=r"\s+" if layout.delimiter == " " else layout.delimiter,
                decimal=layout.decimal,
                header=None,
                names=range(layout.fields),
                index_col=False,
                quoting=csv.QUOTE_NONE,
                skip_blank_lines=False,
                low_memory=False,
                chunksize=_ROWS_AT_ONCE,
            ) as chunks,
        ):
            for frame in chunks:
                lines = np.arange(line, line + len(frame))
                line += len(frame)
                values, filled = _numbers(frame, layout, lines, source)
                rows.add(values, lines[filled])
                if line - layout.first_row > LIMITS.max_pictures:
                    raise table_error(
                        source,
                        f"has more than {LIMITS.max_pictures:,} lines",
                        "fewer",
                        hint="Split it.",
                    )
    except DataError:
        raise
    except Exception as error:  # pandas raises many types over broken texts
        match = _TOO_MANY_FIELDS.search(str(error))
        if match:
            number = layout.first_row + int(match[2]) - 1
            raise fields_error(source, number, int(match[3]), int(match[1])) from error
        raise table_error(
            source, f"cannot be read as CSV ({first_line(error)})", EXPECTED_COLUMNS
        ) from error
    return rows


def _numbers(
    frame: Any, layout: Layout, lines: NDArray[np.int64], source: object
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the numbers of the lines that are not empty, and which lines these are."""
    import pandas as pd

    columns = layout.columns
    index = () if columns.index is None else (columns.index,)
    used = sorted({*columns.pixels, *columns.labels, *columns.numbers, *index})
    values = frame.to_numpy()
    if values.dtype.kind in "iub":
        return values, np.ones(len(values), bool)
    filled = np.asarray(frame.notna().any(axis=1))
    if values.dtype.kind != "f":
        others = frame.columns[[dtype.kind not in "iufb" for dtype in frame.dtypes]]
        numeric = frame.copy(deep=False)
        for column in others:
            numeric[column] = pd.to_numeric(frame[column], errors="coerce")
        values = numeric.to_numpy(np.float64)
    values = values[filled]
    missing = np.isnan(values[:, used])
    if missing.any():
        row = int(np.flatnonzero(missing.any(axis=1))[0])
        cells = frame[filled].iloc[row].rename(int(lines[filled][row]))
        raise _cell_error(cells, used, missing[row], layout, source)
    return values, filled


def _cell_error(
    cells: Any, used: list[int], missing: NDArray[np.bool_], layout: Layout, source: object
) -> DataError:
    """Build the error for a line with a field that is no number.

    Args:
        cells: the fields of the line, a pandas Series whose name is the line's number.
        used: positions of the fields that must be numbers.
        missing: which of these are none.
        layout: of the text.
        source: path or name in messages.
    """
    line = int(cells.name)
    present = np.flatnonzero(np.asarray(cells.notna()))
    fields = int(present[-1]) + 1
    column = used[int(np.flatnonzero(missing)[0])]
    if column >= fields:
        return fields_error(source, line, fields, layout.fields)
    cell = cells.iloc[column]
    shown = repr(str(cell)[:40]) if cells.notna().iloc[column] else "empty"
    if column in layout.columns.labels:
        return table_error(
            source, f"line {line}: the label is {shown}", "a digit from 0 to 9", row=line
        )
    return table_error(source, f"line {line}, field {column + 1}: is {shown}", "a number", row=line)
