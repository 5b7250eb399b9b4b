"""Plausible components: which components of ink may be digits or parts of digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components


def usual_height(components: Components, counted: NDArray[np.bool_]) -> float:
    """The median height of the pieces that are not small beside where most of the ink is."""
    flat = components.widths > 4 * components.heights
    counted = counted & ~flat if (counted & ~flat).any() else np.ones(len(flat), bool)
    heights, areas = components.heights[counted], components.areas[counted]
    order = np.argsort(heights)
    half = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    inky = heights[order][min(half, len(order) - 1)]
    return float(np.median(heights[heights >= 0.4 * inky]))


def around_others(components: Components) -> NDArray[np.bool_]:
    """Which pieces stand around others: frames, tables, circles. A digit holds only dust."""
    heights = components.heights
    tall = heights > THRESHOLDS.dust_height * max(components.labels.shape)
    found = np.zeros(len(heights), bool)
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in components.boxes])
    for number in map(int, np.flatnonzero(components.areas >= np.median(components.areas))):
        top, bottom, left, right = edges[number]
        inside = (edges[:, 0] > top) & (edges[:, 1] < bottom)
        inside &= (edges[:, 2] > left) & (edges[:, 3] < right)
        if (inside & (heights > 0.3 * heights[number])).any() or (inside & tall).sum() > 3:
            held = np.flatnonzero(inside & tall)
            found[number] = any(_on_all_sides(components, number, edges[other]) for other in held)
    return found


def crossing(components: Components) -> NDArray[np.bool_]:
    """Which pieces are lines from one edge of the picture to another, alone or as a net."""
    rows, columns = components.labels.shape
    edges = components.touched_edges().sum(0)
    far = (components.heights > THRESHOLDS.min_page_line * rows) | (
        components.widths > THRESHOLDS.min_page_line * columns
    )
    hollow = components.areas < THRESHOLDS.max_net_fill * components.heights * components.widths
    thin = np.minimum(components.heights, components.widths) < 0.15 * np.maximum(
        components.heights, components.widths
    )
    found: NDArray[np.bool_] = (edges >= 2) & far & (hollow | thin)
    return found


def _on_all_sides(components: Components, number: int, edges: NDArray[np.int64]) -> bool:
    """Whether a piece has ink above, below, left and right of a box's middle."""
    y, x = int(edges[:2].mean()), int(edges[2:].mean())
    column, row = components.labels[:, x] == number + 1, components.labels[y] == number + 1
    return bool(column[:y].any() and column[y:].any() and row[:x].any() and row[x:].any())


def plausible(components: Components, usual: float) -> NDArray[np.bool_]:
    """Which pieces may be a digit or a part of one."""
    heights, widths = components.heights, components.widths
    extents = components.extents
    tones = components.tones
    order = np.argsort(tones)
    half = np.searchsorted(np.cumsum(components.areas[order]), components.areas.sum() / 2)
    tone = float(tones[order][min(half, len(order) - 1)])  # of most of the ink
    at_edge = components.touched_edges().any(0)
    narrow = np.minimum(heights, widths) < 0.3 * extents
    line = (np.minimum(heights, widths) < 0.15 * extents) & (extents > 1.6 * usual)
    line |= (widths > 6 * heights) & (widths > 0.8 * usual)
    fill = components.areas / (heights * widths)
    solid = fill > np.where(extents > 1.5 * usual, 0.6, 0.85)
    return (
        (extents >= THRESHOLDS.min_extent * usual)
        & (heights <= THRESHOLDS.max_height * usual)
        & (tones >= THRESHOLDS.min_tone * tone)
        & ~line
        & ~(at_edge & (narrow | (heights < 0.7 * usual)))
        & ~(solid & (np.minimum(heights, widths) > 0.7 * usual))
    )
