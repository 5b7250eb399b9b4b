"""Ruled lines: straight lines of the paper among the ink, without the strokes that cross them.

Two functions answer two questions:

- `find_page_lines`: which ink is a line from one edge of the picture to another? It needs no
  size of a digit, so it runs before any digit is known. A Hough transform of the whole
  picture finds such lines at up to 21 degrees, also where they are interrupted.
- `find_table_lines`: which ink is a straight line longer than a digit, anywhere on the page:
  tables, frames, underlines? It needs the usual size of a digit, which is known only for a
  page of several digits. Runs of ink on sheared copies of the picture find such lines at up
  to 7 degrees.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.components import label_connected
from digitlab.images.segmentation.ink import Mask
from digitlab.images.segmentation.resize import block_factor, expand_blocks, reduce_blocks
from digitlab.images.segmentation.thresholds import THRESHOLDS

_SLOPES: Final = np.linspace(
    -THRESHOLDS.max_table_line_slope, THRESHOLDS.max_table_line_slope, THRESHOLDS.table_line_slopes
)


class _Line(NamedTuple):
    angle: float  # radians of its normal
    rho: float  # distance from the corner, in reduced pixels


def find_page_lines(mask: Mask) -> Mask:
    """Pixels of long straight lines; where a stroke crosses one, the stroke keeps its pixels.

    A Hough transform (Duda and Hart 1972) over the angles that lines on paper have: a line
    counts when it is ink on most of its way through the picture.

    Args:
        mask: bool (H, W), all ink.

    Returns:
        bool (H, W), a part of `mask`; nothing when there is no line.
    """
    from scipy import ndimage

    nothing = np.zeros_like(mask)
    if min(mask.shape) < 24 or not _reaches(mask):
        return nothing
    factor = block_factor(mask.shape, THRESHOLDS.hough_side)
    small = reduce_blocks(mask, factor, np.any)
    found = nothing.copy()
    for upright in (False, True):
        lines = _lines(small, upright=upright)
        if not lines:
            continue
        band = _bands(mask.shape, lines, factor)
        rest = mask & ~band
        # Across a line, ink on both sides of it is a stroke that goes on underneath.
        reach = 2 * (factor + 1) + 2 * factor
        shape = (3, reach | 1) if upright else (reach | 1, 3)
        crossing = ndimage.binary_closing(np.pad(rest, reach), np.ones(shape))
        found |= mask & band & ~crossing[reach:-reach, reach:-reach]
    return found


def find_table_lines(mask: Mask, *, min_level: float, min_upright: float) -> Mask:
    """Find ink that is straight, thin, long, and nearly level or upright.

    Where a thicker stroke crosses a line, the stroke keeps its pixels.

    Args:
        mask: bool (H, W), the ink that may be lines.
        min_level: shortest level line, in pixels.
        min_upright: shortest upright line, in pixels; longer than a 1.

    Returns:
        bool (H, W), the part of `mask` that is lines.
    """
    return _level_lines(mask, min_level) | _level_lines(mask.T, min_upright).T


def _reaches(mask: Mask) -> bool:
    """Whether any piece is long enough to hold a line."""
    from scipy import ndimage

    labels, _ = label_connected(mask)
    return any(
        (box[0].stop - box[0].start) > THRESHOLDS.min_line_component * mask.shape[0]
        or (box[1].stop - box[1].start) > THRESHOLDS.min_line_component * mask.shape[1]
        for box in ndimage.find_objects(labels)
    )


def _lines(mask: Mask, *, upright: bool) -> list[_Line]:
    """Lines of one direction, the most covered ones first."""
    y, x = np.nonzero(mask)
    height, width = mask.shape
    angles = np.deg2rad(
        np.arange(
            -THRESHOLDS.max_line_tilt,
            THRESHOLDS.max_line_tilt + THRESHOLDS.line_tilt_step / 2,
            THRESHOLDS.line_tilt_step,
        )
        + (0 if upright else 90)
    )
    rho = np.rint(np.outer(np.cos(angles), x) + np.outer(np.sin(angles), y)).astype(np.intp)
    offset = width + height
    size = 3 * offset
    keys = rho + offset + np.arange(len(angles))[:, None] * size
    counts = np.bincount(keys.ravel(), minlength=len(angles) * size).reshape(len(angles), size)
    chords = _chords(angles, np.arange(size) - offset, width, height)
    long = chords >= THRESHOLDS.min_line_span * min(height, width)
    cover = np.where(long, counts / np.maximum(chords, 1), 0.0)
    lines: list[_Line] = []
    while len(lines) < THRESHOLDS.max_lines:
        best = int(cover.argmax())
        row, column = divmod(best, size)
        if cover[row, column] < THRESHOLDS.min_line_cover:
            break
        line = _Line(float(angles[row]), float(column - offset))
        if _goes_through(mask, line):
            lines.append(line)
        # The same line at neighbouring angles and places is not another one.
        cover[:, max(0, column - 1) : column + 2] = np.where(
            np.abs(angles - angles[row])[:, None] < np.deg2rad(6),
            0,
            cover[:, column - 1 : column + 2],
        )
    return lines


def _goes_through(mask: Mask, line: _Line) -> bool:
    """Whether a line is ink at both of its ends, at the picture's edges."""
    height, width = mask.shape
    t = np.arange(-height - width, height + width)
    x = np.rint(line.rho * np.cos(line.angle) - t * np.sin(line.angle)).astype(int)
    y = np.rint(line.rho * np.sin(line.angle) + t * np.cos(line.angle)).astype(int)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    y, x = y[inside], x[inside]
    near = np.zeros(len(y), bool)
    for dy, dx in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        near |= mask[np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)]
    end = max(1, round(THRESHOLDS.line_end * len(near)))
    return min(float(near[:end].mean()), float(near[-end:].mean())) >= THRESHOLDS.min_end_cover


