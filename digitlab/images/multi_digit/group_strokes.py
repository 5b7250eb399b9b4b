"""Grouping: which components of ink are strokes of the same digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitlab.images.budget import check_time
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components
from digitlab.images.segmentation.ink import Box, union, widened


def group_components(
    components: Components, kept: NDArray[np.intp], digit_height: float
) -> list[list[int]]:
    """Group the components of each digit.

    A low component joins the nearest component with which it has the height and width of a
    digit: the bar of a 5, the halves of an 8. Tall components side by side stay apart.

    Args:
        components: all components of the ink.
        kept: numbers of the components that may be digits or parts of digits.
        digit_height: usual height of a digit, in pixels.

    Returns:
        For each digit the numbers of its components.
    """
    parents = {int(number): int(number) for number in kept}

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    boxes = {number: components.boxes[number] for number in parents}
    heights = components.heights
    max_height = THRESHOLDS.max_part_height * digit_height
    low = sorted((n for n in parents if heights[n] < max_height), key=lambda n: -heights[n])
    for number in low[: THRESHOLDS.max_low_parts]:
        check_time()
        for neighbour in _neighbours(components, number, digit_height):
            if neighbour not in parents:
                continue
            own_root, other_root = root(number), root(neighbour)
            if own_root == other_root:
                continue
            if _is_separator(components, number, neighbour, digit_height):
                continue
            if not _is_one_digit(boxes[own_root], boxes[other_root], digit_height):
                continue
            parents[own_root] = other_root
            boxes[other_root] = union(boxes[own_root], boxes[other_root])
            break
    groups: dict[int, list[int]] = {}
    for number in parents:
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())


def _neighbours(components: Components, number: int, digit_height: float) -> list[int]:
    """Return the numbers of the components near to one, the nearest first."""
    from scipy import ndimage

    max_gap = THRESHOLDS.max_part_gap * digit_height
    rows, columns = components.boxes[number]
    window = widened((rows, columns), int(max_gap) + 1)
    labels = components.labels[window]
    own = labels == number + 1
    if columns.stop - columns.start > THRESHOLDS.bar_aspect * (rows.stop - rows.start):
        # The bar of a 5 begins at its own digit and may end at the next one.
        own[:, (columns.start + columns.stop) // 2 - window[1].start :] = False
    others = np.setdiff1d(np.unique(labels), [0, number + 1])
    if not len(others) or not own.any():
        return []
    distances = ndimage.minimum(ndimage.distance_transform_edt(~own), labels, others)
    order = np.argsort(distances)
    return [int(others[index]) - 1 for index in order if distances[index] <= max_gap]


def _is_separator(components: Components, part: int, digit: int, digit_height: float) -> bool:
    """Return whether a part stands beside a digit as a point, comma, colon or hyphen does.

    Args:
        components: all components of the ink.
        part: number of the part.
        digit: number of a component near it.
        digit_height: usual height of a digit, in pixels.
    """
    (rows, columns), (own_rows, own_columns) = components.boxes[part], components.boxes[digit]
    height, width = rows.stop - rows.start, columns.stop - columns.start
    own_height = own_rows.stop - own_rows.start
    # The ink of the digit at the height of the part; at its feet for a part that is lower.
    first = min(max(rows.start, own_rows.start), own_rows.stop - own_height // 4 - 1)
    last = max(min(rows.stop, own_rows.stop), first + 1)
    ink = components.labels[first:last, own_columns] == digit + 1
    inked = np.flatnonzero(ink.any(0)) + own_columns.start
    if not len(inked):
        return False
    before, after = int(inked[0]) - columns.stop, columns.start - int(inked[-1]) - 1
    gap = max(before, after) / digit_height
    is_low = 2 * rows.start > own_rows.start + own_rows.stop
    drop = (rows.stop - own_rows.stop) / digit_height
    is_comma = is_low and width < height and drop >= THRESHOLDS.min_comma_drop
    max_extent = THRESHOLDS.max_comma_extent if is_comma else THRESHOLDS.max_dot_extent
    if max(height, width) <= max_extent * digit_height:
        # A point follows its digit closely; the tail of a 3 or 5 stands close before it.
        is_point = is_low and after >= before
        return bool(gap >= (THRESHOLDS.min_point_gap if is_point else THRESHOLDS.min_mark_gap))
    middle = ((rows.start + rows.stop) / 2 - own_rows.start) / own_height
    low, high = THRESHOLDS.hyphen_middle
    is_hyphen = width > THRESHOLDS.hyphen_aspect * height and low < middle < high
    box_gap = max(columns.start - own_columns.stop, own_columns.start - columns.stop) / digit_height
    return bool(
        is_hyphen and gap >= THRESHOLDS.min_mark_gap and box_gap >= -THRESHOLDS.min_mark_gap
    )


def _is_one_digit(one: Box, other: Box, digit_height: float) -> bool:
    """Return whether two boxes may hold parts of one digit."""
    (r1, c1), (r2, c2) = one, other
    lower, higher = sorted((r1.stop - r1.start, r2.stop - r2.start))
    rows, columns = union(one, other)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    max_size = THRESHOLDS.max_joined_size * max(digit_height, higher)
    if height > max_size:
        return False
    if lower < THRESHOLDS.min_height * digit_height:
        return bool(width <= max_size)
    # Two halves of one digit stand above each other.
    shared = min(c1.stop, c2.stop) - max(c1.start, c2.start)
    narrower = min(c1.stop - c1.start, c2.stop - c2.start)
    return bool(shared > THRESHOLDS.min_shared_width * narrower)
