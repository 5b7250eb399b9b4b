"""The rule that turns numbers of any type into grey levels, for pictures and for tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EXPECTED_VALUES: Final = "values from 0 to 255, from 0 to 1, or from -1 to 1"
"""What `find_scale` accepts, for messages."""

_TOLERANCE: Final = 1e-3  # of values that rounding moved just outside their range
_MAX_LOW: Final = -0.75  # a darkest value between this and 0 is not clearly of -1 to 1
_MIN_PEAK: Final = 64  # a brightest value between 1 and this is neither of 0-1 nor of 0-255
_MIN_PEAK_16_BIT: Final = 16_384  # a darker brightest value is not clearly of 16 bits
_CHUNK: Final = 4_000_000  # numbers converted in one step, to bound the memory


@dataclass(frozen=True, kw_only=True)
class PixelScale:
    """A range of numbers that stands for black to white.

    Attributes:
        low: the number that becomes grey level 0.
        high: the number that becomes grey level 255.
    """

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def to_uint8(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the grey levels of numbers in this range, rounded, uint8, of the same shape."""
        if values.dtype == np.uint8 and (self.low, self.high) == (0, 255):
            return values
        grey = np.empty(values.shape, np.uint8)
        rows = max(1, _CHUNK // max(1, math.prod(values.shape[1:])))
        for start in range(0, len(values), rows):
            part = values[start : start + rows].astype(np.float32)
            part = (part - self.low) * np.float32(255 / (self.high - self.low))
            grey[start : start + rows] = np.rint(np.clip(part, 0, 255))
        return grey


def find_scale(low: float, high: float, *, dtype: np.dtype[Any] | None = None) -> PixelScale | None:
    """Return the scale of numbers by their smallest and largest one.

    The largest number decides: up to 1 the scale is 0 to 1, from 64 to 255 it is 0 to 255. If the
    smallest number is from -1 to -0.75 and the largest is at most 1, it is -1 to 1. uint8 counts as
    0 to 255 unless all numbers are 0 or 1; uint16 may be 0 to 65,535.

    Args:
        low: the smallest number.
        high: the largest number.
        dtype: type of the numbers; None for numbers of a text.

    Returns:
        The scale; None if no scale fits, or more than one.
    """
    kind = "" if dtype is None else dtype.kind
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    if low < -_TOLERANCE:
        fits = -1 - _TOLERANCE <= low <= _MAX_LOW and high <= 1 + _TOLERANCE
        return PixelScale(low=-1, high=1) if fits else None
    if kind == "b" or 0 < high <= 1 + _TOLERANCE:
        return PixelScale(low=0, high=1)
    if dtype == np.uint8 or high == 0 or _MIN_PEAK <= high <= 255 + _TOLERANCE:
        return PixelScale(low=0, high=255)
    if dtype == np.uint16 and high >= _MIN_PEAK_16_BIT:
        return PixelScale(low=0, high=65_535)
    return None
