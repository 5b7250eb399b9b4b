"""Pictures that the base misreads: handwritten digits in a mirror, each with its right digit."""

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
TURNED = (0, 1, 8)  # look the same in a mirror


@dataclass(frozen=True)
class Misread:
    """A picture and what is known of it.

    Attributes:
        name: of its file.
        data: a PNG: dark ink on white paper, 168 x 168 pixels.
        digit: the right one.
        read: the one that the base reads.
    """

    name: str
    data: bytes
    digit: int
    read: int

    @property
    def file(self) -> FilePayload:
        """For the page."""
        return {"name": self.name, "mimeType": "image/png", "buffer": self.data}


def misread(base: Classifier, n: int) -> list[Misread]:
    """The first `n` of them; the same ones each time."""
    return list(islice(_misread(base), n))


def _misread(base: Classifier) -> Iterator[Misread]:
    reader = Reader(base, limits=limits_of(Settings.load(environ={})))
    number = 0
    for image, digit in zip(*mnist.load("validation"), strict=True):
        if digit in TURNED:
            continue
        mirrored = 255 - image[:, ::-1]
        out = io.BytesIO()
        Image.fromarray(np.kron(mirrored, np.ones((SCALE, SCALE), np.uint8))).save(out, "PNG")
        read = reader.read(out.getvalue())
        if not read.refused and read.digit != digit:
            yield Misread(f"form {number}.png", out.getvalue(), int(digit), read.digit)
            number += 1
