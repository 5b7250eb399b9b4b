"""Touching digits: the ways to split ink that may be two or more digits."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import label_background
from digitlab.images.segmentation.ink import Mask

Parts = tuple[Mask, ...]
"""Masks of the shape that was split, from left to right; together they are its ink."""


def ways_to_split(mask: Mask, *, max_parts: int = THRESHOLDS.max_cut_parts) -> tuple[Parts, ...]:
    """List the ways to split ink from left to right.

    A cut is a path from top to bottom that crosses little ink. It follows the valley between
    two digits and crosses them where they touch, as a falling drop would (Congedo, Dimauro,
    Impedovo, Pirlo 1995). Dynamic programming gives the cheapest paths.

    Args:
        mask: bool (H, W), tight around the ink.
        max_parts: largest number of parts.

    Returns:
        The ways into two parts first, the cheapest first; none if no cut is cheap, or if the ink
        has more holes than digits have.
    """
    height, width = mask.shape
    hole_areas = _hole_areas(mask)
    if len(hole_areas) > THRESHOLDS.max_holes:
        return ()
    scale = min(1.0, THRESHOLDS.cut_height / height)
    small = np.asarray(
        Image.fromarray(mask.astype(np.float32)).resize(
            (max(3, round(width * scale)), max(3, round(height * scale))), Image.Resampling.BOX
        )
    )
    paths = _cheapest_paths(small)
    left_sides = [_left_of(path, small.shape, mask.shape) for path in paths]
    ways: list[Parts] = []
    for count in range(1, max_parts):
        for chosen in combinations(range(len(paths)), count):
            ordered = sorted(chosen, key=lambda number: float(paths[number].mean()))
            ways.append(_split(mask, [left_sides[number] for number in ordered]))
    ways = [way for way in ways if all(_is_tall(part, height) for part in way)]
    if width <= THRESHOLDS.max_loop_width * height:  # a cut through a 0 leaves no two digits
        loops = _count_loops(mask, hole_areas)
        ways = [
            way
            for way in ways
            if sum(_count_loops(part, _hole_areas(part)) for part in way) >= loops
        ]
    return tuple(ways)


def _cheapest_paths(ink: NDArray[np.float32]) -> list[NDArray[np.intp]]:
    """Return the cheapest path from top to bottom of each valley.

    Args:
        ink: (H, W), 0-1, share of each pixel that is ink.

    Returns:
        Paths with a column for each row, (H,); the cheapest first.
    """
    height, width = ink.shape
    cost = np.array(ink[0], np.float64)
    steps = np.zeros((height, width), np.int8)
    for row in range(1, height):
        padded = np.pad(cost, 1, constant_values=np.inf)
        side_cost = THRESHOLDS.side_step_cost
        costs = np.stack([padded[1:-1], padded[:-2] + side_cost, padded[2:] + side_cost])
        best = costs.argmin(0)
        steps[row] = np.array([0, -1, 1])[best]
        cost = costs[best, np.arange(width)] + ink[row]
    margin = max(1, round(THRESHOLDS.min_cut_margin * height))
    min_gap = THRESHOLDS.min_cut_gap * height
    paths: list[NDArray[np.intp]] = []
    all_paths = _trace_back(steps)
    for end in np.argsort(cost, kind="stable"):
        if cost[end] > THRESHOLDS.max_cut_cost * height or len(paths) == THRESHOLDS.max_cuts:
            break
        path = all_paths[end]
        middle = path.mean()
        if not margin <= middle <= width - 1 - margin:
            continue
        if all(abs(middle - other.mean()) > min_gap for other in paths):
            paths.append(path)
    return paths


def _trace_back(steps: NDArray[np.int8]) -> NDArray[np.intp]:
    """Return the path that ends in each column of the last row, (W, H)."""
    height, width = steps.shape
    paths = np.empty((width, height), np.intp)
    columns = np.arange(width)
    for row in range(height - 1, -1, -1):
        paths[:, row] = columns
        columns = columns + steps[row, columns]
    return paths


def _left_of(path: NDArray[np.intp], small: tuple[int, int], full: tuple[int, int]) -> Mask:
    """Return the pixels left of a path; bool of the shape `full`.

    Args:
        path: a column of the small mask for each of its rows.
        small: shape of the small mask.
        full: shape of the full mask.
    """
    rows = np.minimum(np.arange(full[0]) * small[0] // full[0], small[0] - 1)
    border = (path[rows] + 0.5) * full[1] / small[1]
    left: Mask = np.arange(full[1])[None, :] + 0.5 < border[:, None]
    return left


def _split(mask: Mask, left_sides: list[Mask]) -> Parts:
    """Split a mask at several cuts, from left to right."""
    parts = []
    remaining = mask
    for left in left_sides:
        parts.append(remaining & left)
        remaining = remaining & ~left
    return (*parts, remaining)


def _is_tall(part: Mask, height: int) -> bool:
    """Return whether a part is as tall as a digit."""
    rows = np.flatnonzero(part.any(1))
    min_height = THRESHOLDS.min_split_height * height
    return len(rows) > 0 and bool(rows[-1] - rows[0] + 1 >= min_height)


def _hole_areas(mask: Mask) -> NDArray[np.intp]:
    """Return the area of each hole in the ink, in pixels."""
    return label_background(mask)[1][2:]


def _count_loops(mask: Mask, hole_areas: NDArray[np.intp]) -> int:
    """Return the number of holes in the ink, without those of a few pixels."""
    return int((hole_areas > THRESHOLDS.min_loop_area * mask.size).sum())
