"""Figures about predictions, as pure functions over arrays: counts, intervals, calibration."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


def softmax(logits: Floats, *, temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities (N, 10) from logits (N, 10), each divided by `temperature` first."""
    z = np.asarray(logits, np.float64) / temperature
    z = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(z / z.sum(axis=-1, keepdims=True), np.float64)


def evidence(logits: Floats) -> NDArray[np.float64]:
    """Evidence (N,) that an image shows a digit at all, from raw logits (N, 10).

    The logarithm of the summed exponentials, the negative energy of Liu et al. 2020,
    "Energy-based Out-of-distribution Detection", section 3. The network is trained with
    "no digit" at 0, so that 0 means even odds.
    """
    z = np.asarray(logits, np.float64)
    top = z.max(axis=-1)
    return np.asarray(top + np.log(np.exp(z - top[..., None]).sum(axis=-1)), np.float64)


def margin(logits: Floats, labels: Ints) -> NDArray[np.float64]:
    """How far each label's logit is ahead of the greatest other one, (N,); negative: misread."""
    others = np.array(logits, np.float64)
    each = np.arange(len(others))
    right = others[each, labels].copy()
    others[each, labels] = -np.inf
    ahead: NDArray[np.float64] = right - others.max(axis=1)
    return ahead


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """The temperature that gives `labels` the highest likelihood.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2. One
    number, found by golden-section search over its logarithm in 0.2 ... 5.
    """
    rows = np.arange(len(labels))

    def loss(log_t: float) -> float:
        p = softmax(logits, temperature=math.exp(log_t))[rows, labels]
        return float(-np.log(np.maximum(p, 1e-300)).mean())

    low, high = math.log(0.2), math.log(5.0)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson 1927); (0, 1) when nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959964
    centre = (correct + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(correct * (n - correct) / n + z * z / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def ece(confidence: Floats, correct: NDArray[np.bool_], *, bins: int = 15) -> float:
    """Expected calibration error over `bins` equally wide bins of confidence, 0-1.

    Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining Well Calibrated Probabilities
    Using Bayesian Binning". 0.0 when there is nothing to count.
    """
    if len(confidence) == 0:
        return 0.0
    index = np.clip((np.asarray(confidence) * bins).astype(int), 0, bins - 1)
    gap = np.bincount(index, np.asarray(confidence, float) - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def confusion_matrix(labels: Ints, guesses: Ints) -> NDArray[np.int64]:
    """Counts (10, 10): row is the right digit, column the guess."""
    counts = np.bincount(np.asarray(labels, int) * 10 + np.asarray(guesses, int), minlength=100)
    return counts.reshape(10, 10)


def auroc(positive: Floats, negative: Floats) -> float:
    """Chance that a positive's score is above a negative's, ties counted half.

    Source: Hanley and McNeil 1982; computed from ranks (Mann-Whitney U).
    """
    scores = np.concatenate([positive, negative]).astype(float)
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def summary(probabilities: Floats, labels: Ints) -> dict[str, Any]:
    """n, correct, accuracy, ci95, ece, auroc (right against wrong) and mean log loss."""
    guesses, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = guesses == labels
    n, correct = len(labels), int(right.sum())
    picked = probabilities[np.arange(n), labels]
    return {
        "n": n,
        "correct": correct,
        "accuracy": correct / n,
        "ci95": list(wilson_interval(correct, n)),
        "ece": ece(confidence, right),
        "auroc": auroc(confidence[right], confidence[~right]) if 0 < correct < n else None,
        "log_loss": float(-np.log(np.maximum(picked, 1e-12)).mean()),
    }