def _chords(
    angles: NDArray[np.float64], rho: NDArray[np.intp], width: int, height: int
) -> NDArray[np.float64]:
    """Length of each line's way through the picture, in pixels; (angles, places)."""
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    low, high = np.full((len(angles), len(rho)), -np.inf), np.full((len(angles), len(rho)), np.inf)
    # A point of the line is rho * (cos, sin) + t * (-sin, cos).
    for start, way, length in ((rho * cos, -sin, width), (rho * sin, cos, height)):
        with np.errstate(divide="ignore", invalid="ignore"):
            one, two = (-0.5 - start) / way, (length - 0.5 - start) / way
        flat = np.abs(way) < 1e-9
        outside = flat & ((start < -0.5) | (start > length - 0.5))
        low = np.maximum(low, np.where(flat, -np.inf, np.minimum(one, two)))
        high = np.minimum(high, np.where(flat, np.inf, np.maximum(one, two)))
        high = np.where(outside, -np.inf, high)
    return np.asarray(np.clip(np.nan_to_num(high - low, neginf=0, posinf=0), 0, None), np.float64)


def _bands(shape: tuple[int, ...], lines: list[_Line], factor: int) -> Mask:
    """All pixels within one reduced pixel of a line."""
    band = np.zeros(shape, bool)
    y, x = np.arange(shape[0])[:, None] / factor, np.arange(shape[1]) / factor
    shift = (1 - 1 / factor) / 2  # centres of reduced pixels
    for angle, rho in lines:
        away = np.cos(angle) * (x - shift) + np.sin(angle) * (y - shift) - rho
        band |= np.abs(away) <= 1.0 + 0.5 / factor
    return band


def _level_lines(ink: Mask, shortest: float) -> Mask:
    """The points of nearly level lines."""
    from scipy import ndimage

    factor = int(
        max(
            1,
            min(
                block_factor(ink.shape, THRESHOLDS.table_line_side),
                shortest / THRESHOLDS.min_reduced_line,
            ),
        )
    )
    small = reduce_blocks(ink, factor, np.any)
    length = max(3, int(shortest / factor))
    rows, columns = small.shape
    reach = int(np.abs(_SLOPES).max() * columns) + 1
    padded = np.pad(small, ((reach, reach), (0, 0)))
    across = np.arange(columns)
    found = np.zeros_like(padded)
    for slope in _SLOPES:
        shift = np.rint(slope * (across - columns / 2)).astype(int)
        down = (np.arange(len(padded))[:, None] + shift) % len(padded)
        sheared = padded[down, across].astype(np.uint8)
        runs = ndimage.minimum_filter1d(sheared, length, axis=1, mode="constant")
        runs = ndimage.maximum_filter1d(runs, length, axis=1, mode="constant")
        # An even filter's window leans to one side, twice to the same: never beyond the ink.
        found[down, across] |= (runs > 0) & (sheared > 0)
    found = found[reach : reach + rows]
    if not found.any():
        return np.zeros_like(ink)
    found[1:-1] |= found[:-2] | found[2:]
    near = expand_blocks(found, factor, ink.shape) & ink
    thickness = _run_lengths(ink)
    usual = float(np.median(thickness[near]))
    line: Mask = near & (thickness <= 1.6 * usual + 1)
    return line


def _run_lengths(ink: Mask) -> NDArray[np.int64]:
    """How many pixels of ink stand above one another at each pixel; 0 on paper."""
    columns = np.pad(ink.T, ((0, 0), (1, 0)))  # a gap before each column keeps them apart
    flat = columns.ravel()
    starts = flat & ~np.append(False, flat[:-1])
    run = np.cumsum(starts) * flat
    lengths = np.bincount(run)
    lengths[0] = 0
    high: NDArray[np.int64] = lengths[run].reshape(columns.shape)[:, 1:].T
    return high
