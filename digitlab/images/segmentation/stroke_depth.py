"""Stroke depth: how far the pixels of ink lie from the paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Mask


def squared_depth(mask: Mask) -> NDArray[np.int32]:
    """Return the square of each pixel's distance to the nearest pixel outside a mask.

    The distances are exact: first along the rows, then across them (Saito and Toriwaki 1994).
    Strokes are thin, so that few steps across are needed.

    Args:
        mask: bool (H, W), up to about 250 pixels a side. All around it is paper.

    Returns:
        int32 (H, W), in pixels; 0 outside the mask.
    """
    padded = np.pad(mask, 1)
    is_paper = ~padded
    last = padded.shape[1] - 1
    columns = np.arange(last + 1, dtype=np.int32)
    left = np.maximum.accumulate(columns * is_paper, axis=1)
    right = np.maximum.accumulate((columns * is_paper[:, ::-1]), axis=1)[:, ::-1]
    along = np.minimum(columns - left, last - columns - right) ** 2
    depth = along.copy()
    step = 1
    while step * step < depth.max():
        reached = along + np.int32(step * step)
        np.minimum(depth[step:], reached[:-step], out=depth[step:])
        np.minimum(depth[:-step], reached[step:], out=depth[:-step])
        step += 1
    inside: NDArray[np.int32] = depth[1:-1, 1:-1]
    return inside
