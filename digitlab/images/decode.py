"""Decoding the bytes of a picture file into a Picture, within limits of size and effort."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from digitlab.errors import ImageError
from digitlab.images.budget import DEFAULT_SECONDS, check_time, limit_time, too_complex
from digitlab.images.formats import PICTURE_FORMATS, PictureFormat, format_of
from digitlab.images.jpeg_structure import MAX_SEGMENTS, JpegStructure, read_jpeg_structure
from digitlab.images.pdf import MAX_SIDE, no_such_page, render_page
from digitlab.images.picture import Picture, from_image, working_factor
from digitlab.images.tiff_structure import tiff_pages
from digitlab.images.transparency import flatten, reduce_strips

_FORMAT_NAMES: Final = [known.name for known in PICTURE_FORMATS]
_EXPECTED: Final = f"a {', '.join(_FORMAT_NAMES[:-1])} or {_FORMAT_NAMES[-1]} file"
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
_ANIMATED: Final = frozenset({"PNG", "WebP", "GIF", "AVIF"})
_PAGED: Final = frozenset({"TIFF", "PDF"})
_MIN_DRAFT_SIDE: Final = 600  # pixels: the JPEG decoder leaves a longer side of at least this
_MAX_SCANNED_PIXELS: Final = 800_000_000  # scans of a JPEG times its pixels; 10 scans are usual
_FILLERS: Final = (127, 128)  # values with which the JPEG decoder fills what is missing
_MIN_DECODED_ROWS: Final = 0.95  # share of the rows that a cut JPEG must have
_STRIP_PIXELS: Final = 4_000_000  # pixels of a HEIC that are converted at once
_READ_BYTES: Final = 1 << 16  # bytes that a decoder gets at once, between two looks at the time
_AFTER_LAST_PIXEL: Final = bytes(8)  # the decoder looks 8 bytes ahead
_END_MARKER: Final = b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The sizes and the effort above which `decode` refuses a picture.

    The sizes are checked before any pixel is decoded.

    Attributes:
        max_bytes: largest file, in bytes.
        max_pixels: largest picture, width x height.
        max_seconds: CPU time of one reading, in seconds.
        max_memory: memory that one reading takes, in bytes.
    """

    max_bytes: int = 150_000_000
    max_pixels: int = 50_000_000
    max_seconds: float = DEFAULT_SECONDS
    max_memory: int = 500_000_000


DEFAULT_LIMITS: Final = Limits()


class _TimedFile(io.BytesIO):
    """The bytes of a file for a decoder; each read checks the time that is left."""

    def read(self, size: int | None = -1, /) -> bytes:
        check_time()
        return super().read(size)


def decode(data: bytes, *, limits: Limits = DEFAULT_LIMITS, page: int = 1) -> Picture:
    """Read the bytes of a picture file.

    Args:
        data: a whole file of one of `PICTURE_FORMATS`. Of an animation the first frame is read.
        limits: the sizes and the effort above which a picture is refused.
        page: number of the page to read of a TIFF or PDF, from 1.

    Returns:
        The upright picture: EXIF orientation is applied, and transparency is laid on a
        backdrop that keeps the ink readable.

    Raises:
        ImageError: with code "empty", "too-large", "too-many-pixels", "too-complex",
            "not-a-picture", "damaged", or "not-found" for a page that the file does not have.
    """
    picture_format = _known_format(data, limits)
    digest = hashlib.sha256(data).hexdigest()
    read = {"HEIC": _read_heif, "PDF": _read_pdf}.get(picture_format.name, _read_with_pillow)
    if page != 1 and picture_format.name not in _PAGED:
        raise no_such_page(picture_format.name, page, 1)
    with _guard(picture_format, limits):
        image = read(data, picture_format, limits, page)
        return from_image(
            image.pixels,
            size=image.size,
            scale=image.scale,
            transpose=image.transpose,
            sha256=digest,
            page=page,
            pages=image.pages,
            is_animation=image.is_animation,
        )


