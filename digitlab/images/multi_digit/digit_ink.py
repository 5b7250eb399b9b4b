"""Digit ink: which ink of a picture belongs to digits, dark ink or bright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.budget import check_time
from digitlab.images.multi_digit.group_strokes import group_components
from digitlab.images.multi_digit.paper_sheets import is_paper_sheet, max_thickness
from digitlab.images.multi_digit.plausible_components import (
    blots,
    cell_sides,
    crossing_page,
    enclosing,
    framing,
    line_ends,
    marks,
    plausible,
    repeated,
    rungs,
    usual_digit_height,
    weighted_median,
)
from digitlab.images.multi_digit.straight_lines import find_lines
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.resize import shrink
from digitlab.images.segmentation.components import (
    Components,
    find_components,
    label_connected,
    stroke_lengths,
)
from digitlab.images.segmentation.contrast import measure_contrast, threshold_ink
from digitlab.images.segmentation.ink import Box, Floats, Mask, bounds, extent, union
from digitlab.images.segmentation.thresholds import THRESHOLDS as SEGMENTATION


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

    @property
    def outline(self) -> int:
        """Number of sides of pixels between ink and paper."""
        mask = np.pad(self.mask, 1)
        return int((mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum())


class InkWay(NamedTuple):
    """How to separate ink from the paper and its lines.

    Attributes:
        strict: whether the threshold leaves out ink that is paler than the strokes.
        lined: whether lines of the paper are left out.
    """

    strict: bool
    lined: bool


class InkSearch(NamedTuple):
    """How to search for ink.

    Attributes:
        bright: whether to search for bright ink on dark paper.
        window_share: side of the paper's window, as a share of the usual one.
        way: how to separate ink from the paper and its lines; None to try all ways.
    """

    bright: bool
    window_share: float
    way: InkWay | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class PageInk:
    """The ink of a picture, separated into digits and everything else.

    Attributes:
        contrast: float32 (H, W), how much each pixel differs from the paper, in grey levels;
            without the smoothing that finds faint strokes.
        mask: bool (H, W), all ink, dust and lines included.
        digits: the ink of the digits, in no order.
        marks: ink of the same pen that is too small or too flat for a digit, in no order:
            dots, commas, dashes; no dust and no lines of the paper.
        digit_height: usual height of a digit, in pixels; 0 without digits.
        search: how the ink was searched and found.
    """

    contrast: Floats
    mask: Mask
    digits: tuple[DigitInk, ...]
    marks: tuple[DigitInk, ...]
    digit_height: float
    search: InkSearch | None = None


def find_digit_ink(grey: NDArray[np.uint8], *, search: InkSearch | None = None) -> PageInk | None:
    """Find the ink of all digits in a picture.

    A small copy decides the polarity and the width of the strokes, so that the picture itself is
    searched only once.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.
        search: how to search; without it, the likeliest searches are tried.

    Returns:
        The ink of the likelier polarity; None when the picture has no ink.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return None
    page = grey.astype(np.float32)
    searches = [search] if search else _rank_searches(shrink(page, THRESHOLDS.coarse_side))
    without_digits: PageInk | None = None
    for number, likely in enumerate(searches[: THRESHOLDS.max_searches]):
        ink = _find_ink(page, likely, effort=0 if number else 2)
        if ink is not None and ink.digits:
            return ink
        without_digits = without_digits or ink
    return without_digits


def _rank_searches(page: Floats) -> list[InkSearch]:
    """Return the searches of a picture that find digits, or all, the likeliest first.

    Strokes are much narrower than digits. A narrow window leaves shade, hands and the edges of a
    desk in the paper; a wider one is tried where the strokes fill it.
    """
    ranked: list[tuple[float, InkSearch]] = []
    for window_share in THRESHOLDS.stroke_windows:
        searches = [InkSearch(bright, window_share) for bright in (False, True)]
        inks = [_find_ink(page, search, effort=int(not ranked)) for search in searches]
        evidence = _evidence(page, inks)
        place = int(np.argmax(evidence))
        best = inks[place]
        is_complete = (
            best is not None
            and _fit_window(best, window_share)
            and _are_complete(255 - page if place else page, best)
        )
        weight = 1.0 if is_complete else THRESHOLDS.incomplete_evidence
        ranked += [(weight * some, search) for some, search in zip(evidence, searches, strict=True)]
        if is_complete:
            break
    ranked.sort(key=lambda pair: -pair[0])
    return [search for evidence, search in ranked if evidence > 0 or ranked[0][0] == 0]


