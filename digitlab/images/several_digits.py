"""Several digits: whether the ink that the search for one digit found may be several digits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.candidates import PolarityInk
from digitlab.images.segmentation.components import Components, find_components, stroke_lengths
from digitlab.images.segmentation.ink import Box, FullBox, bounds, widened
from digitlab.images.single_digit import InkRegion


@dataclass(frozen=True, kw_only=True)
class SeveralDigitsThresholds:
    """The tuned values of the search for more than one digit.

    Attributes:
        min_page_side: pixels of the longer side of a picture whose digits may all be too small
            for a candidate.
        max_components: number of components that are compared, the largest ones.
        max_references: number of components with which the others are compared, those with the
            most ink.
        min_extent: extent of a digit, as a share of the picture's longer side.
        min_pixels: extent of a digit in pixels.
        max_stroke_width: width of a digit's stroke, as a share of its extent.
        max_size_ratio: extents of two digits differ by at most this factor.
        max_tone_ratio: contrasts of two digits differ by at most this factor.
        max_stroke_ratio: stroke widths of two digits differ by at most this factor.
        min_touching_aspect: width of digits that touch, as a share of their height.
    """

    min_page_side: int = 200
    max_components: int = 250
    max_references: int = 5
    min_extent: float = 0.015
    min_pixels: int = 6
    max_stroke_width: float = 0.45
    max_size_ratio: float = 3.0
    max_tone_ratio: float = 2.0
    max_stroke_ratio: float = 2.5
    min_touching_aspect: float = 1.6


THRESHOLDS: Final = SeveralDigitsThresholds()


def may_be_several(
    page: InkRegion, *, is_unsure: bool = False, sure: FullBox | None = None
) -> bool:
    """Return whether the ink of a picture may be several digits; quick and seldom wrong.

    Digits of one pen are alike in size, contrast and stroke width, stand beside each other and
    do not touch the picture's edge, as the cut neighbours of one digit do. Digits that touch
    each other are wide. `Reader.read` reads such a picture as several digits to be sure.

    Args:
        page: the ink of the whole picture, from `search_digit`.
        is_unsure: whether the reading as one digit is unsure: the lines of squared paper may
            join the digits to one component.
        sure: box of a digit that was read for sure, in the full picture: another one is like it
            and beside it, while pieces inside it are its own strokes.
    """
    # There is no polarity, too, where each component is small among many.
    if (is_unsure or not page.polarities) and _is_large(page.grey.shape):
        return True
    return any(_has_several(ink, sure and _to_region(sure, page)) for ink in page.polarities)


def _to_region(box: FullBox, page: InkRegion) -> Box:
    """Return the pixels of a region that a box of the full picture covers."""
    columns, rows = (
        slice(int((start - corner) / page.scale), math.ceil((start + side - corner) / page.scale))
        for start, side, corner in zip(box[:2], box[2:], page.corner, strict=True)
    )
    return rows, columns


def _is_large(shape: tuple[int, ...]) -> bool:
    """Return whether a picture may hold digits that are too small for a candidate."""
    return max(shape) >= THRESHOLDS.min_page_side


def _has_several(ink: PolarityInk, sure: Box | None) -> bool:
    """Return whether ink may be several digits, one of them in the box that is sure."""
    mask = ink.mask & ~ink.lines
    if not mask.any():  # the ink is so faint that only a closer search found it
        return _is_large(mask.shape)
    window = widened(bounds(mask), 1)  # its edge has ink only at the picture's edge
    components = find_components(
        mask[window], np.minimum(ink.contrast[window], 255), max_count=THRESHOLDS.max_components
    )
    min_extent = max(THRESHOLDS.min_pixels, THRESHOLDS.min_extent * max(mask.shape))
    is_inside = ~components.touched_edges().any(0)
    digits = np.flatnonzero(is_inside & (components.extents >= min_extent))
    aspects = components.widths[digits] / components.heights[digits]
    if len(digits) < 2 and not (aspects >= THRESHOLDS.min_touching_aspect).any():
        return False
    stroke_widths = _stroke_widths(components)[digits]
    is_stroke = stroke_widths <= THRESHOLDS.max_stroke_width * components.extents[digits]
    digits, stroke_widths, aspects = digits[is_stroke], stroke_widths[is_stroke], aspects[is_stroke]
    by_mass = np.argsort(-components.masses[digits])
    if len(digits) and aspects[by_mass[0]] >= THRESHOLDS.min_touching_aspect:
        return True
    boxes = [components.boxes[digit] for digit in digits]
    corner = tuple(side.start for side in window)
    is_own = [sure is not None and _has_centre(sure, box, corner) for box in boxes]
    references = [n for n in by_mass if sure is None or is_own[n]]
    return any(
        not is_own[other] and _are_apart(boxes[reference], boxes[other])
        for reference in references[: THRESHOLDS.max_references]
        for other in np.flatnonzero(
            _is_alike(components.extents[digits], reference, THRESHOLDS.max_size_ratio)
            & _is_alike(components.tones[digits], reference, THRESHOLDS.max_tone_ratio)
            & _is_alike(stroke_widths, reference, THRESHOLDS.max_stroke_ratio)
        )
    )


def _stroke_widths(components: Components) -> NDArray[np.float64]:
    """Return the mean width of each component's strokes, twice its area by its edge; (N,)."""
    # A slanted edge crosses more pixels than its length.
    widths: NDArray[np.float64] = components.areas / (stroke_lengths(components) * np.pi / 4)
    return widths


def _is_alike(
    values: NDArray[np.float64 | np.int64], reference: int, max_ratio: float
) -> NDArray[np.bool_]:
    """Return which values differ from one of them by at most a factor; (N,)."""
    ratios = values / values[reference]
    is_alike: NDArray[np.bool_] = (ratios <= max_ratio) & (ratios * max_ratio >= 1)
    return is_alike


def _has_centre(outer: Box, box: Box, corner: tuple[int, ...]) -> bool:
    """Return whether a box holds the centre of another, whose places are relative to a corner."""
    return all(
        around.start <= first + (side.start + side.stop) / 2 < around.stop
        for around, side, first in zip(outer, box, corner, strict=True)
    )


def _are_apart(one: Box, other: Box) -> bool:
    """Return whether two boxes do not overlap."""
    return any(a.stop <= b.start or b.stop <= a.start for a, b in zip(one, other, strict=True))
