"""Normalising: the ink of one digit to a digit image in MNIST's frame.

MNIST's digits were fitted to a 20 x 20 box keeping their aspect and placed by their centre
of mass in 28 x 28 (LeCun, Cortes, Burges, "The MNIST database of handwritten digits").
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.images.segmentation.ink import Floats, Mask, bounds

_SIDE: Final = 28
_BOX: Final = 20
_CENTRE: Final = 14.0  # MNIST's mean centre of mass, in pixels from the first one
_THINNEST: Final = 2.0  # of the 20-pixel box: thinner strokes are widened to this
_LARGEST: Final = 240  # pixels of a crop's longer side on which strokes are widened

EMPTY: Final = 24
"""Grey levels up to which the ground of a digit image counts as empty."""


def to_digit_image(contrast: Floats, mask: Mask) -> NDArray[np.uint8]:
    """Bring ink into MNIST's frame.

    Args:
        contrast: float32 (H, W), how far ink stands out from paper; 0 on paper.
        mask: bool (H, W), where the digit's ink is; not empty.

    Returns:
        uint8 (28, 28), bright ink on 0.
    """
    ink = _stretch(contrast, mask)
    ink = _widen(_crop(ink, mask))
    return _place(_fit(ink))


def is_digit_image(grey: NDArray[np.uint8]) -> bool:
    """Whether an image is in MNIST's form already: bright ink on 0, fitted and centred.

    Args:
        grey: uint8 (H, W).
    """
    if grey.shape != (_SIDE, _SIDE) or grey.max() < 100:
        return False
    ink = grey > EMPTY
    extent = max(side.stop - side.start for side in bounds(ink))
    if not _BOX - 3 <= extent <= _BOX + 2 or np.median(grey) > EMPTY:
        return False
    return bool(np.abs(np.array(_centre_of_mass(grey)) - _CENTRE).max() <= 1.5)


def _stretch(contrast: Floats, mask: Mask) -> Floats:
    """Ink to about 0-1: paper's remains to 0, the body of the strokes to 1."""
    body = float(np.percentile(contrast[mask], 75))
    stretched: Floats = np.clip((contrast / body - 0.15) / 0.7, 0, 1).astype(np.float32)
    return stretched


def _crop(ink: Floats, mask: Mask) -> Floats:
    """Cut to the ink, reduced to a size at which the rest is quick."""
    inked = mask & (ink > 0.25)
    if not inked.any():
        inked = mask
    cut = ink[bounds(inked)]
    longest = max(cut.shape)
    # Strokes are widened in steps of a pixel: small crops are enlarged, so that steps are fine.
    side = min(max(longest, 10 * _BOX), _LARGEST)
    return cut if side == longest else _resize(cut, side / longest)


def _widen(ink: Floats) -> Floats:
    """Widen strokes that would vanish in a 20-pixel box."""
    from scipy import ndimage

    unit = max(ink.shape) / _BOX
    missing = (_THINNEST * unit - stroke_width(ink)) / 2
    radius = round(missing)
    if radius < 1:
        return ink
    padded = np.pad(ink, radius)
    height = len(padded)
    widened = np.zeros_like(padded)
    for dy in range(radius + 1):  # a disc, row by row: many times quicker than its footprint
        half = math.isqrt(math.floor((radius + 0.3) ** 2 - dy * dy))
        row = ndimage.maximum_filter1d(padded, 2 * half + 1, axis=1, mode="constant")
        np.maximum(widened[dy:], row[: height - dy], out=widened[dy:])
        np.maximum(widened[: height - dy], row[dy:], out=widened[: height - dy])
    return widened


def stroke_width(ink: Floats) -> float:
    """Width of a drawing's strokes in pixels: twice the usual distance of ridge to edge."""
    from scipy import ndimage

    body = np.pad(ink > 0.5, 1)
    if not body.any():
        return 1.0
    depth = ndimage.distance_transform_edt(body)
    ridge = body & (depth >= ndimage.maximum_filter(depth, 3))
    return max(1.0, 2 * float(np.median(depth[ridge])) - 1)


def _fit(ink: Floats) -> Floats:
    """Area-average so that the longer side is 20 pixels."""
    small = _resize(ink, _BOX / max(ink.shape))
    peak = float(np.sort(small, axis=None)[-max(1, small.size // 50) :].mean())
    fitted: Floats = np.clip(small / max(peak, 1e-6), 0, 1)
    return fitted


def _resize(values: Floats, by: float) -> Floats:
    height, width = (max(1, round(length * by)) for length in values.shape)
    how = Image.Resampling.BOX if by < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(values).resize((width, height), how), np.float32)


def _place(small: Floats) -> NDArray[np.uint8]:
    """Into 28 x 28 with the centre of mass in the middle."""
    frame = np.zeros((_SIDE, _SIDE), np.uint8)
    height, width = small.shape
    y, x = (
        int(np.clip(round(_CENTRE - centre), 0, _SIDE - length))
        for centre, length in zip(_centre_of_mass(small), small.shape, strict=True)
    )
    frame[y : y + height, x : x + width] = np.rint(small * 255)
    return frame


def _centre_of_mass(values: NDArray[np.generic]) -> tuple[float, float]:
    weights = values.astype(np.float64)
    total = weights.sum()
    rows, columns = weights.sum(1), weights.sum(0)
    return (
        float(rows @ np.arange(len(rows)) / total),
        float(columns @ np.arange(len(columns)) / total),
    )
