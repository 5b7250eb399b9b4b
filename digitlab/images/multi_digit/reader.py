"""Reading several digits: the digits of a Picture in reading order, as a model reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from digitlab.images.budget import check_time
from digitlab.images.multi_digit.digit_ink import DigitInk, InkSearch, PageInk, find_digit_ink
from digitlab.images.multi_digit.join_broken import box_around, cluster_broken, ways_to_join
from digitlab.images.multi_digit.reading_order import sort_into_rows
from digitlab.images.multi_digit.separators import (
    Mark,
    RowDigit,
    find_long_commas,
    find_separators,
)
from digitlab.images.multi_digit.split_touching import ways_to_split
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.normalise import is_digit_image, to_digit_image
from digitlab.images.picture import Picture
from digitlab.images.resize import enlarge
from digitlab.images.segmentation.contrast import isolate_ink, soft_edge_width
from digitlab.images.segmentation.desk import clear_desk
from digitlab.images.segmentation.ink import Box, Mask, bounds, widened
from digitlab.images.single_digit import DigitCandidate, pad_tight_crop, read_digit, to_full_box

MAX_DIGITS: Final = 200
"""Number of digits of one picture that are read, the first ones in reading order."""

MAX_CANDIDATES: Final = 1000
"""Number of candidates in one picture from which on touching digits are no longer split, nor broken
ones joined. A page of 200 digits has about 400."""

MAX_MARKS: Final = 1000
"""Number of marks from which on they are the pattern of the paper and no separators."""

Segmentations = tuple[tuple[DigitCandidate, ...], ...]
"""The ways to segment one cluster of ink into digits, each from left to right.

The first way takes each connected ink as a digit. The others split it, or join several to one.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentedPage:
    """A picture, segmented into digits.

    Attributes:
        rows: the segmentations of each cluster of ink: rows from top to bottom, clusters from
            left to right. At most `MAX_DIGITS` clusters, no empty row.
        marks: the ink of the same pen that is no digit.
        stroke_width: usual width of the digits' strokes, in full pixels.
        search: how the ink was searched; None without digits.
    """

    rows: tuple[tuple[Segmentations, ...], ...] = ()
    marks: tuple[Mark, ...] = ()
    stroke_width: float = 0.0
    search: InkSearch | None = None

    @property
    def clusters(self) -> tuple[Segmentations, ...]:
        """The segmentations of all clusters in reading order."""
        return tuple(cluster for row in self.rows for cluster in row)


class _Frame(NamedTuple):
    """The place of the searched image in the full picture.

    Attributes:
        scale: full pixels per pixel of the image.
        size: width and height of the full picture.
        corner: x and y of the image's first pixel, in full pixels; negative where paper was
            added.
    """

    scale: float
    size: tuple[int, int]
    corner: tuple[float, float]


def read_digits(picture: Picture) -> tuple[DigitCandidate, ...]:
    """Find all digits in a picture, in reading order.

    Rows go from top to bottom, digits from left to right. Digits that touch count as one;
    `segment_page` also gives the ways to split them.

    Args:
        picture: from `decode` or `from_array`.

    Returns:
        One candidate for each digit, at most `MAX_DIGITS`; the result of `read_digit` when the
        picture has one digit; none when there is no ink.
    """
    return tuple(candidate for ways in segment_page(picture).clusters for candidate in ways[0])


def segment_page(
    picture: Picture, *, search: InkSearch | None = None, one: DigitCandidate | None = None
) -> SegmentedPage:
    """Find all digits in a picture, with the ways to split touching and to join broken ones.

    Args:
        picture: from `decode` or `from_array`.
        search: how to search the ink, such as that of the same page turned.
        one: the digit of a picture with one digit, from `read_digit`; None finds it if needed.

    Returns:
        The segmentations of each cluster of ink. The caller chooses one of each;
        `Reader.read_all` lets the classifier choose.
    """
    if any(is_digit_image(grey) for grey in (picture.grey, 255 - picture.grey)):
        return SegmentedPage(rows=((((one or read_digit(picture),),),),))
    sheet = clear_desk(picture.grey)
    padded, padding = pad_tight_crop(sheet.grey)
    factor = _enlargement(padded.shape)
    page = find_digit_ink(enlarge(padded, factor), search=search)
    if page is None or not page.digits:
        candidate = one or read_digit(picture)
        return SegmentedPage(rows=() if candidate.blank else ((((candidate,),),),))
    top, left = ((first - padding) * float(picture.scale) for first in sheet.corner)
    frame = _Frame(picture.scale / factor, picture.size, (left, top))
    commas = find_long_commas([digit.box for digit in page.digits], page.digit_height)
    digits = [digit for number, digit in enumerate(page.digits) if number not in commas]
    own_marks = [*page.marks, *(page.digits[number] for number in commas)]
    marks = tuple(
        Mark(box=_full_box(mark.box, frame), mask=mark.mask)
        for mark in (own_marks if len(own_marks) <= MAX_MARKS else ())
    )
    stroke_width = _stroke_width(page) * frame.scale
    clusters = cluster_broken(digits, page.digit_height)
    rows: list[tuple[Segmentations, ...]] = []
    free, candidates = MAX_DIGITS, 0
    for numbers in sort_into_rows([box_around(cluster) for cluster in clusters]):
        row: list[Segmentations] = []
        for number in numbers[:free]:
            has_ways = candidates < MAX_CANDIDATES
            row.append(_segment(page, clusters[number], frame, has_ways=has_ways))
            candidates += sum(map(len, row[-1]))
        free -= len(row)
        rows += [tuple(row)] if row else []
    if len(digits) == 1 and not _has_separator(rows[0][0][0][0], marks, stroke_width):
        candidate = one or read_digit(picture)
        if not candidate.blank:
            rows = [(((candidate,), *rows[0][0][1:]),)]
    return SegmentedPage(
        rows=tuple(rows), marks=marks, stroke_width=stroke_width, search=page.search
    )


