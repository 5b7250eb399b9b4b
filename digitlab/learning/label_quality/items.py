"""FeedbackItem: one accepted verdict as the search for label issues needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from digitlab.labels import NO_DIGIT

Floats = NDArray[np.floating]


@dataclass(frozen=True, kw_only=True, eq=False)
class FeedbackItem:
    """One accepted verdict with the base's output for its digit image.

    Attributes:
        id: the verdict's number.
        label: the label that the contributor gave, 0-9 or `NO_DIGIT`.
        contributor: the name of the person who gave the verdict.
        time: when the verdict was given.
        picture: identifies the picture and the box in it.
        digit_sha256: SHA-256 of the digit image, in hex.
        embedding: the base's embedding of the image, (E,).
        probabilities: the base's probabilities, (10,).
        reviewed: True if a reviewer accepted the verdict. It is then never held, and its vote
            counts for more.
    """

    id: int
    label: int
    contributor: str
    time: datetime
    picture: str
    digit_sha256: str
    embedding: Floats = field(repr=False)
    probabilities: Floats = field(repr=False)
    reviewed: bool = False


def label_text(label: int | np.intp) -> str:
    """Return a label in words, for reasons."""
    return "not a digit" if label == NO_DIGIT else str(label)
