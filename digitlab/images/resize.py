"""Resize images by whole-number blocks or to a given longest side."""

from __future__ import annotations

from collections.abc import Callable
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


def reduce_blocks(
    values: NDArray[_Pixel], factor: int, statistic: Callable[..., Any]
) -> NDArray[_Pixel]:
    """Replace each square block of pixels by one statistic of the block.

    Args:
        values: any type, (H, W). The last row and column are repeated where `factor`
            does not divide a side.
        factor: pixels per side of a block. 1 returns `values` itself.
        statistic: NumPy reduction with an `axis` argument, such as `np.mean` or `np.any`.

    Returns:
        (ceil(H / factor), ceil(W / factor)), of the type that `statistic` gives.
    """
    if factor == 1:
        return values
    missing = [(0, -side % factor) for side in values.shape]
    padded = np.pad(values, missing, mode="edge")
    rows, columns = (side // factor for side in padded.shape)
    reduced: NDArray[_Pixel] = statistic(padded.reshape(rows, factor, columns, factor), axis=(1, 3))
    return reduced


def expand_blocks(values: NDArray[_Pixel], factor: int, shape: tuple[int, ...]) -> NDArray[_Pixel]:
    """Repeat each pixel `factor` times in both directions. Reverse `reduce_blocks`.

    Args:
        values: any type, (h, w).
        factor: pixels per side of a block.
        shape: height and width of the result. Surplus rows and columns are cut off.

    Returns:
        The type of `values`, of shape `shape`.
    """
    rows, columns = shape
    return np.repeat(np.repeat(values, factor, 0), factor, 1)[:rows, :columns]


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
