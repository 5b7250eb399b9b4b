"""Straight lines among the ink of a page: squared and ruled paper, tables, frames, underlines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.resize import block_factor, max_blocks
from digitlab.images.segmentation.ink import Floats, Mask

_Bytes = NDArray[np.uint8]


def find_lines(mask: Mask, contrast: Floats, *, min_level: float, min_upright: float) -> Mask:
    """Find the ink of straight lines that are nearly level or upright.

    A stroke that crosses a line keeps its pixels: it is thicker along its way than the line, or
    darker, or goes on at the other side.

    Args:
        mask: bool (H, W), all ink.
        contrast: float32 (H, W), in grey levels.
        min_level: length of the shortest level line, in pixels.
        min_upright: length of the shortest upright line, in pixels; longer than a 1.

    Returns:
        bool (H, W), the part of `mask` that is lines.
    """
    if not mask.any():
        return mask.copy()
    tones = np.clip(contrast, 0, 255).astype(np.uint8)
    # A line may be paler than the palest ink for a while.
    tones[tones < THRESHOLDS.min_line_tone * float(contrast[mask].min())] = 0
    level, level_reach = _level_lines(mask, tones, min_level)
    upright, upright_reach = _level_lines(mask.T, tones.T, min_upright)
    strokes = mask & ~level & ~upright.T
    lines = level & ~_bridged(strokes, level_reach)
    lines |= upright.T & ~_bridged(strokes.T, upright_reach).T
    return lines


def _level_lines(mask: Mask, tones: _Bytes, min_length: float) -> tuple[Mask, int]:
    """Return the ink of nearly level lines, and their thickness in pixels.

    Args:
        mask: bool (H, W), all ink.
        tones: uint8 (H, W), the contrast, 0 on paper.
        min_length: in pixels.
    """
    line_tones = _line_tones(tones, min_length)
    is_line = line_tones > 0
    core = mask & is_line
    if not core.any():
        return core, 0
    runs, lengths = _vertical_runs(mask)
    in_line = is_line & (tones > 0)
    all_runs, all_lengths = _vertical_runs(tones > 0)
    usual = min(
        float(np.median(lengths[runs[core]])), float(np.median(all_lengths[all_runs[in_line]]))
    )
    if usual > THRESHOLDS.line_aspect * min_length:
        return np.zeros_like(mask), 0
    strokes = tones[mask & ~is_line]
    max_tone = THRESHOLDS.max_line_tone * float(np.median(line_tones[core]))
    if strokes.size and max_tone < np.percentile(strokes, THRESHOLDS.pale_percentile):
        mask = mask & (tones < max_tone)
        core &= mask
        runs, lengths = _vertical_runs(mask)
    max_length = THRESHOLDS.max_line_thickness * usual + 1
    return _runs_with(core, runs, lengths <= max_length), int(usual) + 1


def _runs_with(core: Mask, runs: NDArray[np.int32], is_thin: Mask) -> Mask:
    """Return the pixels of the thin runs that the core of a line crosses; bool (H, W)."""
    crossed = np.zeros(len(is_thin), bool)
    crossed[runs[core]] = True
    crossed[0] = False
    pixels: Mask = (crossed & is_thin)[runs]
    return pixels


def _bridged(strokes: Mask, thickness: int) -> Mask:
    """Return the pixels that have strokes above and below within about a line; bool (H, W)."""
    from scipy import ndimage

    if not thickness:
        return np.zeros_like(strokes)
    reach = thickness + 2
    shape = (2 * reach + 1, 3)
    padded = np.pad(strokes, reach).view(np.uint8)
    # A closing by filters of rows and columns; binary_closing takes ten times as long.
    padded = ndimage.maximum_filter(padded, shape, mode="constant")
    padded = ndimage.minimum_filter(padded, shape, mode="constant")
    bridged: Mask = padded[reach:-reach, reach:-reach] > 0
    return bridged


def _line_tones(grey: _Bytes, min_length: float) -> _Bytes:
    """Return the least contrast of the line through each pixel; uint8 (H, W), 0 without line.

    The largest of openings by segments of all slopes (Soille, Talbot 2001). A small copy shows
    which slopes the lines have.
    """
    slopes = _slopes(grey.shape, min_length)
    factor = block_factor(grey.shape, THRESHOLDS.line_side)
    if factor > 1:
        small = max_blocks(grey, factor)
        small_slopes = _slopes(small.shape, min_length / factor)
        _, found = _open_along(small, min_length / factor, small_slopes)
        if not len(found):
            return np.zeros_like(grey)
        distance = np.abs(slopes[:, None] - found).min(1)
        slopes = slopes[distance <= small_slopes[1] - small_slopes[0]]
    return _open_along(grey, min_length, slopes)[0]


def _slopes(shape: tuple[int, ...], min_length: float) -> NDArray[np.float64]:
    """Return the slopes to try, such that a line leaves the nearest one by few rows."""
    step = _drift(shape) / min_length
    count = max(1, int(THRESHOLDS.max_line_slope / step))
    return step * np.arange(-count, count + 1, dtype=np.float64)


def _drift(shape: tuple[int, ...]) -> int:
    """Return how many rows a line leaves the nearest slope, at most."""
    return 1 + max(shape) // THRESHOLDS.line_drift_divisor


def _open_along(
    grey: _Bytes, min_length: float, slopes: NDArray[np.float64]
) -> tuple[_Bytes, NDArray[np.float64]]:
    """Return the largest opening by segments of some slopes, and the slopes that have lines.

    The segments are level on sheared copies of the picture.
    """
    height, width = grey.shape
    drift = _drift(grey.shape)
    wide = grey.copy()
    for step in range(1, drift + 1):
        np.maximum(wide[step:], grey[:-step], out=wide[step:])
        np.maximum(wide[:-step], grey[step:], out=wide[:-step])
    block = int(np.clip(min_length / THRESHOLDS.min_line_blocks, 1, THRESHOLDS.max_line_block))
    columns = -(-width // block)
    padded = np.pad(wide, ((0, 0), (0, columns * block - width)), mode="edge")
    blocks = padded.reshape(height, columns, block).mean(2, dtype=np.float32).astype(np.uint8)
    length = max(3, int(min_length / block))
    if columns < length:
        return np.zeros_like(grey), slopes[:0]
    margin = int(np.abs(slopes).max() * width) + 1
    across = np.ascontiguousarray(np.pad(blocks.T, ((0, 0), (margin, margin))))
    places = (np.arange(columns) - columns / 2) * block
    tones = np.zeros_like(across)
    found = np.zeros(len(slopes), bool)
    for number, slope in enumerate(slopes):
        sheared = np.zeros_like(across)
        moves = list(_shear_moves(np.rint(slope * places).astype(int), across.shape[1]))
        for straight, oblique in moves:
            sheared[oblique] = across[straight]
        opened = _open(sheared, length)
        if opened.any():
            found[number] = True
            for straight, oblique in moves:
                np.maximum(tones[straight], opened[oblique], out=tones[straight])
    for _ in range(drift):  # the line itself is narrower
        tones[:, 1:-1] = np.minimum(np.minimum(tones[:, :-2], tones[:, 2:]), tones[:, 1:-1])
    return np.repeat(tones[:, margin : margin + height].T, block, 1)[:, :width], slopes[found]


def _shear_moves(
    shift: NDArray[np.int64], height: int
) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Yield the blocks of columns with equal shift, before and after each column moves up.

    The blocks are those of a transposed image: columns first.

    Args:
        shift: (W,), rows by which each column moves up; negative ones move down.
        height: of the image, in pixels. What leaves it is empty.
    """
    starts = [0, *(np.flatnonzero(np.diff(shift)) + 1).tolist(), len(shift)]
    for start, stop in pairwise(starts):
        up = int(shift[start])
        columns = slice(start, stop)
        yield (
            (columns, slice(max(0, up), height + min(0, up))),
            (columns, slice(max(0, -up), height - max(0, up))),
        )


