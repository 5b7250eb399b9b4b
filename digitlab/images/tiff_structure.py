"""The structure of a TIFF file: its pages, without decoding any pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from digitlab.images.budget import check_time, too_complex

MAX_PAGES: Final = 10_000
"""Pages of a file that are counted."""

MAX_TAGS: Final = 1_000
"""Tags of one page; cameras and scanners write fewer than 200."""

MAX_VALUES: Final = 200_000
"""Numbers in one tag; a picture of 50 megapixels has fewer strips and tiles."""

_TEXT_OR_BYTES: Final = frozenset({1, 2, 6, 7})  # types of tags, such as a profile's bytes
_SUBFILE_TYPE: Final = 254
_REDUCED_OR_MASK: Final = 0b101  # a thumbnail of another page, or its transparency


def tiff_pages(data: bytes) -> list[int]:
    """Return the numbers of a file's directories that are pages, counted from 0.

    Thumbnails and masks are no pages, unless the file has nothing else.

    Args:
        data: a TIFF or BigTIFF file.

    Raises:
        ImageError: with code "too-complex" for far more pages, tags or values than pictures have.
    """
    kinds = list(_subfile_types(data))
    pages = [number for number, kind in enumerate(kinds) if not kind & _REDUCED_OR_MASK]
    return pages or list(range(len(kinds)))


def _subfile_types(data: bytes) -> Iterator[int]:
    """Yield the subfile type of each directory; a loop of directories ends where it closes."""
    order = "little" if data[:2] == b"II" else "big"

    def number(offset: int, size: int) -> int:
        return int.from_bytes(data[offset : offset + size], order)  # type: ignore[arg-type]

    is_big = number(2, 2) == 43
    count_size, entry_size, offset_size = (8, 20, 8) if is_big else (2, 12, 4)
    seen: set[int] = set()
    offset = number(8, 8) if is_big else number(4, 4)
    while 0 < offset < len(data) and offset not in seen:
        check_time()
        seen.add(offset)
        if len(seen) > MAX_PAGES:
            raise too_complex(f"has more than {MAX_PAGES:,} pages")
        count = number(offset, count_size)
        if count > MAX_TAGS:
            raise too_complex(f"has a page with {count:,} tags")
        offset += count_size
        subfile_type = 0
        for entry in range(offset, offset + count * entry_size, entry_size):
            tag, kind, values = (
                number(entry, 2),
                number(entry + 2, 2),
                number(entry + 4, offset_size),
            )
            if values > MAX_VALUES and kind not in _TEXT_OR_BYTES:
                raise too_complex(f"has a page with {values:,} values in one tag")
            if tag == _SUBFILE_TYPE:
                subfile_type = number(entry + 4 + offset_size, 2 if kind == 3 else 4)
        yield subfile_type
        offset = number(offset + count * entry_size, offset_size)
