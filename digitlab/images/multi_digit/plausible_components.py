"""Plausible components: which components of ink may be digits or parts of digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components


def usual_digit_height(components: Components, counted: NDArray[np.bool_]) -> float:
    """Estimate the usual height of a digit in a picture.

    Args:
        components: all N components of the ink; at least one.
        counted: bool (N,), the components that may count; if none may, all count.

    Returns:
        The median height, in pixels, of the components that are not much lower than the
        height that most of the ink has.
    """
    is_flat = components.widths > THRESHOLDS.flat_aspect * components.heights
    counted = counted & ~is_flat
    if not counted.any():
        counted = np.ones(len(components), bool)
    heights = components.heights[counted]
    main_height = _area_weighted_median(heights, components.areas[counted])
    return float(np.median(heights[heights >= THRESHOLDS.min_counted_height * main_height]))


def enclosing(components: Components) -> NDArray[np.bool_]:
    """Return which components enclose others: frames, tables, circles. bool (N,).

    A digit encloses only dust.
    """
    heights = components.heights
    is_tall = heights > THRESHOLDS.dust_height * max(components.labels.shape)
    encloses = np.zeros(len(heights), bool)
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in components.boxes])
    for number in map(int, np.flatnonzero(components.areas >= np.median(components.areas))):
        top, bottom, left, right = edges[number]
        inside = (edges[:, 0] > top) & (edges[:, 1] < bottom)
        inside &= (edges[:, 2] > left) & (edges[:, 3] < right)
        holds_large = (inside & (heights > THRESHOLDS.min_enclosed_height * heights[number])).any()
        if holds_large or (inside & is_tall).sum() > THRESHOLDS.max_enclosed:
            encloses[number] = any(
                _is_on_all_sides(components, number, edges[other])
                for other in np.flatnonzero(inside & is_tall)
            )
    return encloses


def crossing_page(components: Components) -> NDArray[np.bool_]:
    """Return which components are lines from edge to edge, alone or as a net. bool (N,)."""
    rows, columns = components.labels.shape
    heights, widths = components.heights, components.widths
    edge_counts = components.touched_edges().sum(0)
    is_long = (heights > THRESHOLDS.min_page_line * rows) | (
        widths > THRESHOLDS.min_page_line * columns
    )
    is_net = components.areas < THRESHOLDS.max_net_fill * heights * widths
    is_thin = np.minimum(heights, widths) < THRESHOLDS.line_aspect * components.extents
    crosses: NDArray[np.bool_] = (edge_counts >= 2) & is_long & (is_net | is_thin)
    return crosses


def plausible(components: Components, digit_height: float) -> NDArray[np.bool_]:
    """Return which components may be a digit or a part of one. bool (N,).

    Args:
        components: all N components of the ink.
        digit_height: usual height of a digit, in pixels.
    """
    heights, widths, extents = components.heights, components.widths, components.extents
    tones = components.tones
    shorter = np.minimum(heights, widths)
    main_tone = _area_weighted_median(tones, components.areas)
    is_at_edge = components.touched_edges().any(0)
    is_narrow = shorter < THRESHOLDS.narrow_aspect * extents
    is_line = shorter < THRESHOLDS.line_aspect * extents
    is_line &= extents > THRESHOLDS.min_line_length * digit_height
    is_dash = widths > THRESHOLDS.dash_aspect * heights
    is_dash &= widths > THRESHOLDS.min_dash_length * digit_height
    is_large = extents > THRESHOLDS.large_extent * digit_height
    max_fill = np.where(is_large, THRESHOLDS.max_large_fill, THRESHOLDS.max_fill)
    is_solid = components.areas / (heights * widths) > max_fill
    return (
        (extents >= THRESHOLDS.min_extent * digit_height)
        & (heights <= THRESHOLDS.max_height * digit_height)
        & (tones >= THRESHOLDS.min_tone * main_tone)
        & ~(is_line | is_dash)
        & ~(is_at_edge & (is_narrow | (heights < THRESHOLDS.min_edge_height * digit_height)))
        & ~(is_solid & (shorter > THRESHOLDS.min_solid_side * digit_height))
    )


def _area_weighted_median(
    values: NDArray[np.int64 | np.float64], areas: NDArray[np.float64]
) -> float:
    """Return the median of values, each weighted by the area of its component; (N,), (N,)."""
    order = np.argsort(values)
    middle = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    return float(values[order][min(middle, len(order) - 1)])


def _is_on_all_sides(components: Components, number: int, edges: NDArray[np.int64]) -> bool:
    """Return whether a component has ink on all four sides of the middle of a box.

    Args:
        components: all components.
        number: which component.
        edges: int64 (4,), top, bottom, left and right of the box.
    """
    y, x = int(edges[:2].mean()), int(edges[2:].mean())
    column, row = components.labels[:, x] == number + 1, components.labels[y] == number + 1
    return bool(column[:y].any() and column[y:].any() and row[:x].any() and row[x:].any())
