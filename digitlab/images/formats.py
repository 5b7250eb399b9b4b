"""The picture formats that digitlab reads: their first bytes, file suffixes and decoders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class PictureFormat:
    """One picture format.

    Attributes:
        name: the name that people use, as error messages show it.
        suffixes: lower-case file suffixes with their dot; an export writes the first one.
        matches: whether a file with these first bytes has this format.
        pillow: names of the Pillow plugins that decode it; empty if pillow-heif does.
    """

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    pillow: tuple[str, ...] = ()


def _starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    """Return a matcher for files that begin with one of some signatures."""
    return lambda data: data.startswith(signatures)


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


_BMP_HEADER_SIZES: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


def _is_bmp(data: bytes) -> bool:
    # "BM" alone also begins many texts; the size of the header that follows is telling.
    return data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES


_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def _is_heif(data: bytes) -> bool:
    # Videos and AVIF pictures have an "ftyp" box too; the brand after it tells them apart.
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


PICTURE_FORMATS: Final = (
    PictureFormat(
        name="JPEG",
        suffixes=(".jpg", ".jpeg"),
        matches=_starts_with(b"\xff\xd8\xff"),
        pillow=("JPEG", "MPO"),  # phones wrap two JPEGs into one MPO
    ),
    PictureFormat(
        name="PNG",
        suffixes=(".png",),
        matches=_starts_with(b"\x89PNG\r\n\x1a\n"),
        pillow=("PNG",),
    ),
    PictureFormat(name="WebP", suffixes=(".webp",), matches=_is_webp, pillow=("WEBP",)),
    PictureFormat(name="BMP", suffixes=(".bmp",), matches=_is_bmp, pillow=("BMP",)),
    PictureFormat(
        name="GIF",
        suffixes=(".gif",),
        matches=_starts_with(b"GIF87a", b"GIF89a"),
        pillow=("GIF",),
    ),
    PictureFormat(
        name="TIFF",
        suffixes=(".tif", ".tiff"),
        matches=_starts_with(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # "+": BigTIFF
        pillow=("TIFF",),
    ),
    PictureFormat(name="HEIC", suffixes=(".heic", ".heif"), matches=_is_heif),
)
"""Every format that `decode` reads."""


def format_of(data: bytes) -> PictureFormat | None:
    """Return the format that the first bytes of a file announce; None for any other file.

    Args:
        data: the file, or at least its first 32 bytes.
    """
    return next((known for known in PICTURE_FORMATS if known.matches(data)), None)


def suffixes() -> frozenset[str]:
    """Return the file suffixes of all formats, in lower case, each with its dot."""
    return frozenset(suffix for known in PICTURE_FORMATS for suffix in known.suffixes)
