"""Decoding: the bytes of a picture to a Picture, or to one plain refusal."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image

from digitlab.errors import ImageError
from digitlab.images.picture import Picture, from_image

FORMATS: Final = ("JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "HEIC")
"""The formats that are read, by the names that people use."""

_EXPECTED: Final = "a JPEG, PNG, WebP, BMP, GIF, TIFF or HEIC picture"
_PLUGINS: Final = {"JPEG": ("JPEG", "MPO")}  # phones wrap two JPEGs into one MPO
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_BEGINNINGS: Final = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}
_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS: Final = frozenset({5, 6, 7, 8})
_DRAFT_SIDE: Final = 600  # a JPEG's decoder reduces only as far as this


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is refused before any pixel is decoded.

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
    """Read a picture's bytes.

    Args:
        data: a whole file: JPEG, PNG, WebP, BMP, GIF (first frame), TIFF (first page) or
            HEIC/HEIF.
        limits: what to refuse by size.

    Returns:
        The upright picture. EXIF orientation has been applied, transparency has been laid
        on a backdrop that keeps the ink readable.

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
    name = sniff(data)
    if name is None:
        raise ImageError(
            f"This file is not a picture that digitlab knows; expected {_EXPECTED}: open it in "
            "a picture viewer and save it as one of these.",
            code="not-a-picture",
        )
    digest = hashlib.sha256(data).hexdigest()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of bombs and odd metadata; we decide
            return (
                _read_heif(data, limits, digest)
                if name == "HEIC"
                else _read(data, name, limits, digest)
            )
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise _too_many(name, None, _most_pixels(name, limits)) from None
    except Exception as error:  # a plugin may raise anything over broken bytes
        raise ImageError(
            f"This {name} picture is damaged or incomplete and cannot be read; expected a whole "
            "file: save, copy or send it again.",
            code="damaged",
        ) from error


def sniff(data: bytes) -> str | None:
    """The name in FORMATS that the first bytes announce; None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIC"
    return next((name for name, begins in _BEGINNINGS.items() if data.startswith(begins)), None)


def _read(data: bytes, name: str, limits: Limits, digest: str) -> Picture:
    plugins = _PLUGINS.get(name, (name.upper(),))
    with Image.open(io.BytesIO(data), formats=plugins) as image:
        width, height = image.size
        _check_pixels(name, width, height, limits)
        if name == "JPEG":
            reduction = next((r for r in (8, 4, 2) if max(width, height) >= r * _DRAFT_SIDE), 1)
            image.draft(None, (max(1, width // reduction), max(1, height // reduction)))
        image.load()
        scale = max(1, round(max(width, height) / max(image.size)))
        orientation = _orientation(image)  # after load: PNG may keep its EXIF at its end
        turn = _TURNS.get(orientation)
        upright = image if turn is None else image.transpose(turn)
    size = (height, width) if orientation in _SIDEWAYS else (width, height)
    return from_image(upright, size=size, scale=scale, sha256=digest)


def _read_heif(data: bytes, limits: Limits, digest: str) -> Picture:
    import pillow_heif  # loads libheif; only HEIC pictures need it

    heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    size: tuple[int, int] = heif.size
    _check_pixels("HEIC", *size, limits)
    # libheif has turned the picture already: its EXIF orientation is not looked at.
    return from_image(heif.to_pillow(), size=size, scale=1, sha256=digest)


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # broken metadata is no reason to refuse good pixels
        return 1
    return orientation if isinstance(orientation, int) else 1


def _most_pixels(name: str, limits: Limits) -> int:
    return limits.max_pixels_jpeg if name == "JPEG" else limits.max_pixels


def _check_pixels(name: str, width: int, height: int, limits: Limits) -> None:
    most = _most_pixels(name, limits)
    if width * height > most:
        raise _too_many(name, (width, height), most)


def _too_many(name: str, size: tuple[int, int] | None, most: int) -> ImageError:
    came = (
        "far too many pixels"
        if size is None
        else (f"{size[0]} x {size[1]} pixels ({size[0] * size[1] / 1e6:.1f} megapixels)")
    )
    return ImageError(
        f"This {name} picture has {came}; at most {most / 1e6:g} megapixels are read: save a "
        "smaller copy and try that.",
        code="too-many-pixels",
    )
