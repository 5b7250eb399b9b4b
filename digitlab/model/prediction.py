"""Prediction: what the model said of one digit, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

DigitImage = NDArray[np.uint8]
"""uint8 (28, 28), bright ink on 0, in MNIST's frame."""

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the upright picture."""


@dataclass(frozen=True, kw_only=True)
class Recall:
    """The earlier correction that a picture is like.

    Attributes:
        verdict: its number in the ledger.
        time: when it was given; aware.
        digit: the digit that it names; None for "not a digit".
        own: True when the person who asks gave it.
        learned: True when the version that answers was taught it.
    """

    verdict: int
    time: datetime
    digit: int | None
    own: bool
    learned: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """One digit read from one picture.

    Attributes:
        label: the best guess, 0-9; also when refused.
        confidence: the calibrated probability of `label`, 0-1.
        probabilities: ten calibrated probabilities, in the order of the digits.
        refused: True when digitlab sees no digit and asks the person.
        remembered: True when an earlier correction answered instead of the model, which would
            have answered otherwise.
        model: the version that answered, for example "base".
        box: where the digit stands.
        digit_image: what the model saw; uint8 (28, 28), bright ink on 0.
        picture_sha256: SHA-256 of the picture's bytes, in hex.
        name: the picture's name as given, for people; may be empty.
        picture: the bytes as given; empty when the picture came as an array of pixels.
        preview: a PNG or JPEG of the upright picture, reduced to at most 640 px a side.
        size: width and height of the upright picture in pixels; `box` is in these.
        id: the number of this prediction's row in the store; None when none was kept.
        recall: the correction that it is like; also where the model answers the same by now.
        trace: how the picture looked, small, to know it again (`images.trace`); empty where
            several digits of it were read.
    """

    label: int
    confidence: float
    probabilities: tuple[float, ...]
    refused: bool
    remembered: bool
    model: str
    box: Box
    digit_image: DigitImage
    picture_sha256: str
    name: str = ""
    picture: bytes = field(default=b"", repr=False)
    preview: bytes = field(default=b"", repr=False)
    size: tuple[int, int] = (28, 28)
    id: int | None = None
    recall: Recall | None = None
    trace: bytes = field(default=b"", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The digit as one element of `digits` in `digitlab predict --json`."""
        return {
            "label": self.label,
            "confidence": self.confidence,
            "probabilities": list(self.probabilities),
            "refused": self.refused,
            "remembered": self.remembered,
            "box": list(self.box),
        }

    def _repr_html_(self) -> str:
        from digitlab.model.show import prediction_html  # only a notebook needs it

        return prediction_html(self)
