"""Contrast: how far each pixel stands out from the paper around it, and which are ink.

Ink is what is narrower than a stroke can be and differs from the paper around it. A grey
closing (Serra 1982, ch. XII) with a window wider than any stroke takes such things away and
leaves everything larger as it is, hard shadow edges included; what it took away is the ink.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from digitlab.images.segmentation.components import label_connected
from digitlab.images.segmentation.ink import Floats, Mask
from digitlab.images.segmentation.resize import block_factor, expand_blocks, reduce_blocks

_WINDOW: Final = 0.28  # of the mean side: wider than a brush stroke, narrower than a shadow
_WIDER: Final = 0.45  # the same for thumbnails: they are cut close, and hold no shadows
_THUMBNAIL: Final = 112  # longest side of these
_COARSE: Final = 160  # longest side on which the paper is looked for
_GRAIN: Final = 1000  # a picture of this side is smoothed by one pixel
_DIMMEST: Final = 90.0  # grey levels: below this paper holds no light to measure by
_FLOOR: Final = 5.0  # grey levels below which nothing is ink
_NOISES: Final = 5.0  # standard deviations of the noise that ink stands out by, at least
_FAINT: Final = 9.0  # ink of fewer standard deviations is looked at through more smoothing
_SMOOTHER: Final = (1.2, 2.2)  # pixels of a picture of 600 a side
_SMOOTHER_SMALL: Final = 6.5  # times as much in thumbnails, for their size
_STRONG: Final = 0.45  # of the ink's peak: surely ink
_FEWEST: Final = 6  # pixels of ink
_SAMPLED: Final = 64  # rows and columns, at least, that the paper is judged by
_CLOSE: Final = 0.12  # of a picture that ink, or paper, covers, where it is cut close
_PARTED: Final = 4.0  # standard deviations of the paper between it and that ink

WEAK: Final = 0.22
"""Of the ink's peak: ink if it hangs together with sure ink, faint ends of strokes included."""


def stand_out(page: Floats, *, share: float = 1.0) -> tuple[Floats, float]:
    """How far each pixel is darker than the paper around it.

    In grey levels of evenly lit paper: in the shade ink and paper differ by less, but by
    the same share of the light. Ink so faint that the noise nearly covers it is looked at
    through more smoothing.

    Args:
        page: float32 (H, W), dark ink.
        share: of the usual width, 0-1, up to which strokes are taken for ink; with less of
            it, wedges of shadow and blots stay with the paper.

    Returns:
        float32 (H, W), grey levels; about 0 on paper, either side of it by the noise. And that
        noise's standard deviation, as `spread` gives it.
    """
    from scipy import ndimage

    longest = max(page.shape)
    smooth = page if longest <= 150 else ndimage.gaussian_filter(page, longest / _GRAIN)
    contrast = _above_paper(smooth, share)
    noise = spread(contrast)
    for pixels in _SMOOTHER:
        if _height(contrast) >= _FAINT * noise:
            break
        sigma = pixels * longest / 600 * (_SMOOTHER_SMALL if longest <= 150 else 1)
        smooth = ndimage.gaussian_filter(page, max(0.8, sigma))
        contrast = _above_paper(smooth, share)
        noise = spread(contrast)
    return contrast, noise


def _above_paper(smooth: Floats, share: float) -> Floats:
    from scipy import ndimage

    factor = block_factor(smooth.shape, _COARSE)
    coarse = reduce_blocks(smooth, factor, np.mean)
    small = max(coarse.shape) <= _THUMBNAIL
    side = share * (_WIDER if small else _WINDOW) * float(np.sqrt(coarse.size))
    window = max(3, int(side) | 1)
    padded = np.pad(coarse, window, mode="edge")
    paper = ndimage.grey_closing(padded, size=(window, window))[window:-window, window:-window]
    # Reduced, the edge of a shadow lies beside itself by up to a pixel: take the darker side.
    paper = ndimage.grey_erosion(paper, size=(3, 3), mode="nearest")
    paper = expand_blocks(paper, factor, smooth.shape)
    contrast: Floats = paper - smooth
    # A closing keeps the brightest grains of the paper: take their height off again.
    contrast -= np.median(_of_paper(contrast))
    contrast *= 220 / np.maximum(paper, _DIMMEST)
    return contrast


def spread(contrast: Floats) -> float:
    """Standard deviation of the noise, in grey levels (from the median absolute deviation)."""
    return 1.4826 * float(np.median(np.abs(_of_paper(contrast))))


def _of_paper(contrast: Floats) -> Floats:
    """A sample of values that are paper's: all, or the lower of two well parted groups.

    In a picture cut close, ink may cover half of it.
    """
    sample = _sample(contrast, _SAMPLED)
    low, high = np.percentile(sample, (5, 95))
    below = sample[sample < (low + high) / 2]
    if not _CLOSE * sample.size < below.size < (1 - _CLOSE) * sample.size:
        return sample
    gap = float(np.median(sample[sample >= (low + high) / 2]) - np.median(below))
    return below if gap > _PARTED * float(below.std()) else sample


def _sample(values: Floats, side: int) -> Floats:
    """Every so many rows and columns, so that no more than twice `side` are left of each."""
    return values[:: 1 + values.shape[0] // side, :: 1 + values.shape[1] // side]


def _height(contrast: Floats) -> float:
    """How far the most distinct pixels stand out: a hairline covers few of them."""
    return float(np.percentile(_sample(contrast, 400), 99.8))


def soft_edge_width(shape: tuple[int, ...]) -> int:
    """Return how far the soft edges of ink reach beyond its mask, in pixels."""
    return 1 + max(shape) // 250


def isolate(contrast: Floats, mask: Mask, ink: Mask, *, edge_width: int) -> Floats:
    """Keep the contrast of some ink with its soft edges, and set everything else to 0.

    Args:
        contrast: float32 (H, W), as `stand_out` gives it.
        mask: bool (H, W), the ink to keep.
        ink: bool (H, W), all ink.
        edge_width: how far the soft edges reach, in pixels.

    Returns:
        float32 (H, W).
    """
    from scipy import ndimage

    near = ndimage.binary_dilation(mask, iterations=edge_width)
    near &= ~ndimage.binary_dilation(ink & ~mask) | mask
    return np.where(near, np.maximum(contrast, 0), 0).astype(np.float32)


def threshold(contrast: Floats, *, noise: float | None = None, weak: float = WEAK) -> Mask | None:
    """Part ink from paper by two thresholds with hysteresis (Canny 1986, section VIII).

    Args:
        contrast: float32 (H, W), as `stand_out` gives it.
        noise: its standard deviation, where the caller knows it.
        weak: of the ink's peak, 0-1: ink if it hangs together with sure ink.

    Returns:
        bool (H, W); None when nothing stands out from the noise.
    """
    floor = max(_FLOOR, _NOISES * (spread(contrast) if noise is None else noise))
    above = contrast[contrast > floor]
    if above.size < _FEWEST:
        return None
    peak = float(np.percentile(above, 90))
    strong, weak = max(floor, _STRONG * peak), max(0.7 * floor, weak * peak)
    labels, count = label_connected(contrast > weak)
    if count == 0:
        return None
    sure = np.zeros(count + 1, bool)
    sure[np.unique(labels[contrast > strong])] = True
    sure[0] = False
    mask: Mask = sure[labels]
    return mask if mask.any() else None
