"""Things on a photographed page beside its digits: printed lines, holes, hands, stamps, shade.

Each function returns a painter, which paints one kind of thing on a page, in place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from digitlab.synthetic.photographs.camera import Painter
from digitlab.synthetic.photographs.geometry import Floats, project
from digitlab.synthetic.photographs.paper import Page, lay_colour
from digitlab.synthetic.photographs.scene import Colour, Side
from digitlab.synthetic.photographs.texture import noise_texture, to_unit_range

_OVERSAMPLING = 2
_SEGMENTS = {  # of a seven-segment display, in a box of 1 x 2
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd",
    "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
_SEGMENT_ENDS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1),
}  # fmt: skip


def printed_lines(segments: Floats, *, view: Floats, width: float, colour: Colour) -> Painter:
    """Print straight lines on the paper.

    Args:
        segments: float (N, 4), x and y of both ends, in pixels of the sheet.
        view: homography from the sheet to the photograph.
        width: of the lines, in pixels.
        colour: of the lines.
    """

    def paint(page: Page) -> None:
        canvas, pencil = _canvas(page)
        ends = project(np.asarray(segments, float).reshape(-1, 2), view).reshape(-1, 4)
        for segment in (ends * _OVERSAMPLING).tolist():
            pencil.line(segment, fill=255, width=max(1, round(width * _OVERSAMPLING)))
        lay_colour(page, _cover(canvas), colour)

    return paint


def holes(
    centres: Floats, *, radius: float, view: Floats, colour: Colour, wire: Floats | None = None
) -> Painter:
    """Punch round holes, through which the dark ground shows.

    Args:
        centres: float (N, 2), in pixels of the sheet.
        radius: in pixels.
        view: homography from the sheet to the photograph.
        colour: of the ground.
        wire: where a spiral's wire goes from each hole, float (2,) in pixels; None for no wire.
    """

    def paint(page: Page) -> None:
        canvas, pencil = _canvas(page)
        points = project(centres, view) * _OVERSAMPLING
        reach = radius * _OVERSAMPLING
        for x, y in points.tolist():
            pencil.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
        lay_colour(page, _cover(canvas.filter(ImageFilter.GaussianBlur(reach / 8))), colour)
        if wire is None:
            return
        for shift, tone in ((0.0, 70), (-0.35, 190)):  # the wire, and the light on it
            canvas, pencil = _canvas(page)
            width = max(1, round(reach * (0.7 if tone < 100 else 0.25)))
            starts = points + shift * reach
            ends = starts + wire * _OVERSAMPLING
            for line in np.concatenate([starts, ends], axis=1).tolist():
                pencil.line(line, fill=255, width=width)
            lay_colour(page, _cover(canvas), (tone, tone, tone + 6))

    return paint


def desk_around(
    corners: Floats, *, view: Floats, colour: Colour, rng: np.random.Generator
) -> Painter:
    """Show the desk around a sheet, with the sheet's shadow on it.

    Args:
        corners: float (N, 2), the sheet's corners in order, in pixels of the sheet.
        view: homography from the sheet to the photograph.
        colour: of the desk.
        rng: draws the grain of the wood.
    """

    def paint(page: Page) -> None:
        canvas, pencil = _canvas(page)
        outline = project(corners, view) * _OVERSAMPLING
        pencil.polygon([tuple(point) for point in outline.tolist()], fill=255)
        sheet = _cover(canvas)
        height, width = sheet.shape
        side = max(width, height)
        soft = Image.fromarray((sheet * 255).astype(np.uint8)).filter(
            ImageFilter.GaussianBlur(side / 60)
        )
        wood = np.empty((height, width, 3), np.float32)
        wood[:] = colour
        wood += _wood_grain((width, height), rng)[:, :, None] * np.float32(np.mean(colour) / 12)
        wood *= (1 - 0.4 * to_unit_range(soft))[:, :, None]
        page += (1 - sheet)[:, :, None] * (wood - page)

    return paint


def fingers(
    side: Side, *, at: float, reach: float, width: float, count: int, rng: np.random.Generator
) -> Painter:
    """Show fingers that reach into the picture from one of its sides.

    Args:
        side: the side of the picture.
        at: place on this side, as a share of its length.
        reach: how far they reach into the picture, in pixels.
        width: of a finger, in pixels.
        count: number of fingers; they lie beside each other.
        rng: draws the angle and the colour of the skin.
    """
    skin = np.array([(224, 172, 140), (198, 140, 104), (141, 92, 62), (236, 188, 160)][
        rng.integers(4)
    ], float) * rng.uniform(0.75, 1.0)  # fmt: skip
    lean = rng.uniform(-0.5, 0.5)
    reaches = reach * rng.uniform(0.75, 1.0, count)

    def paint(page: Page) -> None:
        height, width_of_page = page.shape[:2]
        for number, length in enumerate(reaches.tolist()):
            offset = (number - (count - 1) / 2) * width * 0.98
            size = (width_of_page, height)
            start, end = _finger_axis(
                side, at=at, offset=offset, length=length, lean=lean, size=size
            )
            canvas, pencil = _canvas(page)
            _capsule(pencil, start, end, width)
            cover = _cover(canvas)
            shadow = Image.fromarray((cover * 255).astype(np.uint8)).filter(
                ImageFilter.GaussianBlur(width / 3)
            )
            page *= (1 - 0.35 * to_unit_range(shadow))[:, :, None]
            inner = to_unit_range(
                Image.fromarray((cover * 255).astype(np.uint8)).filter(
                    ImageFilter.GaussianBlur(width / 4)
                )
            )
            tone = 0.6 + 0.4 * np.clip(2 * inner - 0.8, 0, 1)  # fingers are round
            page += cover[:, :, None] * (tone[:, :, None] * skin.astype(np.float32) - page)
            canvas, pencil = _canvas(page)
            direction = (end - start) / max(float(np.hypot(*(end - start))), 1e-6)
            _capsule(pencil, end - direction * width * 0.1, end + direction * width * 0.15,
                     width * 0.55)  # fmt: skip
            red, green, blue = (int(v) for v in np.clip(skin * (1.08, 1.02, 1.04), 0, 255))
            lay_colour(page, _cover(canvas) * np.float32(0.7), (red, green, blue))

    return paint


def staple(centre: tuple[float, float], *, length: float, angle: float, width: float) -> Painter:
    """Put a staple on the paper: a wire, the light on it, and its two ends.

    Args:
        centre: in pixels of the photograph.
        length: in pixels.
        angle: in radians.
        width: of the wire, in pixels.
    """

    def paint(page: Page) -> None:
        half = np.array([math.cos(angle), math.sin(angle)]) * length / 2
        across = np.array([-half[1], half[0]]) / max(length / 2, 1e-6) * width * 0.3
        start, end = np.array(centre) - half, np.array(centre) + half
        for shift, size, colour in (
            (across * 2, width, (150, 146, 140)),
            (0 * across, width, (72, 72, 76)),
            (-across, width / 3, (225, 225, 230)),
        ):
            canvas, pencil = _canvas(page)
            _capsule(pencil, start + shift, end + shift, size)
            lay_colour(page, _cover(canvas), colour)

    return paint


def soft_shade(
    blobs: Sequence[tuple[float, float, float, float, float, float]], *, depth: float
) -> Painter:
    """Darken soft, round places of the paper.

    Args:
        blobs: column and row of the middle, both radii in pixels, the angle in radians, and
            the exponent of the profile; 2 and more have ever steeper sides.
        depth: how much darker the middle of the shade is, 0-1.
    """

    def paint(page: Page) -> None:
        height, width = page.shape[:2]
        y, x = np.mgrid[:height, :width].astype(np.float32)
        total = np.zeros((height, width), np.float32)
        for x0, y0, a, b, angle, exponent in blobs:
            cos, sin = math.cos(angle), math.sin(angle)
            u = ((x - x0) * cos + (y - y0) * sin) / a
            v = ((y - y0) * cos - (x - x0) * sin) / b
            np.maximum(total, np.exp(-((u * u + v * v) ** np.float32(exponent))), out=total)
        page *= (1 - np.float32(depth) * total)[:, :, None]

    return paint


def printed_date(
    text: str, *, left: float, top: float, height: float, colour: Colour, segments: bool
) -> Painter:
    """Print a date on the photograph, as cameras do.

    Args:
        text: digits, spaces and the characters of a date.
        left: column where it begins, in pixels.
        top: row where it begins, in pixels.
        height: of its digits, in pixels.
        colour: of the digits.
        segments: whether digits have the shape of a seven-segment display.
    """

    def paint(page: Page) -> None:
        canvas, pencil = _canvas(page)
        if not segments:
            font = ImageFont.load_default(height * 1.35 * _OVERSAMPLING)
            place = (left * _OVERSAMPLING, (top - 0.3 * height) * _OVERSAMPLING)
            pencil.text(place, text, fill=255, font=font)
        x = left
        for character in text if segments else "":
            _draw_segments(pencil, character, x, top, height)
            x += height * DATE_ADVANCE
        cover = canvas.filter(ImageFilter.GaussianBlur(height / 30 * _OVERSAMPLING))
        glow = canvas.filter(ImageFilter.GaussianBlur(height / 6 * _OVERSAMPLING))
        lay_colour(page, _cover(glow) * np.float32(0.35 * segments), colour)
        lay_colour(page, _cover(cover), colour)

    return paint


DATE_ADVANCE = 0.8
"""Distance of two characters of a printed date, in heights."""


def _draw_segments(
    pencil: ImageDraw.ImageDraw, character: str, left: float, top: float, height: float
) -> None:
    """Draw a digit, an apostrophe or a colon as a display shows it; nothing for others."""
    scale, thick = height / 2 * _OVERSAMPLING, max(1, round(height * 0.11 * _OVERSAMPLING))
    x, y = left * _OVERSAMPLING, top * _OVERSAMPLING
    for name in _SEGMENTS.get(character, ""):
        x0, y0, x1, y1 = _SEGMENT_ENDS[name]
        ends = (x + x0 * scale, y + y0 * scale, x + x1 * scale, y + y1 * scale)
        pencil.line(ends, fill=255, width=thick)
    if character == "'":
        pencil.line((x + scale, y, x + 0.8 * scale, y + 0.4 * scale), fill=255, width=thick)
    if character == ":":
        for dot in (0.6, 1.4):
            box = (
                x + 0.4 * scale,
                y + dot * scale,
                x + 0.4 * scale + thick,
                y + dot * scale + thick,
            )
            pencil.rectangle(box, fill=255)


def _finger_axis(
    side: Side, *, at: float, offset: float, length: float, lean: float, size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Return the base, outside the picture, and the tip of a finger, in pixels."""
    width, height = size
    outside = 0.3 * length
    if side in {"left", "right"}:
        sign, x = (1, 0.0) if side == "left" else (-1, float(width))
        y = at * height + offset
        return (
            np.array([x - sign * outside, y - lean * outside]),
            np.array([x + sign * length, y + lean * length]),
        )
    sign, y = (1, 0.0) if side == "top" else (-1, float(height))
    x = at * width + offset
    return (
        np.array([x - lean * outside, y - sign * outside]),
        np.array([x + lean * length, y + sign * length]),
    )


def _capsule(pencil: ImageDraw.ImageDraw, start: Floats, end: Floats, width: float) -> None:
    """Draw a line with round ends."""
    thick = max(1, round(width * _OVERSAMPLING))
    points = [(float(x) * _OVERSAMPLING, float(y) * _OVERSAMPLING) for x, y in (start, end)]
    pencil.line([*points[0], *points[1]], fill=255, width=thick)
    for x, y in points:
        pencil.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)


def _wood_grain(size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw lumps that are stretched along one axis; float32 (height, width)."""
    width, height = size
    narrow = noise_texture((max(2, width // 12), height), grain=3, rng=rng)
    image = Image.fromarray(narrow).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)


def _canvas(page: Page) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    height, width = page.shape[:2]
    canvas = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
    return canvas, ImageDraw.Draw(canvas)


def _cover(canvas: Image.Image) -> NDArray[np.float32]:
    return to_unit_range(canvas.reduce(_OVERSAMPLING))
