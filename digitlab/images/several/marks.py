"""Marks: which ink of a picture belongs to digits, dark ink or bright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.contrast import stand_out, threshold
from digitlab.images.ink import Floats, Mask
from digitlab.images.several.grouping import group, joined
from digitlab.images.several.lines import without_lines
from digitlab.images.several.pieces import (
    BODY,
    Box,
    Pieces,
    around_others,
    label,
    plausible,
    usual_height,
)

_SMALLEST: Final = 0.012  # of the longer side: digits are taller
_FEWEST: Final = 7  # pixels: digits are taller
_UPRIGHT: Final = 0.5  # of a digit's usual height: a 1 is taller
_LONG: Final = 2.2  # usual heights: a line is longer
_FRAME: Final = 1.25  # usual heights: the side of a frame is longer
_NEAR: Final = 0.25  # of the mean side: paper is looked for so far around ink


@dataclass(frozen=True, kw_only=True, eq=False)
class Mark:
    """The ink of one digit, or of some that touch.

    Attributes:
        box: rows and columns, tight around it.
        mask: bool, of the box's shape.
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
class Sheet:
    """A picture whose ink has been told from paper, lines and dust.

    Attributes:
        contrast: float32 (H, W), how far each pixel stands out from the paper.
        ink: bool (H, W), all that is ink, dust and lines too.
        marks: the digits' ink, in no order.
        height: usual height of a digit, in pixels; 0 without marks.
    """

    contrast: Floats
    ink: Mask
    marks: tuple[Mark, ...]
    height: float


def find_marks(grey: NDArray[np.uint8]) -> Sheet | None:
    """Find the ink of all digits in a picture.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.

    Returns:
        The sheet; None when the picture holds no ink at all.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return None
    page = grey.astype(np.float32)
    readings = []
    for dark_ink in (page, 255 - page):
        contrast = stand_out(dark_ink)
        ink = threshold(contrast)
        if ink is not None:
            readings.append((dark_ink, contrast, ink))
    if not readings:
        return None
    either = np.logical_or.reduce([ink for _, _, ink in readings])
    distances = [float(np.median(_distance(page, either)[ink])) for page, _, ink in readings]
    _, contrast, ink = readings[int(np.argmax(distances))]
    marks, height = _digits(ink, contrast)
    return Sheet(contrast=contrast, ink=ink, marks=marks, height=height)


def _distance(page: Floats, either: Mask) -> Floats:
    """How far each pixel is darker than the mean of the bare paper near it, in grey levels.

    The paper inside a 0, taken as bright ink, is as bright as the paper around it.
    """
    from scipy import ndimage

    size = max(3, int(_NEAR * float(np.sqrt(page.size))))
    bare = (~either).astype(np.float32)
    share = ndimage.uniform_filter(bare, size)
    tone = ndimage.uniform_filter(page * bare, size)
    whole = float(page[~either].mean()) if bare.any() else float(page.mean())
    paper = np.where(share > 1e-3, tone / np.maximum(share, 1e-3), whole)
    distance: Floats = paper - page
    return distance


def _digits(ink: Mask, contrast: Floats) -> tuple[tuple[Mark, ...], float]:
    """The marks among the ink, and the usual height of a digit."""
    pieces = label(ink, contrast)
    around = around_others(pieces)
    usual = usual_height(pieces, ~around)
    large = np.maximum(pieces.heights, pieces.widths) > _LONG * usual
    for lined, shortest in ((around, _FRAME * usual), (large & ~around, _LONG * usual)):
        if lined.any():
            where = np.append(False, lined)[pieces.labels]
            ink = without_lines(ink, where=where, shortest=min(shortest, 0.75 * max(ink.shape)))
    if (around | large).any():
        pieces = label(ink, contrast)
        if not pieces.boxes:
            return (), 0.0
        usual = usual_height(pieces, ~around_others(pieces))
    if usual < max(_FEWEST, _SMALLEST * max(ink.shape)):
        return (), 0.0
    kept = np.flatnonzero(plausible(pieces, usual) & ~around_others(pieces))
    marks = [_mark(pieces, numbers) for numbers in group(pieces, kept, usual)]
    return tuple(mark for mark in marks if mark.height >= _least(mark) * usual), usual


def _least(mark: Mark) -> float:
    """The height of a digit at least, in usual heights; commas and colons are narrow and low."""
    return BODY if mark.width > 0.4 * mark.height else _UPRIGHT


def _mark(pieces: Pieces, numbers: list[int]) -> Mark:
    box = pieces.boxes[numbers[0]]
    for number in numbers[1:]:
        box = joined(box, pieces.boxes[number])
    return Mark(box=box, mask=np.isin(pieces.labels[box], np.array(numbers) + 1))
