"""Ruled lines: lines from one edge of the paper to another among the ink.

`find_page_lines` needs no size of a digit, so it runs before any digit is known. A Hough transform
of the whole picture finds such lines at up to 21 degrees, also where they are interrupted.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.resize import any_blocks, block_factor
from digitlab.images.segmentation.components import label_connected
from digitlab.images.segmentation.ink import Mask
from digitlab.images.segmentation.thresholds import THRESHOLDS
from digitlab.images.segmentation.window_filters import dilate


class _Line(NamedTuple):
    """A line x cos(angle) + y sin(angle) = rho.

    Attributes:
        angle: of its normal, in radians.
        rho: distance from the corner, in reduced pixels.
    """

    angle: float
    rho: float


class _LinePlaces(NamedTuple):
    """The lines that a Hough transform counts.

    Attributes:
        angles: float64 (A,), of the normals, in radians.
        offset: the first place has the distance -offset from the corner, in reduced pixels.
        lengths: float64 (A, P), of each line inside the picture, in reduced pixels; infinite for
            lines that are too short.
    """

    angles: NDArray[np.float64]
    offset: int
    lengths: NDArray[np.float64]


def find_page_lines(mask: Mask) -> Mask:
    """Find the ink of straight lines that cross most of the picture.

    A Hough transform (Duda and Hart 1972) over the angles that lines on paper have: a line
    counts when most of its length, and both of its ends, are ink. Where a stroke crosses a
    line, the stroke keeps its pixels.

    Args:
        mask: bool (H, W), all ink.

    Returns:
        bool (H, W), the part of `mask` that is lines.
    """
    from scipy import ndimage

    line_ink = np.zeros_like(mask)
    if min(mask.shape) < THRESHOLDS.min_line_picture or not _has_long_component(mask):
        return line_ink
    factor = block_factor(mask.shape, THRESHOLDS.hough_side)
    small = any_blocks(mask, factor)
    for upright in (False, True):
        lines = _hough_lines(small, upright=upright)
        if not lines:
            continue
        band = _bands(mask.shape, lines, factor)
        # A stroke that goes on below a line has ink on both sides of the line.
        reach = 2 * (factor + 1) + 2 * factor
        shape = (3, reach | 1) if upright else (reach | 1, 3)
        strokes = np.pad(mask & ~band, reach).view(np.uint8)
        # A closing by filters of rows and columns; binary_closing takes ten times as long.
        strokes = ndimage.maximum_filter(strokes, shape, mode="constant")
        strokes = ndimage.minimum_filter(strokes, shape, mode="constant")
        line_ink |= mask & band & (strokes[reach:-reach, reach:-reach] == 0)
    return line_ink


def _has_long_component(mask: Mask) -> bool:
    """Return whether any component is long enough to hold a page line."""
    from scipy import ndimage

    if not any(
        _longest_run(np.logical_or.reduce(mask, axis))
        > THRESHOLDS.min_line_component * mask.shape[1 - axis]
        for axis in (0, 1)
    ):
        return False
    labels, _ = label_connected(mask)
    return any(
        side.stop - side.start > THRESHOLDS.min_line_component * length
        for box in ndimage.find_objects(labels)
        for side, length in zip(box, mask.shape, strict=True)
    )


def _longest_run(values: NDArray[np.bool_]) -> int:
    """Return the length of the longest run of true values."""
    gaps = np.flatnonzero(~np.pad(values, 1))
    return int(np.diff(gaps).max()) - 1


def _hough_lines(mask: Mask, *, upright: bool) -> list[_Line]:
    """Return the lines of one direction, those with most ink first."""
    places = _line_places(*mask.shape, upright=upright)
    angles, offset, size = places.angles, places.offset, places.lengths.shape[1]
    y, x = np.nonzero(mask)
    # Each place of each angle has its own number, rounded by cutting off the decimals.
    numbers = np.multiply.outer(np.cos(angles), x)
    numbers += np.multiply.outer(np.sin(angles), y)
    numbers += (offset + 0.5 + np.arange(len(angles)) * size)[:, None]
    counts = np.bincount(numbers.astype(np.intp).ravel(), minlength=len(angles) * size)
    cover = counts.reshape(len(angles), size) / places.lengths
    near_ink = dilate(mask)
    lines: list[_Line] = []
    count = 0
    while count < THRESHOLDS.max_lines:
        row, column = divmod(int(cover.argmax()), size)
        if cover[row, column] < THRESHOLDS.min_line_cover:
            break
        neighbours = slice(max(0, column - 1), column + 2)
        if _is_page_line(mask, near_ink, _Line(float(angles[row]), float(column - offset))):
            count += 1
            # A thick line covers several places.
            lines += [
                _Line(float(angles[row]), float(place - offset))
                for place in range(neighbours.start, min(neighbours.stop, size))
                if cover[row, place] >= THRESHOLDS.min_line_cover
            ]
        # The same ink counts for neighbouring angles and places too.
        is_same = np.abs(angles - angles[row])[:, None] < np.deg2rad(THRESHOLDS.same_line_tilt)
        cover[:, neighbours] = np.where(is_same, 0, cover[:, neighbours])
    return lines


def _is_page_line(mask: Mask, near_ink: Mask, line: _Line) -> bool:
    """Return whether a line is near ink at both edges of the picture, and has paper beside it.

    Without paper beside it, it lies in a thick stroke.

    Args:
        mask: bool (H, W), all ink.
        near_ink: bool (H, W), the same with the pixels beside it.
        line: crosses the picture.
    """
    height, width = mask.shape
    t = np.arange(-height - width, height + width)
    across, down = np.cos(line.angle), np.sin(line.angle)
    x = np.rint(line.rho * across - t * down).astype(int)
    y = np.rint(line.rho * down + t * across).astype(int)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    y, x = y[inside], x[inside]
    is_ink = near_ink[y, x]
    end = max(1, round(THRESHOLDS.line_end * len(is_ink)))
    cover = min(float(is_ink[:end].mean()), float(is_ink[-end:].mean()))
    if cover < THRESHOLDS.min_end_cover:
        return False
    dy, dx = (round(THRESHOLDS.line_side * part) for part in (down, across))
    one, other = (
        mask[(y + sign * dy).clip(0, height - 1), (x + sign * dx).clip(0, width - 1)]
        for sign in (-1, 1)
    )
    return float((one | other)[is_ink].mean()) <= THRESHOLDS.max_lined_side


@lru_cache(maxsize=8)
def _line_places(height: int, width: int, *, upright: bool) -> _LinePlaces:
    """Return the places of the lines of one direction in a mask of some size."""
    tilt, step = THRESHOLDS.max_line_tilt, THRESHOLDS.line_tilt_step
    angles = np.deg2rad(np.arange(-tilt, tilt + step / 2, step) + (0 if upright else 90))
    across, along = (width, height) if upright else (height, width)
    offset = math.ceil(along * math.sin(math.radians(tilt))) + 1
    rho = np.arange(across + 2 * offset) - offset
    lengths = _lengths_in_picture(angles, rho, width, height)
    lengths[lengths < THRESHOLDS.min_line_span * min(height, width)] = np.inf
    return _LinePlaces(angles, offset, lengths)


def _lengths_in_picture(
    angles: NDArray[np.float64], rho: NDArray[np.intp], width: int, height: int
) -> NDArray[np.float64]:
    """Return the length of each line inside the picture, in pixels; (angles, places)."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    low, high = np.full((len(angles), len(rho)), -np.inf), np.full((len(angles), len(rho)), np.inf)
    # A point of the line is rho * (cos, sin) + t * (-sin, cos).
    for start, direction, length in ((rho * cos, -sin, width), (rho * sin, cos, height)):
        with np.errstate(divide="ignore", invalid="ignore"):
            one, two = (-0.5 - start) / direction, (length - 0.5 - start) / direction
        is_parallel = np.abs(direction) < 1e-9
        is_outside = is_parallel & ((start < -0.5) | (start > length - 0.5))
        low = np.maximum(low, np.where(is_parallel, -np.inf, np.minimum(one, two)))
        high = np.minimum(high, np.where(is_parallel, np.inf, np.maximum(one, two)))
        high = np.where(is_outside, -np.inf, high)
    return np.asarray(np.clip(np.nan_to_num(high - low, neginf=0, posinf=0), 0, None), np.float64)


