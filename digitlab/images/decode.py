"""Decoding the bytes of a picture file into a Picture, within limits of size."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image

from digitlab.errors import ImageError
from digitlab.images.formats import PICTURE_FORMATS, PictureFormat, format_of
from digitlab.images.picture import Picture, from_image

_FORMAT_NAMES: Final = [known.name for known in PICTURE_FORMATS]
_EXPECTED: Final = f"a {', '.join(_FORMAT_NAMES[:-1])} or {_FORMAT_NAMES[-1]} picture"
_ORIENTATION_TAG: Final = 0x0112  # EXIF
_TO_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_MIN_DRAFT_SIDE: Final = 600  # pixels: the JPEG decoder leaves a longer side of at least this


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The sizes above which `decode` refuses a picture before it decodes any pixel.

    Attributes:
        max_bytes: largest file, in bytes.
        max_pixels: largest picture, width x height.
        max_pixels_jpeg: the same for JPEG, whose decoder reduces while it reads.
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 16_000_000
    max_pixels_jpeg: int = 50_000_000


DEFAULT_LIMITS: Final = Limits()


def decode(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Picture:
    """Read the bytes of a picture file.

    Args:
        data: a whole file of one of `PICTURE_FORMATS`; of a GIF the first frame is read, of a
            TIFF the first page.
        limits: the sizes above which a picture is refused.

    Returns:
        The upright picture: EXIF orientation is applied, and transparency is laid on a
        backdrop that keeps the ink readable.

    Raises:
        ImageError: with code "empty", "too-large", "too-many-pixels", "not-a-picture" or
            "damaged".
    """
    if not data:
        raise ImageError(
            f"This file is empty; expected {_EXPECTED}: choose another file.", code="empty"
        )
    if len(data) > limits.max_bytes:
        raise ImageError(
            f"This file has {len(data) / 1e6:.1f} MB; at most {limits.max_bytes / 1e6:g} MB are "
            "read: save a smaller copy and try that.",
            code="too-large",
        )
    picture_format = format_of(data)
    if picture_format is None:
        raise ImageError(
            f"This file is not a picture that digitlab knows; expected {_EXPECTED}: open it in "
            "a picture viewer and save it as one of these.",
            code="not-a-picture",
        )
    digest = hashlib.sha256(data).hexdigest()
    read = _read_with_pillow if picture_format.pillow else _read_heif
    try:
        with warnings.catch_warnings():
            # Pillow warns about large pictures and odd metadata; `limits` decides instead.
            warnings.simplefilter("ignore")
            return read(data, picture_format, limits, digest)
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(picture_format, None, limits) from None
    except Exception as error:  # a decoder may raise any error over broken bytes
        raise ImageError(
            f"This {picture_format.name} picture is damaged or incomplete and cannot be read; "
            "expected a whole file: save, copy or send it again.",
            code="damaged",
        ) from error


def _read_with_pillow(
    data: bytes, picture_format: PictureFormat, limits: Limits, digest: str
) -> Picture:
    with Image.open(io.BytesIO(data), formats=picture_format.pillow) as image:
        width, height = image.size
        _check_pixels(picture_format, (width, height), limits)
        if picture_format.name == "JPEG":
            longest = max(width, height)
            reduction = next((r for r in (8, 4, 2) if longest >= r * _MIN_DRAFT_SIDE), 1)
            image.draft(None, (max(1, width // reduction), max(1, height // reduction)))
        image.load()
        scale = max(1, round(max(width, height) / max(image.size)))
        orientation = _orientation(image)  # after load: a PNG may keep its EXIF at its end
        transpose = _TO_UPRIGHT.get(orientation)
        upright = image if transpose is None else image.transpose(transpose)
    size = (height, width) if orientation in _SIDEWAYS else (width, height)
    return from_image(upright, size=size, scale=scale, sha256=digest)


def _read_heif(data: bytes, picture_format: PictureFormat, limits: Limits, digest: str) -> Picture:
    import pillow_heif  # loads libheif; only HEIC pictures need it

    heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    size: tuple[int, int] = heif.size
    _check_pixels(picture_format, size, limits)
    # libheif has already applied the orientation: the EXIF tag must not be applied again.
    return from_image(heif.to_pillow(), size=size, scale=1, sha256=digest)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1, upright, if there is none."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # broken metadata is no reason to refuse good pixels
        return 1
    return orientation if isinstance(orientation, int) else 1


def _max_pixels(picture_format: PictureFormat, limits: Limits) -> int:
    return limits.max_pixels_jpeg if picture_format.name == "JPEG" else limits.max_pixels


def _check_pixels(picture_format: PictureFormat, size: tuple[int, int], limits: Limits) -> None:
    if size[0] * size[1] > _max_pixels(picture_format, limits):
        raise _too_many_pixels(picture_format, size, limits)


def _too_many_pixels(
    picture_format: PictureFormat, size: tuple[int, int] | None, limits: Limits
) -> ImageError:
    """Build the error for a picture over the limit; `size` is None if only Pillow knows it."""
    pixels = (
        "far too many pixels"
        if size is None
        else f"{size[0]} x {size[1]} pixels ({size[0] * size[1] / 1e6:.1f} megapixels)"
    )
    megapixels = _max_pixels(picture_format, limits) / 1e6
    return ImageError(
        f"This {picture_format.name} picture has {pixels}; at most {megapixels:g} megapixels are "
        "read: save a smaller copy and try that.",
        code="too-many-pixels",
    )