def extract_page(data: bytes, page: int, *, limits: Limits = DEFAULT_LIMITS) -> tuple[bytes, int]:
    """Return one page of a TIFF or PDF as a PNG file, and the number of pages.

    The PNG is upright and has at most 2,400 pixels a side.

    Args:
        data: the whole file.
        page: number of the page, from 1.
        limits: as for `decode`.

    Raises:
        ImageError: as `decode`.
    """
    picture_format = _known_format(data, limits)
    if picture_format.name not in _PAGED:
        raise no_such_page(picture_format.name, page, 1)
    read = _read_pdf if picture_format.name == "PDF" else _read_with_pillow
    with _guard(picture_format, limits):
        image = read(data, picture_format, limits, page)
        factor = -(-max(image.pixels.size) // MAX_SIDE)
        output = io.BytesIO()
        flatten(image.pixels, factor, transpose=image.transpose).save(output, "PNG")
    return output.getvalue(), image.pages


@dataclass(frozen=True, kw_only=True)
class _Decoded:
    """The pixels of one page or frame.

    Attributes:
        pixels: of any mode, as they are stored.
        size: width and height of the full upright picture, in pixels.
        scale: full pixels per pixel of `pixels`, a whole number.
        transpose: how to turn the pixels upright.
        pages: number of pages of the file.
        is_animation: whether the file has more frames.
    """

    pixels: Image.Image
    size: tuple[int, int]
    scale: int = 1
    transpose: Image.Transpose | None = None
    pages: int = 1
    is_animation: bool = False


def _known_format(data: bytes, limits: Limits) -> PictureFormat:
    """Return the format of a file; raise ImageError for an empty, too large or unknown file."""
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
    return picture_format


@contextmanager
def _guard(picture_format: PictureFormat, limits: Limits) -> Iterator[None]:
    """Limit the time within the block, and raise all errors of decoders as ImageError."""
    try:
        with limit_time(limits.max_seconds), warnings.catch_warnings():
            # Pillow warns about large pictures and odd metadata; `limits` decides instead.
            warnings.simplefilter("ignore")
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(picture_format, None, limits) from None
    except MemoryError:
        raise too_complex("needs more memory than this computer has left") from None
    except Exception as error:  # a decoder may raise any error over broken bytes
        raise _damaged(picture_format) from error


def _damaged(picture_format: PictureFormat, found: str = "is damaged or incomplete") -> ImageError:
    return ImageError(
        f"This {picture_format.name} picture {found} and cannot be read; expected a whole file: "
        "save, copy or send it again.",
        code="damaged",
    )


def _read_with_pillow(
    data: bytes, picture_format: PictureFormat, limits: Limits, page: int
) -> _Decoded:
    if picture_format.name == "JPEG":
        return _read_jpeg(data, picture_format, limits)
    directories = [0]
    if picture_format.name == "TIFF":
        directories = tiff_pages(data)
        if not directories:
            raise _damaged(picture_format)
        if not 1 <= page <= len(directories):
            raise no_such_page("TIFF", page, len(directories))
    image = Image.open(_TimedFile(data), formats=picture_format.pillow)
    if directories[page - 1]:
        image.seek(directories[page - 1])
    _check_size(picture_format, image.size, limits)
    is_transparent = image.has_transparency_data
    _check_memory(image.size, picture_format.decoded_bytes[is_transparent], data, limits)
    is_animation = picture_format.name in _ANIMATED and _is_animated(image)
    image.load()
    check_time()
    return _upright(image, image.size, pages=len(directories), is_animation=is_animation)


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except ImageError:
        raise
    except Exception:  # a broken second frame is no reason to refuse the first one
        return False


def _upright(
    image: Image.Image,
    size: tuple[int, int],
    *,
    scale: int = 1,
    pages: int = 1,
    is_animation: bool = False,
) -> _Decoded:
    """Return a loaded image with its orientation, which a PNG may keep at its end."""
    orientation = _orientation(image)
    return _Decoded(
        pixels=image,
        size=size[::-1] if orientation in _SIDEWAYS else size,
        scale=scale,
        transpose=_TO_UPRIGHT.get(orientation),
        pages=pages,
        is_animation=is_animation,
    )


def _read_jpeg(data: bytes, picture_format: PictureFormat, limits: Limits) -> _Decoded:
    structure = read_jpeg_structure(data)
    if structure.segments > MAX_SEGMENTS:
        raise too_complex(f"has more than {MAX_SEGMENTS:,} segments")
    # Without its end marker, the decoder would wait for more data.
    image, size = _open_jpeg(data if structure.end is not None else data + _END_MARKER)
    _check_size(picture_format, size, limits)
    pixels = size[0] * size[1]
    if structure.scans * pixels > _MAX_SCANNED_PIXELS and structure.scans > 1:
        raise too_complex(f"has {structure.scans} scans of {pixels / 1e6:.1f} megapixels")
    if structure.scans > 1:  # the decoder keeps all coefficients
        _check_memory(size, 2 * len(image.getbands()), data, limits)
    image.load()
    check_time()
    if structure.end is None or _ends_in_filler(image):
        image = _without_filler(image, data[: structure.end], structure, picture_format)
    scale = max(1, round(max(size) / max(image.size)))
    return _upright(image, size, scale=scale)


def _open_jpeg(data: bytes) -> tuple[Image.Image, tuple[int, int]]:
    """Return a JPEG that will be reduced while it is decoded, and its full size."""
    image = Image.open(_TimedFile(data), formats=("JPEG", "MPO"))
    width, height = size = image.size
    longest = max(width, height)
    reduction = next((r for r in (8, 4, 2) if longest >= r * _MIN_DRAFT_SIDE), 1)
    image.draft(None, (max(1, width // reduction), max(1, height // reduction)))
    image.decodermaxblock = _READ_BYTES
    return image, size


def _ends_in_filler(image: Image.Image) -> bool:
    """Return whether the last row has the grey with which the decoder fills what is missing."""
    row = np.asarray(image.crop((0, image.height - 1, image.width, image.height)))
    return bool(np.isin(row, _FILLERS).all()) and bool((row == row[:, :1]).all())


def _without_filler(
    image: Image.Image, data: bytes, structure: JpegStructure, picture_format: PictureFormat
) -> Image.Image:
    """Replace the missing rows of a JPEG that was cut near its end by its last row.

    Args:
        image: as decoded, with filler.
        data: the file without its end marker.
        structure: of the file.
        picture_format: JPEG.

    Raises:
        ImageError: with code "damaged" if more is missing.
    """
    if structure.scans > 1:
        if not structure.is_covered:
            raise _damaged(picture_format, "was cut off")
        return image  # only bits of refinement are missing
    rows = _decoded_rows(data)
    share = rows / image.height
    if share < _MIN_DECODED_ROWS:
        raise _damaged(picture_format, f"was cut off ({share:.0%} of it is there)")
    if rows < image.height:
        last_row = image.crop((0, rows - 1, image.width, rows))
        image.paste(last_row.resize((image.width, image.height - rows)), (0, rows))
    return image


def _decoded_rows(data: bytes) -> int:
    """Return the number of rows that a JPEG without an end marker really holds.

    The decoder writes rows until the data ends. It writes onto black once and onto white once:
    rows that differ were not written.

    Args:
        data: a JPEG of one scan.
    """
    written = []
    for tone in (0, 255):
        image, _ = _open_jpeg(data + _AFTER_LAST_PIXEL)
        image.load_prepare()  # type: ignore[attr-defined]  # of ImageFile
        image.im.paste((tone,) * len(image.getbands()), (0, 0, *image.size))
        with suppress(OSError):  # the data ends without an end marker
            image.load()
        image.tile = []  # type: ignore[attr-defined]  # so that the pixels count as loaded
        written.append(np.asarray(image).reshape(image.height, -1))
    is_same = (written[0] == written[1]).all(axis=1)
    return int(is_same.size if is_same.all() else is_same.argmin())


def _read_heif(data: bytes, picture_format: PictureFormat, limits: Limits, page: int) -> _Decoded:
    del page  # there is one
    import pillow_heif  # loads libheif; only HEIC pictures need it

    heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    size: tuple[int, int] = heif.size
    _check_size(picture_format, size, limits)
    _check_memory(size, picture_format.decoded_bytes[heif.has_alpha], data, limits)
    decoded = np.asarray(heif)  # without a copy; to_pillow() makes one
    check_time()
    factor = working_factor(size)
    rows = max(1, _STRIP_PIXELS // (size[0] * factor)) * factor
    strips = []
    for top in range(0, size[1], rows):
        part = np.ascontiguousarray(decoded[top : top + rows])
        strip = Image.frombytes(heif.mode, (size[0], len(part)), part.tobytes())
        strips.append(reduce_strips(strip, factor))
    reduced = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for number, strip in enumerate(strips):
        reduced.paste(strip, (0, number * rows // factor))
    # libheif has already applied the orientation: the EXIF tag must not be applied again.
    return _Decoded(pixels=reduced, size=size, scale=factor)


def _read_pdf(data: bytes, picture_format: PictureFormat, limits: Limits, page: int) -> _Decoded:
    image, pages = render_page(data, page, max_memory=limits.max_memory)
    _check_size(picture_format, image.size, limits)
    return _Decoded(pixels=image, size=image.size, pages=pages)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1, upright, if there is none."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except ImageError:
        raise
    except Exception:  # broken metadata is no reason to refuse good pixels
        return 1
    return orientation if isinstance(orientation, int) else 1


def _check_size(picture_format: PictureFormat, size: tuple[int, int], limits: Limits) -> None:
    if size[0] * size[1] > limits.max_pixels:
        raise _too_many_pixels(picture_format, size, limits)


def _check_memory(size: tuple[int, int], bytes_per_pixel: int, data: bytes, limits: Limits) -> None:
    """Raise ImageError if the decoder would take too much memory, the file included."""
    needed = size[0] * size[1] * bytes_per_pixel + len(data)
    if needed > limits.max_memory:
        raise too_complex(
            f"of {size[0]} x {size[1]} pixels needs {needed / 1e6:.0f} MB of memory, more than "
            f"{limits.max_memory / 1e6:g}"
        )


def _too_many_pixels(
    picture_format: PictureFormat, size: tuple[int, int] | None, limits: Limits
) -> ImageError:
    """Build the error for a picture over the limit; `size` is None if only Pillow knows it."""
    pixels = (
        "far too many pixels"
        if size is None
        else f"{size[0]} x {size[1]} pixels ({size[0] * size[1] / 1e6:.1f} megapixels)"
    )
    return ImageError(
        f"This {picture_format.name} picture has {pixels}; at most {limits.max_pixels / 1e6:g} "
        "megapixels are read: save a smaller copy and try that.",
        code="too-many-pixels",
    )
