"""Labels of a table: from numbers, texts or one-hot rows to digits."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.limits import first_line, table_error

EXPECTED_LABEL: Final = "a digit from 0 to 9"
"""What a label is, for messages."""


def read_labels(labels: Any, source: object, *, first_row: int = 1) -> NDArray[np.uint8]:
    """Return labels as digits.

    Args:
        labels: (N,), (N, 1), (1, N), or one-hot (N, 10); whole numbers of any type, or texts of
            them.
        source: name of the table in messages.
        first_row: row or line of the first label, for messages.

    Returns:
        uint8 (N,), 0-9.

    Raises:
        DataError: a label is no digit, or the shape is another one.
    """
    try:
        values = np.asarray(labels)
    except Exception as error:  # an array of another library may raise any error
        raise table_error(
            source, f"the labels are no array ({first_line(error)})", "one label for each picture"
        ) from error
    if values.ndim == 2 and values.shape[1] == 10 and values.dtype.kind in "biuf":
        return _from_one_hot(values, source, first_row)
    if values.ndim == 2 and 1 in values.shape:
        values = values.reshape(-1)
    if values.ndim != 1 or values.dtype.kind not in "iufUSO":
        raise table_error(
            source,
            f"the labels are {values.dtype} {values.shape}",
            "whole numbers (N,), or one-hot rows (N, 10)",
        )
    numbers = values if values.dtype.kind in "iuf" else _from_texts(values, source, first_row)
    with np.errstate(invalid="ignore"):
        invalid = ~((numbers >= 0) & (numbers <= 9) & (numbers == np.floor(numbers)))
    if invalid.any():
        row = int(np.flatnonzero(invalid)[0])
        hint = ""
        if float(np.nanmax(numbers)) == 10 and float(np.nanmin(numbers)) >= 1:
            hint = "If 10 stands for the digit 0, replace it."
        elif float(np.nanmax(numbers)) > 9:
            hint = "digitlab reads digits only, no letters."
        raise label_error(source, row + first_row, values[row], hint=hint)
    return numbers.astype(np.uint8)


def label_error(source: object, row: int, label: object, *, hint: str = "") -> Exception:
    """Build the error for a label that is no digit."""
    text = label.decode("latin-1") if isinstance(label, bytes) else str(label)
    text = text if len(text) <= 40 else f"{text[:37]}..."
    found = f"row {row}: the label is {text}"
    return table_error(source, found, EXPECTED_LABEL, row=row, hint=hint)


def _from_texts(values: NDArray[Any], source: object, first_row: int) -> NDArray[np.float64]:
    numbers = np.empty(len(values))
    for row, value in enumerate(values.tolist()):
        try:
            numbers[row] = float(value)
        except (TypeError, ValueError, OverflowError):
            raise label_error(source, row + first_row, value) from None
    return numbers


def _from_one_hot(values: NDArray[Any], source: object, first_row: int) -> NDArray[np.uint8]:
    valid = ((values == 0) | (values == 1)).all(axis=1) & (values.sum(axis=1) == 1)
    if not valid.all():
        row = int(np.flatnonzero(~valid)[0]) + first_row
        raise table_error(
            source,
            f"row {row}: the ten label values are not nine times 0 and once 1",
            "one-hot labels",
            row=row,
        )
    return np.asarray(values.argmax(axis=1), np.uint8)
