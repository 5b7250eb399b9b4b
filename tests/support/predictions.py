"""Predictions for tests."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from digitlab.prediction import Box, Prediction


def make_prediction(
    n: int = 0, *, digit: int = 1, box: Box = (4, 5, 20, 28), **changes: Any
) -> Prediction:
    """Return a prediction for the picture number `n`, whose bytes and digit image are unique.

    Args:
        n: number of the picture.
        digit: the predicted digit.
        box: the digit's box.
        changes: other fields of `Prediction`.
    """
    picture = changes.pop("picture", b"\x89PNG picture %d" % n)
    rng = np.random.default_rng(n)
    values: dict[str, Any] = {
        "digit": digit,
        "confidence": 0.91,
        "probabilities": tuple(0.91 if n == digit else 0.01 for n in range(10)),
        "refused": False,
        "remembered": False,
        "model": "base",
        "box": box,
        "digit_image": rng.integers(0, 256, (28, 28), np.uint8),
        "picture_sha256": hashlib.sha256(picture).hexdigest(),
        "picture": picture,
        "name": f"photo {n}.png",
    }
    return Prediction(**values | changes)
