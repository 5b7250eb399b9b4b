"""Data frames of pandas as tables of digits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.columns import (
    Columns,
    find_label,
    named_columns,
)
from digitlab.datasets.tables.labelled_pictures import LabelledPictures, from_arrays
from digitlab.datasets.tables.limits import first_line, table_error

_SOURCE = "the DataFrame"


def is_frame(data: object) -> bool:
    """Return whether an object is a data frame, without importing pandas."""
    return hasattr(data, "columns") and hasattr(data, "iloc")


def read_frame(frame: Any) -> LabelledPictures:
    """Read a data frame with one digit in each row; its columns are chosen as those of a CSV file.

    Raises:
        DataError: the columns do not tell label and pixels, or a value is none of these.
    """
    if len(frame) == 0:
        raise table_error(_SOURCE, "holds no digit", "at least one row")
    columns = named_columns([str(name) for name in frame.columns], _SOURCE)
    if not columns.labels:
        columns = _choose_by_values(frame, columns)
    labels = frame.iloc[:, list(columns.labels)].to_numpy()
    return from_arrays(
        _numbers(frame.iloc[:, list(columns.pixels)]),
        labels,
        source=_SOURCE,
        rules=("DataFrame", *columns.rules),
    )


def _choose_by_values(frame: Any, columns: Columns) -> Columns:
    first, last = columns.numbers[0], columns.numbers[-1]
    is_first = find_label(_numbers(frame.iloc[:, first]), _numbers(frame.iloc[:, last]), _SOURCE)
    pixels = columns.numbers[1:] if is_first else columns.numbers[:-1]
    rule = f"label in the {'first' if is_first else 'last'} column by its values"
    return Columns(
        pixels=pixels, labels=(first if is_first else last,), rules=(*columns.rules, rule)
    )


def _numbers(values: Any) -> NDArray[Any]:
    array = values.to_numpy()
    if array.dtype.kind in "biuf":
        return np.asarray(array)
    try:
        return np.asarray(array, np.float64)
    except (TypeError, ValueError) as error:
        raise table_error(
            _SOURCE, f"a pixel is no number ({first_line(error)})", "numbers"
        ) from error
