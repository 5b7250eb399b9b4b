"""Calibration of a network: its temperature, its refusal threshold and the resulting metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.model import metrics
from digitlab.model.refusal_threshold import fit_refusal_threshold, synthetic_digits
from digitlab.model.runtime import LiteRTModel

_MIN_TEMPERATURE: Final = 0.2
_MAX_TEMPERATURE: Final = 5.0
_SEARCH_STEPS: Final = 40
"""Steps of the golden-section search; 40 narrow the logarithm's range to 1e-8."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The values fitted for one network, and its metrics with them.

    Attributes:
        temperature: divisor of the logits before the softmax.
        refusal: digit evidence below which an image is refused; see `metrics.evidence`.
        metrics: `metrics.summary` and the number of refused images for `mnist:validation`,
            `photographs:validation` and `mnist:test`, which is only reported.
        validation_guesses: predicted digits, int64 (5000,), for MNIST's `validation` split.
    """

    temperature: float
    refusal: float
    metrics: dict[str, Any]
    validation_guesses: NDArray[np.int64]

    def refuses(self, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which of N images are refused, bool (N,), from their logits (N, 10)."""
        return np.asarray(metrics.evidence(logits) < self.refusal)


def calibrate(network: LiteRTModel, *, synthetic: NDArray[np.uint8] | None = None) -> Calibration:
    """Fit the temperature and the refusal threshold of a network.

    The temperature is fitted on MNIST's `validation` split. The refusal threshold is fitted on
    the same split, on photographed `validation` digits and on synthetic digits. All logits come
    from LiteRT, because its rounding is part of what serves.

    Args:
        network: the network as it would serve.
        synthetic: the digits of `synthetic_digits` if the caller has them; drawn otherwise.
    """
    synthetic = synthetic_digits() if synthetic is None else synthetic
    splits = {
        "mnist:validation": mnist.load("validation"),
        "mnist:test": mnist.load("test"),
        "photographs:validation": photographs.load("validation"),
    }
    logits = {name: network.logits_and_embeddings(x)[0] for name, (x, _) in splits.items()}
    temperature = fit_temperature(logits["mnist:validation"], splits["mnist:validation"][1])
    threshold = fit_refusal_threshold(
        {
            "validation": metrics.evidence(logits["mnist:validation"]),
            "photographs": metrics.evidence(logits["photographs:validation"]),
            "synthetic": metrics.evidence(network.logits_and_embeddings(synthetic)[0]),
        }
    )
    summaries = {}
    for name, (_, y) in splits.items():
        summary = metrics.summary(metrics.softmax(logits[name], temperature=temperature), y)
        refused = int((metrics.evidence(logits[name]) < threshold).sum())
        summaries[name] = summary | {"refused": refused}
    return Calibration(
        temperature=temperature,
        refusal=threshold,
        metrics=summaries,
        validation_guesses=logits["mnist:validation"].argmax(axis=1),
    )


def fit_temperature(logits: metrics.Floats, labels: metrics.Ints) -> float:
    """Return the temperature that gives the labels the highest likelihood.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2. A
    golden-section search over the logarithm of the temperature finds the value.

    Args:
        logits: (N, 10).
        labels: (N,), 0-9.

    Returns:
        The temperature, from `_MIN_TEMPERATURE` to `_MAX_TEMPERATURE`.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        p = metrics.softmax(logits, temperature=math.exp(log_temperature))[rows, labels]
        return float(-np.log(np.maximum(p, 1e-300)).mean())

    low, high = math.log(_MIN_TEMPERATURE), math.log(_MAX_TEMPERATURE)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(_SEARCH_STEPS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)
