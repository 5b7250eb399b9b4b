"""Contrast: how far each pixel differs from the paper around it, and which pixels are ink.

Ink is narrower than the widest stroke and darker than the paper around it. A grey closing
(Serra 1982, ch. XII) with a window wider than any stroke removes such things and keeps everything
larger, hard edges of shadows included. The difference that the closing makes is the contrast.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from digitlab.images.resize import block_factor, expand_blocks, mean_blocks
from digitlab.images.segmentation.components import label_connected
from digitlab.images.segmentation.ink import Floats, Mask
from digitlab.images.segmentation.order_statistics import median, percentile
from digitlab.images.segmentation.thresholds import THRESHOLDS
from digitlab.images.segmentation.window_filters import (
    close_windows,
    dilate,
    pad_edge,
    window_minimum,
)

_MIN_SIGMA: Final = 0.25  # pixels; below, the neighbours' weight is less than 0.0004


class Contrast(NamedTuple):
    """How much darker each pixel of a page is than the paper around it, in grey levels.

    Attributes:
        values: float32 (H, W), about 0 on paper; smoothed where ink hardly differs from the noise.
        noise: of the values, from `measure_noise`.
        sharp: float32 (H, W), the values before that smoothing, which blurs faint strokes.
    """

    values: Floats
    noise: float
    sharp: Floats


def measure_contrast(page: Floats, *, window_share: float = 1.0) -> Contrast:
    """Measure how much darker each pixel is than the paper around it.

    Contrast is in grey levels of evenly lit paper: in the shade, ink and paper differ by less,
    but by the same share of the light. Ink that hardly differs from the noise is smoothed more.

    Args:
        page: float32 (H, W), dark ink.
        window_share: side of the window, as a share of the usual one; a smaller window leaves
            wedges of shadow and blots in the paper.
    """
    from scipy import ndimage

    longest = max(page.shape)
    is_small = longest <= THRESHOLDS.max_unsmoothed_side
    sigma = longest / THRESHOLDS.smoothing_side
    is_smooth = is_small or sigma < _MIN_SIGMA
    smooth = page if is_smooth else ndimage.gaussian_filter(page, sigma)
    contrast = sharp = _contrast_to_paper(smooth, window_share)
    noise = measure_noise(contrast)
    sigma_factor = THRESHOLDS.small_picture_sigma_factor if is_small else 1
    for faint_ink_sigma in THRESHOLDS.faint_ink_sigmas:
        if _peak_contrast(contrast) >= THRESHOLDS.min_clear_ink_noise * noise:
            break
        sigma = faint_ink_sigma * longest / THRESHOLDS.faint_ink_side * sigma_factor
        smooth = ndimage.gaussian_filter(page, max(THRESHOLDS.min_faint_ink_sigma, sigma))
        contrast = _contrast_to_paper(smooth, window_share)
        noise = measure_noise(contrast)
    return Contrast(contrast, noise, sharp)


def has_two_tones(page: Floats) -> bool:
    """Return whether ink and paper both cover much of a picture, as in a crop of thick strokes.

    No stroke of such a picture need be narrower than the window.

    Args:
        page: float32 (H, W), ink of either polarity.
    """
    sample = _subsample(page, THRESHOLDS.paper_sample_side)
    is_bright = sample > (percentile(sample, 2) + percentile(sample, 98)) / 2
    share = float(is_bright.mean())
    if min(share, 1 - share) < THRESHOLDS.min_two_tones:
        return False
    dark, bright = sample[~is_bright], sample[is_bright]
    spread = max(float(dark.std()), float(bright.std()))
    return median(bright) - median(dark) > THRESHOLDS.min_tone_gap * spread


def measure_noise(contrast: Floats) -> float:
    """Return the standard deviation of the paper's contrast, in grey levels.

    The median absolute deviation gives it, so that ink among the paper hardly counts.
    """
    return 1.4826 * median(np.abs(_paper_values(contrast)))


def threshold_ink(
    contrast: Floats, *, noise: float | None = None, weak: float = THRESHOLDS.weak_ink
) -> Mask | None:
    """Separate ink from paper by two thresholds with hysteresis (Canny 1986, section VIII).

    Args:
        contrast: float32 (H, W), from `measure_contrast`.
        noise: standard deviation of the paper's contrast; None measures it.
        weak: share of the peak from which on a pixel is ink if it is connected to strong ink.

    Returns:
        bool (H, W); None when nothing differs from the noise.
    """
    if noise is None:
        noise = measure_noise(contrast)
    floor = max(THRESHOLDS.min_ink_contrast, THRESHOLDS.min_ink_noise * noise)
    values = contrast.ravel()
    above = values[np.flatnonzero(values > floor)]
    if above.size < THRESHOLDS.min_ink_pixels:
        return None
    peak = percentile(above, THRESHOLDS.ink_peak_percentile)
    strong_level = max(floor, THRESHOLDS.strong_ink * peak)
    weak_level = max(THRESHOLDS.weak_ink_floor * floor, weak * peak)
    mask = contrast > weak_level
    labels, count = label_connected(mask)
    pixels = np.flatnonzero(mask)
    numbers = labels.ravel()[pixels]
    is_ink = np.zeros(count + 1, bool)
    is_ink[numbers[values[pixels] > strong_level]] = True
    mask.ravel()[pixels] = is_ink[numbers]
    return mask if is_ink.any() else None


def soft_edge_width(shape: tuple[int, ...]) -> int:
    """Return how far the soft edges of ink reach beyond its mask, in pixels."""
    return 1 + max(shape) // THRESHOLDS.soft_edge_divisor


def isolate_ink(contrast: Floats, mask: Mask, ink: Mask, *, edge_width: int) -> Floats:
    """Keep the contrast of some ink with its soft edges, and set everything else to 0.

    Args:
        contrast: float32 (H, W), from `measure_contrast`.
        mask: bool (H, W), the ink to keep.
        ink: bool (H, W), all ink.
        edge_width: how far the soft edges reach, in pixels.

    Returns:
        float32 (H, W), at least 0.
    """
    near = dilate(mask, edge_width)
    near &= ~dilate(ink & ~mask) | mask
    isolated: Floats = np.maximum(contrast, 0) * near
    return isolated


def _contrast_to_paper(smooth: Floats, window_share: float) -> Floats:
    factor = block_factor(smooth.shape, THRESHOLDS.paper_side)
    coarse = mean_blocks(smooth, factor)
    is_thumbnail = max(coarse.shape) <= THRESHOLDS.max_thumbnail_side
    usual = THRESHOLDS.thumbnail_paper_window if is_thumbnail else THRESHOLDS.paper_window
    window = max(3, int(window_share * usual * float(np.sqrt(coarse.size))) | 1)
    # The reduction moves the edge of a shadow by up to a pixel: take the darker side.
    paper = window_minimum(pad_edge(close_windows(coarse, window), 1, 1), 3)
    scale = THRESHOLDS.lit_paper_tone / np.maximum(paper, THRESHOLDS.min_paper_tone)
    contrast: Floats = expand_blocks(paper, factor, smooth.shape) - smooth
    # A closing keeps the brightest grains of the paper: subtract their height.
    contrast -= median(_paper_values(contrast))
    contrast *= expand_blocks(scale, factor, smooth.shape)
    return contrast


def _paper_values(contrast: Floats) -> Floats:
    """Return a sample of the paper's contrast.

    In a tight crop, ink may cover half of the picture. The sample then has two distinct
    groups of values, and the lower one is the paper.
    """
    sample = _subsample(contrast, THRESHOLDS.paper_sample_side)
    middle = (percentile(sample, 5) + percentile(sample, 95)) / 2
    below = sample[sample < middle]
    min_share = THRESHOLDS.min_tone_group
    if not min_share * sample.size < below.size < (1 - min_share) * sample.size:
        return sample
    distance = median(sample[sample >= middle]) - median(below)
    return below if distance > THRESHOLDS.min_tone_gap * float(below.std()) else sample


def _subsample(values: Floats, side: int) -> Floats:
    """Keep every n-th row and column, at most `side` of each."""
    return values[:: 1 + values.shape[0] // side, :: 1 + values.shape[1] // side]


def _peak_contrast(contrast: Floats) -> float:
    sample = _subsample(contrast, THRESHOLDS.peak_sample_side)
    return percentile(sample, THRESHOLDS.peak_percentile)
