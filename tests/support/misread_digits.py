"""Pictures of digits that the base model misreads: mirrored MNIST digits."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from digitlab.datasets import mnist
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload

SCALE = 6
"""Pixels of a picture for one pixel of the digit image."""

SYMMETRIC_DIGITS = (0, 1, 8)
"""Digits that look the same in a mirror."""


@dataclass(frozen=True)
class MisreadDigit:
    """A picture that the base model misreads.

    Attributes:
        name: name of its file.
        data: the PNG, 168 x 168 pixels, dark ink on white paper.
        label: the true digit.
        predicted: the digit that the base model predicts.
    """

    name: str
    data: bytes
    label: int
    predicted: int

    @property
    def file(self) -> FilePayload:
        """The picture as a file for the page's file input."""
        return {"name": self.name, "mimeType": "image/png", "buffer": self.data}


def misread_digits(base: Classifier, count: int) -> list[MisreadDigit]:
    """Return `count` pictures that the base model misreads; the same ones at each call."""
    return list(islice(_misread_digits(base), count))


def _misread_digits(base: Classifier) -> Iterator[MisreadDigit]:
    reader = Reader(base, limits=limits_of(Settings.load(environ={})))
    count = 0
    for image, label in zip(*mnist.load("validation"), strict=True):
        if label in SYMMETRIC_DIGITS:
            continue
        mirrored = 255 - image[:, ::-1]
        out = io.BytesIO()
        Image.fromarray(np.kron(mirrored, np.ones((SCALE, SCALE), np.uint8))).save(out, "PNG")
        prediction = reader.read(out.getvalue())
        if not prediction.refused and prediction.digit != label:
            yield MisreadDigit(f"form {count}.png", out.getvalue(), int(label), prediction.digit)
            count += 1
