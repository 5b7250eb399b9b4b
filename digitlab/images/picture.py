"""Picture: an upright picture reduced to what the reader of digits works on."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from digitlab.errors import ImageError
from digitlab.images.transparency import flatten

GreyImage = NDArray[np.uint8]
"""uint8 (height, width)."""

WORKING_SIDE: Final = 1200
"""Longest side of a working image, in pixels: a digit of 2 % of a picture keeps its strokes."""

PREVIEW_SIDE: Final = 640
"""Longest side of a preview, in pixels."""

_DRAWING_BITS: Final = 3.5  # entropy of the tones, up to which a PNG is smaller than a JPEG


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """An upright picture, reduced by area averaging.

    Attributes:
        grey: the working image; uint8 (H, W), at most 1,200 pixels a side.
        size: width and height of the full upright picture, in pixels.
        scale: full pixels per working pixel, a whole number.
        preview: PNG or JPEG of the picture in colour, at most 640 pixels a side.
        sha256: SHA-256 of the bytes that were given, in hex.
    """

    grey: GreyImage
    size: tuple[int, int]
    scale: int
    preview: bytes = field(repr=False)
    sha256: str


def from_array(array: NDArray[np.uint8]) -> Picture:
    """Take an array of pixels as a picture.

    Args:
        array: uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA; upright.

    Returns:
        A Picture whose `sha256` is that of the shape and the pixels, and whose preview is
        a PNG.

    Raises:
        ImageError: "empty" for an array without pixels, "not-a-picture" for any other
            type or shape.
    """
    array = np.asarray(array)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in {2, 3} or channels not in {1, 3, 4}:
        raise ImageError(
            f"This array is {array.dtype} {array.shape}; expected uint8 of shape (H, W), (H, W, 3) "
            "or (H, W, 4): scale its values to 0-255 and convert it with .astype('uint8').",
            code="not-a-picture",
        )
    if array.size == 0:
        raise ImageError(
            f"This array of shape {array.shape} has no pixels; expected at least one.", code="empty"
        )
    if array.ndim == 3 and channels == 1:
        array = array[:, :, 0]
    array = np.ascontiguousarray(array)
    digest = hashlib.sha256(repr(array.shape).encode() + array.tobytes()).hexdigest()
    image = Image.fromarray(array)
    return from_image(image, size=image.size, scale=1, sha256=digest, preview_format="PNG")


def from_image(
    image: Image.Image,
    *,
    size: tuple[int, int],
    scale: int,
    sha256: str,
    preview_format: str | None = None,
) -> Picture:
    """Make a Picture of an upright Pillow image of any mode.

    Args:
        image: the pixels, perhaps already reduced by the decoder.
        size: width and height of the full picture.
        scale: how much the decoder reduced it.
        sha256: SHA-256 of the picture's bytes, in hex.
        preview_format: "PNG", "JPEG", or None for the one that suits the picture.
    """
    # Whole factors only: every working pixel is then the plain mean of a square.
    factor = -(-max(image.size) // WORKING_SIDE)
    flat = flatten(image, factor)
    return Picture(
        grey=np.asarray(flat.convert("L")),
        size=size,
        scale=scale * factor,
        preview=_preview(flat, preview_format),
        sha256=sha256,
    )


def _preview(image: Image.Image, preview_format: str | None) -> bytes:
    small = image
    if max(image.size) > PREVIEW_SIDE:
        small = ImageOps.contain(image, (PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    if preview_format is None:
        preview_format = "PNG" if small.entropy() <= _DRAWING_BITS else "JPEG"
    buffer = io.BytesIO()
    small.save(buffer, preview_format, quality=85)
    return buffer.getvalue()
