"""Separators: points, commas, colons, hyphens, slashes and spaces between the digits of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Box, FullBox

Floats64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SeparatorThresholds:
    """The tuned values of telling separators from digits, dust and strokes.

    Lengths are in heights of the row; heights in the row are 0 at the head of its digits and 1 at
    their feet. Drawn numbers of MNIST's validation split set them.

    Attributes:
        dash_aspect: width of a dash as a multiple of its height.
        max_dash_height: height of a dash.
        dash_middle: range of the height of its middle.
        max_dot_extent: longer side of a dot.
        max_comma_extent: longer side of a comma.
        min_dot_size: longer side of a dot, as a multiple of the stroke width; less is dust.
        max_dust: number of other marks of the size of the dots, as a multiple of their number;
            more are dust or dotted paper.
        dust_size: factor by which the sizes of such marks differ at most.
        dot_middle: range of the height of a dot's or comma's middle.
        comma_aspect: length of a comma as a multiple of its width.
        min_comma_rise: share of a comma's length by which it runs down.
        max_long_comma: height of a comma that is as tall as a small digit.
        min_comma_top: where it begins at least, beside the digit before it.
        max_comma_gap: by how much it begins below this digit, at most.
        min_comma_drop: by how much it ends below the feet of this digit.
        colon_middles: range of the height of a colon's middle.
        colon_distance: range of the distance of its dots.
        max_colon_shift: distance of its dots along the row.
        max_overlap: share of a mark's width that may lie above or below the ink of a digit.
        max_gap: distance to the digit before a dot, or after a dash.
        max_last_gap: distance to the digit before a dot that is the last in its row.
        min_ink: grey level of ink in a digit image.
        min_stroke_rows: rows of ink in a digit image, at least, of a stroke that may be a slash.
        max_bend: largest distance of a slash from a straight line, in pixels of the digit image.
        max_spread: width of its broadest row of pixels, as a multiple of the median one.
        min_lean: tangent of the angle by which a slash leans to the right.
        min_slash_height: height of a slash, as a multiple of that of the row.
        lean_weight: weight of the lean of a slash beyond that of the row, beside its height.
        bend_weight: weight of its bend, which counts against it.
        slash_evidence: evidence of a slash: its height beyond that of the row, with the lean and
            the bend.
        min_space: width of a space, at least.
        min_space_to_gap: the same, as a multiple of the usual gap in the row.
    """

    dash_aspect: float = 1.6
    max_dash_height: float = 0.35
    dash_middle: tuple[float, float] = (0.22, 0.8)
    max_dot_extent: float = 0.35
    max_comma_extent: float = 0.6
    min_dot_size: float = 0.9
    max_dust: float = 3.0
    dust_size: float = 1.4
    dot_middle: tuple[float, float] = (0.75, 1.4)
    comma_aspect: float = 1.7
    min_comma_rise: float = 0.5
    max_long_comma: float = 0.7
    min_comma_top: float = 0.55
    max_comma_gap: float = 0.3
    min_comma_drop: float = 0.1
    colon_middles: tuple[float, float] = (0.25, 0.95)
    colon_distance: tuple[float, float] = (0.15, 0.8)
    max_colon_shift: float = 0.25
    max_overlap: float = 0.35
    max_gap: float = 1.5
    max_last_gap: float = 0.5
    min_ink: int = 60
    min_stroke_rows: int = 8
    max_bend: float = 0.9
    max_spread: float = 1.6
    min_lean: float = 0.12
    min_slash_height: float = 0.9
    lean_weight: float = 0.15
    bend_weight: float = 0.15
    slash_evidence: float = 0.17
    min_space: float = 0.6
    min_space_to_gap: float = 2.5


THRESHOLDS: Final = SeparatorThresholds()


@dataclass(frozen=True, kw_only=True, eq=False)
class Mark:
    """Ink that is no digit: a dot, a comma, a dash, dust.

    Attributes:
        box: position in the full picture.
        mask: bool (H, W), tight around the ink.
    """

    box: FullBox
    mask: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class RowDigit:
    """A digit of a row.

    Attributes:
        box: position in the full picture.
        digit_image: uint8 (28, 28), bright ink on 0.
        is_certain: True for a digit that is no separator in any case.
    """

    box: FullBox
    digit_image: NDArray[np.uint8]
    is_certain: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Separator:
    """A separator of a row.

    Attributes:
        text: one of ". , : - /".
        box: position in the full picture.
        digit: index of the digit of the row that is this separator in fact; None for marks.
    """

    text: str
    box: FullBox
    digit: int | None = None


class _Place(NamedTuple):
    """The sides of a box in a row, in heights of the row; see `_RowFrame`."""

    left: float
    right: float
    top: float
    bottom: float

    @property
    def x(self) -> float:
        return (self.left + self.right) / 2

    @property
    def y(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def extent(self) -> float:
        return max(self.width, self.height)


class _RowFrame:
    """The place of a row in the picture: its slope, head and height.

    Args:
        boxes: the boxes of its digits in the full picture; at least one.

    Attributes:
        height: height of the row, in full pixels.
        digits: the places of the digits. Heights in the row are 0 at the median head of the
            digits and 1 at their median feet.
    """

    def __init__(self, boxes: Sequence[FullBox]) -> None:
        x, y, width, height = np.array(boxes, float).T
        middles, across = y + height / 2, x + width / 2
        self._x = float(across.mean())
        across -= self._x
        usual = float(np.median(height))
        # One more usual height makes the slope of a few digits small.
        slope = (across * (middles - middles.mean())).sum() / ((across**2).sum() + usual**2)
        self._slope = float(slope)
        level = middles - self._slope * across
        self._head = float(np.median(level - height / 2))
        self.height = max(1.0, float(np.median(level + height / 2)) - self._head)
        self.digits = [self.place(box) for box in boxes]

    def place(self, box: FullBox) -> _Place:
        """Return the place of a box in the row."""
        x, y, width, height = box
        top = y - self._head - self._slope * (x + width / 2 - self._x)
        sides = (x, x + width, top, top + height)
        return _Place(*(side / self.height for side in sides))


def find_separators(
    rows: Sequence[Sequence[RowDigit]], marks: Sequence[Mark], *, stroke_width: float
) -> list[list[Separator]]:
    """Find the separators of all rows.

    Args:
        rows: the digits of each row, from left to right; no empty row.
        marks: the ink of the same pen that is no digit.
        stroke_width: usual width of the digits' strokes, in full pixels.

    Returns:
        The separators of each row, in no order.
    """
    found: list[list[Separator]] = []
    frames: list[tuple[_RowFrame, list[RowDigit]]] = []
    for row in rows:
        slashes = _find_slashes(row)
        replaced = {slash.digit for slash in slashes}
        digits = [digit for number, digit in enumerate(row) if number not in replaced]
        found.append(slashes)
        frames.append((_RowFrame([digit.box for digit in digits]), digits))
    own: list[list[Mark]] = [[] for _ in rows]
    for mark in marks if rows else ():
        distances = [_distance(frame, frame.place(mark.box)) for frame, _ in frames]
        own[int(np.argmin(distances))].append(mark)
    marked = [
        _find_marked(frame, digits, some, stroke_width / frame.height)
        for (frame, digits), some in zip(frames, own, strict=True)
    ]
    dots = [separator for some in marked for separator in some if separator.text in ".,:"]
    is_dusty = _is_dust(dots, marks)
    for slashes, some in zip(found, marked, strict=True):
        slashes += [separator for separator in some if separator not in dots or not is_dusty]
    return found


def find_long_commas(boxes: Sequence[Box], digit_height: float) -> list[int]:
    """Find the commas among ink that is as tall as a small digit.

    Args:
        boxes: rows and columns of the ink.
        digit_height: usual height of a digit, in pixels.

    Returns:
        The indices of the ink that begins low beside a digit and ends below its feet.
    """
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in boxes], float).reshape(-1, 4)
    top, bottom, left, right = (edges / digit_height).T
    height = bottom - top
    commas: list[int] = []
    for number in np.flatnonzero(height <= THRESHOLDS.max_long_comma):
        gap = left[number] - right
        is_beside = (
            (height > THRESHOLDS.max_long_comma)
            & (np.abs(gap) < THRESHOLDS.max_gap)
            & (left < left[number])
            & (top[number] > top + THRESHOLDS.min_comma_top * height)
            & (top[number] < bottom + THRESHOLDS.max_comma_gap)
            & (bottom[number] > bottom + THRESHOLDS.min_comma_drop)
        )
        if right[number] - left[number] < height[number] and is_beside.any():
            commas.append(int(number))
    return commas


def row_text(
    boxes: Sequence[FullBox], characters: Sequence[str], separators: Sequence[Separator]
) -> str:
    """Compose the text of a row.

    Args:
        boxes: of the digits in the full picture, from left to right; at least one.
        characters: how each digit is written.
        separators: the separators of the row.

    Returns:
        The text, with a space for each gap that is wider than a digit.
    """
    frame = _RowFrame(boxes)
    items = [*zip(frame.digits, characters, strict=True)]
    items += [(frame.place(separator.box), separator.text) for separator in separators]
    items.sort(key=lambda item: item[0].x)
    gaps = [after.left - before.right for (before, _), (after, _) in pairwise(items)]
    space = max(
        THRESHOLDS.min_space,
        float(np.median([digit.width for digit in frame.digits])),
        THRESHOLDS.min_space_to_gap * float(np.median(gaps)) if len(gaps) > 2 else 0.0,
    )
    spaces = ["", *(" " if gap > space else "" for gap in gaps)]
    return "".join(gap + text for gap, (_, text) in zip(spaces, items, strict=True))


def _find_marked(
    frame: _RowFrame, digits: Sequence[RowDigit], marks: Sequence[Mark], stroke_width: float
) -> list[Separator]:
    """Find the separators among the marks of a row."""
    found: list[Separator] = []
    dots: list[tuple[_Place, Mark]] = []
    for mark in marks:
        place = frame.place(mark.box)
        if _is_dash(place):
            if _is_free(place, frame, digits) and _gap_after(place, frame) <= THRESHOLDS.max_gap:
                found.append(Separator(text="-", box=mark.box))
        elif (
            place.extent <= THRESHOLDS.max_comma_extent
            and place.extent >= THRESHOLDS.min_dot_size * stroke_width
            and _gap_before(place, frame) <= _max_gap_before(place, frame)
            and _is_free(place, frame, digits)
        ):
            dots.append((place, mark))
    dots.sort(key=lambda dot: dot[0].y)
    while dots:
        place, mark = dots.pop(0)
        lower = next((dot for dot in dots if _is_colon(place, dot[0])), None)
        if lower is not None and _gap_after(place, frame) <= THRESHOLDS.max_gap:
            dots.remove(lower)
            found.append(Separator(text=":", box=box_around([mark.box, lower[1].box])))
        elif THRESHOLDS.dot_middle[0] <= place.y <= THRESHOLDS.dot_middle[1]:
            if _is_comma(mark.mask):
                found.append(Separator(text=",", box=mark.box))
            elif place.extent <= THRESHOLDS.max_dot_extent:
                found.append(Separator(text=".", box=mark.box))
    return found


def _find_slashes(row: Sequence[RowDigit]) -> list[Separator]:
    """Find the digits of a row that are slashes in fact.

    A slash is a straight stroke between two digits that leans more than the row and is taller
    than its digits. Straight strokes at the ends of the row are 1s; a slash differs from them, too.
    """
    strokes = [_Stroke.of(digit) for digit in row]
    straight = [n for n, stroke in enumerate(strokes) if stroke.is_straight]
    if len(row) < 3 or not straight:
        return []
    leans = np.array([stroke.lean for stroke in strokes])
    heights = np.array([stroke.height for stroke in strokes], float)
    ends = [n for n in straight if n in {0, len(row) - 1}]
    found: list[Separator] = []
    for number in straight:
        if number in ends or row[number].is_certain:
            continue
        if found and found[-1].digit == number - 1:
            continue  # two slashes have a digit between them
        others = np.arange(len(row)) != number
        usual_lean = max([float(np.median(leans[others])), *leans[ends]])
        usual_height = max([float(np.median(heights[others])), *heights[ends]])
        evidence = (
            heights[number] / usual_height
            - 1
            + THRESHOLDS.lean_weight * (leans[number] - usual_lean)
            - THRESHOLDS.bend_weight * strokes[number].bend
        )
        if (
            leans[number] >= THRESHOLDS.min_lean
            and heights[number] >= THRESHOLDS.min_slash_height * usual_height
            and evidence >= THRESHOLDS.slash_evidence
        ):
            found.append(Separator(text="/", box=row[number].box, digit=number))
    return found


class _Stroke(NamedTuple):
    """A digit as one stroke.

    Attributes:
        lean: columns by which it runs to the right for each row upwards.
        bend: largest distance from a straight line, in pixels of the digit image.
        height: in full pixels.
        is_straight: whether it is one straight stroke without flag or foot.
    """

    lean: float
    bend: float
    height: int
    is_straight: bool

    @classmethod
    def of(cls, digit: RowDigit) -> _Stroke:
        """Measure a digit."""
        ink = np.where(digit.digit_image > THRESHOLDS.min_ink, digit.digit_image, 0).astype(float)
        ink = ink[ink.any(1)]
        height = digit.box[3]
        if len(ink) < THRESHOLDS.min_stroke_rows:
            return cls(0.0, np.inf, height, is_straight=False)
        widths = ink.sum(1)
        y = np.arange(len(ink)) - np.average(np.arange(len(ink)), weights=widths)
        x = ink @ np.arange(ink.shape[1]) / widths
        x -= np.average(x, weights=widths)
        slope = float((widths * x * y).sum() / (widths * y * y).sum())
        bend = float(np.abs(x - slope * y)[1:-1].max())
        is_straight = (
            bend <= THRESHOLDS.max_bend
            and widths.max() <= THRESHOLDS.max_spread * np.median(widths)
        )
        return cls(-slope, bend, height, is_straight=bool(is_straight))


def _is_dust(dots: Sequence[Separator], marks: Sequence[Mark]) -> bool:
    """Return whether most marks of the size of the dots are elsewhere: dust, or dotted paper."""
    if not dots:
        return False
    size = float(np.median([_dot_size(dot) for dot in dots]))
    sizes = np.array([max(mark.box[2:]) for mark in marks])
    factor = THRESHOLDS.dust_size
    alike = int(((sizes >= size / factor) & (sizes <= size * factor)).sum())
    count = sum(2 if dot.text == ":" else 1 for dot in dots)
    return alike - count > THRESHOLDS.max_dust * count


def _dot_size(separator: Separator) -> int:
    """Return the size of a dot, in full pixels; the width of a colon."""
    width, height = separator.box[2:]
    return width if separator.text == ":" else max(width, height)


def _is_dash(place: _Place) -> bool:
    low, high = THRESHOLDS.dash_middle
    return (
        place.width >= THRESHOLDS.dash_aspect * place.height
        and place.height <= THRESHOLDS.max_dash_height
        and low <= place.y <= high
    )


def _is_colon(upper: _Place, lower: _Place) -> bool:
    """Return whether two dots are a colon."""
    middle, distance = (upper.y + lower.y) / 2, lower.y - upper.y
    return (
        abs(upper.x - lower.x) <= THRESHOLDS.max_colon_shift
        and THRESHOLDS.colon_distance[0] <= distance <= THRESHOLDS.colon_distance[1]
        and THRESHOLDS.colon_middles[0] <= middle <= THRESHOLDS.colon_middles[1]
        and max(upper.extent, lower.extent) <= THRESHOLDS.max_dot_extent
    )


def _is_comma(mask: NDArray[np.bool_]) -> bool:
    """Return whether a mark is long and runs down."""
    rows, columns = np.nonzero(mask)
    covariance = np.cov(np.stack([rows, columns])) + np.eye(2) / 12  # a pixel has a size
    (minor, major), axes = np.linalg.eigh(covariance)
    return bool(
        major >= THRESHOLDS.comma_aspect**2 * minor and abs(axes[0, 1]) >= THRESHOLDS.min_comma_rise
    )


def _is_free(place: _Place, frame: _RowFrame, digits: Sequence[RowDigit]) -> bool:
    """Return whether a mark stands beside the digits' ink, not above or below it."""
    for digit, own in zip(digits, frame.digits, strict=True):
        if min(own.right, place.right) - max(own.left, place.left) <= 0:
            continue
        left, right = _ink_sides(digit, own, place.top - 0.1, place.bottom + 0.1)
        if min(right, place.right) - max(left, place.left) > THRESHOLDS.max_overlap * place.width:
            return False
    return True


