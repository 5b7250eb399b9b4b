"""Splitting: all digits of a Picture in reading order, each as the model reads it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from digitlab.images.multi_digit.digit_ink import Mark, Sheet, find_marks
from digitlab.images.multi_digit.join_broken import clusters, merged, ways_to_join
from digitlab.images.multi_digit.reading_order import in_rows
from digitlab.images.multi_digit.split_touching import cuts
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.normalise import is_digit_image, to_digit_image
from digitlab.images.picture import Picture
from digitlab.images.segmentation.contrast import isolate_ink, soft_edge_width
from digitlab.images.segmentation.ink import Mask, bounds, widened
from digitlab.images.segmentation.resize import enlarge
from digitlab.images.single_digit import DigitCandidate, pad_tight_crop, read_digit, to_full_box

MAX_DIGITS: Final = 200
"""Digits of one picture that are read; what comes after them in reading order is not."""


Spot = tuple[tuple[DigitCandidate, ...], ...]
"""The ways to read ink: each mark as a digit first, then parted, or several joined to one."""


class _Frame(NamedTuple):
    """Where what is looked at stands in the full picture.

    Attributes:
        scale: full pixels per pixel of it.
        size: width and height of the full picture.
        corner: x, and y, of its first pixel, in full pixels; less than 0 with a margin.
    """

    scale: float
    size: tuple[int, int]
    corner: float


def read_digits(picture: Picture) -> tuple[DigitCandidate, ...]:
    """Find all digits in a picture, in reading order.

    Rows go from top to bottom, digits from left to right. Digits that touch count as one;
    `read_spots` also gives the ways to part them.

    Args:
        picture: as `decode` or `from_array` made it.

    Returns:
        One view a digit, at most `MAX_DIGITS`; what `read_digit` gives when the picture
        holds one; empty when there is no ink.
    """
    return tuple(view for ways in read_spots(picture) for view in ways[0])


def read_spots(picture: Picture) -> tuple[Spot, ...]:
    """As `read_digits`, with every way to read each mark; the caller chooses."""
    if any(is_digit_image(grey) for grey in (picture.grey, 255 - picture.grey)):
        return (((read_digit(picture),),),)
    whole, margin = pad_tight_crop(picture.grey)
    # Small digits are enlarged, so that one rule serves all sizes.
    zoom = max(
        1, min(-(-THRESHOLDS.min_side // min(whole.shape)), THRESHOLDS.max_side // max(whole.shape))
    )
    grey = enlarge(whole, zoom)
    sheet = find_marks(grey)
    marks = () if sheet is None else sheet.marks
    if sheet is None or len(marks) == 0:
        alone = read_digit(picture)
        return () if alone.blank else (((alone,),),)
    frame = _Frame(picture.scale / zoom, picture.size, -float(margin * picture.scale))
    together = clusters(marks, sheet.height)
    rows = in_rows([merged(cluster).box for cluster in together])
    order = [number for row in rows for number in row][:MAX_DIGITS]
    spots = [_spot(sheet, together[n], frame) for n in order]
    if len(marks) == 1:
        alone = read_digit(picture)
        spots[0] = ((spots[0][0] if alone.blank else (alone,)), *spots[0][1:])
    return tuple(spots)


def _spot(sheet: Sheet, cluster: list[Mark], frame: _Frame) -> Spot:
    """Every way to read a cluster, each from left to right."""
    found = [
        tuple(_view(sheet, mark, mark.mask, frame) for mark in way)
        for way in ways_to_join(cluster, sheet.height)
    ]
    if len(cluster) == 1 and cluster[0].width > THRESHOLDS.min_touching_width * max(
        cluster[0].height, 0.8 * sheet.height
    ):
        (mark,) = cluster
        found += [tuple(_view(sheet, mark, part, frame) for part in way) for way in cuts(mark.mask)]
    return tuple(found)


def _view(sheet: Sheet, mark: Mark, part: Mask, frame: _Frame) -> DigitCandidate:
    """The view of a part of a mark, with the soft edges of its ink and nothing else."""
    edge_width = soft_edge_width(sheet.ink.shape)
    window = widened(mark.box, edge_width)
    own = np.zeros(sheet.ink[window].shape, bool)
    top, left = (side.start - wide.start for side, wide in zip(mark.box, window, strict=True))
    own[top : top + mark.height, left : left + mark.width] = part
    contrast = isolate_ink(sheet.contrast[window], own, sheet.ink[window], edge_width=edge_width)
    rows, columns = bounds(own)
    place = tuple(
        slice(side.start + wide.start, side.stop + wide.start)
        for side, wide in zip((rows, columns), window, strict=True)
    )
    return DigitCandidate(
        digit_image=to_digit_image(contrast, own),
        box=to_full_box(
            (place[0], place[1]), frame.scale, frame.size, (frame.corner, frame.corner)
        ),
        blank=False,
    )