def _is_cluttered(mask: Mask) -> bool:
    """Return whether connected ink is so large that it may hold lines of the paper."""
    from scipy import ndimage

    if _is_pattern(mask):
        return False
    labels, count = label_connected(mask)
    if count > THRESHOLDS.max_cluttered_components:
        return False
    min_extent = THRESHOLDS.min_cluttered_extent * max(mask.shape)
    return any(extent(box) > min_extent for box in ndimage.find_objects(labels))


def _is_pattern(mask: Mask) -> bool:
    """Return whether the box around all ink holds more ink than digits and lines have."""
    box = bounds(mask)
    return float(mask[box].mean()) > THRESHOLDS.max_lined_share


def _fit_window(ink: PageInk, window_share: float) -> bool:
    """Return whether the strokes of the digits are much narrower than the paper's window."""
    if not ink.digits:
        return False
    thickness = float(np.median([max_thickness(digit.mask) for digit in ink.digits]))
    window = window_share * SEGMENTATION.paper_window * float(np.sqrt(ink.mask.size))
    return thickness < THRESHOLDS.max_window_fill * window


def _are_complete(page: Floats, ink: PageInk) -> bool:
    """Return whether the boxes of the digits hold no other pixels as dark as their ink.

    A window that is narrower than a stroke finds only the ends and crossings of the stroke.

    Args:
        page: float32 (H, W), dark ink.
        ink: ink of the page.
    """
    found = missing = 0
    for digit in ink.digits:
        grey = page[digit.box]
        tone = float(np.median(grey[digit.mask]))
        paper = float(np.percentile(grey, THRESHOLDS.box_paper_percentile))
        is_dark = grey < tone + THRESHOLDS.dark_share * (paper - tone)
        found += int(digit.mask.sum())
        missing += int((is_dark & ~ink.mask[digit.box]).sum())
    return missing < THRESHOLDS.max_missing * found


def _find_ink(page: Floats, search: InkSearch, *, effort: int) -> PageInk | None:
    """Return the ink of one polarity; None without ink.

    Args:
        page: float32 (H, W).
        search: how to search; with a `way`, this one alone.
        effort: where ink may hold lines of the paper, 0 searches it as it is, 1 also without the
            lines, 2 also with a stricter threshold, which leaves out lines that are paler than
            the strokes.
    """
    check_time()
    dark_page = 255 - page if search.bright else page
    contrast, noise, sharp = measure_contrast(dark_page, window_share=search.window_share)
    mask = threshold_ink(contrast, noise=noise)
    if mask is None:
        return None
    is_lined = search.way.lined if search.way else bool(effort) and _is_cluttered(mask)
    lines = _page_lines(mask, contrast) if is_lined else np.zeros_like(mask)

    def find(way: InkWay) -> PageInk:
        strict = None
        if way.strict:
            strict = threshold_ink(contrast, noise=noise, weak=THRESHOLDS.strict_weak_ink)
        own = mask if strict is None else strict
        ink = _find_digits(own & ~lines if way.lined else own, own, contrast)
        return replace(ink, contrast=sharp, search=search._replace(way=way))

    if search.way is not None:
        return find(search.way)
    ways = [InkWay(strict=False, lined=is_lined) for is_lined in (False, True)]
    ink = find(ways[0])
    if lines.sum() <= THRESHOLDS.min_lined_ink * mask.sum():
        return ink
    found = [ink, find(ways[1])]
    is_same = len({(len(some.digits), some.digit_height) for some in found}) == 1
    if effort > 1 and not is_same:  # lines are in the way
        ways += [way._replace(strict=True) for way in ways]
        found += map(find, ways[2:])
    # The lowest height is that of single digits; a line joins several.
    digit_height = min((some.digit_height for some in found if some.digits), default=0.0)
    gains = [
        _gain(some.digits, digit_height) * (THRESHOLDS.lined_gain if way.lined else 1.0)
        for way, some in zip(ways, found, strict=True)
    ]
    return found[int(np.argmax(gains))]


