"""Resize images by whole-number blocks or to a given longest side."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_Pixel = TypeVar("_Pixel", bound=np.generic)


def block_factor(shape: tuple[int, ...], side: int) -> int:
    """Return the smallest block size that reduces an image of `shape` to at most `side`.

    Args:
        shape: height and width of the image, in pixels.
        side: longest side of the reduced image, in pixels.

    Returns:
        Pixels per side of a block, at least 1.
    """
    return -(-max(shape) // side)


def mean_blocks(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Replace each square block of pixels by its mean.

    Args:
        values: float32, (H, W). The last row and column are repeated where `factor` does not
            divide a side.
        factor: pixels per side of a block. 1 returns `values` itself.

    Returns:
        float32, (ceil(H / factor), ceil(W / factor)).
    """
    if factor == 1:
        return values
    # The sum of shifted copies takes a third of the time of `np.mean` over two axes.
    return _combine_blocks(np.add, values, factor) / np.float32(factor * factor)


def any_blocks(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Return for each square block of pixels whether any is true; otherwise as `mean_blocks`."""
    return mask if factor == 1 else _combine_blocks(np.logical_or, mask, factor)


def max_blocks(values: NDArray[_Pixel], factor: int) -> NDArray[_Pixel]:
    """Return the largest value of each square block of pixels; otherwise as `mean_blocks`."""
    return values if factor == 1 else _combine_blocks(np.maximum, values, factor)


def _combine_blocks(
    combine: Callable[..., Any], values: NDArray[_Pixel], factor: int
) -> NDArray[_Pixel]:
    missing = [(0, -side % factor) for side in values.shape]
    padded = np.pad(values, missing, mode="edge") if any(after for _, after in missing) else values
    across = reduce(combine, (padded[:, start::factor] for start in range(factor)))
    combined: NDArray[_Pixel] = reduce(combine, (across[start::factor] for start in range(factor)))
    return combined


def expand_blocks(values: NDArray[_Pixel], factor: int, shape: tuple[int, ...]) -> NDArray[_Pixel]:
    """Repeat each pixel `factor` times in both directions. Reverse `mean_blocks`.

    Args:
        values: any type, (h, w).
        factor: pixels per side of a block.
        shape: height and width of the result. Surplus rows and columns are cut off.

    Returns:
        The type of `values`, of shape `shape`.
    """
    rows, columns = shape
    # The few rows are widened first, because whole rows are repeated faster than pixels.
    return np.repeat(np.repeat(values, factor, 1), factor, 0)[:rows, :columns]


def shrink(values: NDArray[_Pixel], side: int) -> NDArray[_Pixel]:
    """Average areas so that the longest side has at most `side` pixels.

    Args:
        values: uint8 or float32, (H, W).
        side: longest side of the result, in pixels.

    Returns:
        The same type; `values` itself if no side is longer than `side`.
    """
    longest = max(values.shape)
    if longest <= side:
        return values
    height, width = (max(1, round(length * side / longest)) for length in values.shape)
    resized = Image.fromarray(values).resize((width, height), Image.Resampling.BOX)
    return np.asarray(resized)


def enlarge(grey: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Enlarge an image by a whole number with bicubic interpolation.

    Args:
        grey: uint8 (H, W).
        factor: pixels of the result per pixel of `grey`. 1 returns `grey` itself.

    Returns:
        uint8 (factor * H, factor * W).
    """
    if factor == 1:
        return grey
    height, width = grey.shape
    size = (width * factor, height * factor)
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))
