"""Digit ink: which ink of a picture belongs to digits, dark ink or bright."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from digitlab.images.budget import check_time
from digitlab.images.multi_digit.group_strokes import group_components
from digitlab.images.multi_digit.paper_sheets import is_paper_sheet, max_thickness
from digitlab.images.multi_digit.plausible_components import (
    crossing_page,
    enclosing,
    marks,
    plausible,
    usual_digit_height,
)
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components, find_components
from digitlab.images.segmentation.contrast import measure_contrast, threshold_ink
from digitlab.images.segmentation.ink import Box, Floats, Mask, union
from digitlab.images.segmentation.ruled_lines import find_page_lines, find_table_lines


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitInk:
    """The ink of one digit, of a part of a broken digit, or of several digits that touch.

    Attributes:
        box: rows and columns in the picture, tight around the ink.
        mask: bool, of the shape of the box.
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
class PageInk:
    """The ink of a picture, separated into digits and everything else.

    Attributes:
        contrast: float32 (H, W), how much each pixel differs from the paper, in grey levels.
        mask: bool (H, W), all ink, dust and lines included.
        digits: the ink of the digits, in no order.
        marks: ink of the same pen that is too small or too flat for a digit, in no order:
            dots, commas, dashes; no dust and no lines of the paper.
        digit_height: usual height of a digit, in pixels; 0 without digits.
    """

    contrast: Floats
    mask: Mask
    digits: tuple[DigitInk, ...]
    marks: tuple[DigitInk, ...]
    digit_height: float


