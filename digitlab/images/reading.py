"""Reading: the one digit of a Picture as the digit image that a model reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.ink import bounds
from digitlab.images.locate import find_ink
from digitlab.images.normalise import EMPTY, is_digit_image, to_digit_image
from digitlab.images.picture import Picture

_SMALL: Final = 112  # longest side below which a picture is enlarged before it is looked at


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitView:
    """What the front end saw in a picture.

    Attributes:
        digit_image: uint8 (28, 28), bright ink on 0, in MNIST's frame; all 0 when blank.
        box: x, y, width, height in pixels of the full upright picture, tight around the
            ink; the whole picture when blank.
        blank: True when no ink was found.
    """

    digit_image: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    blank: bool


def read_digit(picture: Picture) -> DigitView:
    """Find the digit in a picture and bring it into MNIST's frame.

    A picture that already is a digit image, white on black or black on white, keeps its
    exact pixels.

    Args:
        picture: as `decode` or `from_array` made it.

    Returns:
        The digit image and where it stands; a blank view when there is no ink.
    """
    for grey in (picture.grey, 255 - picture.grey):
        if is_digit_image(grey):
            box = _box(grey > EMPTY, 1, picture.size)
            return DigitView(digit_image=grey.copy(), box=box, blank=False)
    grey, zoom = _enlarge(picture.grey)
    found = find_ink(grey)
    if found is None:
        return DigitView(
            digit_image=np.zeros((28, 28), np.uint8), box=(0, 0, *picture.size), blank=True
        )
    return DigitView(
        digit_image=to_digit_image(found.contrast, found.mask),
        box=_box(found.mask, picture.scale / zoom, picture.size),
        blank=False,
    )


def _enlarge(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A thumbnail made larger, so that one rule serves all sizes; and by how much."""
    from PIL import Image

    zoom = max(1, _SMALL // max(grey.shape))
    if zoom == 1:
        return grey, 1
    height, width = grey.shape
    large = Image.fromarray(grey).resize((width * zoom, height * zoom), Image.Resampling.BICUBIC)
    return np.asarray(large), zoom


def _box(mask: NDArray[np.bool_], scale: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The box of a mask, in full pixels, within the picture."""
    rows, columns = bounds(mask)
    left = min(int(columns.start * scale), size[0] - 1)
    top = min(int(rows.start * scale), size[1] - 1)
    right = min(size[0], max(left + 1, math.ceil(columns.stop * scale)))
    bottom = min(size[1], max(top + 1, math.ceil(rows.stop * scale)))
    return left, top, right - left, bottom - top
