"""Predictions made up for tests."""

import hashlib

import numpy as np

from digitlab.prediction import Prediction


def make_prediction(n=0, *, digit=1, box=(4, 5, 20, 28), **changes):
    """A prediction of `digit` for the picture number `n`, with pixels of its own."""
    picture = changes.pop("picture", b"\x89PNG picture %d" % n)
    rng = np.random.default_rng(n)
    values = {
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
