"""Cuts: where ink that may be two or more touching digits can be parted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import label_background
from digitlab.images.segmentation.ink import Mask

Parts = tuple[Mask, ...]
"""Masks of the shape that was cut, from left to right; together they are its ink."""


def cuts(mask: Mask, *, most: int = 3) -> tuple[Parts, ...]:
    """Ways to part ink from left to right.

    A cut is a path from top to bottom that crosses little ink, as a drop falls along the
    valley between two digits and through the place where they touch (Congedo, Dimauro,
    Impedovo, Pirlo 1995); here the cheapest such paths, by dynamic programming.

    Args:
        mask: bool (H, W), tight around the ink.
        most: parts at most.

    Returns:
        The ways, those into two parts first, the cheapest first; none if no cut is cheap.
    """
    height, width = mask.shape
    scale = min(1.0, THRESHOLDS.cut_height / height)
    small = np.asarray(
        Image.fromarray(mask.astype(np.float32)).resize(
            (max(3, round(width * scale)), max(3, round(height * scale))), Image.Resampling.BOX
        )
    )
    paths = _paths(small)
    sides = [_left_of(path, small.shape, mask.shape) for path in paths]
    ways: list[Parts] = []
    for count in range(1, most):
        for chosen in combinations(range(len(sides)), count):
            ordered = sorted(chosen, key=lambda n: float(paths[n].mean()))
            ways.append(_parts(mask, [sides[n] for n in ordered]))
    kept = [way for way in ways if all(_sound(part, height) for part in way)]
    if width <= THRESHOLDS.max_loop_width * height:  # a 0 is no two digits
        loops = _loops(mask)
        kept = [way for way in kept if sum(_loops(part) for part in way) >= loops]
    return tuple(kept)


def _paths(ink: NDArray[np.float32]) -> list[NDArray[np.intp]]:
    """The cheapest paths from top to bottom, one a valley; each has a column for every row."""
    height, width = ink.shape
    cost = np.array(ink[0], np.float64)
    steps = np.zeros((height, width), np.int8)
    for row in range(1, height):
        padded = np.pad(cost, 1, constant_values=np.inf)
        ways = np.stack(
            [
                padded[1:-1],
                padded[:-2] + THRESHOLDS.side_step_cost,
                padded[2:] + THRESHOLDS.side_step_cost,
            ]
        )
        best = ways.argmin(0)
        steps[row] = np.array([0, -1, 1])[best]
        cost = ways[best, np.arange(width)] + ink[row]
    margin = max(1, round(0.1 * height))
    found: list[NDArray[np.intp]] = []
    for end in np.argsort(cost, kind="stable"):
        if cost[end] > THRESHOLDS.max_cut_cost * height or len(found) == THRESHOLDS.max_cuts:
            break
        path = _trace(steps, int(end))
        middle = path.mean()
        if not margin <= middle <= width - 1 - margin:
            continue
        if all(abs(middle - other.mean()) > THRESHOLDS.min_cut_gap * height for other in found):
            found.append(path)
    return found


def _trace(steps: NDArray[np.int8], end: int) -> NDArray[np.intp]:
    path = np.empty(len(steps), np.intp)
    for row in range(len(steps) - 1, -1, -1):
        path[row] = end
        end += int(steps[row, end])
    return path


def _left_of(path: NDArray[np.intp], small: tuple[int, int], full: tuple[int, int]) -> Mask:
    """bool of the full shape: what lies left of a path."""
    rows = np.minimum(np.arange(full[0]) * small[0] // full[0], small[0] - 1)
    at = (path[rows] + 0.5) * full[1] / small[1]
    left: Mask = np.arange(full[1])[None, :] + 0.5 < at[:, None]
    return left


def _parts(mask: Mask, sides: list[Mask]) -> Parts:
    parts = []
    rest = mask
    for side in sides:
        parts.append(rest & side)
        rest = rest & ~side
    return (*parts, rest)


def _sound(part: Mask, height: int) -> bool:
    """Whether a part is as tall as a digit."""
    rows = np.flatnonzero(part.any(1))
    return len(rows) > 0 and bool(rows[-1] - rows[0] + 1 >= THRESHOLDS.min_split_height * height)


def _loops(part: Mask) -> int:
    """How many holes the ink has; what a few pixels enclose is none."""
    _, areas = label_background(part)
    return int((areas[1:] > THRESHOLDS.min_loop_area * part.size).sum()) - 1
