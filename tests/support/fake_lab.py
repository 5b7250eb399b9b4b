"""A lab whose predictions are made up and whose feedback store is real, for the page's tests."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from digitlab.errors import ImageError
from digitlab.images.examples import Example
from digitlab.lab import Lab
from digitlab.prediction import Prediction
from digitlab.reading import Reading, Row
from digitlab.settings import Settings
from digitlab.store import Entry

BROKEN_PICTURE = b"broken"
"""`FakeLab` raises ImageError for pictures that start with these bytes."""

BUG_PICTURE = b"bug"
"""`FakeLab` raises RuntimeError for pictures that start with these bytes."""


def png(shade: int = 0, size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a small PNG picture; each shade of 0-255 gives another picture."""
    out = io.BytesIO()
    Image.new("L", size, shade).save(out, "PNG")
    return out.getvalue()


def prediction(digit: int = 7, **changes: Any) -> Prediction:
    """Return a prediction of `digit` with a confidence of 0.97, or with `changes`."""
    confidence = changes.pop("confidence", 0.97)
    other_probability = (1 - confidence) / 9
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:16] = 255
    values: dict[str, Any] = {
        "digit": digit,
        "confidence": confidence,
        "probabilities": tuple(
            confidence if number == digit else other_probability for number in range(10)
        ),
        "refused": False,
        "remembered": False,
        "model": "base",
        "box": (4, 5, 20, 22),
        "digit_image": image,
        "picture_sha256": "0" * 64,
        "name": "seven.png",
        "picture": png(),
        "preview": png(),
        "size": (40, 30),
    }
    return Prediction(**values | changes)


class FakeLab(Lab):
    """A lab that reads a 7 in every picture; `tests/widgets/test_fake_lab.py` compares it with Lab.

    Attributes:
        champion: the version that the next predictions name.
        refused: whether the next predictions are refused.
        remembered: whether a correction answers the next predictions.
        confidence: confidence of the next predictions, 0-1.
        digit_count: how many digits `predict_all` reads in a picture.
        several_count: how many digits the next pictures seem to hold when they are read as one.
        last_contributor: the contributor of the last prediction.
    """

    champion = "base"  # type: ignore[assignment]  a property of Lab
    refused = False
    remembered = False
    confidence = 0.97
    digit_count = 3
    several_count = 0
    last_contributor: str | None = None

    def __init__(self, home: Path) -> None:
        settings = Settings.load(home, environ={})
        super().__init__(
            dataclasses.replace(settings, max_upload_bytes=3_000_000), contributor="someone"
        )

    @property
    def entries(self) -> list[Entry]:
        """The verdicts in force, oldest first."""
        return self.feedback.entries()

    def predict(  # type: ignore[override]
        self,
        picture: bytes,
        *,
        name: str = "",
        page: int = 1,
        contributor: str | None = None,
    ) -> Prediction:
        del page  # pages read the first one
        self.last_contributor = contributor
        if picture.startswith(BROKEN_PICTURE):
            raise ImageError("This file is damaged; please send it again.", code="damaged")
        if picture.startswith(BUG_PICTURE):
            raise RuntimeError("a bug")
        return prediction(
            name=name,
            picture=picture,
            picture_sha256=hashlib.sha256(picture).hexdigest(),
            refused=self.refused,
            remembered=self.remembered,
            confidence=self.confidence,
            model=self.champion,
            several_count=self.several_count,
        )

    def predict_all(  # type: ignore[override]
        self,
        picture: bytes,
        *,
        name: str = "",
        page: int = 1,
        contributor: str | None = None,
    ) -> Reading:
        first = self.predict(picture, name=name, page=page, contributor=contributor)
        if not self.digit_count:
            return Reading()
        boxes = [(4 + 6 * place, 5, 5, 22) for place in range(self.digit_count)]
        digits = tuple(dataclasses.replace(first, box=box, several_count=0) for box in boxes)
        return Reading([Row(text="7" * len(digits), box=(4, 5, 30, 22), digits=digits)])

    def reconsider(
        self, predictions: Sequence[Prediction], *, contributor: str | None = None
    ) -> list[Prediction]:
        return list(predictions)

    def examples(self) -> list[Example]:
        return [Example("one.png", 1, png(10)), Example("two.png", 2, png(20))]
