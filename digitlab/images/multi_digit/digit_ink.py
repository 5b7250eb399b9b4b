"""Marks: which ink of a picture belongs to digits, dark ink or bright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.group_strokes import group
from digitlab.images.multi_digit.paper_sheets import is_sheet, thickness
from digitlab.images.multi_digit.plausible_components import (
    around_others,
    crossing,
    plausible,
    usual_height,
)
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components, find_components
from digitlab.images.segmentation.contrast import measure_contrast, threshold_ink
from digitlab.images.segmentation.ink import Box, Floats, Mask, union
from digitlab.images.segmentation.ruled_lines import find_page_lines, find_table_lines


@dataclass(frozen=True, kw_only=True, eq=False)
class Mark:
    """The ink of one digit, or of some that touch.

    Attributes:
        box: rows and columns, tight around it.
        mask: bool, of the box's shape.
    """

    box: Box
    mask: Mask

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.mask.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.mask.shape[1])


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """A picture whose ink has been told from paper, lines and dust.

    Attributes:
        contrast: float32 (H, W), how far each pixel stands out from the paper.
        ink: bool (H, W), all that is ink, dust and lines too.
        marks: the digits' ink, in no order.
        height: usual height of a digit, in pixels; 0 without marks.
    """

    contrast: Floats
    ink: Mask
    marks: tuple[Mark, ...]
    height: float


def find_marks(grey: NDArray[np.uint8]) -> Sheet | None:
    """Find the ink of all digits in a picture.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.

    Returns:
        The sheet; None when the picture holds no ink at all.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return None
    page = grey.astype(np.float32)
    dark, bright = _read_dark(page), _read_dark(255 - page)
    if dark is None or bright is None:
        return dark or bright
    marks = [[m for m in sheet.marks if not is_sheet(m.mask)] for sheet in (dark, bright)]
    bare = np.ones(page.shape, bool)
    for mark in (*marks[0], *marks[1]):
        bare[mark.box] &= ~mark.mask
    is_dark = _evidence(page, marks[0], bare) >= _evidence(255 - page, marks[1], bare)
    return dark if is_dark else bright


def _read_dark(page: Floats) -> Sheet | None:
    """The page with dark ink; looked at more narrowly while nothing but blots is found."""
    found = None
    for share in THRESHOLDS.stroke_windows:
        contrast, noise = measure_contrast(page, window_share=share)
        ink = threshold_ink(contrast, noise=noise)
        if ink is not None:
            marks, height = _digits(ink & ~find_page_lines(ink), contrast)
            found = found or Sheet(contrast=contrast, ink=ink, marks=(), height=0.0)
            if marks:
                return Sheet(contrast=contrast, ink=ink, marks=marks, height=height)
    return found


def _evidence(page: Floats, marks: list[Mark], bare: Mask) -> float:
    """How long the marks' strokes are, and how much darker than the bare paper near them."""
    distance = _distance(page, bare)
    return sum(
        float(np.median(distance[m.box][m.mask])) * int(m.mask.sum()) / thickness(m.mask)
        for m in marks
    )


def _distance(page: Floats, bare: Mask) -> Floats:
    """How far each pixel is darker than the mean of the bare paper near it, in grey levels.

    The paper inside a 0, taken as bright ink, is as bright as the paper around it.
    """
    from scipy import ndimage

    size = max(3, int(THRESHOLDS.paper_window * float(np.sqrt(page.size))))
    weights = bare.astype(np.float32)
    share = ndimage.uniform_filter(weights, size)
    tone = ndimage.uniform_filter(page * weights, size)
    whole = float(page[bare].mean()) if bare.any() else float(page.mean())
    paper = np.where(share > 1e-3, tone / np.maximum(share, 1e-3), whole)
    distance: Floats = paper - page
    return distance


def _digits(ink: Mask, contrast: Floats) -> tuple[tuple[Mark, ...], float]:
    """The marks among the ink, and the usual height of a digit."""
    components = find_components(ink, contrast)
    lines = around_others(components) | crossing(components)
    usual = usual_height(components, ~lines)
    broad = components.extents > THRESHOLDS.max_digit_extent * usual
    if (broad | lines).any():
        components = find_components(
            ink & ~_pale(components, contrast, np.flatnonzero(broad & ~lines)), contrast
        )
        components = _without_lines(components, contrast)
        if not components.boxes:
            return (), 0.0
        lines = around_others(components) | crossing(components)
        usual = usual_height(components, ~lines)
    if usual < max(THRESHOLDS.min_digit_pixels, THRESHOLDS.min_digit_height * max(ink.shape)):
        return (), 0.0
    kept = np.flatnonzero(plausible(components, usual) & ~lines)
    marks = [_mark(components, numbers) for numbers in group(components, kept, usual)]
    return tuple(mark for mark in marks if mark.height >= _least(mark) * usual), usual


def _pale(components: Components, contrast: Floats, numbers: NDArray[np.intp]) -> Mask:
    """What is pale beside the rest of its own piece: squared paper, folds, the edge of a shadow."""
    pale = np.zeros(contrast.shape, bool)
    for number in numbers:
        box = components.boxes[number]
        own = components.labels[box] == number + 1
        tone = float(np.percentile(contrast[box][own], 75))
        pale[box] |= own & (contrast[box] < THRESHOLDS.pale_share * tone)
    return pale


def _without_lines(components: Components, contrast: Floats) -> Components:
    """The pieces that are left when lines and frames are taken out of them."""
    ink = components.labels > 0
    around, across = around_others(components), crossing(components)
    usual = usual_height(components, ~(around | across))
    broad = across | (components.extents > THRESHOLDS.max_digit_extent * usual)
    most = 0.75 * max(ink.shape)
    for lined, high in (
        (around, THRESHOLDS.min_frame_side),
        (broad & ~around, THRESHOLDS.min_upright_line),
    ):
        if lined.any():
            where = np.append(False, lined)[components.labels]
            level, upright = min(THRESHOLDS.max_digit_extent * usual, most), min(high * usual, most)
            ink = ink & ~find_table_lines(ink & where, min_level=level, min_upright=upright)
    return find_components(ink, contrast)


def _least(mark: Mark) -> float:
    """The height of a digit at least, in usual heights; commas and colons are narrow and low."""
    return THRESHOLDS.min_height if mark.width > 0.4 * mark.height else THRESHOLDS.min_narrow_height


def _mark(components: Components, numbers: list[int]) -> Mark:
    box = components.boxes[numbers[0]]
    for number in numbers[1:]:
        box = union(box, components.boxes[number])
    return Mark(box=box, mask=np.isin(components.labels[box], np.array(numbers) + 1))
