"""Refusal: the evidence for a digit below which an image is answered "I see no digit here"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_REFUSED_SHARES: Final[Mapping[str, float]] = {
    "validation": 0.002,
    "photographs": 0.01,
    "synthetic": 0.01,
}
"""Of each kind of real digits, what may be refused at most.

The danger of refusing lies with other hands and with photographs: they are among what the
threshold is fitted on, not MNIST alone.
"""


def fit_refusal_threshold(evidence: Mapping[str, NDArray[np.float64]]) -> float:
    """The threshold that refuses as much as the digits of every kind allow.

    Args:
        evidence: by kind (keys of `MAX_REFUSED_SHARES`), the evidence (N,) of images that are digits.

    Returns:
        The largest threshold at which no kind loses more than its share.
    """
    return min(
        float(np.quantile(values, MAX_REFUSED_SHARES[kind])) for kind, values in evidence.items()
    )
