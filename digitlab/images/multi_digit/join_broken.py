"""Clusters: marks so close to each other that they may be pieces of one broken digit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np

from digitlab.images.multi_digit.digit_ink import Mark
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.ink import Box, union

Way = tuple[Mark, ...]
"""Marks from left to right."""


def clusters(marks: Sequence[Mark], usual: float) -> list[list[Mark]]:
    """Put marks together that may be pieces of the same digits.

    Args:
        marks: in any order.
        usual: usual height of a digit, in pixels.

    Returns:
        Every mark in one list; most lists hold one mark, each is sorted from left to right.
    """
    owner = list(range(len(marks)))
    for b in range(len(marks)):
        for a in range(b):
            if owner[a] != owner[b] and _close(marks[a], marks[b], usual):
                old, new = owner[b], owner[a]
                owner = [new if one == old else one for one in owner]
    groups: dict[int, list[Mark]] = {}
    for mark, one in zip(marks, owner, strict=True):
        groups.setdefault(one, []).append(mark)
    return [sorted(group, key=_middle) for group in groups.values()]


def ways_to_join(cluster: Sequence[Mark], usual: float) -> list[Way]:
    """The ways to read a cluster: as it is first, then with some marks joined to one.

    Args:
        cluster: marks from left to right.
        usual: usual height of a digit, in pixels.
    """
    if not 1 < len(cluster) <= THRESHOLDS.max_broken_parts:
        return [tuple(cluster)]
    found = []
    for parts in _partitions(list(cluster)):
        if all(len(part) == 1 or _one(part, usual) for part in parts):
            found.append(tuple(sorted((merged(part) for part in parts), key=_middle)))
    return sorted(found, key=len, reverse=True)


def merged(marks: Sequence[Mark]) -> Mark:
    """Marks as one."""
    box = _around(marks)
    mask = np.zeros([side.stop - side.start for side in box], bool)
    for mark in marks:
        rows, columns = (
            slice(own.start - side.start, own.stop - side.start)
            for own, side in zip(mark.box, box, strict=True)
        )
        mask[rows, columns] |= mark.mask
    return Mark(box=box, mask=mask)


def _close(one: Mark, other: Mark, usual: float) -> bool:
    gaps = [
        max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(one.box, other.box, strict=True)
    ]
    return max(gaps) <= THRESHOLDS.max_broken_gap * usual and _one([one, other], usual)


def _one(marks: Sequence[Mark], usual: float) -> bool:
    """Whether marks together have the size of one digit."""
    height, width = (side.stop - side.start for side in _around(marks))
    return bool(
        height <= THRESHOLDS.max_broken_height * usual
        and width <= THRESHOLDS.max_broken_width * max(usual, height)
    )


def _around(marks: Sequence[Mark]) -> Box:
    """The box around marks."""
    return reduce(union, (mark.box for mark in marks))


def _partitions(marks: list[Mark]) -> Iterator[list[list[Mark]]]:
    """All ways to put marks into groups."""
    if len(marks) == 1:
        yield [marks]
        return
    first, rest = marks[0], marks[1:]
    for parts in _partitions(rest):
        yield [[first], *parts]
        for index in range(len(parts)):
            yield [*parts[:index], [first, *parts[index]], *parts[index + 1 :]]


def _middle(mark: Mark) -> float:
    return float(mark.box[1].start + mark.box[1].stop) / 2