def _ink_sides(digit: RowDigit, own: _Place, top: float, bottom: float) -> tuple[float, float]:
    """Return left and right of a digit's ink between two heights of the row."""
    ink = digit.digit_image > THRESHOLDS.min_ink
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return own.left, own.right
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = len(ink) / own.height
    first, last = int((top - own.top) * scale), int(np.ceil((bottom - own.top) * scale))
    inked = np.flatnonzero(ink[max(0, first) : max(0, last)].any(0))
    if not len(inked):
        return own.right, own.left  # nothing
    unit = own.width / ink.shape[1]
    return own.left + inked[0] * unit, own.left + (inked[-1] + 1) * unit


def _gap_before(place: _Place, frame: _RowFrame) -> float:
    """Return the distance to the digit before a mark; infinite for the first in the row."""
    gaps = [place.left - digit.right for digit in frame.digits if digit.x < place.x]
    return min(gaps, default=np.inf)


def _max_gap_before(place: _Place, frame: _RowFrame) -> float:
    """Return the largest distance of a dot from the digit before it."""
    is_last = _gap_after(place, frame) == np.inf
    return THRESHOLDS.max_last_gap if is_last else THRESHOLDS.max_gap


def _gap_after(place: _Place, frame: _RowFrame) -> float:
    """Return the distance to the digit after a mark; infinite for the last in the row."""
    gaps = [digit.left - place.right for digit in frame.digits if digit.x > place.x]
    return min(gaps, default=np.inf)


def _distance(frame: _RowFrame, place: _Place) -> float:
    """Return the distance of a mark from the digits of a row, in full pixels."""
    return frame.height * min(
        max(0.0, digit.left - place.right, place.left - digit.right)
        + max(0.0, digit.top - place.bottom, place.top - digit.bottom)
        for digit in frame.digits
    )


def box_around(boxes: Sequence[FullBox]) -> FullBox:
    """Return the box around at least one box."""
    x, y, width, height = np.array(boxes).T
    left, top = int(x.min()), int(y.min())
    return left, top, int((x + width).max()) - left, int((y + height).max()) - top
