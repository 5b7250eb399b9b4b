"""Normalising the ink of one digit to a digit image in MNIST's frame.

MNIST's digits were fitted to a 20 x 20 box keeping their aspect and placed by their centre
of mass in 28 x 28 (LeCun, Cortes, Burges, "The MNIST database of handwritten digits").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.images.segmentation.ink import Floats, Mask, bounds
from digitlab.images.segmentation.order_statistics import median, percentile
from digitlab.images.segmentation.stroke_depth import squared_depth
from digitlab.images.segmentation.window_filters import window_maximum

_SIDE: Final = 28  # pixels of MNIST's frame
DIGIT_SHAPE: Final = (_SIDE, _SIDE)
"""Height and width of a digit image, in pixels."""
_BOX: Final = 20  # pixels of the longer side of the digit in it
_CENTRE: Final = 14.0  # MNIST's mean centre of mass, in pixels from the first one


@dataclass(frozen=True, kw_only=True)
class NormalisationThresholds:
    """The tuned values of normalisation; `benchmarks/photos.py` set them.

    Attributes:
        body_percentile: percentile of the ink's contrast that counts as the body of a stroke.
        paper_contrast: share of the body's contrast up to which a pixel is paper, 0.
        contrast_range: share of the body's contrast over which a pixel rises from 0 to 1.
        min_crop_ink: ink, 0-1, above which a pixel counts for the crop.
        min_crop_side: pixels of a crop's longer side; smaller crops are enlarged, because
            strokes are widened by whole pixels.
        max_crop_side: pixels of a crop's longer side; larger crops are reduced, for speed.
        min_stroke_width: pixels in the 20-pixel box; thinner strokes are widened to this.
        disc_slack: pixels that the radius of the widening disc is longer than its whole part.
        min_body_ink: ink, 0-1, above which a pixel counts for the width of a stroke.
        peak_divisor: the brightest 1 / peak_divisor of the fitted digit's pixels have full ink.
        max_background: grey levels up to which the background of a digit image is empty.
        min_peak: grey levels that the brightest pixel of a digit image has at least.
        box_shortfall: pixels by which a digit image may be smaller than the 20-pixel box.
        box_excess: pixels by which it may be larger.
        max_off_centre: pixels between its centre of mass and MNIST's, in each direction.
    """

    body_percentile: int = 75
    paper_contrast: float = 0.15
    contrast_range: float = 0.7
    min_crop_ink: float = 0.25
    min_crop_side: int = 200
    max_crop_side: int = 240
    min_stroke_width: float = 2.0
    disc_slack: float = 0.3
    min_body_ink: float = 0.5
    peak_divisor: int = 50
    max_background: int = 24
    min_peak: int = 200
    box_shortfall: int = 3
    box_excess: int = 2
    max_off_centre: float = 1.5


NORMALISATION: Final = NormalisationThresholds()


def to_digit_image(contrast: Floats, mask: Mask) -> NDArray[np.uint8]:
    """Bring the ink of a digit into MNIST's frame.

    Args:
        contrast: float32 (H, W), how far ink stands out from paper; 0 on paper.
        mask: bool (H, W), where the digit's ink is; not empty.

    Returns:
        uint8 (28, 28), bright ink on 0.
    """
    box = bounds(mask)
    contrast, mask = contrast[box], mask[box]
    ink = _stretch(contrast, mask)
    ink = _widen_thin_strokes(_crop(ink, mask))
    return _place(_fit_box(ink))


def is_digit_image(grey: NDArray[np.uint8]) -> bool:
    """Return whether an image has MNIST's form: bright ink on 0, fitted and centred.

    Args:
        grey: uint8 (H, W).
    """
    if grey.shape != (_SIDE, _SIDE) or grey.max() < NORMALISATION.min_peak:
        return False
    ink = grey > NORMALISATION.max_background
    extent = max(side.stop - side.start for side in bounds(ink))
    fits = _BOX - NORMALISATION.box_shortfall <= extent <= _BOX + NORMALISATION.box_excess
    if not fits or np.count_nonzero(ink) > ink.size / 2:
        return False
    off_centre = np.abs(np.array(_centre_of_mass(grey)) - _CENTRE)
    return bool(off_centre.max() <= NORMALISATION.max_off_centre)


def stroke_width(ink: Floats) -> float:
    """Return the width of strokes in pixels: twice the median distance of ridge to edge.

    Args:
        ink: float32 (H, W), 0-1.
    """
    body = ink > NORMALISATION.min_body_ink
    if not body.any():
        return 1.0
    depth = squared_depth(body)
    ridge = body & (depth >= window_maximum(np.pad(depth, 1), 3))
    return max(1.0, 2 * median(np.sqrt(depth[ridge])) - 1)


def _stretch(contrast: Floats, mask: Mask) -> Floats:
    """Scale ink to about 0-1: uneven paper to 0, the body of the strokes to 1."""
    body = percentile(contrast[mask], NORMALISATION.body_percentile)
    raised = (contrast / body - NORMALISATION.paper_contrast) / NORMALISATION.contrast_range
    stretched: Floats = np.clip(raised, 0, 1).astype(np.float32)
    return stretched


def _crop(ink: Floats, mask: Mask) -> Floats:
    """Cut to the ink, resized to a side on which widening is both fine and quick."""
    inked = mask & (ink > NORMALISATION.min_crop_ink)
    if not inked.any():
        inked = mask
    crop = ink[bounds(inked)]
    longest = max(crop.shape)
    side = min(max(longest, NORMALISATION.min_crop_side), NORMALISATION.max_crop_side)
    return crop if side == longest else _resize(crop, side / longest)


def _widen_thin_strokes(ink: Floats) -> Floats:
    """Widen strokes that would vanish in a 20-pixel box."""
    unit = max(ink.shape) / _BOX
    missing = (NORMALISATION.min_stroke_width * unit - stroke_width(ink)) / 2
    radius = round(missing)
    if radius < 1:
        return ink
    padded = np.pad(ink, radius)
    height = len(padded)
    widened = np.zeros_like(padded)
    # A disc, row by row from its top, where it is narrowest, to its middle.
    row, half = padded, 0
    for dy in range(radius, -1, -1):
        reach = (radius + NORMALISATION.disc_slack) ** 2 - dy * dy
        while half < math.isqrt(math.floor(reach)):
            wider = row.copy()
            np.maximum(wider[:, 1:], row[:, :-1], out=wider[:, 1:])
            np.maximum(wider[:, :-1], row[:, 1:], out=wider[:, :-1])
            row, half = wider, half + 1
        np.maximum(widened[dy:], row[: height - dy], out=widened[dy:])
        np.maximum(widened[: height - dy], row[dy:], out=widened[: height - dy])
    return widened


def _fit_box(ink: Floats) -> Floats:
    """Area-average so that the longer side is 20 pixels, and scale the brightest ink to 1."""
    small = _resize(ink, _BOX / max(ink.shape))
    brightest = np.sort(small, axis=None)[-max(1, small.size // NORMALISATION.peak_divisor) :]
    fitted: Floats = np.clip(small / max(float(brightest.mean()), 1e-6), 0, 1)
    return fitted


def _resize(values: Floats, factor: float) -> Floats:
    height, width = (max(1, round(length * factor)) for length in values.shape)
    resampling = Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(values).resize((width, height), resampling), np.float32)


def _place(small: Floats) -> NDArray[np.uint8]:
    """Place a fitted digit into 28 x 28 with its centre of mass in the middle."""
    frame = np.zeros((_SIDE, _SIDE), np.uint8)
    height, width = small.shape
    y, x = (
        int(np.clip(round(_CENTRE - centre), 0, _SIDE - length))
        for centre, length in zip(_centre_of_mass(small), small.shape, strict=True)
    )
    frame[y : y + height, x : x + width] = np.rint(small * 255)
    return frame


def _centre_of_mass(values: NDArray[np.generic]) -> tuple[float, float]:
    """Return the mean row and the mean column, weighted by the values."""
    weights = values.astype(np.float64)
    total = weights.sum()
    rows, columns = weights.sum(1), weights.sum(0)
    return (
        float(rows @ np.arange(len(rows)) / total),
        float(columns @ np.arange(len(columns)) / total),
    )