def _gain(digits: Sequence[DigitInk], digit_height: float) -> float:
    """Return how well ink was separated into digits: about the length of their strokes, in pixels.

    What joins several digits counts as one, and what lies around a digit counts against the rest.

    Args:
        digits: the digits that were found.
        digit_height: height of a digit that is not joined to others, in pixels.
    """
    if not digits:
        return 0.0
    lengths = np.array(
        [_stroke_length(digit, narrow=THRESHOLDS.narrow_gain) for digit in digits], float
    )
    is_joined = np.array([max(digit.mask.shape) for digit in digits]) > (
        THRESHOLDS.min_joined_extent * digit_height
    )
    max_length = THRESHOLDS.max_counted_length * digit_height
    lengths[is_joined] = np.minimum(lengths[is_joined], max_length)
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in (d.box for d in digits)])
    top, bottom, left, right = edges.T
    y, x = (top + bottom) / 2, (left + right) / 2
    holds = (top[:, None] < y) & (y < bottom[:, None]) & (left[:, None] < x) & (x < right[:, None])
    is_around = holds.sum(1) > 1
    return float(lengths[~is_around].sum() - lengths[is_around].sum())


def _page_lines(mask: Mask, contrast: Floats) -> Mask:
    """Return the ink of the lines of squared or ruled paper; bool (H, W)."""
    length = THRESHOLDS.page_line_length * max(mask.shape)
    min_level, min_upright = (
        min(length, THRESHOLDS.max_required_page_line * side) for side in mask.shape[::-1]
    )
    return find_lines(mask, contrast, min_level=min_level, min_upright=min_upright)


def _evidence(page: Floats, inks: Sequence[PageInk | None]) -> list[float]:
    """Return the evidence for dark and for bright ink: the length of the digits' strokes.

    A stroke counts in full when it differs clearly from the bare paper near it. Thus a few very
    contrasty marks, such as the date in a photograph, count no more than their length, and the
    paper within a 0, taken as bright ink, hardly counts.

    Args:
        page: float32 (H, W).
        inks: dark ink, bright ink.
    """
    lengths: list[NDArray[np.float64]] = []
    distances: list[NDArray[np.float64]] = []
    for ink, other, sign in zip(inks, reversed(inks), (1, -1), strict=True):
        digits = [] if ink is None else [d for d in ink.digits if not is_paper_sheet(d.mask)]
        # Paper has neither these digits nor any ink of the other polarity.
        is_bare = np.ones(page.shape, bool) if other is None else ~other.mask
        for digit in digits:
            is_bare[digit.box] &= ~digit.mask
        distance = sign * _distance_to_paper(page, is_bare) if digits else page
        narrow = THRESHOLDS.narrow_evidence
        lengths.append(np.array([_stroke_length(digit, narrow=narrow) for digit in digits]))
        distances.append(np.array([float(np.median(distance[d.box][d.mask])) for d in digits]))
    clear = THRESHOLDS.clear_distance * max(
        (weighted_median(d, w) for d, w in zip(distances, lengths, strict=True) if len(d)),
        default=0.0,
    )
    return [
        float((length * np.clip(own / max(clear, 1.0), 0, 1)).sum())
        for own, length in zip(distances, lengths, strict=True)
    ]


def _stroke_length(digit: DigitInk, *, narrow: float) -> float:
    """Return about the length of the strokes of some ink, in pixels: half of its outline.

    Args:
        digit: the ink.
        narrow: factor for narrow ink, which may be a part of a line.
    """
    is_narrow = min(digit.mask.shape) < THRESHOLDS.narrow_aspect * max(digit.mask.shape)
    return digit.outline / 2 * (narrow if is_narrow else 1.0)


