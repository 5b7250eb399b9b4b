"""Draw digits with a round pen: long straight strokes, strokes apart, and thick strokes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from common.picture_files import encode
from digitlab.synthetic.handwriting.pen_strokes import parse_strokes, sample_pen_paths

Rng = np.random.Generator
Points = NDArray[np.floating]

_OVERSAMPLING = 2

STRAIGHT_SHAPES: Final[dict[int, tuple[str, ...]]] = {
    1: (
        "36,26 52,2! 52,98",
        "30,30 52,2! 50,98 | 28,98 76,98",
        "38,20 52,2! 51,97 | 36,98 66,97",
        "50,2 50,98 | 30,98 72,98",
    ),
    4: (
        "52,2 22,60! 82,60 | 66,34 66,98",
        "60,2 18,68! 84,68 | 62,2! 62,98",
        "28,2 26,54! 76,54 | 72,2 72,98",
    ),
    5: ("78,2 34,2! 32,42! 56,38 74,54 72,80 52,98 28,94", "76,3 36,3! 34,46! 66,46! 66,97! 28,97"),
    7: ("24,3 76,2! 42,98", "24,3 74,2! 52,98", "22,3 76,2! 44,98 | 38,50 70,48"),
    9: (
        "66,6 48,2 34,10 34,28 48,36 62,28 66,6! 67,98",
        "68,10 52,2 36,12 34,32 50,40 64,30 68,4! 68,98",
        "64,8 50,2 40,8 39,22 50,30 61,24 65,3! 58,98",
    ),
}
"""Strokes with long straight parts, in the notation of `digit_shapes`."""

BROKEN_SHAPES: Final[dict[int, tuple[str, ...]]] = {
    0: ("46,2 24,18 18,50 24,82 46,98 | 54,2 76,18 82,50 76,82 54,98",),
    2: ("22,24 38,4 62,4 76,22 66,50 26,94 | 24,99 84,98",),
    3: ("22,8 48,2 70,14 66,36 46,46 | 48,50 74,58 76,84 50,99 20,90",),
    4: ("22,4 20,54! 58,56 | 70,2 71,98",),
    5: ("32,8 30,44 56,38 76,56 74,82 50,99 22,92 | 36,2 82,1",),
    6: ("64,2 38,28 24,62 | 26,70 48,56 70,66 70,88 48,98 26,88 25,72",),
    7: ("16,4 82,3 | 80,8 58,50 46,98",),
    8: ("50,2 30,10 30,34 50,44 70,34 70,10 52,2 | 50,48 24,60 22,86 50,99 78,86 76,60 52,48",),
    9: ("66,12 48,2 26,14 28,40 48,48 66,34 | 72,4 72,50 68,98",),
}
"""Digits in pieces; each stroke becomes a piece."""


def write(notation: str, *, rng: Rng, variation: float) -> list[Points]:
    """Write a shape in one handwriting; return the inked points of each stroke, (N, 2)."""
    strokes = parse_strokes(notation)
    points, pressure = sample_pen_paths(strokes, 1, rng=rng, variation=variation)
    inked = pressure[0] > 0
    return [
        points[0][inked & (strokes.sample_stroke == number)]
        for number in range(len(strokes.lengths))
    ]


def fit_height(strokes: Sequence[Points], *, height: float) -> list[Points]:
    """Scale strokes to a height in pixels and move them to the origin."""
    everything = np.concatenate(strokes)
    low = everything.min(0)
    scale = height / np.ptp(everything[:, 1])
    return [(stroke - low) * scale for stroke in strokes]


def draw(strokes: Sequence[Points], *, size: tuple[int, int], pens: Sequence[float]) -> Image.Image:
    """Draw strokes with round pens of given widths, in white on black; a grey image."""
    canvas = Image.new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    brush = ImageDraw.Draw(canvas)
    for stroke, pen in zip(strokes, pens, strict=True):
        points = [(x * _OVERSAMPLING, y * _OVERSAMPLING) for x, y in stroke.tolist()]
        width, radius = max(1, round(pen * _OVERSAMPLING)), pen * _OVERSAMPLING / 2
        brush.line(points, fill=255, width=width)
        for x, y in points:
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return canvas.reduce(_OVERSAMPLING)


def colour(ink: Image.Image, rng: Rng) -> Image.Image:
    """Give a drawing its tones: black on white, white on black, or two other tones."""
    cover = np.asarray(ink, float) / 255
    paper, tone = (255.0, 0.0)
    if rng.random() < 0.4:
        paper, tone = rng.uniform(200, 255), rng.uniform(0, 110)
    if rng.random() < 0.5:
        paper, tone = 255 - paper, 255 - tone
    return Image.fromarray(np.rint(paper + (tone - paper) * cover).astype(np.uint8))


def as_file(image: Image.Image, rng: Rng) -> bytes:
    """Encode a drawing as PNG, or as JPEG with probability 0.3."""
    if rng.random() < 0.3:
        return encode(image, "JPEG", quality=int(rng.integers(75, 95)))
    return encode(image, "PNG")


def straight_strokes(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw a digit with long straight strokes that fills the height of a wide canvas."""
    height = int(rng.integers(240, 700))
    width = round(height * rng.uniform(1.8, 3.4))
    notation = str(rng.choice(STRAIGHT_SHAPES[label]))
    pen = max(2.0, height * rng.uniform(0.01, 0.028))
    margin = height * rng.uniform(0.01, 0.06) + pen / 2
    strokes = fit_height(
        write(notation, rng=rng, variation=rng.uniform(0, 0.12)), height=height - 2 * margin
    )
    digit_width = max(float(stroke[:, 0].max()) for stroke in strokes)
    left = (width - digit_width) * rng.uniform(0.25, 0.75)
    placed = [stroke + np.array((left, margin)) for stroke in strokes]
    ink = draw(placed, size=(width, height), pens=[pen] * len(placed))
    if rng.random() < 0.3:
        ink = ink.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5)))
    return as_file(colour(ink, rng), rng)


