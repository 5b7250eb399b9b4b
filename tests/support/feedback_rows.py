"""Verdicts in a real feedback store, for tests."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.prediction import Prediction
from digitlab.store import FeedbackStore


def noise(n: int) -> NDArray[np.uint8]:
    """Return digit image number `n`, unlike all others."""
    return np.random.default_rng([n, 28]).integers(0, 256, (28, 28), np.uint8)


def sevens(n: int) -> list[NDArray[np.uint8]]:
    """Return clear sevens of MNIST's train split; the first one is an ordinary seven."""
    x, y = mnist.load("train")
    return list(x[np.flatnonzero(y == 7)[:n]])


def prediction_of(image: NDArray[np.uint8], digit: int = 0, **changes: Any) -> Prediction:
    """Return a prediction of `digit` for a digit image."""
    values: dict[str, Any] = {
        "digit": digit,
        "confidence": 0.91,
        "probabilities": tuple(0.91 if other == digit else 0.01 for other in range(10)),
        "refused": False,
        "remembered": False,
        "model": "base",
        "box": (0, 0, 28, 28),
        "digit_image": image,
        "picture_sha256": hashlib.sha256(b"picture" + image.tobytes()).hexdigest(),
    }
    return Prediction(**values | changes)


def add_verdict(
    store: FeedbackStore,
    image: NDArray[np.uint8],
    label: int | None,
    *,
    predicted: int = 0,
    contributor: str = "ann",
    **changes: Any,
) -> int:
    """Add the verdict that `image` shows `label`, None for no digit; return its number."""
    verdict: Any = "not-a-digit" if label is None else "right" if label == predicted else "wrong"
    prediction = prediction_of(image, predicted, **changes)
    return store.add(prediction, verdict, label=label, contributor=contributor).id
