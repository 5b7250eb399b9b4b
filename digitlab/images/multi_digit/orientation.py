"""Orientation: by how much a page of digits is turned in its picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np

from digitlab.images.picture import Picture

Rotation = Literal[0, 90, 180, 270]
"""Degrees by which a page is turned counter-clockwise in its picture; 0 if it is upright."""

ROTATIONS: Final[tuple[Rotation, ...]] = (0, 90, 180, 270)

FullBox = tuple[int, int, int, int]
"""x, y, width, height in pixels of the full picture."""


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
