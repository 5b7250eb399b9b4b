"""Digit count: how many digits a picture that was read as one clearly holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from digitlab.images import Picture, may_be_several
from digitlab.images.multi_digit.orientation import turn_back
from digitlab.images.multi_digit.separators import find_separators
from digitlab.images.single_digit import DigitSearch
from digitlab.model.runtime import Classifier
from digitlab.page_reader import read_page
from digitlab.prediction import Box, Prediction


@dataclass(frozen=True, kw_only=True)
class DigitCountThresholds:
    """The tuned values of the decision that a picture clearly holds several digits.

    Attributes:
        min_certainty: probability of a digit, and of any digit at all, that makes it certain.
        min_certain: share of the page's digits that are certain.
        min_size_ratio: size of a digit, as a share of the size of another that is alike.
        sure: confidence of the one digit from which on its strokes are no other digits.
        unsure: confidence of the one digit below which the picture is always read as several.
        max_inside: share of a digit that lies in the box of the one digit; more is its stroke.
    """

    min_certainty: float = 0.9
    min_certain: float = 0.4
    min_size_ratio: float = 0.5
    sure: float = 0.9
    unsure: float = 0.5
    max_inside: float = 0.5


THRESHOLDS: Final = DigitCountThresholds()


def count_several(
    picture: Picture, classifier: Classifier, one: Prediction, search: DigitSearch
) -> int:
    """Return the number of digits in a picture that clearly holds several; else 0.

    At least two digits must be certain, of similar size and whole: the neighbours of one digit
    are cut at the picture's edge. Where the one digit is sure, another must stand beside it: the
    strokes of a broken 6 look like a 1 and a 0.

    Args:
        picture: from `decode` or `from_array`.
        classifier: the model version.
        one: the prediction for the picture, read as one digit.
        search: the search for that digit.
    """
    is_sure = one.confidence >= THRESHOLDS.sure and not one.refused
    is_unsure = one.confidence < THRESHOLDS.unsure or one.refused
    if search.page is None or not may_be_several(
        search.page, is_unsure=is_unsure, sure=one.box if is_sure else None
    ):
        return 0
    page = read_page(picture, classifier, one=search.candidates[0])
    separators = find_separators(page.row_digits(), page.marks, stroke_width=page.stroke_width)
    count = page.count - sum(mark.digit is not None for row in separators for mark in row)
    if count < 2:
        return 0
    is_certain = page.certainty >= math.log(THRESHOLDS.min_certainty)
    # Whole digits touch the upper and lower edge of a picture that was cropped at its ink.
    is_cropped = min(search.page.corner) < 0
    boxes = [turn_back(box, page.rotation, picture.size) for box in page.boxes]
    clear = [
        box
        for box, certain in zip(boxes, is_certain, strict=True)
        if certain and not _touches_edge(box, picture.size, only_sides=is_cropped)
    ]
    if len(clear) < 2 or is_certain.mean() < THRESHOLDS.min_certain:
        return 0
    sizes = np.sort([max(width, height) for _, _, width, height in clear])
    if (sizes[:-1] / sizes[1:]).max() < THRESHOLDS.min_size_ratio:
        return 0
    if is_sure and all(_share_inside(box, one.box) > THRESHOLDS.max_inside for box in clear):
        return 0
    return count


def _touches_edge(box: Box, size: tuple[int, int], *, only_sides: bool) -> bool:
    """Return whether a box touches the edge of a picture of a width and height.

    Args:
        box: the box.
        size: width and height of the picture.
        only_sides: only its left and right edge.
    """
    x, y, width, height = box
    if x <= 0 or x + width >= size[0]:
        return True
    return not only_sides and (y <= 0 or y + height >= size[1])


def _share_inside(box: Box, other: Box) -> float:
    """Return the share of a box that lies in another one."""
    shared = 1.0
    for axis in (0, 1):
        start = max(box[axis], other[axis])
        stop = min(box[axis] + box[axis + 2], other[axis] + other[axis + 2])
        shared *= max(0, stop - start) / box[axis + 2]
    return shared
