"""Orientation: by how much a page of digits is turned in its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from digitlab.images.picture import Picture
from digitlab.images.segmentation.ink import FullBox

Rotation = Literal[0, 90, 180, 270]
"""Degrees by which a page is turned counter-clockwise in its picture; 0 if it is upright."""


@dataclass(frozen=True, kw_only=True)
class OrientationThresholds:
    """The tuned values of finding a page's rotation; `benchmarks/rows.py` set them.

    Attributes:
        min_digits: number of digits from which on a page may be turned.
        max_digits: number of digits that are read upside down, too.
        level: `row_direction` from which on the rows are level.
        min_level_gain: gain of `row_direction` when the page is turned by 90 degrees.
        min_score: score of a digit; a lower one counts as this.
        max_score_change: change of a digit's score by turning; a larger one counts as this.
        score_error: added to the standard error of the mean change, so that a few digits do
            not decide.
        min_side_gain: gain of the mean score when the page is turned by 90 degrees.
        min_flip_evidence: evidence that an upright page is upside down from which on it is read
            upside down as a whole.
        min_flip: evidence of both readings that turns an upright page upside down.
        clear_flip: evidence beyond which a page that lies on its side is not read both ways.
    """

    min_digits: int = 3
    max_digits: int = 40
    level: float = 0.7
    min_level_gain: float = 0.3
    min_score: float = -6.0
    max_score_change: float = 3.0
    score_error: float = 0.15
    min_side_gain: float = 0.2
    min_flip_evidence: float = 0.1
    min_flip: float = 0.6
    clear_flip: float = 1.0


THRESHOLDS: Final = OrientationThresholds()


def row_direction(boxes: Sequence[FullBox]) -> float:
    """Return the direction of the rows from -1, upright, to 1, level.

    The nearest digit of most digits is in their row.

    Args:
        boxes: of at least two digits.
    """
    x, y, width, height = np.array(boxes, float).T
    across, down = (np.abs(np.subtract.outer(at, at)) for at in (x + width / 2, y + height / 2))
    distance = np.hypot(across, down)
    np.fill_diagonal(distance, np.inf)
    nearest = np.arange(len(x)), distance.argmin(1)
    return float(np.where(across[nearest] > down[nearest], 1, -1).mean())


def flip_evidence(upright: NDArray[np.float64], flipped: NDArray[np.float64]) -> float:
    """Return the evidence that digits are upside down, in standard errors; negative if upright.

    Args:
        upright: (N,), the score of each digit as it is.
        flipped: (N,), the score of each digit upside down.
    """
    limit = THRESHOLDS.max_score_change
    change = np.clip(flipped - upright, -limit, limit)
    return float(change.mean() / (change.std() / np.sqrt(len(change)) + THRESHOLDS.score_error))


def turn_upright(picture: Picture, rotation: Rotation) -> Picture:
    """Return the picture with its page turned upright; the preview stays as it is.

    Args:
        picture: from `decode` or `from_array`.
        rotation: of the page in the picture.
    """
    width, height = picture.size
    return replace(
        picture,
        grey=np.ascontiguousarray(np.rot90(picture.grey, -rotation // 90)),
        size=(height, width) if rotation in {90, 270} else (width, height),
    )


def turn_back(box: FullBox, rotation: Rotation, size: tuple[int, int]) -> FullBox:
    """Return a box of the upright page as a box of the picture that shows the page turned.

    Args:
        box: in the picture that `turn_upright` returns.
        rotation: of the page in the picture.
        size: width and height of the picture.
    """
    x, y, width, height = box
    if rotation == 90:
        return y, size[1] - x - width, height, width
    if rotation == 180:
        return size[0] - x - width, size[1] - y - height, width, height
    if rotation == 270:
        return size[0] - y - height, x, height, width
    return box