def _bands(shape: tuple[int, ...], lines: list[_Line], factor: int) -> Mask:
    """Return all pixels within one reduced pixel of a line; bool of `shape`."""
    band = np.zeros(shape, bool)
    y, x = np.arange(shape[0]) / factor, np.arange(shape[1]) / factor
    shift = (1 - 1 / factor) / 2  # from the corner to the centre of a reduced pixel
    half_width = 1.0 + 0.5 / factor
    for angle, rho in lines:
        across, down = np.cos(angle), np.sin(angle)
        # For each column, or each row of an upright line, the few pixels near the line.
        is_level = abs(down) > abs(across)
        along, slope = (x, down) if is_level else (y, across)
        other_slope = across if is_level else down
        middle = factor * ((rho - other_slope * (along - shift)) / slope + shift)
        reach = math.ceil(factor * half_width / abs(slope)) + 1
        near = np.rint(middle).astype(int)[:, None] + np.arange(-reach, reach + 1)
        places = np.broadcast_to(np.arange(len(along))[:, None], near.shape)
        inside = (near >= 0) & (near < shape[0 if is_level else 1])
        rows, columns = (near, places) if is_level else (places, near)
        rows, columns = rows[inside], columns[inside]
        distance = across * (x[columns] - shift) + down * (y[rows] - shift) - rho
        is_near = np.abs(distance) <= half_width
        band[rows[is_near], columns[is_near]] = True
    return band
