"""Grouping: which pieces of ink are parts of the same digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components
from digitlab.images.segmentation.ink import Box, union, widened


def group(components: Components, kept: NDArray[np.intp], usual: float) -> list[list[int]]:
    """Put the pieces of each digit together.

    A low piece belongs to the nearest piece with which it makes a digit's height and width:
    the bar of a 5, the halves of an 8. Tall pieces side by side stay apart.

    Args:
        components: all of them.
        kept: numbers of those that may be digits or parts of digits.
        usual: usual height of a digit, in pixels.

    Returns:
        For each digit the numbers of its components.
    """
    owner = {int(number): int(number) for number in kept}

    def root(number: int) -> int:
        while owner[number] != number:
            number = owner[number]
        return number

    boxes = {number: components.boxes[number] for number in owner}
    heights = components.heights
    small = sorted(
        (n for n in owner if heights[n] < THRESHOLDS.max_part_height * usual),
        key=lambda n: -heights[n],
    )
    for number in small:
        for other in _nearest(components, number, usual):
            a, b = root(number), root(other) if other in owner else -1
            if b < 0 or a == b:
                continue
            if not _one_digit(boxes[a], boxes[b], usual):
                continue
            owner[a] = b
            boxes[b] = union(boxes[a], boxes[b])
            break
    groups: dict[int, list[int]] = {}
    for number in owner:
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())


def _nearest(components: Components, number: int, usual: float) -> list[int]:
    """The other pieces near to one, the nearest first."""
    from scipy import ndimage

    reach = THRESHOLDS.max_part_gap * usual
    rows, columns = components.boxes[number]
    window = widened((rows, columns), int(reach) + 1)
    part = components.labels[window]
    own = part == number + 1
    if columns.stop - columns.start > 1.5 * (rows.stop - rows.start):
        # The bar of a 5 begins at its own digit and may end at the next one.
        own[:, (columns.start + columns.stop) // 2 - window[1].start :] = False
    others = np.setdiff1d(np.unique(part), [0, number + 1])
    if not len(others) or not own.any():
        return []
    distance = ndimage.minimum(ndimage.distance_transform_edt(~own), part, others)
    order = np.argsort(distance)
    return [int(others[i]) - 1 for i in order if distance[i] <= reach]


def _one_digit(one: Box, other: Box, usual: float) -> bool:
    """Whether two boxes may hold pieces of one digit."""
    (r1, c1), (r2, c2) = one, other
    small, large = sorted((r1.stop - r1.start, r2.stop - r2.start))
    rows, columns = union(one, other)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if height > THRESHOLDS.max_joined_size * max(usual, large):
        return False
    if small < THRESHOLDS.min_height * usual:
        return bool(width <= THRESHOLDS.max_joined_size * max(usual, large))
    # Two halves of one digit stand above each other.
    shared = min(c1.stop, c2.stop) - max(c1.start, c2.start)
    return bool(shared > 0.5 * min(c1.stop - c1.start, c2.stop - c2.start))
