"""Broken digits: ink that may be parts of one digit, and the ways to join it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

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
    parents = list(range(len(digits)))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for one, other in _close_pairs(digits, digit_height):
        parents[root(one)] = root(other)
    clusters: dict[int, list[DigitInk]] = {}
    for number, digit in enumerate(digits):
        clusters.setdefault(root(number), []).append(digit)
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
        if all(len(group) == 1 or _is_one_digit(group, digit_height) for group in groups)
    ]
    return sorted(ways, key=len, reverse=True)


def merge(digits: Sequence[DigitInk]) -> DigitInk:
    """Merge the ink of several digits to that of one."""
    box = box_around(digits)
    mask = np.zeros([side.stop - side.start for side in box], bool)
    for digit in digits:
        rows, columns = (
            slice(own.start - side.start, own.stop - side.start)
            for own, side in zip(digit.box, box, strict=True)
        )
        mask[rows, columns] |= digit.mask
    return DigitInk(box=box, mask=mask)


def box_around(digits: Sequence[DigitInk]) -> Box:
    """Return the box around the ink of several digits."""
    return reduce(union, (digit.box for digit in digits))


def _close_pairs(digits: Sequence[DigitInk], digit_height: float) -> Iterator[tuple[int, int]]:
    """Yield the pairs of inks that may be parts of one digit.

    The inks are sorted by their tops, so that each is compared only with those that begin above
    its own end.
    """
    if len(digits) < 2:
        return
    max_gap = THRESHOLDS.max_broken_gap * digit_height
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in (d.box for d in digits)])
    order = np.argsort(edges[:, 0], kind="stable")
    top, bottom, left, right = edges[order].T
    ends = np.searchsorted(top, bottom + max_gap, side="right")
    for place, end in enumerate(map(int, ends)):
        others = slice(place + 1, end)
        width = np.maximum(right[others], right[place]) - np.minimum(left[others], left[place])
        height = np.maximum(bottom[others], bottom[place]) - top[place]
        gap = np.maximum(left[others], left[place]) - np.minimum(right[others], right[place])
        is_close = (gap <= max_gap) & _fits_one_digit(height, width, digit_height)
        for other in np.flatnonzero(is_close):
            yield int(order[place]), int(order[place + 1 + other])


def _fits_one_digit(
    height: NDArray[np.int64], width: NDArray[np.int64], digit_height: float
) -> NDArray[np.bool_]:
    """Return whether boxes, in pixels, have at most the size of one digit. bool (N,)."""
    fits: NDArray[np.bool_] = (height <= THRESHOLDS.max_broken_height * digit_height) & (
        width <= THRESHOLDS.max_broken_width * np.maximum(digit_height, height)
    )
    return fits


def _is_one_digit(digits: Sequence[DigitInk], digit_height: float) -> bool:
    """Return whether inks together have at most the size of one digit."""
    height, width = (np.array([side.stop - side.start]) for side in box_around(digits))
    return bool(_fits_one_digit(height, width, digit_height).all())


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
