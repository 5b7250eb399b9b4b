"""Files: images as the bytes of picture files."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

Rng = np.random.Generator


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of an image in a format of Pillow's."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def either(image: Image.Image, rng: Rng) -> Image.Image:
    """The image or, as often, its negative."""
    return image if rng.random() < 0.5 else Image.eval(image, lambda tone: 255 - tone)
