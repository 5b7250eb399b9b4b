"""Lines: ruled lines, tables and frames taken out of ink, the strokes that cross them left in."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Mask
from digitlab.images.segmentation.resize import block_factor, expand_blocks, reduce_blocks

_SLOPES: Final = np.linspace(-0.12, 0.12, 13)  # of a line against the picture's edge
_COARSE: Final = 12.0  # pixels that the shortest line has at least where it is looked for
_SIDE: Final = 400  # longest side of the image on which lines are looked for


def without_lines(ink: Mask, *, where: Mask, level: float, upright: float) -> Mask:
    """Take out what is straight, thin, long, and nearly level or upright.

    A point of a line goes when the ink across the line is no thicker there than the line
    itself, so that a stroke that crosses it stays whole.

    Args:
        ink: bool (H, W).
        where: bool (H, W), the ink that may be lines.
        level: length of a level line at least, in pixels.
        upright: the same of an upright one; a 1 is no line.

    Returns:
        bool (H, W), the ink that is left.
    """
    lines = _level_lines(ink & where, level) | _level_lines((ink & where).T, upright).T
    left: Mask = ink & ~lines
    return left


def _level_lines(ink: Mask, shortest: float) -> Mask:
    """The points of nearly level lines."""
    from scipy import ndimage

    factor = int(max(1, min(block_factor(ink.shape, _SIDE), shortest / _COARSE)))
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
