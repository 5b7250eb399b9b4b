"""Two simple ways to normalise a grey picture to 28 x 28, as baselines for digitlab's own."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage


def resize_only(grey: np.ndarray) -> np.ndarray:
    """Resize the whole picture to 28 x 28 and invert a bright one, as tutorials do.

    Args:
        grey: uint8 (H, W).

    Returns:
        uint8 (28, 28).
    """
    small = np.asarray(Image.fromarray(grey).resize((28, 28), Image.Resampling.BOX))
    return 255 - small if small.mean() > 127 else small


def plain_normalise(grey: np.ndarray) -> np.ndarray:
    """Subtract the median background, threshold by Otsu, crop, resize and centre the ink.

    Args:
        grey: uint8 (H, W).

    Returns:
        uint8 (28, 28), bright ink on 0; all 0 without ink.
    """
    image = Image.fromarray(grey)
    scale = min(1.0, 400 / max(image.size))
    small = [max(1, round(side * scale)) for side in image.size]
    values = np.asarray(image.resize(small, Image.Resampling.BOX), np.float32)
    background = ndimage.median_filter(values[::8, ::8], max(3, max(small) // 24))
    size = (values.shape[1], values.shape[0])
    background = np.asarray(Image.fromarray(background).resize(size, Image.Resampling.BILINEAR))
    difference = ndimage.gaussian_filter(background - values, 0.7)
    if (difference**3).sum() < 0:  # the ink is brighter than the background
        difference = -difference
    ink = np.maximum(difference, 0)
    mask = ink > otsu_threshold(ink)
    if not mask.any():
        return np.zeros((28, 28), np.uint8)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ink = np.where(mask, ink, 0)[box] / max(float(np.percentile(ink[mask], 90)), 1e-6)
    scale = 20 / max(ink.shape)
    fitted = [max(1, round(side * scale)) for side in reversed(ink.shape)]
    digit = np.asarray(Image.fromarray(ink).resize(fitted, Image.Resampling.BOX))
    digit = np.clip(digit / max(float(digit.max()), 1e-6) * 255, 0, 255)
    frame = np.zeros((28, 28))
    frame[: digit.shape[0], : digit.shape[1]] = digit
    centre = np.array(ndimage.center_of_mass(frame)) if frame.any() else np.array((14.0, 14.0))
    return np.clip(ndimage.shift(frame, 14 - centre, order=1), 0, 255).astype(np.uint8)


def otsu_threshold(values: np.ndarray) -> float:
    """Return the threshold with the largest variance between two classes (Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    levels = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(levels[np.nanargmax(variance[:-1])])
