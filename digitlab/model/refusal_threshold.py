"""The refusal threshold: digit evidence below which an image is answered "no digit"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.writer import write_digits

MAX_REFUSED_SHARES: Final[Mapping[str, float]] = {
    "validation": 0.002,
    "photographs": 0.01,
    "synthetic": 0.01,
}
"""Largest share of real digits, 0-1, that may be refused, by kind of digit.

Handwriting and photographs unlike MNIST are the digits most likely to be refused, so the
threshold is fitted on them too. `benchmarks/refusal.py` measures the result.
"""

SYNTHETIC_DIGITS: Final = 2_000
"""Number of synthetic digits on which the threshold is fitted; also the seed that draws them."""


def fit_refusal_threshold(evidence: Mapping[str, NDArray[np.float64]]) -> float:
    """Return the largest threshold that refuses at most `MAX_REFUSED_SHARES` of every kind.

    Args:
        evidence: digit evidence (N,) of images that show digits, by kind; the keys are those of
            `MAX_REFUSED_SHARES`. See `metrics.evidence`.
    """
    return min(
        float(np.quantile(values, MAX_REFUSED_SHARES[kind])) for kind, values in evidence.items()
    )


def synthetic_digits() -> NDArray[np.uint8]:
    """Return the synthetic digits for the fit, uint8 (`SYNTHETIC_DIGITS`, 28, 28).

    Each call returns the same images.
    """
    return write_digits(SYNTHETIC_DIGITS, rng=np.random.default_rng(SYNTHETIC_DIGITS))[0]
