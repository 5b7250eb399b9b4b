"""Picture: an upright picture, reduced to the size at which digits are read."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.errors import ImageError
from digitlab.images.pixel_scale import EXPECTED_VALUES, find_scale
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
_CHANNELS: Final = frozenset({1, 3, 4})


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """An upright picture, reduced by area averaging.

    Attributes:
        grey: the working image; uint8 (H, W), at most 1,200 pixels a side.
        size: width and height of the full upright picture, in pixels.
        scale: full pixels per working pixel, a whole number.
        flat: the picture in colour, of the size of `grey`.
        preview_format: "PNG", "JPEG", or None for the smaller of the two by the entropy.
        sha256: SHA-256 of the picture's bytes, in hex; of an array, of its shape and pixels.
        page: number of the page that was read, from 1.
        pages: number of pages of the file.
        is_animation: whether the file has more frames than the one that was read.
    """

    grey: GreyImage
    size: tuple[int, int]
    scale: int
    flat: Image.Image = field(repr=False)
    preview_format: str | None = None
    sha256: str
    page: int = 1
    pages: int = 1
    is_animation: bool = False

    @cached_property
    def preview(self) -> bytes:
        """PNG or JPEG of the picture in colour, at most 640 pixels a side."""
        return _preview(self.flat, self.preview_format)

    @property
    def part(self) -> str:
        """The part of the file that was read: "page 1 of 12"; empty for the whole."""
        if self.pages > 1:
            return f"page {self.page} of {self.pages}"
        return "first frame of an animation" if self.is_animation else ""


def from_array(array: NDArray[Any]) -> Picture:
    """Build a Picture from an array of pixels.

    Args:
        array: (H, W) grey, (H, W, C) or (C, H, W) with 1 grey, 3 RGB or 4 RGBA channels; upright;
            bool, integers or floats in one of the scales of `pixel_scale.find_scale`.

    Returns:
        A Picture whose `sha256` is that of the shape and the pixels as uint8, with a PNG as its
        preview.

    Raises:
        ImageError: "empty" for an array without pixels, "not-a-picture" for any other
            type, shape or scale.
    """
    array = np.asarray(array)
    shape = array.shape
    if array.ndim == 3 and shape[2] not in _CHANNELS and shape[0] in _CHANNELS:
        array = np.moveaxis(array, 0, 2)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype.kind not in "biuf" or array.ndim not in {2, 3} or channels not in _CHANNELS:
        raise ImageError(
            f"This array is {array.dtype} {shape}; expected numbers of shape (H, W), (H, W, C) or "
            "(C, H, W) with 1, 3 or 4 channels, for example uint8 (28, 28).",
            code="not-a-picture",
        )
    if array.size == 0:
        raise ImageError(
            f"This array of shape {shape} has no pixels; expected at least one.", code="empty"
        )
    scale = find_scale(float(array.min()), float(array.max()), dtype=array.dtype)
    if scale is None:
        raise ImageError(
            f"This array is {array.dtype} with values from {array.min():g} to {array.max():g}; "
            f"expected {EXPECTED_VALUES}: scale it, for example to uint8.",
            code="not-a-picture",
        )
    if array.ndim == 3 and channels == 1:
        array = array[:, :, 0]
    array = np.ascontiguousarray(scale.to_uint8(array))
    digest = hashlib.sha256(repr(array.shape).encode() + array.tobytes()).hexdigest()
    image = Image.fromarray(array)
    return from_image(image, size=image.size, scale=1, sha256=digest, preview_format="PNG")


def from_image(
    image: Image.Image,
    *,
    size: tuple[int, int],
    scale: int,
    sha256: str,
    transpose: Image.Transpose | None = None,
    preview_format: str | None = None,
    page: int = 1,
    pages: int = 1,
    is_animation: bool = False,
) -> Picture:
    """Build a Picture from a Pillow image of any mode.

    Args:
        image: the pixels, which the decoder may already have reduced.
        size: width and height of the full upright picture, in pixels.
        scale: full pixels per pixel of `image`, a whole number.
        sha256: SHA-256 of the picture's bytes, in hex.
        transpose: how to turn the image upright; None if it is.
        preview_format: as in `Picture`.
        page: as in `Picture`.
        pages: as in `Picture`.
        is_animation: as in `Picture`.
    """
    # With a whole factor every working pixel is the plain mean of a square.
    factor = working_factor(image.size)
    flat = flatten(image, factor, transpose=transpose)
    return Picture(
        grey=np.asarray(flat if flat.mode == "L" else flat.convert("L")),
        size=size,
        scale=scale * factor,
        flat=flat,
        preview_format=preview_format,
        sha256=sha256,
        page=page,
        pages=pages,
        is_animation=is_animation,
    )


def working_factor(size: tuple[int, int]) -> int:
    """Return the whole factor that reduces a picture of a size to a working image."""
    return -(-max(size) // _THRESHOLDS.max_working_side)


def _preview(image: Image.Image, preview_format: str | None) -> bytes:
    # A whole factor: any other size takes four times as long.
    factor = -(-max(image.size) // _THRESHOLDS.max_preview_side)
    small = image.reduce(factor) if factor > 1 else image
    if preview_format is None:
        is_drawing = small.entropy() <= _THRESHOLDS.max_drawing_entropy
        preview_format = "PNG" if is_drawing else "JPEG"
    buffer = io.BytesIO()
    small.save(buffer, preview_format, quality=_THRESHOLDS.preview_quality)
    return buffer.getvalue()
