"""Edges: whether ink differs from the paper all around it, as a stroke does.

Shade and the paper inside a loop differ on one side at most: beyond the stroke that bounds them,
or where only the estimate of the paper changes, the paper has their tone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Floats, Mask, bounds, extent
from digitlab.images.segmentation.thresholds import THRESHOLDS

_DIRECTIONS: Final = np.array(
    [(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)]
)


def edge_support(page: Floats, contrast: Floats, mask: Mask) -> float:
    """Return the share of the outline of some ink beyond which there is paper.

    Paper is brighter than the ink by about the contrast of the ink, both within the width of
    a stroke and farther away. The part of the outline at the edge of the picture does not count.

    Args:
        page: float32 (H, W), dark ink.
        contrast: float32 (H, W), from `measure_contrast`.
        mask: bool (H, W), the ink; not empty.

    Returns:
        0-1; 1 if the whole outline is at the edge of the picture.
    """
    rows, columns = box = bounds(mask)
    inner = mask[box]
    padded = np.pad(inner, 1)
    is_inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    y, x = np.nonzero(inner & ~is_inside)
    # Twice the area divided by the outline is the width of a long stroke.
    width = 2 * int(inner.sum()) / len(y)
    reach = 1 + round(min(width, THRESHOLDS.thick_stroke * extent(box)))
    usual = float(np.median(contrast[box][inner]))
    step = 1 + len(y) // THRESHOLDS.max_outline_points
    y, x = y[::step] + rows.start, x[::step] + columns.start
    ink = np.fmin(page[y, x][:, None], _look(page, y, x, -round(width / 2)))
    leads_out = (_look(mask, y, x, 1) == 0) & (_look(mask, y, x, reach) == 0)
    outside = np.where(leads_out, _look(page, y, x, reach), np.nan)
    is_known = ~np.isnan(outside)
    is_edge = _rise(ink, outside) >= THRESHOLDS.min_edge_rise * usual
    # The ink's own strokes across a gap are neither paper nor shade.
    places = [reach + round(share * extent(box)) for share in THRESHOLDS.paper_distances]
    is_other = np.array([_look(mask, y, x, place) != 1 for place in places])
    rises = np.array([_rise(ink, _look(page, y, x, place)) for place in places])
    is_dark = is_other & (rises < THRESHOLDS.min_paper_rise * usual)
    is_shade = 2 * is_dark.sum(0) > is_other.sum(0)
    counted = is_known.any(axis=1)
    supported = (is_edge & ~is_shade).any(axis=1)
    return float(supported[counted].mean()) if counted.any() else 1.0


def _look(
    values: NDArray[np.generic], y: NDArray[np.intp], x: NDArray[np.intp], distance: int
) -> Floats:
    """Return the values at a distance from N points in 8 directions; (N, 8), NaN outside."""
    height, width = values.shape
    rows = y[:, None] + distance * _DIRECTIONS[:, 0]
    columns = x[:, None] + distance * _DIRECTIONS[:, 1]
    leaves = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
    found = values[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.where(leaves, np.float32(np.nan), found).astype(np.float32)


def _rise(ink: Floats, outside: Floats) -> Floats:
    """Return how much brighter the outside is, in grey levels of evenly lit paper."""
    light = np.maximum(outside, np.float32(THRESHOLDS.min_paper_tone))
    rise = (outside - ink) * np.float32(THRESHOLDS.lit_paper_tone) / light
    return rise.astype(np.float32, copy=False)
