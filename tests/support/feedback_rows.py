"""Verdicts for the tests of learning: real rows in a real ledger."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.prediction import Prediction
from digitlab.store import FeedbackStore


def noise(n: int) -> NDArray[np.uint8]:
    """The digit image number `n`, like no other one."""
    return np.random.default_rng([n, 28]).integers(0, 256, (28, 28), np.uint8)


def sevens(n: int) -> list[NDArray[np.uint8]]:
    """Clear sevens of `train`; the first of them is an ordinary one."""
    x, y = mnist.load("train")
    return list(x[np.flatnonzero(y == 7)[:n]])


def reading(image: NDArray[np.uint8], label: int = 0, **changes: Any) -> Prediction:
    """A prediction that reads `label` in a digit image."""
    values: dict[str, Any] = {
        "digit": label,
        "confidence": 0.91,
        "probabilities": tuple(0.91 if digit == label else 0.01 for digit in range(10)),
        "refused": False,
        "remembered": False,
        "model": "base",
        "box": (0, 0, 28, 28),
        "digit_image": image,
        "picture_sha256": hashlib.sha256(b"picture" + image.tobytes()).hexdigest(),
    }
    return Prediction(**values | changes)


def say(
    store: FeedbackStore,
    image: NDArray[np.uint8],
    digit: int | None,
    *,
    read: int = 0,
    contributor: str = "ann",
    **changes: Any,
) -> int:
    """Keep that `image` shows `digit`, None for no digit; the verdict's number."""
    verdict: Any = "not-a-digit" if digit is None else "right" if digit == read else "wrong"
    made = reading(image, read, **changes)
    return store.add(made, verdict, label=digit, contributor=contributor).id
