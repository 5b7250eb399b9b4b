"""Photograph of a page: rows of numbers at given places of a sheet, with what lies around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.camera import Painter, photograph_sheet
from digitlab.synthetic.photographs.geometry import Box, Floats, digit_to_sheet, sheet_to_photo
from digitlab.synthetic.photographs.ink_on_paper import InkLayer, ink_digit, ink_skeleton
from digitlab.synthetic.photographs.photograph_row import centre_ink, ink_width
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.separators import separator_path, separator_width
from digitlab.synthetic.photographs.skeletonise import Skeleton

DigitSource = Callable[[int], NDArray[np.uint8]]
"""A function that returns an image, uint8 (28, 28), of a digit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedCharacter:
    """A digit or a separator on the sheet.

    Attributes:
        shape: a digit image, uint8 (28, 28), or the path of a separator.
        x: column of the middle of the shape's frame, in pixels of the sheet.
        y: row of the middle of the shape's frame, in pixels of the sheet.
        height: the digit's height, in pixels of the sheet.
        slant: degrees by which it leans to the right, beside the scene's.
        rotation: degrees, counter-clockwise.
    """

    shape: NDArray[np.uint8] | Skeleton
    x: float
    y: float
    height: float
    slant: float = 0.0
    rotation: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Spacing:
    """Distances between the characters of a row, in digit heights.

    Attributes:
        gap: distance of neighbouring characters; 0 and less for touching ones.
        gap_spread: share by which `gap` varies.
        space: width of a space.
        size_spread: standard deviation of the digits' sizes, which are 0.5-1.8 digit heights.
        wander: standard deviation of the digits' distance from the line of writing.
    """

    gap: float = 0.25
    gap_spread: float = 0.3
    space: float = 1.4
    size_spread: float = 0.05
    wander: float = 0.03


class RowOfText:
    """A number, or several, in one row: the shapes and the places of its characters.

    Args:
        text: digits, separators and spaces.
        digit_source: draws the image of each digit.
        spacing: distances between the characters.
        rng: draws gaps and sizes.
    """

    def __init__(
        self,
        text: str,
        digit_source: DigitSource,
        *,
        spacing: Spacing | None = None,
        rng: np.random.Generator,
    ) -> None:
        self.text = text
        self._spacing = spacing = spacing or Spacing()
        self._rng = rng
        self._places: list[tuple[NDArray[np.uint8] | Skeleton, float, float]] = []
        x = gap = 0.0
        for character in text:
            if character == " ":
                x += spacing.space - gap
                continue
            size = float(np.clip(rng.normal(1, spacing.size_spread), 0.5, 1.8))
            shape: NDArray[np.uint8] | Skeleton
            if character.isdigit():
                shape = centre_ink(digit_source(int(character)))
                width = ink_width(shape) * size
            else:
                shape, width, size = separator_path(character), separator_width(character), 1.0
            self._places.append((shape, x + width / 2, size))
            gap = spacing.gap * rng.uniform(1 - spacing.gap_spread, 1 + spacing.gap_spread)
            x += width + gap
        self.length = x - gap
        """From the first to the last character, in digit heights."""

    def place(
        self, *, left: float, middle: float, digit_height: float, slope: float = 0.0
    ) -> list[PlacedCharacter]:
        """Place the row on a sheet.

        Args:
            left: column where the row begins, in pixels of the sheet.
            middle: row of the sheet that the middles of the digits have, in pixels.
            digit_height: in pixels of the sheet.
            slope: rise of the row, downwards, as a share of its length.
        """
        placed = []
        for shape, x, size in self._places:
            wander = self._rng.normal(0, self._spacing.wander)
            placed.append(
                PlacedCharacter(
                    shape=shape,
                    x=left + digit_height * x,
                    y=middle + digit_height * (slope * x + wander),
                    height=digit_height * size,
                    slant=self._rng.normal(0, 3),
                    rotation=self._rng.normal(0, 1.5),
                )
            )
        return placed


def photograph_page(
    characters: Sequence[PlacedCharacter],
    *,
    scene: Scene,
    rng: np.random.Generator,
    printed: Sequence[Painter] = (),
    objects: Sequence[Painter] = (),
    imprints: Sequence[Painter] = (),
) -> tuple[Image.Image, list[Box]]:
    """Write digits and separators on a sheet and photograph it.

    Args:
        characters: in reading order.
        scene: how to write and photograph them; `height` is the usual height of the digits and
            sets their strokes. `edge`, `cut` and `neighbours` are not used.
        rng: draws strokes, paper, light and noise; equal states give equal photographs.
        printed: as for `photograph_sheet`.
        objects: as for `photograph_sheet`.
        imprints: as for `photograph_sheet`.

    Returns:
        An RGB image of the scene's size, and the box of each digit's ink, in their order;
        (0, 0, 0, 0) for a digit outside the picture.
    """
    scene = replace(scene, neighbours=0)
    view = sheet_to_photo(scene)
    layers: list[InkLayer] = []
    boxes: list[Box] = []
    for character in characters:
        on_photo = view @ _to_sheet(character, scene)
        if isinstance(character.shape, Skeleton):
            pen = scene.pen or (2.3 + 2 * scene.widen) * scene.digit_height / 20
            written = replace(scene, pen=max(1.2, pen))
            layers.append(ink_skeleton(character.shape, on_photo, scene=written, rng=rng))
        else:
            layers.append(ink_digit(character.shape, on_photo, scene=scene, rng=rng))
            boxes.append(layers[-1].box or (0, 0, 0, 0))
    image = photograph_sheet(
        layers,
        sheet_to_photo=view,
        scene=scene,
        rng=rng,
        printed=printed,
        objects=objects,
        imprints=imprints,
    )
    return image, boxes


def _to_sheet(character: PlacedCharacter, scene: Scene) -> Floats:
    return digit_to_sheet(
        character.x,
        character.y,
        digit_height=character.height,
        slant=scene.slant + character.slant,
        rotation=character.rotation,
    )
