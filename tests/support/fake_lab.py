"""A stand-in for Lab that the page's tests share: canned predictions, a real ledger."""

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
from digitlab.settings import Settings
from digitlab.store import Entry

BROKEN = b"broken"
BUG = b"bug"


def png(shade: int = 0, size: tuple[int, int] = (40, 30)) -> bytes:
    """A small picture; another one for each shade of 0-255."""
    out = io.BytesIO()
    Image.new("L", size, shade).save(out, "PNG")
    return out.getvalue()


def prediction(label: int = 7, **changes: Any) -> Prediction:
    """A prediction of `label`, sure unless said otherwise."""
    confidence = changes.pop("confidence", 0.97)
    rest = (1 - confidence) / 9
    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:16] = 255
    values: dict[str, Any] = {
        "digit": label,
        "confidence": confidence,
        "probabilities": tuple(confidence if digit == label else rest for digit in range(10)),
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


class PaperDesk(Lab):
    """Reads a 7 in every picture, except that `BROKEN` is refused and `BUG` is a bug.

    Attributes:
        champion: the version that the next predictions name.
        refused: what they say of that.
        remembered: the same.
        confidence: the same, 0-1.
        several: how many digits there are in every picture.
    """

    champion = "base"  # type: ignore[assignment]  a property of the real one
    refused = False
    remembered = False
    confidence = 0.97
    several = 3
    asked_by: str | None = None

    def __init__(self, home: Path) -> None:
        settings = Settings.load(home, environ={})
        super().__init__(dataclasses.replace(settings, max_bytes=3_000_000), contributor="someone")

    @property
    def ledger(self) -> list[Entry]:
        """The verdicts in force, oldest first."""
        return self.feedback.entries()

    def predict(  # type: ignore[override]
        self, picture: bytes, *, name: str = "", contributor: str | None = None
    ) -> Prediction:
        self.asked_by = contributor
        if picture.startswith(BROKEN):
            raise ImageError("This file is damaged; please send it again.", code="damaged")
        if picture.startswith(BUG):
            raise RuntimeError("a bug")
        return prediction(
            name=name,
            picture=picture,
            picture_sha256=hashlib.sha256(picture).hexdigest(),
            refused=self.refused,
            remembered=self.remembered,
            confidence=self.confidence,
            model=self.champion,
        )

    def predict_all(  # type: ignore[override]
        self, picture: bytes, *, name: str = "", contributor: str | None = None
    ) -> tuple[Prediction, ...]:
        one = self.predict(picture, name=name, contributor=contributor)
        boxes = [(4 + 6 * place, 5, 5, 22) for place in range(self.several)]
        return tuple(dataclasses.replace(one, box=box) for box in boxes)

    def reconsider(  # type: ignore[override]
        self, predictions: Sequence[Prediction], *, contributor: str | None = None
    ) -> Sequence[Prediction]:
        return predictions

    def examples(self) -> list[Example]:
        return [Example("one.png", 1, png(10)), Example("two.png", 2, png(20))]