def broken(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw a digit in two pieces with pens of two widths and a gap between them.

    The gap is up to 9 % of the picture's height.
    """
    side = int(rng.choice([200, 280, 400, 500, 800]))
    height = side * rng.uniform(0.28, 0.45)
    strokes = fit_height(
        write(str(rng.choice(BROKEN_SHAPES[label])), rng=rng, variation=rng.uniform(0.1, 0.5)),
        height=height,
    )
    thin = max(1.2, height * float(np.exp(rng.uniform(np.log(0.01), np.log(0.07)))))
    thick = thin * rng.uniform(1, 4)
    pens = (thin, thick) if rng.random() < 0.5 else (thick, thin)
    strokes = move_apart(strokes, pens=pens, gap=side * rng.uniform(0.05, 0.09))
    everything = np.concatenate(strokes)
    low = everything.min(0)
    corner = (side - everything.max(0) + low) * rng.uniform(0.25, 0.75, 2) - low
    ink = draw([stroke + corner for stroke in strokes], size=(side, side), pens=pens)
    return as_file(colour(ink, rng), rng)


def move_apart(strokes: Sequence[Points], *, pens: Sequence[float], gap: float) -> list[Points]:
    """Move the second of two strokes away from the first until white of width `gap` is between."""
    first, second = strokes
    direction = second.mean(0) - first.mean(0)
    direction /= max(float(np.linalg.norm(direction)), 1e-6)
    if abs(direction[0]) > abs(direction[1]):
        direction[1] *= 0.3  # pieces beside each other stay on one line
    moved, reach = second, gap + (pens[0] + pens[1]) / 2
    while np.linalg.norm(moved[:, None] - first, axis=2).min() < reach:
        moved = moved + direction * gap / 20
    return [first, moved]


def thick_at_edges(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Photograph a digit of a thick pen, cut tight, so that its ink touches all four edges."""
    height = rng.uniform(110, 420)
    strokes = fit_height(
        write(THICK_SHAPES[label], rng=rng, variation=rng.uniform(0.2, 0.6)), height=height
    )
    pen = height * rng.uniform(0.25, 0.35)
    everything = np.concatenate(strokes)
    width, height = np.ceil(np.ptp(everything, axis=0) + pen).astype(int).tolist()
    placed = [stroke - everything.min(0) + pen / 2 for stroke in strokes]
    ink = draw(placed, size=(width, height), pens=[pen] * len(placed))
    cover = np.asarray(ink.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 2.0))), float) / 255
    paper, tone = rng.uniform(170, 250), rng.uniform(20, 90)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + rng.uniform(0.02, 0.15) * (x * np.cos(angle) + y * np.sin(angle))
    pixels = (paper + (tone - paper) * cover) * light + rng.normal(
        0, rng.uniform(1, 4), cover.shape
    )
    pixels = 255 - pixels if rng.random() < 0.4 else pixels
    return as_file(Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)), rng)


THICK_SHAPES = {
    0: "50,0 18,14 6,50 18,86 50,100 82,86 94,50 82,14 50,0",
    2: "12,24 30,4 64,2 84,22 70,50 14,98! 90,98",
    3: "14,10 46,0 80,12 78,36 46,48! 84,58 86,86 52,100 12,90",
    5: "84,2 24,2! 20,44! 56,36 84,56 82,84 50,100 12,92",
    6: "70,0 34,22 12,60 22,92 52,100 84,88 84,62 58,48 28,60 16,74",
    8: "50,0 20,12 24,38 50,48 76,38 80,12 50,0 | 50,48 16,60 12,86 50,100 88,86 84,60 50,48",
    9: "80,20 50,0 18,14 18,42 48,54 78,38 82,10! 74,100",
}

PEN_DRAWINGS = {
    "straight strokes": straight_strokes,
    "broken": broken,
    "thick at the edges": thick_at_edges,
}
"""Functions from a digit image, its label and a generator to the bytes of a picture file."""

SHAPES_OF_ROW = {
    "straight strokes": tuple(STRAIGHT_SHAPES),
    "broken": tuple(BROKEN_SHAPES),
    "thick at the edges": tuple(THICK_SHAPES),
}
"""The digits of each kind of drawing."""
