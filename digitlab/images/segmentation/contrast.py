"""Contrast: how far each pixel stands out from the paper around it, and which are ink.

Ink is what is narrower than a stroke can be and differs from the paper around it. A grey
closing (Serra 1982, ch. XII) with a window wider than any stroke takes such things away and
leaves everything larger as it is, hard shadow edges included; what it took away is the ink.
"""

from __future__ import annotations

import numpy as np

from digitlab.images.segmentation.components import label_connected
from digitlab.images.segmentation.ink import Floats, Mask
from digitlab.images.segmentation.resize import block_factor, expand_blocks, reduce_blocks
from digitlab.images.segmentation.thresholds import THRESHOLDS


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
    smooth = (
        page
        if longest <= 150
        else ndimage.gaussian_filter(page, longest / THRESHOLDS.smoothing_side)
    )
    contrast = _above_paper(smooth, share)
    noise = spread(contrast)
    for pixels in THRESHOLDS.faint_ink_sigmas:
        if _height(contrast) >= THRESHOLDS.min_clear_ink_noise * noise:
            break
        sigma = (
            pixels
            * longest
            / 600
            * (THRESHOLDS.small_picture_sigma_factor if longest <= 150 else 1)
        )
        smooth = ndimage.gaussian_filter(page, max(0.8, sigma))
        contrast = _above_paper(smooth, share)
        noise = spread(contrast)
    return contrast, noise


def _above_paper(smooth: Floats, share: float) -> Floats:
    from scipy import ndimage

    factor = block_factor(smooth.shape, THRESHOLDS.paper_side)
    coarse = reduce_blocks(smooth, factor, np.mean)
    small = max(coarse.shape) <= THRESHOLDS.max_thumbnail_side
    side = (
        share
        * (THRESHOLDS.thumbnail_paper_window if small else THRESHOLDS.paper_window)
        * float(np.sqrt(coarse.size))
    )
    window = max(3, int(side) | 1)
    padded = np.pad(coarse, window, mode="edge")
    paper = ndimage.grey_closing(padded, size=(window, window))[window:-window, window:-window]
    # Reduced, the edge of a shadow lies beside itself by up to a pixel: take the darker side.
    paper = ndimage.grey_erosion(paper, size=(3, 3), mode="nearest")
    paper = expand_blocks(paper, factor, smooth.shape)
    contrast: Floats = paper - smooth
    # A closing keeps the brightest grains of the paper: take their height off again.
    contrast -= np.median(_of_paper(contrast))
    contrast *= 220 / np.maximum(paper, THRESHOLDS.min_paper_tone)
    return contrast


def spread(contrast: Floats) -> float:
    """Standard deviation of the noise, in grey levels (from the median absolute deviation)."""
    return 1.4826 * float(np.median(np.abs(_of_paper(contrast))))


def _of_paper(contrast: Floats) -> Floats:
    """A sample of values that are paper's: all, or the lower of two well parted groups.

    In a picture cut close, ink may cover half of it.
    """
    sample = _sample(contrast, THRESHOLDS.paper_sample_side)
    low, high = np.percentile(sample, (5, 95))
    below = sample[sample < (low + high) / 2]
    if (
        not THRESHOLDS.min_tone_group * sample.size
        < below.size
        < (1 - THRESHOLDS.min_tone_group) * sample.size
    ):
        return sample
    gap = float(np.median(sample[sample >= (low + high) / 2]) - np.median(below))
    return below if gap > THRESHOLDS.min_tone_gap * float(below.std()) else sample


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


def threshold(
    contrast: Floats, *, noise: float | None = None, weak: float = THRESHOLDS.weak_ink
) -> Mask | None:
    """Part ink from paper by two thresholds with hysteresis (Canny 1986, section VIII).

    Args:
        contrast: float32 (H, W), as `stand_out` gives it.
        noise: its standard deviation, where the caller knows it.
        weak: of the ink's peak, 0-1: ink if it hangs together with sure ink.

    Returns:
        bool (H, W); None when nothing stands out from the noise.
    """
    floor = max(
        THRESHOLDS.min_ink_contrast,
        THRESHOLDS.min_ink_noise * (spread(contrast) if noise is None else noise),
    )
    above = contrast[contrast > floor]
    if above.size < THRESHOLDS.min_ink_pixels:
        return None
    peak = float(np.percentile(above, 90))
    strong, weak = max(floor, THRESHOLDS.strong_ink * peak), max(0.7 * floor, weak * peak)
    labels, count = label_connected(contrast > weak)
    if count == 0:
        return None
    sure = np.zeros(count + 1, bool)
    sure[np.unique(labels[contrast > strong])] = True
    sure[0] = False
    mask: Mask = sure[labels]
    return mask if mask.any() else None