def _has_separator(candidate: DigitCandidate, marks: tuple[Mark, ...], stroke_width: float) -> bool:
    """Return whether a digit that is alone has a separator beside it, such as a minus."""
    digit = RowDigit(box=candidate.box, digit_image=candidate.digit_image)
    return bool(find_separators([[digit]], marks, stroke_width=stroke_width)[0])


def _enlargement(shape: tuple[int, ...]) -> int:
    """Return the factor by which to enlarge a picture of small digits; 1 for a large one."""
    wanted = -(-THRESHOLDS.min_side // min(shape))
    return max(1, min(wanted, THRESHOLDS.max_side // max(shape)))


def _stroke_width(page: PageInk) -> float:
    """Return the usual width of the digits' strokes, in pixels: twice their area by their edge."""
    area = sum(int(digit.mask.sum()) for digit in page.digits)
    edge = sum(digit.outline for digit in page.digits)
    return 2 * area / (edge * np.pi / 4)  # a slanted edge crosses more pixels than its length


def _segment(
    page: PageInk, cluster: list[DigitInk], frame: _Frame, *, has_ways: bool
) -> Segmentations:
    """List the ways to segment a cluster; only the first one unless `has_ways`."""
    check_time()
    segmentations = [
        tuple(_to_candidate(page, digit, digit.mask, frame) for digit in way)
        for way in ways_to_join(cluster, page.digit_height)[: None if has_ways else 1]
    ]
    if has_ways and len(cluster) == 1 and _may_touch(cluster[0], page.digit_height):
        digit = cluster[0]
        segmentations += [
            tuple(_to_candidate(page, digit, part, frame) for part in way)
            for way in ways_to_split(digit.mask)
        ]
    return tuple(segmentations)


def _may_touch(digit: DigitInk, digit_height: float) -> bool:
    """Return whether ink is so wide that it may be several digits that touch."""
    height = max(digit.height, THRESHOLDS.min_touching_height * digit_height)
    return digit.width > THRESHOLDS.min_touching_width * height


def _to_candidate(page: PageInk, digit: DigitInk, part: Mask, frame: _Frame) -> DigitCandidate:
    """Bring some ink into MNIST's frame, with its soft edges and without its neighbours.

    Args:
        page: the ink of the whole picture.
        digit: the ink that holds the part.
        part: bool, of the shape of `digit.mask`.
        frame: place of the page in the full picture.
    """
    edge_width = soft_edge_width(page.mask.shape)
    window = widened(digit.box, edge_width)
    mask = np.zeros(page.mask[window].shape, bool)
    top, left = (side.start - wide.start for side, wide in zip(digit.box, window, strict=True))
    mask[top : top + digit.height, left : left + digit.width] = part
    contrast = isolate_ink(page.contrast[window], mask, page.mask[window], edge_width=edge_width)
    rows, columns = (
        slice(side.start + wide.start, side.stop + wide.start)
        for side, wide in zip(bounds(mask), window, strict=True)
    )
    return DigitCandidate(
        digit_image=to_digit_image(contrast, mask),
        box=_full_box((rows, columns), frame),
        blank=False,
    )


def _full_box(box: Box, frame: _Frame) -> tuple[int, int, int, int]:
    """Convert rows and columns of the page to x, y, width, height in full pixels."""
    return to_full_box(box, frame.scale, frame.size, frame.corner)
