"""Picture: an upright picture, reduced to the size at which digits are read."""

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


@dataclass(frozen=True, kw_only=True)
class PictureThresholds:
    """The tuned sizes of a working image and its preview.

    `benchmarks/photos.py` set `max_working_side`. Nothing reads a preview: its values weigh bytes
    against sharpness on a page.

    Attributes:
        max_working_side: longest side of a working image, in pixels; a digit of 2 % of a
            picture keeps its strokes.
        max_preview_side: longest side of a preview, in pixels.
        max_drawing_entropy: bits per pixel; up to this entropy of the tones a preview is
            smaller as a PNG than as a JPEG.
        preview_quality: quality of a JPEG preview, 0-95.
    """

    max_working_side: int = 1200
    max_preview_side: int = 640
    max_drawing_entropy: float = 3.5
    preview_quality: int = 85


_THRESHOLDS: Final = PictureThresholds()


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """An upright picture, reduced by area averaging.

    Attributes:
        grey: the working image; uint8 (H, W), at most 1,200 pixels a side.
        size: width and height of the full upright picture, in pixels.
        scale: full pixels per working pixel, a whole number.
        preview: PNG or JPEG of the picture in colour, at most 640 pixels a side.
        sha256: SHA-256 of the picture's bytes, in hex; of an array, of its shape and pixels.
    """

    grey: GreyImage
    size: tuple[int, int]
    scale: int
    preview: bytes = field(repr=False)
    sha256: str


def from_array(array: NDArray[np.uint8]) -> Picture:
    """Build a Picture from an array of pixels.

    Args:
        array: uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA; upright.

    Returns:
        A Picture whose `sha256` is that of the shape and the pixels, with a PNG as its
        preview.

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
    """Build a Picture from an upright Pillow image of any mode.

    Args:
        image: the pixels, which the decoder may already have reduced.
        size: width and height of the full picture, in pixels.
        scale: full pixels per pixel of `image`, a whole number.
        sha256: SHA-256 of the picture's bytes, in hex.
        preview_format: "PNG", "JPEG", or None for the smaller of the two by the entropy.
    """
    # With a whole factor every working pixel is the plain mean of a square.
    factor = -(-max(image.size) // _THRESHOLDS.max_working_side)
    flat = flatten(image, factor)
    return Picture(
        grey=np.asarray(flat.convert("L")),
        size=size,
        scale=scale * factor,
        preview=_preview(flat, preview_format),
        sha256=sha256,
    )


def _preview(image: Image.Image, preview_format: str | None) -> bytes:
    small, side = image, _THRESHOLDS.max_preview_side
    if max(image.size) > side:
        small = ImageOps.contain(image, (side, side), Image.Resampling.BOX)
    if preview_format is None:
        is_drawing = small.entropy() <= _THRESHOLDS.max_drawing_entropy
        preview_format = "PNG" if is_drawing else "JPEG"
    buffer = io.BytesIO()
    small.save(buffer, preview_format, quality=_THRESHOLDS.preview_quality)
    return buffer.getvalue()
