"""Make small pictures: pale digit images, and digits of 8 to 48 pixels in two tones or in grey."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from common.picture_files import encode, invert_at_random
from digitlab.synthetic.handwriting.writer import write_digit
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import noise_texture

Rng = np.random.Generator

SIDES: Final = (8, 12, 16, 20, 24, 28, 32, 48)
"""Sides of the small pictures, in pixels."""

ENLARGED_SIDE: Final = 64
"""Side in pixels to which a small picture is enlarged for comparison."""

_DRAWING_SIDE: Final = 320  # pixels of the drawing that is reduced

DRAWING = Scene(grain=0, gradient=0, blur=0, noise=0, quality=None, paper=(0, 0, 0),
                ink=(255, 255, 255), size=(_DRAWING_SIDE, _DRAWING_SIDE), height=0.8)  # fmt: skip


def pale_digit_image(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Make a digit image of 28 x 28 pixels with little contrast, and noise on greyish paper."""
    paper = rng.uniform(4, 20)
    contrast = rng.uniform(max(80, 101 - paper), 108)
    noise = contrast * rng.uniform(0.015, 0.045)
    pixels = paper + contrast * (digit_image / 255) + rng.normal(0, noise, (28, 28))
    pixels = pixels if rng.random() < 0.4 else 255 - pixels
    return encode(Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)), "PNG")


def small_picture(
    digit_image: np.ndarray, label: int, rng: Rng, *, side: int, two_tones: bool
) -> bytes:
    """Draw a digit of MNIST or of the writer and reduce the drawing to `side` x `side` pixels."""
    if rng.random() < 0.5:
        digit_image = write_digit(label, rng=rng)
    pen = rng.uniform(0.9, 0.7 + 0.12 * side)  # pixels of the small picture
    cover = _reduced_drawing(digit_image, side=side, pen=pen, stretch=label != 1, rng=rng)
    if two_tones:
        ragged = cover + 0.12 * noise_texture((side, side), grain=1.5, rng=rng)
        pixels = 255.0 * (ragged > rng.uniform(0.35, 0.5))
    else:
        contrast = rng.uniform(15, 80)
        y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
        angle = rng.uniform(0, 2 * np.pi)
        light = rng.uniform(0.1, 0.4) * (x * np.cos(angle) + y * np.sin(angle))
        noise = rng.normal(0, rng.uniform(0.03, 0.1), cover.shape)
        pixels = rng.uniform(30, 225 - contrast) + contrast * (cover + light + noise)
    image = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    return encode(invert_at_random(image, rng), "PNG")


def _reduced_drawing(
    digit_image: np.ndarray, *, side: int, pen: float, stretch: bool, rng: Rng
) -> np.ndarray:
    """Draw with a pen as wide as `pen` pixels of the result, crop and reduce the drawing.

    Returns:
        float (side, side), the share of each pixel that ink covers, 0-1.
    """
    scene = replace(
        DRAWING,
        pen=pen / side * 0.8 * _DRAWING_SIDE,
        slant=rng.normal(0, 6),
        rotation=rng.normal(0, 3),
    )
    drawing = photograph(digit_image, rng=rng, scene=scene).convert("L")
    box = drawing.getbbox() or (0, 0, *drawing.size)
    low, high = np.array(box[:2], float), np.array(box[2:], float)
    if not (stretch and rng.random() < 0.6):
        margin = (np.max(high - low) - (high - low)) / 2
        low, high = low - margin, high + margin
    extent = high - low
    low, high = (
        low - rng.uniform(-0.02, 0.12, 2) * extent,
        high + rng.uniform(-0.02, 0.12, 2) * extent,
    )
    crop = drawing.crop((*np.rint(low).astype(int).tolist(), *np.rint(high).astype(int).tolist()))
    return np.asarray(crop.resize((side, side), Image.Resampling.BOX), float) / 255


def enlarge_picture(data: bytes) -> bytes:
    """Return a picture file enlarged to 64 x 64 pixels."""
    image = Image.open(io.BytesIO(data)).convert("L")
    return encode(image.resize((ENLARGED_SIDE, ENLARGED_SIDE), Image.Resampling.BICUBIC), "PNG")


SMALL_PICTURES = {
    f"{side} px, {tones}": partial(small_picture, side=side, two_tones=tones == "two tones")
    for side in SIDES
    for tones in ("two tones", "grey")
}
