"""The numbers of a CSV text while they are read, and the pictures and labels in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets.tables.columns import Columns, find_label, require_row_numbers, side_of
from digitlab.datasets.tables.labelled_pictures import LabelledPictures, scale_of
from digitlab.datasets.tables.labels import read_labels
from digitlab.datasets.tables.limits import table_error
from digitlab.errors import DataError
from digitlab.images.pixel_scale import EXPECTED_VALUES, PixelScale


class Rows:
    """The numbers of a table while they are read, as small as their type allows.

    Args:
        columns: of the text, by their use.
        source: path or name in messages.
    """

    def __init__(self, columns: Columns, source: object) -> None:
        self._columns = columns
        self._source = source
        self._places = list(columns.pixels or columns.numbers)
        self._labels: list[NDArray[Any]] = []
        self._index: list[NDArray[Any]] = []
        self._pixels: list[NDArray[Any]] = []
        self._lines: list[NDArray[np.int64]] = []
        self.count = 0

    def add(self, values: NDArray[Any], lines: NDArray[np.int64]) -> None:
        """Add rows, (n, fields), with the numbers of their lines."""
        columns = self._columns
        pixels = values[:, self._places]
        if columns.labels:
            self._labels.append(values[:, list(columns.labels)])
        if columns.index is not None:
            self._index.append(values[:, columns.index])
        if len(pixels) and pixels.min() >= 0 and pixels.max() <= 255:
            whole = pixels.astype(np.uint8)
            pixels = whole if np.array_equal(whole, pixels) else pixels.astype(np.float32)
        else:
            with np.errstate(over="ignore"):  # infinity is refused later
                pixels = pixels.astype(np.float32)
        self._pixels.append(pixels)
        self._lines.append(lines)
        self.count += len(pixels)

    def labelled_pictures(self, rules: tuple[str, ...]) -> LabelledPictures:
        """Return all rows; refuse values that are out of range."""
        lines = np.concatenate(self._lines) if self._lines else np.empty(0, np.int64)
        if self.count == 0:
            raise table_error(self._source, "holds no digit", "at least one line")
        if self._index:
            require_row_numbers(np.concatenate(self._index), self._source)
        if self._columns.labels:
            labels = np.concatenate(self._labels)
        else:
            labels, rule = self._take_label_column()
            width = self._pixels[0].shape[1]
            rules = (*rules, rule, f"{width} values as {side_of(width)}x{side_of(width)}")
        checked = self._check_labels(labels, lines)
        scale = self._find_scale(lines)
        # Chunk by chunk: floats of 300,000 pictures take 0.9 GB.
        for i, part in enumerate(self._pixels):
            self._pixels[i] = (
                scale.to_uint8(part)
                if part.dtype != np.uint8
                else (part if scale.high == 255 else scale.to_uint8(part.astype(np.float32)))
            )
        pixels = np.concatenate(self._pixels)
        side = side_of(pixels.shape[1]) or 0
        return LabelledPictures(
            pictures=pixels.reshape(-1, side, side),
            labels=checked,
            rules=(*rules, f"values {scale}"),
            source=str(self._source),
        )

    def _take_label_column(self) -> tuple[NDArray[Any], str]:
        """Move the label from the first or last column of the pixels."""
        first = np.concatenate([part[:, 0] for part in self._pixels])
        last = np.concatenate([part[:, -1] for part in self._pixels])
        is_first = find_label(first, last, self._source)
        kept = slice(1, None) if is_first else slice(None, -1)
        self._pixels = [part[:, kept] for part in self._pixels]
        rule = f"label in the {'first' if is_first else 'last'} column by its values"
        return (first if is_first else last), rule

    def _check_labels(self, labels: NDArray[Any], lines: NDArray[np.int64]) -> NDArray[np.uint8]:
        try:
            return read_labels(labels, self._source)
        except DataError as error:
            if error.row is None:
                raise
            line = int(lines[error.row - 1])
            message = str(error).replace(f"row {error.row}:", f"line {line}:", 1)
            raise DataError(message, path=error.path, row=line, expected=error.expected) from error

    def _find_scale(self, lines: NDArray[np.int64]) -> PixelScale:
        low = min(float(part.min()) for part in self._pixels)
        high = max(float(part.max()) for part in self._pixels)
        if high > 255.001 or (low < 0 and high > 1.001):
            self._refuse_outlier(lines)
        scale = scale_of(low, high, self._source)
        if scale.high == 255:
            self._require_one_scale(lines)
        return scale

    def _refuse_outlier(self, lines: NDArray[np.int64]) -> None:
        start = 0
        for part in self._pixels:
            if part.dtype != np.uint8:
                rows, columns = np.nonzero((part < 0) | (part > 255))
                if len(rows):
                    line = int(lines[start + rows[0]])
                    raise table_error(
                        self._source,
                        f"line {line}: a pixel is {part[rows[0], columns[0]]:g}",
                        EXPECTED_VALUES,
                        row=line,
                    )
            start += len(part)

    def _require_one_scale(self, lines: NDArray[np.int64]) -> None:
        """Refuse lines with values of 0 to 1 among lines with values of 0 to 255."""
        start = 0
        for part in self._pixels:
            if part.dtype != np.uint8:
                fractions = (part != np.rint(part)).any(axis=1) & (part.max(axis=1) <= 1)
                if fractions.any():
                    line = int(lines[start + int(np.flatnonzero(fractions)[0])])
                    raise table_error(
                        self._source,
                        f"line {line}: its pixels run from 0 to 1, those of other lines to 255",
                        "one scale for all lines",
                        row=line,
                    )
            start += len(part)
