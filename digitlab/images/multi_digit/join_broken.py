"""Broken digits: ink that may be parts of one digit, and the ways to join it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np

from digitlab.images.multi_digit.digit_ink import DigitInk
from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.ink import Box, union


def cluster_broken(digits: Sequence[DigitInk], digit_height: float) -> list[list[DigitInk]]:
    """Cluster the ink that may be parts of the same digits.

    Args:
        digits: ink of digits, in any order.
        digit_height: usual height of a digit, in pixels.

    Returns:
        Each ink in one cluster. Most clusters hold one ink; each is sorted from left to right.
    """
    cluster_numbers = list(range(len(digits)))
    for second in range(len(digits)):
        for first in range(second):
            new, old = cluster_numbers[first], cluster_numbers[second]
            if new != old and _is_close(digits[first], digits[second], digit_height):
                cluster_numbers = [new if number == old else number for number in cluster_numbers]
    clusters: dict[int, list[DigitInk]] = {}
    for digit, number in zip(digits, cluster_numbers, strict=True):
        clusters.setdefault(number, []).append(digit)
    return [sorted(cluster, key=_middle) for cluster in clusters.values()]


def ways_to_join(cluster: Sequence[DigitInk], digit_height: float) -> list[tuple[DigitInk, ...]]:
    """List the ways to read a cluster, with or without some of its ink joined to one digit.

    Args:
        cluster: ink from left to right.
        digit_height: usual height of a digit, in pixels.

    Returns:
        The ways with most digits first, thus the cluster as it is; each from left to right.
    """
    if not 1 < len(cluster) <= THRESHOLDS.max_broken_parts:
        return [tuple(cluster)]
    ways = [
        tuple(sorted((merge(group) for group in groups), key=_middle))
        for groups in _partitions(list(cluster))
        if all(len(group) == 1 or _fits_one_digit(group, digit_height) for group in groups)
    ]
    return sorted(ways, key=len, reverse=True)


def merge(digits: Sequence[DigitInk]) -> DigitInk:
    """Merge the ink of several digits to that of one."""
    box = _box_around(digits)
    mask = np.zeros([side.stop - side.start for side in box], bool)
    for digit in digits:
        rows, columns = (
            slice(own.start - side.start, own.stop - side.start)
            for own, side in zip(digit.box, box, strict=True)
        )
        mask[rows, columns] |= digit.mask
    return DigitInk(box=box, mask=mask)


def _is_close(one: DigitInk, other: DigitInk, digit_height: float) -> bool:
    """Return whether two inks may be parts of one digit."""
    gaps = [
        max(a.start, b.start) - min(a.stop, b.stop) for a, b in zip(one.box, other.box, strict=True)
    ]
    is_near = max(gaps) <= THRESHOLDS.max_broken_gap * digit_height
    return is_near and _fits_one_digit([one, other], digit_height)


def _fits_one_digit(digits: Sequence[DigitInk], digit_height: float) -> bool:
    """Return whether inks together have at most the size of one digit."""
    height, width = (side.stop - side.start for side in _box_around(digits))
    return bool(
        height <= THRESHOLDS.max_broken_height * digit_height
        and width <= THRESHOLDS.max_broken_width * max(digit_height, height)
    )


def _box_around(digits: Sequence[DigitInk]) -> Box:
    return reduce(union, (digit.box for digit in digits))


def _partitions(digits: list[DigitInk]) -> Iterator[list[list[DigitInk]]]:
    """Yield all ways to put inks into groups."""
    if len(digits) == 1:
        yield [digits]
        return
    first = digits[0]
    for groups in _partitions(digits[1:]):
        yield [[first], *groups]
        for index in range(len(groups)):
            yield [*groups[:index], [first, *groups[index]], *groups[index + 1 :]]


def _middle(digit: DigitInk) -> float:
    return float(digit.box[1].start + digit.box[1].stop) / 2