def _open(grey: _Bytes, length: int) -> _Bytes:
    """Return the grey opening along the first axis, by doubled shifts.

    Args:
        grey: uint8 (W, H).
        length: of the segment, at most W.
    """
    low = grey.copy()  # the minimum of the `size` values from each on
    for size, step in _doublings(length):
        np.minimum(low[:-step], low[step:], out=low[:-step])
        low[len(low) - size - step + 1 :] = 0
    for _, step in _doublings(length):
        np.maximum(low[step:], low[:-step].copy(), out=low[step:])
    return low


def _doublings(length: int) -> Iterator[tuple[int, int]]:
    """Yield pairs of a size and the step that is added to it, from 1 up to `length`."""
    size = 1
    while size < length:
        step = min(size, length - size)
        yield size, step
        size += step


def _vertical_runs(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the number of the vertical run of ink that holds each pixel, and the runs' lengths.

    Returns:
        int32 (H, W), 0 on paper; and the length of each number, in pixels.
    """
    columns = np.pad(mask.T, ((0, 0), (1, 0)))  # a gap before each column keeps runs apart
    flat = columns.ravel()
    starts = flat.copy()
    starts[1:] &= ~flat[:-1]
    run = np.cumsum(starts, dtype=np.int32) * flat
    return run.reshape(columns.shape)[:, 1:].T, np.bincount(run)
