"""Metrics of predictions, as pure functions over arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


def softmax(logits: Floats, *, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return probabilities (N, 10) from logits (N, 10) divided by `temperature`."""
    z = np.asarray(logits, np.float64) / temperature
    z = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.asarray(z / z.sum(axis=-1, keepdims=True), np.float64)


def evidence(logits: Floats) -> NDArray[np.float64]:
    """Return the evidence (N,) that images show a digit, from their logits (N, 10).

    The evidence is the logarithm of the summed exponentials of the logits: the negative energy of
    Liu et al. 2020, "Energy-based Out-of-distribution Detection", section 3. The network is
    trained with a logit of 0 for "no digit", so an evidence of 0 means even odds. The logits are
    used without temperature.
    """
    z = np.asarray(logits, np.float64)
    top = z.max(axis=-1)
    return np.asarray(top + np.log(np.exp(z - top[..., None]).sum(axis=-1)), np.float64)


def margin(logits: Floats, labels: Ints) -> NDArray[np.float64]:
    """Return each label's logit minus the largest other logit; negative if misclassified.

    Args:
        logits: (N, 10).
        labels: (N,), 0-9.

    Returns:
        float64 (N,), in units of the logits.
    """
    others = np.array(logits, np.float64)
    rows = np.arange(len(others))
    label_logits = others[rows, labels].copy()
    others[rows, labels] = -np.inf
    margins: NDArray[np.float64] = label_logits - others.max(axis=1)
    return margins


def wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a proportion (Wilson 1927); (0, 1) if `n` is 0."""
    if n == 0:
        return 0.0, 1.0
    z = 1.959964
    centre = (correct + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(correct * (n - correct) / n + z * z / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def ece(confidence: Floats, correct: NDArray[np.bool_], *, bins: int = 15) -> float:
    """Return the expected calibration error, 0-1; 0 if there are no predictions.

    Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining Well Calibrated Probabilities
    Using Bayesian Binning".

    Args:
        confidence: probability of the predicted digit, (N,), 0-1.
        correct: whether the prediction is correct, (N,).
        bins: number of equally wide bins of confidence.
    """
    if len(confidence) == 0:
        return 0.0
    index = np.clip((np.asarray(confidence) * bins).astype(int), 0, bins - 1)
    gap = np.bincount(index, np.asarray(confidence, float) - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def confusion_matrix(labels: Ints, guesses: Ints) -> NDArray[np.int64]:
    """Return counts (10, 10): one row for each label, one column for each predicted digit."""
    counts = np.bincount(np.asarray(labels, int) * 10 + np.asarray(guesses, int), minlength=100)
    return counts.reshape(10, 10)


def auroc(positive: Floats, negative: Floats) -> float:
    """Return the probability that a positive scores above a negative; ties count half.

    Source: Hanley and McNeil 1982; computed from ranks (Mann-Whitney U).

    Args:
        positive: scores (N,).
        negative: scores (M,).
    """
    scores = np.concatenate([positive, negative]).astype(float)
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def summary(probabilities: Floats, labels: Ints) -> dict[str, Any]:
    """Summarise predictions for a version's card.

    Args:
        probabilities: (N, 10).
        labels: (N,), 0-9.

    Returns:
        The keys `n`, `correct`, `accuracy`, `ci95` (`wilson_interval`), `ece`, `auroc` (of the
        confidence, correct against wrong predictions; None if there is only one kind) and
        `log_loss` (mean).
    """
    guesses, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    is_correct = guesses == labels
    n, correct = len(labels), int(is_correct.sum())
    label_probabilities = probabilities[np.arange(n), labels]
    return {
        "n": n,
        "correct": correct,
        "accuracy": correct / n,
        "ci95": list(wilson_interval(correct, n)),
        "ece": ece(confidence, is_correct),
        "auroc": auroc(confidence[is_correct], confidence[~is_correct])
        if 0 < correct < n
        else None,
        "log_loss": float(-np.log(np.maximum(label_probabilities, 1e-12)).mean()),
    }
