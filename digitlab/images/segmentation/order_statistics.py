"""Medians and percentiles of small samples, many times quicker than those of NumPy.

NumPy partitions by several places at once, without vector instructions. One place at a time is
partitioned with them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def median(values: NDArray[Any]) -> float:
    """Return the median of numbers of any shape, at least one and none of them nan."""
    middle = values.size // 2
    parts = np.partition(values, middle, axis=None)
    if values.size % 2:
        return float(parts[middle])
    # Of the same type as the values, as in `np.median`.
    return float((parts[:middle].max() + parts[middle]) / parts.dtype.type(2))


def percentile(values: NDArray[Any], share: float) -> float:
    """Return a percentile, interpolated between the two nearest values.

    Args:
        values: numbers of any shape, at least one and none of them nan.
        share: 0-100.
    """
    place = (values.size - 1) * (share / 100)
    upper = min(int(place) + 1, values.size - 1)
    parts = np.partition(values, upper, axis=None)
    high = float(parts[upper])
    low = float(parts[:upper].max()) if upper > int(place) else high
    return low + (high - low) * (place - int(place))