def _distance_to_paper(page: Floats, is_bare: Mask) -> Floats:
    """Return how much darker each pixel is than the mean of the bare paper near it.

    The paper inside a 0, taken as bright ink, is as bright as the paper around it.

    Args:
        page: float32 (H, W).
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
    strokes = _measure_strokes(components)
    min_digit_height = max(
        THRESHOLDS.min_digit_pixels, THRESHOLDS.min_digit_height * max(ink.shape)
    )
    if strokes.digit_height < THRESHOLDS.min_height_with_lines * min_digit_height:
        return nothing
    is_broad = components.extents > THRESHOLDS.max_digit_extent * strokes.digit_height
    lines = mask & ~ink
    if (is_broad | strokes.is_other).any():
        pale = _pale_ink(components, contrast, np.flatnonzero(is_broad & ~strokes.is_other))
        components = find_components(ink & ~pale, contrast)
        if not _is_pattern(ink):
            lines |= _table_lines(components, contrast)
        components = find_components(ink & ~pale & ~lines, contrast)
    is_rung = rungs(components, lines)
    if is_rung.any():
        components = find_components(components.mask(np.flatnonzero(~is_rung)), contrast)
    if not len(components) or _box_cover(components) > THRESHOLDS.max_box_cover:
        return nothing
    strokes = _measure_strokes(components)
    digit_height = strokes.digit_height
    if digit_height < min_digit_height:
        return nothing
    is_plausible = plausible(components, digit_height, strokes.tone) & ~strokes.is_other
    is_plausible &= ~cell_sides(components, np.flatnonzero(is_plausible))
    is_plausible &= ~repeated(components, np.flatnonzero(is_plausible))
    kept = np.flatnonzero(is_plausible)
    if _box_cover(components, kept) > THRESHOLDS.max_digit_cover:
        return nothing
    groups = [
        _to_digit_ink(components, numbers)
        for numbers in group_components(components, kept, digit_height)
    ]
    is_digit = [group.height >= _min_height(group) * digit_height for group in groups]
    is_mark = marks(components, digit_height, strokes.tone) & ~line_ends(components, lines)
    others = np.flatnonzero(is_mark & ~is_plausible & ~strokes.is_other)
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


class _Strokes(NamedTuple):
    """What most of the strokes of a page have in common.

    Attributes:
        is_other: bool (N,), the components that are lines, frames or blots.
        digit_height: usual height of a digit, in pixels.
        tone: usual contrast of a stroke, in grey levels.
    """

    is_other: NDArray[np.bool_]
    digit_height: float
    tone: float


def _measure_strokes(components: Components) -> _Strokes:
    lengths = stroke_lengths(components)
    is_net = lengths > THRESHOLDS.max_stroke_length * components.extents
    is_other = enclosing(components) | crossing_page(components) | is_net
    is_stroke = np.ones_like(is_other) if is_other.all() else ~is_other
    is_other |= framing(components, usual_digit_height(components, lengths, is_stroke))
    is_stroke = np.ones_like(is_other) if is_other.all() else ~is_other
    is_other |= blots(components, lengths, is_stroke)
    is_stroke = np.ones_like(is_other) if is_other.all() else ~is_other
    return _Strokes(
        is_other=is_other,
        digit_height=usual_digit_height(components, lengths, ~is_other),
        tone=weighted_median(components.tones[is_stroke], lengths[is_stroke]),
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


def _table_lines(components: Components, contrast: Floats) -> Mask:
    """Return the lines of tables and frames among the ink; bool (H, W).

    Args:
        components: all components of the ink.
        contrast: float32 (H, W), in grey levels.
    """
    strokes = _measure_strokes(components)
    digit_height = strokes.digit_height
    encloses, crosses = enclosing(components), crossing_page(components)
    frames = framing(components, digit_height)
    min_level = THRESHOLDS.max_digit_extent * digit_height
    is_broad = crosses | (components.extents > min_level)
    sides = np.minimum(components.heights, components.widths)[frames]
    cell_side = THRESHOLDS.min_cell_side * float(np.median(sides)) if frames.any() else 0.0
    max_required = THRESHOLDS.max_required_line * max(contrast.shape)
    lines = np.zeros(contrast.shape, bool)
    for is_lined, level, upright in (
        (encloses & ~frames, min_level, THRESHOLDS.min_frame_side * digit_height),
        (is_broad & ~encloses & ~frames, min_level, THRESHOLDS.min_upright_line * digit_height),
        (frames, cell_side, cell_side),
    ):
        if is_lined.any():
            lines |= find_lines(
                components.mask(np.flatnonzero(is_lined)),
                contrast,
                min_level=min(level, max_required),
                min_upright=min(upright, max_required),
            )
    return lines


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
