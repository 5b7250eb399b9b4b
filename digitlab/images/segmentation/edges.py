"""Edges: whether ink differs from the paper all around it, as a stroke does.

Shade and the paper inside a loop differ on one side at most: beyond the stroke that bounds them,
or where only the estimate of the paper changes, the paper has their tone.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Floats, Mask, bounds, extent
from digitlab.images.segmentation.thresholds import THRESHOLDS

_DIRECTIONS: Final = np.array(
    [(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)]
)


class _Places(NamedTuple):
    """Places around N points, in 8 directions.

    Attributes:
        pixels: intp (N, 8), numbers of pixels, row by row; of the nearest one where it leaves.
        leaves: bool (N, 8), whether the place lies outside the picture.
    """

    pixels: NDArray[np.intp]
    leaves: NDArray[np.bool_]


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
    ink = np.fmin(page[y, x][:, None], _look(page, _around(page.shape, y, x, -round(width / 2))))
    next_to, beyond = (_around(page.shape, y, x, distance) for distance in (1, reach))
    leads_out = (_look(mask, next_to) == 0) & (_look(mask, beyond) == 0)
    outside = np.where(leads_out, _look(page, beyond), np.float32(np.nan))
    is_known = ~np.isnan(outside)
    is_edge = _rise(ink, outside) >= THRESHOLDS.min_edge_rise * usual
    # The ink's own strokes across a gap are neither paper nor shade.
    farther = [
        _around(page.shape, y, x, reach + round(share * extent(box)))
        for share in THRESHOLDS.paper_distances
    ]
    is_other = np.array([_look(mask, places) != 1 for places in farther])
    rises = np.array([_rise(ink, _look(page, places)) for places in farther])
    is_dark = is_other & (rises < THRESHOLDS.min_paper_rise * usual)
    is_shade = 2 * is_dark.sum(0) > is_other.sum(0)
    counted = is_known.any(axis=1)
    supported = (is_edge & ~is_shade).any(axis=1)
    return float(supported[counted].mean()) if counted.any() else 1.0


def _around(
    shape: tuple[int, ...], y: NDArray[np.intp], x: NDArray[np.intp], distance: int
) -> _Places:
    """Return the pixels at a distance from N points in 8 directions."""
    height, width = shape
    rows = y[:, None] + distance * _DIRECTIONS[:, 0]
    columns = x[:, None] + distance * _DIRECTIONS[:, 1]
    inside_rows = np.minimum(np.maximum(rows, 0), height - 1)
    inside_columns = np.minimum(np.maximum(columns, 0), width - 1)
    return _Places(
        pixels=inside_rows * width + inside_columns,
        leaves=(inside_rows != rows) | (inside_columns != columns),
    )


def _look(values: NDArray[np.generic], places: _Places) -> Floats:
    """Return the values at some places; (N, 8), NaN outside the picture."""
    found = values.ravel()[places.pixels].astype(np.float32, copy=False)
    found[places.leaves] = np.nan
    return found


def _rise(ink: Floats, outside: Floats) -> Floats:
    """Return how much brighter the outside is, in grey levels of evenly lit paper."""
    light = np.maximum(outside, np.float32(THRESHOLDS.min_paper_tone))
    rise = (outside - ink) * np.float32(THRESHOLDS.lit_paper_tone) / light
    return rise.astype(np.float32, copy=False)
