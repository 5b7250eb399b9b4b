"""Contrast: how far each pixel stands out from the paper around it, and which are ink.

Ink is what is narrower than a stroke can be and differs from the paper around it. A grey
closing (Serra 1982, ch. XII) with a window wider than any stroke takes such things away and
leaves everything larger as it is, hard shadow edges included; what it took away is the ink.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.ink import Floats, Mask

_WINDOW: Final = 0.28  # of the mean side: wider than a brush stroke, narrower than a shadow
_WIDER: Final = 0.45  # the same for thumbnails: they are cut close, and hold no shadows
_THUMBNAIL: Final = 112  # longest side of these
_COARSE: Final = 320  # longest side on which the paper is looked for
_GRAIN: Final = 1000  # a picture of this side is smoothed by one pixel
_FLOOR: Final = 7.0  # grey levels below which nothing is ink
_NOISES: Final = 5.0  # standard deviations of the noise that ink stands out by, at least
_STRONG: Final = 0.45  # of the ink's peak: surely ink
_WEAK: Final = 0.22  # of the ink's peak: ink if it hangs together with sure ink
_FEWEST: Final = 6  # pixels of ink


def stand_out(page: Floats) -> Floats:
    """How far each pixel is darker than the paper around it.

    Args:
        page: float32 (H, W), dark ink.

    Returns:
        float32 (H, W), grey levels; about 0 on paper, either side of it by the noise.
    """
    from scipy import ndimage

    longest = max(page.shape)
    smooth = page if longest <= 150 else ndimage.gaussian_filter(page, longest / _GRAIN)
    coarse = _shrink(smooth, _COARSE)
    factor = max(1, round(longest / max(coarse.shape)))
    small = max(coarse.shape) <= _THUMBNAIL
    window = max(3, int((_WIDER if small else _WINDOW) * float(np.sqrt(coarse.size))) | 1)
    padded = np.pad(coarse, window, mode="edge")
    paper = ndimage.grey_closing(padded, size=(window, window))[window:-window, window:-window]
    # Reduced, the edge of a shadow lies beside itself by up to a pixel: take the darker side.
    paper = ndimage.grey_erosion(paper, size=(3, 3), mode="nearest")
    paper = np.repeat(np.repeat(paper, factor, 0), factor, 1)[: page.shape[0], : page.shape[1]]
    contrast: Floats = paper - smooth
    # A closing keeps the brightest grains of the paper: take their height off again.
    contrast -= np.median(contrast)
    return contrast


def threshold(contrast: Floats) -> Mask | None:
    """Part ink from paper by two thresholds with hysteresis (Canny 1986, section VIII).

    Returns:
        bool (H, W); None when nothing stands out from the noise.
    """
    from scipy import ndimage

    noise = 1.4826 * float(np.median(np.abs(contrast)))
    floor = max(_FLOOR, _NOISES * noise)
    above = contrast[contrast > floor]
    if above.size < _FEWEST:
        return None
    peak = float(np.percentile(above, 90))
    strong, weak = max(floor, _STRONG * peak), max(0.7 * floor, _WEAK * peak)
    labels, count = ndimage.label(contrast > weak, np.ones((3, 3)))
    if count == 0:
        return None
    sure = np.zeros(count + 1, bool)
    sure[np.unique(labels[contrast > strong])] = True
    sure[0] = False
    mask: Mask = sure[labels]
    return mask if mask.any() else None


def _shrink(values: NDArray[np.generic], side: int) -> Floats:
    """Reduce by whole-number area averaging until no side is longer than `side`."""
    factor = -(-max(values.shape) // side)
    page = values.astype(np.float32)
    if factor <= 1:
        return page
    rows, columns = (-(-length // factor) * factor - length for length in page.shape)
    page = np.pad(page, ((0, rows), (0, columns)), mode="edge")
    blocks = page.reshape(page.shape[0] // factor, factor, page.shape[1] // factor, factor)
    reduced: Floats = blocks.mean((1, 3))
    return reduced
