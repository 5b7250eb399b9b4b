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
        pillow: names of the Pillow plugins that decode it; empty if another library does.
        decoded_bytes: bytes of memory that the decoder takes for each pixel, measured with files
            of 48 megapixels (`docs/pictures.md`); for transparent pictures the second number.
    """

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    pillow: tuple[str, ...] = ()
    decoded_bytes: tuple[int, int] = (4, 4)


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
    # Videos and AVIF pictures have an "ftyp" box too; the brands in it tell them apart.
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and not _is_avif(data)


_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})


def _is_avif(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    if data[8:12] in _AVIF_BRANDS:
        return True
    # "mif1" is any picture of the family; the compatible brands say which one.
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[start : start + 4] for start in range(16, end, 4)}
    is_general = data[8:12] in {b"mif1", b"msf1"}
    return is_general and bool(brands & _AVIF_BRANDS) and b"heic" not in brands


def _is_pdf(data: bytes) -> bool:
    # Readers of PDF accept other bytes before the header (ISO 32000-1, appendix H).
    return b"%PDF-" in data[:1024]


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
    PictureFormat(
        name="WebP",
        suffixes=(".webp",),
        matches=_is_webp,
        pillow=("WEBP",),
        decoded_bytes=(16, 16),
    ),
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
    PictureFormat(
        name="HEIC",
        suffixes=(".heic", ".heif"),
        matches=_is_heif,
        decoded_bytes=(5, 7),
    ),
    PictureFormat(
        name="AVIF",
        suffixes=(".avif",),
        matches=_is_avif,
        pillow=("AVIF",),
        decoded_bytes=(9, 14),
    ),
    PictureFormat(name="PDF", suffixes=(".pdf",), matches=_is_pdf),
)
"""Every format that `decode` reads."""


def format_of(data: bytes) -> PictureFormat | None:
    """Return the format that the first bytes of a file announce; None for any other file.

    Args:
        data: the file, or at least its first 1,024 bytes.
    """
    return next((known for known in PICTURE_FORMATS if known.matches(data)), None)


def suffixes() -> frozenset[str]:
    """Return the file suffixes of all formats, in lower case, each with its dot."""
    return frozenset(suffix for known in PICTURE_FORMATS for suffix in known.suffixes)