def find_digit_ink(grey: NDArray[np.uint8]) -> PageInk | None:
    """Find the ink of all digits in a picture.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.

    Returns:
        The ink of the likelier polarity; None when the picture has no ink.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return None
    page = grey.astype(np.float32)
    dark, bright = _find_dark_ink(page), _find_dark_ink(255 - page)
    if dark is None or bright is None:
        return dark or bright
    dark_digits, bright_digits = (
        [digit for digit in ink.digits if not is_paper_sheet(digit.mask)] for ink in (dark, bright)
    )
    is_bare = np.ones(page.shape, bool)
    for digit in (*dark_digits, *bright_digits):
        is_bare[digit.box] &= ~digit.mask
    dark_evidence = _evidence(page, dark_digits, is_bare)
    return dark if dark_evidence >= _evidence(255 - page, bright_digits, is_bare) else bright


def _find_dark_ink(page: Floats) -> PageInk | None:
    """Find dark ink; try narrower windows until one shows digits.

    Returns:
        The ink of the first window that shows digits; without digits, that of the first
        window that shows ink; None without ink.
    """
    without_digits: PageInk | None = None
    for window_share in THRESHOLDS.stroke_windows:
        check_time()
        contrast, noise = measure_contrast(page, window_share=window_share)
        mask = threshold_ink(contrast, noise=noise)
        if mask is not None:
            if without_digits is not None and np.array_equal(mask, without_digits.mask):
                continue  # the same ink shows no digits again
            page_ink = _find_digits(mask & ~find_page_lines(mask), mask, contrast)
            if page_ink.digits:
                return page_ink
            without_digits = without_digits or page_ink
    return without_digits


def _evidence(page: Floats, digits: list[DigitInk], is_bare: Mask) -> float:
    """Return the evidence that dark ink is digits: length of the strokes times contrast.

    Args:
        page: float32 (H, W), dark ink.
        digits: the ink of the digits.
        is_bare: bool (H, W), the paper without ink of either polarity.
    """
    distance = _distance_to_paper(page, is_bare)
    return sum(
        float(np.median(distance[digit.box][digit.mask]))
        * int(digit.mask.sum())
        / max_thickness(digit.mask)
        for digit in digits
    )


def _distance_to_paper(page: Floats, is_bare: Mask) -> Floats:
    """Return how much darker each pixel is than the mean of the bare paper near it.

    The paper inside a 0, taken as bright ink, is as bright as the paper around it.

    Args:
        page: float32 (H, W), dark ink.
        is_bare: bool (H, W), the paper without ink of either polarity.

    Returns:
        float32 (H, W), in grey levels.
    """
    from scipy import ndimage

    size = max(3, int(THRESHOLDS.paper_window * float(np.sqrt(page.size))))
    weights = is_bare.astype(np.float32)
    share = ndimage.uniform_filter(weights, size)
    tone = ndimage.uniform_filter(page * weights, size)
    mean_tone = float(page[is_bare].mean()) if is_bare.any() else float(page.mean())
    paper = np.where(share > 1e-3, tone / np.maximum(share, 1e-3), mean_tone)
    distance: Floats = paper - page
    return distance


def _find_digits(ink: Mask, mask: Mask, contrast: Floats) -> PageInk:
    """Separate ink into digits, other marks and the rest.

    Args:
        ink: bool (H, W), the ink without lines from edge to edge.
        mask: bool (H, W), all ink.
        contrast: float32 (H, W), in grey levels.
    """
    nothing = PageInk(contrast=contrast, mask=mask, digits=(), marks=(), digit_height=0.0)
    components = find_components(ink, contrast)
    if not len(components) or _box_cover(components) > THRESHOLDS.max_box_cover:
        return nothing
    is_line = enclosing(components) | crossing_page(components)
    digit_height = usual_digit_height(components, ~is_line)
    min_digit_height = max(
        THRESHOLDS.min_digit_pixels, THRESHOLDS.min_digit_height * max(ink.shape)
    )
    if digit_height < THRESHOLDS.min_height_with_lines * min_digit_height:
        return nothing
    is_broad = components.extents > THRESHOLDS.max_digit_extent * digit_height
    if (is_broad | is_line).any():
        pale = _pale_ink(components, contrast, np.flatnonzero(is_broad & ~is_line))
        components = find_components(ink & ~pale, contrast)
        components = find_components(_without_lines(components), contrast)
        if not len(components) or _box_cover(components) > THRESHOLDS.max_box_cover:
            return nothing
        is_line = enclosing(components) | crossing_page(components)
        digit_height = usual_digit_height(components, ~is_line)
    if digit_height < min_digit_height:
        return nothing
    is_plausible = plausible(components, digit_height) & ~is_line
    kept = np.flatnonzero(is_plausible)
    if _box_cover(components, kept) > THRESHOLDS.max_digit_cover:
        return nothing
    groups = [
        _to_digit_ink(components, numbers)
        for numbers in group_components(components, kept, digit_height)
    ]
    is_digit = [group.height >= _min_height(group) * digit_height for group in groups]
    others = np.flatnonzero(marks(components, digit_height) & ~is_plausible & ~is_line)
    return PageInk(
        contrast=contrast,
        mask=mask,
        digits=tuple(compress(groups, is_digit)),
        marks=(
            *(group for group, kept in zip(groups, is_digit, strict=True) if not kept),
            *(_to_digit_ink(components, [number]) for number in map(int, others)),
        ),
        digit_height=digit_height,
    )


def _box_cover(components: Components, numbers: NDArray[np.intp] | slice = slice(None)) -> float:
    """Return the area of the boxes of some components, as a share of the picture's.

    Digits stand side by side. Boxes that cover the picture several times over belong to a pattern,
    such as diagonal stripes or rings.
    """
    box_areas = components.heights[numbers] * components.widths[numbers]
    return float(box_areas.sum()) / components.labels.size


def _pale_ink(components: Components, contrast: Floats, numbers: NDArray[np.intp]) -> Mask:
    """Return ink that is pale beside the strokes of its component; bool (H, W).

    Such ink is squared paper, a fold, or the edge of a shadow.

    Args:
        components: all components.
        contrast: float32 (H, W), in grey levels.
        numbers: components that may have pale ink.
    """
    pale = np.zeros(contrast.shape, bool)
    largest = numbers[np.argsort(-components.areas[numbers], kind="stable")]
    for number in largest[: THRESHOLDS.max_pale_components]:
        box = components.boxes[number]
        own = components.labels[box] == number + 1
        tone = float(np.percentile(contrast[box][own], THRESHOLDS.pale_percentile))
        pale[box] |= own & (contrast[box] < THRESHOLDS.pale_share * tone)
    return pale


def _without_lines(components: Components) -> Mask:
    """Return the ink of all components without lines and frames; bool (H, W)."""
    ink = components.labels > 0
    encloses, crosses = enclosing(components), crossing_page(components)
    digit_height = usual_digit_height(components, ~(encloses | crosses))
    min_level = THRESHOLDS.max_digit_extent * digit_height
    is_broad = crosses | (components.extents > min_level)
    max_required = THRESHOLDS.max_required_line * max(ink.shape)
    for is_lined, min_upright in (
        (encloses, THRESHOLDS.min_frame_side * digit_height),
        (is_broad & ~encloses, THRESHOLDS.min_upright_line * digit_height),
    ):
        if is_lined.any():
            lined_ink = ink & np.append(False, is_lined)[components.labels]
            ink = ink & ~find_table_lines(
                lined_ink,
                min_level=min(min_level, max_required),
                min_upright=min(min_upright, max_required),
            )
    return ink


def _min_height(digit: DigitInk) -> float:
    """Return the least height of a digit, in digit heights; commas are narrow and low."""
    is_narrow = digit.width <= THRESHOLDS.narrow_digit * digit.height
    return THRESHOLDS.min_narrow_height if is_narrow else THRESHOLDS.min_height


def _to_digit_ink(components: Components, numbers: list[int]) -> DigitInk:
    """Join some components to the ink of one digit."""
    box = reduce(union, (components.boxes[number] for number in numbers))
    labels = components.labels[box]
    mask = labels == numbers[0] + 1
    for number in numbers[1:]:
        mask |= labels == number + 1
    return DigitInk(box=box, mask=mask)
