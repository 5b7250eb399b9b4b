"""A stand-in for Lab that the page's tests share: canned predictions, a ledger in memory."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from digitlab.errors import ImageError
from digitlab.model.prediction import Prediction
from digitlab.widgets.desk import Verdict

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
        "label": label,
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


@dataclass(frozen=True)
class PaperLimits:
    max_bytes: int = 3_000_000


@dataclass(frozen=True)
class PaperReceipt:
    message: str


@dataclass(frozen=True)
class PaperExample:
    name: str
    label: int
    data: bytes


@dataclass(frozen=True)
class PaperEntry:
    picture_sha256: str
    box: tuple[int, int, int, int]
    verdict: str
    digit: int | None
    name: str
    comment: str
    contributor: str | None
    picture: bytes


@dataclass
class PaperDesk:
    """Reads a 7 in every picture, except that `BROKEN` is refused and `BUG` is a bug.

    Attributes:
        refused: what the next predictions say of that.
        ledger: the verdicts in force, oldest first.
    """

    settings: PaperLimits = PaperLimits()
    model: str = "base"
    refused: bool = False
    ledger: list[PaperEntry] = field(default_factory=list)

    def predict(self, picture: bytes, *, name: str = "") -> Prediction:
        if picture.startswith(BROKEN):
            raise ImageError("This file is damaged; please send it again.", code="damaged")
        if picture.startswith(BUG):
            raise RuntimeError("a bug")
        digest = hashlib.sha256(picture).hexdigest()
        return prediction(
            name=name,
            picture=picture,
            picture_sha256=digest,
            refused=self.refused,
            model=self.model,
        )

    def judge(
        self,
        prediction: Prediction,
        verdict: Verdict,
        *,
        digit: int | None = None,
        comment: str = "",
        contributor: str | None = None,
    ) -> PaperReceipt:
        entry = PaperEntry(
            picture_sha256=prediction.picture_sha256,
            box=prediction.box,
            verdict=verdict,
            digit=prediction.label if verdict == "right" else digit,
            name=prediction.name,
            comment=comment,
            contributor=contributor,
            picture=prediction.picture,
        )
        said = [(e.picture_sha256, e.verdict, e.digit) for e in self.ledger]
        if (entry.picture_sha256, entry.verdict, entry.digit) not in said:
            self.ledger.append(entry)
        return PaperReceipt("Kept.")

    def undo(self, *, contributor: str | None = None) -> PaperEntry | None:
        return self.ledger.pop() if self.ledger else None

    def examples(self) -> list[PaperExample]:
        return [PaperExample("one.png", 1, png(10)), PaperExample("two.png", 2, png(20))]
