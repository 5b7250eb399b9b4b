"""The structure of a JPEG file: its scans and its end, without decoding any pixel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MAX_SEGMENTS: Final = 5_000
"""Segments that are counted; cameras and editors write fewer than 300."""

_END: Final = 0xD9
_START_OF_SCAN: Final = 0xDA
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # SOF0 to SOF15
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_NO_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # TEM, restarts, start of image
# Patterns that begin with one fixed byte are found many times quicker.
_MARKER: Final = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
# In a scan, "ff 00" is a byte of data, and "ff d0" to "ff d7" restart the decoder.
_AFTER_SCAN: Final = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
_COEFFICIENTS: Final = frozenset(range(64))


@dataclass(frozen=True, kw_only=True)
class JpegStructure:
    """What the markers of a JPEG file say.

    Attributes:
        segments: number of segments, counted up to `MAX_SEGMENTS` + 1.
        scans: number of scans among them.
        is_progressive: whether several scans refine the same pixels.
        end: offset of the end marker; None if the file has none.
        is_covered: whether the scans before the last one, and the last one if it only refines
            them, hold every coefficient of a progressive picture.
    """

    segments: int
    scans: int
    is_progressive: bool
    end: int | None
    is_covered: bool


def read_jpeg_structure(data: bytes) -> JpegStructure:
    """Walk through the markers of the first picture in a JPEG file.

    Args:
        data: a file that begins with the start marker.
    """
    segments, scans, is_progressive = 0, 0, False
    components: set[int] = set()
    covered: set[tuple[int, int]] = set()
    pending: set[tuple[int, int]] = set()  # of the scan that may be cut
    end = None
    match = _MARKER.search(data, 2)
    while match is not None and segments <= MAX_SEGMENTS:
        marker, position = match[1][0], match.end()
        if marker == _END:
            end = match.end() - 2
            break
        segments += 1
        pattern = _MARKER
        if marker not in _NO_LENGTH:
            body = data[position + 2 : position + int.from_bytes(data[position : position + 2])]
            position += max(2, len(body) + 2)
            if marker in _FRAMES and len(body) >= 6:
                is_progressive = marker in _PROGRESSIVE
                components = set(body[6::3][: body[5]])
            elif marker == _START_OF_SCAN:
                scans += 1
                covered |= pending
                pending = _first_coefficients(body)
                pattern = _AFTER_SCAN
        match = pattern.search(data, position)
    if end is not None:
        covered |= pending
    return JpegStructure(
        segments=segments,
        scans=scans,
        is_progressive=is_progressive,
        end=end,
        is_covered=bool(components)
        and covered >= {(component, k) for component in components for k in _COEFFICIENTS},
    )


def _first_coefficients(header: bytes) -> set[tuple[int, int]]:
    """Return the components and coefficients that a scan sends for the first time."""
    count = header[0] if header else 0
    if len(header) < 4 + 2 * count:
        return set()
    first, last, approximation = header[1 + 2 * count : 4 + 2 * count]
    if approximation >> 4:  # only refines
        return set()
    ids = header[1 : 1 + 2 * count : 2]
    return {(component, k) for component in ids for k in range(first, min(last, 63) + 1)}
