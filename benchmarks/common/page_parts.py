"""The parts of which pictures of several digits are made, for `benchmarks/rows.py`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from common.picture_files import encode
from digitlab.datasets import mnist
from digitlab.synthetic.photographs.camera import Painter
from digitlab.synthetic.photographs.geometry import Box, sheet_to_photo
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene, to_colour
from digitlab.synthetic.photographs.page_objects import (
    desk_around,
    holes,
    printed_lines,
    soft_shade,
)
from digitlab.synthetic.photographs.photograph_page import (
    PlacedCharacter,
    RowOfText,
    Spacing,
    photograph_page,
)
from digitlab.synthetic.photographs.random_scene import make_readable
from digitlab.synthetic.photographs.scene import Colour, Scene

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class PhotographedPage:
    """A picture file of several digits with its truth.

    Attributes:
        data: the bytes of the file.
        text: the text of each row, from the top.
        boxes: the box of each digit, in reading order, in pixels of the picture.
        rotation: degrees, counter-clockwise, by which the page is turned in the picture.
        stamp: digits of a printed date, which come after the others and may be read or not.
        spaced: whether `text` has the spaces that are wider than a digit; otherwise spaces of
            a reading do not count.
    """

    data: bytes
    text: list[str]
    boxes: list[Box]
    rotation: int = 0
    stamp: str = ""
    spaced: bool = False

    @property
    def digits(self) -> list[int]:
        """The digits in reading order."""
        return [int(character) for character in "".join(self.text) if character.isdigit()]


class DigitPool:
    """Draw digit images from MNIST's validation split.

    Args:
        rng: draws which image.
    """

    def __init__(self, rng: Rng) -> None:
        self._x, labels = mnist.load("validation")
        self._rows = [np.flatnonzero(labels == digit) for digit in range(10)]
        self._rng = rng

    def __call__(self, digit: int) -> np.ndarray:
        """Return an image of the digit, uint8 (28, 28)."""
        return self._x[self._rng.choice(self._rows[digit])]


MakePage = Callable[[DigitPool, Rng], PhotographedPage | None]
"""A function that draws a picture; None when a digit is outside the picture."""


def random_digits(count: int, rng: Rng) -> str:
    """Draw a text of `count` digits."""
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def page_scene(
    rng: Rng, *, size: tuple[int, int], digit_height: float, thin: float = 0.04, thick: float = 0.1
) -> Scene:
    """Draw an ordinary scene of a page with digits of this height, in pixels.

    Args:
        rng: draws the scene.
        size: width and height of the picture.
        digit_height: usual height of a digit, in pixels.
        thin: width of the thinnest pen, in digit heights.
        thick: width of the thickest pen, in digit heights.
    """
    scene = replace(
        ordinary_scene(rng),
        size=size,
        height=digit_height / min(size),
        centre=(0.5, 0.5),
        rotation=rng.normal(0, 1.2),
        tilt=(rng.normal(0, 0.05), rng.normal(0, 0.05)),
        widen=rng.uniform(-0.6, 0.1),
        pen=None,
    )
    if rng.random() < 0.8:
        scene = replace(scene, pen=max(1.6, digit_height * rng.uniform(thin, thick)))
    return scene


def frame(
    rng: Rng, *, low: int = 700, high: int = 1300, aspect: float | None = None
) -> tuple[int, int]:
    """Draw width and height of a picture, the longer side within `low` and `high`."""
    longer = int(rng.integers(low, high + 1))
    ratio = aspect or float(rng.choice([4 / 3, 3 / 4, 3 / 2, 1.0, 16 / 9]))
    return (longer, round(longer / ratio)) if ratio >= 1 else (round(longer * ratio), longer)


def faint_ink(scene: Scene, rng: Rng) -> Scene:
    """Write with a pencil or a pale pen, 50 to 90 grey levels darker than the paper."""
    paper = np.array(scene.paper, float)
    tint = np.array([(1, 1, 1), (0.85, 0.95, 1.2), (1, 1, 1.1)][rng.integers(3)])
    ink = to_colour((paper - rng.uniform(50, 90)) * tint)
    pen = max(scene.pen or 0.0, rng.uniform(0.065, 0.09) * scene.digit_height)
    return replace(scene, ink=ink, strength=1.0, pen=pen)


def write_rows(
    rows: Sequence[RowOfText],
    *,
    left: float,
    middles: Sequence[float],
    digit_height: float,
    rng: Rng,
    indent: float = 0.15,
) -> list[PlacedCharacter]:
    """Place rows below each other; each begins up to `indent` digit heights from `left`."""
    placed: list[PlacedCharacter] = []
    for row, middle in zip(rows, middles, strict=True):
        placed += row.place(
            left=left + digit_height * rng.uniform(0, indent),
            middle=middle,
            digit_height=digit_height,
            slope=rng.normal(0, 0.01),
        )
    return placed


def block(
    texts: Sequence[str],
    pool: DigitPool,
    rng: Rng,
    *,
    area: tuple[float, float, float, float],
    max_height: float,
    spacing: Spacing | None = None,
    line_spacing: float = 1.7,
) -> tuple[list[PlacedCharacter], float]:
    """Write rows of text into an area.

    Args:
        texts: the rows.
        pool: draws the digits.
        rng: draws places and sizes.
        area: left, top, right and bottom, in pixels of the sheet.
        max_height: largest height of the digits, in pixels.
        spacing: distances between characters.
        line_spacing: distance of two rows, in digit heights.

    Returns:
        The characters, and the digit height.
    """
    rows = [RowOfText(text, pool, spacing=spacing, rng=rng) for text in texts]
    left, top, right, bottom = area
    longest = max(row.length for row in rows) + 0.3
    high = 1.1 + line_spacing * (len(rows) - 1)
    digit_height = min(max_height, (right - left) / longest, (bottom - top) / high)
    x = left + (right - left - digit_height * longest) * rng.uniform(0.2, 0.8)
    y = top + (bottom - top - digit_height * high) * rng.uniform(0.2, 0.8) + 0.55 * digit_height
    middles = [y + digit_height * line_spacing * number for number in range(len(rows))]
    placed = write_rows(rows, left=x, middles=middles, digit_height=digit_height, rng=rng)
    return placed, digit_height


def finish(
    placed: Sequence[PlacedCharacter],
    texts: Sequence[str],
    scene: Scene,
    rng: Rng,
    *,
    printed: Sequence[Painter] = (),
    objects: Sequence[Painter] = (),
    imprints: Sequence[Painter] = (),
    rotation: int = 0,
    stamp: str = "",
    spaced: bool = False,
) -> PhotographedPage | None:
    """Take the photograph; None when a digit is outside the picture."""
    scene = make_readable(scene)
    image, boxes = photograph_page(
        placed,
        scene=replace(scene, quality=None),
        rng=rng,
        printed=printed,
        objects=objects,
        imprints=imprints,
    )
    if not all(_is_inside(box, image.size) for box in boxes):
        return None
    image, boxes = turn(image, boxes, rotation)
    if scene.quality is None:
        data = encode(image, "PNG")
    else:
        data = encode(image, "JPEG", quality=scene.quality)
    return PhotographedPage(
        data=data, text=list(texts), boxes=boxes, rotation=rotation, stamp=stamp, spaced=spaced
    )


def turn(image: Image.Image, boxes: list[Box], rotation: int) -> tuple[Image.Image, list[Box]]:
    """Turn a picture, and boxes on it, counter-clockwise by 0, 90, 180 or 270 degrees."""
    for _ in range(rotation // 90):
        boxes = [(y, image.width - x - w, h, w) for x, y, w, h in boxes]
        image = image.transpose(Image.Transpose.ROTATE_90)
    return image, boxes


def _is_inside(box: Box, size: tuple[int, int]) -> bool:
    x, y, width, height = box
    return x > 0 and y > 0 and x + width < size[0] and y + height < size[1]


def lines_of_paper(
    scene: Scene,
    rng: Rng,
    *,
    squared: bool,
    pitch: float,
    y0: float,
    x0: float = 0.0,
    strength: float,
) -> Painter:
    """Print the lines of ruled or squared paper.

    Args:
        scene: the scene, whose paper the lines are printed on.
        rng: draws colour and width.
        squared: whether to print upright lines, too.
        pitch: distance of two lines, in pixels of the sheet.
        y0: row of one of the lines.
        x0: column of one of the upright lines.
        strength: how much darker than the paper the lines are, 0-1.
    """
    width, height = scene.size
    reach = 0.4 * max(width, height)
    ys = np.arange(y0 - pitch * math.ceil((y0 + reach) / pitch), height + reach, pitch)
    segments = [(-reach, y, width + reach, y) for y in ys]
    if squared:
        xs = np.arange(x0 - pitch * math.ceil((x0 + reach) / pitch), width + reach, pitch)
        segments += [(x, -reach, x, height + reach) for x in xs]
    tints = ((0.75, 0.95, 1.2), (1.0, 1.0, 1.02), (0.7, 0.9, 1.15), (1.15, 0.85, 0.85))
    tone = np.array(scene.paper) * (1 - strength) * tints[rng.integers(len(tints))]
    tone = np.minimum(tone, np.array(scene.paper) * 0.97)
    return printed_lines(
        np.array(segments),
        view=sheet_to_photo(scene),
        width=max(1.0, min(scene.size) * rng.uniform(0.0012, 0.0028)),
        colour=to_colour(tone),
    )


def rectangle(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """Return the four sides of a rectangle; float (4, 4)."""
    return np.array(
        [
            (left, top, right, top),
            (right, top, right, bottom),
            (right, bottom, left, bottom),
            (left, bottom, left, top),
        ]
    )


def surroundings(scene: Scene, rng: Rng) -> list[Painter]:
    """Draw the desk at a side of the page, holes in its margin or soft shade, or none of them."""
    width, height = scene.size
    view = sheet_to_photo(scene)
    kind = str(rng.choice(["none", "desk", "holes", "shade"]))
    if kind == "desk":
        inset = rng.uniform(0.0, 0.025, 4)
        corners = np.array(
            [(inset[0], -0.2), (1.2, -0.2), (1.2, 1 - inset[1]), (inset[2], 1 - inset[3])]
        )
        return [desk_around(corners * (width, height), view=view, colour=desk_colour(rng), rng=rng)]
    if kind == "holes":
        steps = np.arange(0.03, 0.99, rng.uniform(0.05, 0.1)) * height
        centres = np.stack([np.full(len(steps), 0.022 * width), steps], axis=1)
        radius = height * rng.uniform(0.006, 0.011)
        return [holes(centres, radius=radius, view=view, colour=grey(rng, 15, 70))]
    if kind == "shade":
        return [soft_shade(shade_blobs(scene, rng), depth=rng.uniform(0.08, 0.18))]
    return []


def shade_blobs(scene: Scene, rng: Rng) -> list[tuple[float, float, float, float, float, float]]:
    """Draw one to four soft blobs of 6 to 16 % of the longer side."""
    side = max(scene.size)
    return [
        (
            rng.uniform(0.05, 0.95) * scene.size[0],
            rng.uniform(0.1, 0.9) * scene.size[1],
            rng.uniform(0.06, 0.16) * side,
            rng.uniform(0.06, 0.16) * side,
            rng.uniform(0, math.pi),
            rng.uniform(1, 2.2),
        )
        for _ in range(int(rng.integers(1, 5)))
    ]


def desk_colour(rng: Rng) -> Colour:
    """Draw the colour of a wooden or grey desk."""
    green = rng.uniform(0.65, 0.97)
    return to_colour(rng.uniform(40, 140) * np.array([1, green, green * rng.uniform(0.6, 1)]))


def grey(rng: Rng, low: float, high: float) -> Colour:
    """Draw a nearly grey colour."""
    return to_colour(rng.uniform(low, high) * rng.uniform(0.95, 1.05, 3))
