"""Two simple ways from a grey picture to 28 x 28, which digitlab's own is compared with."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage


def resized(grey: np.ndarray) -> np.ndarray:
    """As tutorials do: the whole picture resized to 28 x 28, inverted if it is bright."""
    small = np.asarray(Image.fromarray(grey).resize((28, 28), Image.Resampling.BOX))
    return 255 - small if small.mean() > 127 else small


def plain(grey: np.ndarray) -> np.ndarray:
    """Median background, Otsu's threshold, bounding box, area resize, centre of mass."""
    image = Image.fromarray(grey)
    scale = min(1.0, 400 / max(image.size))
    small = [max(1, round(side * scale)) for side in image.size]
    values = np.asarray(image.resize(small, Image.Resampling.BOX), np.float32)
    ground = ndimage.median_filter(values[::8, ::8], max(3, max(small) // 24))
    size = (values.shape[1], values.shape[0])
    ground = np.asarray(Image.fromarray(ground).resize(size, Image.Resampling.BILINEAR))
    difference = ndimage.gaussian_filter(ground - values, 0.7)
    if (difference**3).sum() < 0:  # what stands out is brighter than the ground
        difference = -difference
    ink = np.maximum(difference, 0)
    mask = ink > otsu(ink)
    if not mask.any():
        return np.zeros((28, 28), np.uint8)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ink = np.where(mask, ink, 0)[box] / max(float(np.percentile(ink[mask], 90)), 1e-6)
    by = 20 / max(ink.shape)
    fitted = [max(1, round(side * by)) for side in reversed(ink.shape)]
    digit = np.asarray(Image.fromarray(ink).resize(fitted, Image.Resampling.BOX))
    digit = np.clip(digit / max(float(digit.max()), 1e-6) * 255, 0, 255)
    frame = np.zeros((28, 28))
    frame[: digit.shape[0], : digit.shape[1]] = digit
    middle = np.array(ndimage.center_of_mass(frame)) if frame.any() else np.array((14.0, 14.0))
    return np.clip(ndimage.shift(frame, 14 - middle, order=1), 0, 255).astype(np.uint8)


def otsu(values: np.ndarray) -> float:
    """The threshold that parts values into the two most even groups (Otsu 1979)."""
    counts, edges = np.histogram(values, 256)
    levels = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * levels)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(levels[np.nanargmax(apart[:-1])])
