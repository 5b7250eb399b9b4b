"""Make pictures of digits in European hands, in lettering and in few pixels.

The shapes are none of those that the writer of the training data draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image

from common.pen_drawings import as_file, colour, draw, fit_height, write
from common.picture_files import encode, invert_at_random
from digitlab.synthetic.photographs.camera import photograph_sheet
from digitlab.synthetic.photographs.geometry import digit_centre, digit_to_sheet, sheet_to_photo
from digitlab.synthetic.photographs.ink_on_paper import ink_skeleton
from digitlab.synthetic.photographs.ordinary_scene import ordinary_scene
from digitlab.synthetic.photographs.skeletonise import Skeleton

Rng = np.random.Generator
MakePicture = Callable[[np.ndarray, int, Rng], bytes]

HAND_SHAPES: Final[dict[str, dict[int, tuple[str, ...]]]] = {
    "European 1": {
        1: (
            "0,40 26,22 62,0! 62,100",
            "0,52 30,24 66,0! 64,100",
            "-4,44 60,0! 56,100",
            "-10,60 60,0! 60,100",
            "8,64 34,36 60,0! 66,100",
        )
    },
    "flagged printed 1": {
        1: (
            "22,18 50,2! 50,98",
            "16,22 52,2! 52,98",
            "24,18 42,13 54,2! 54,98",
            "14,26 36,18 54,2! 54,98",
            "8,30 30,22 60,0! 60,100 | 40,100 80,100",
        )
    },
    "crossed 7": {
        7: (
            "30,24 66,2! 54,100 | 24,48 90,40",
            "26,40 20,6! 64,4! 58,100 | 16,46 96,44",
            "32,34 34,6! 66,6! 66,100 | 24,44 104,44",
            "36,24 36,4! 68,4! 60,100 | 10,40 100,36",
            "28,30 28,4! 68,4! 60,100 | 14,44 98,40",
        )
    },
    "angular 4": {
        4: (
            "66,4 26,30 22,52! 82,52 | 72,2 72,100",
            "70,2! 24,26! 24,52! 80,52 | 72,0 72,100",
            "32,4! 20,50! 90,50 | 36,4 76,2! 74,100",
            "68,4! 30,12 22,50! 84,50 | 70,4 68,100",
            "70,2! 28,8! 20,52! 96,54 | 72,2 70,100",
        )
    },
    "open 9": {
        9: (
            "46,2 22,20 26,44 54,46 80,34! | 82,10 80,100",
            "52,0 26,6 16,28 30,46 56,46 82,34! | 82,14 78,100",
            "44,3 24,14 20,36 40,48 80,36! | 83,8 80,100",
            "48,4 22,10 18,36 40,48 78,38! | 80,18 78,60 70,100",
        )
    },
    "looped 9": {
        9: (
            "76,22 50,0 20,20 28,50 62,44 80,14! 74,70 50,98 20,86 36,70 84,62",
            "76,20 52,0 24,14 24,40 48,52 72,36 78,8! 78,68 56,86 34,80 40,62 66,60 88,70",
            "70,14 46,0 20,20 30,46 60,40 74,6! 80,60 62,100 34,92 44,64 90,70",
            "70,6 36,4 18,30 40,52 74,30 70,6! 70,70 60,98 28,100 18,84 40,74 90,66",
            "78,20 52,0 22,16 24,42 50,50 74,30 80,8! 78,74 52,100 22,90 26,76 52,72 86,78",
        )
    },
    "square 6": {
        6: (
            "70,3! 16,3! 16,97! 80,97! 80,46! 16,46",
            "64,4! 22,4! 22,96! 74,96! 74,56! 22,56",
            "84,10! 18,10! 20,98! 84,94! 82,54! 22,58",
            "76,0 30,20! 16,98! 78,98! 80,56! 24,52",
        )
    },
    "square 0": {
        0: (
            "18,3! 80,3! 82,97! 16,97! 18,0",
            "14,6! 88,4! 86,96! 12,94! 14,4",
            "12,18! 86,18! 86,86! 12,86! 12,16",
        )
    },
    "slashed 0": {
        0: (
            "54,0 36,12 30,50 36,88 50,100 66,88 72,50 66,12 52,0 | 92,20 8,80",
            "50,0 26,10 20,50 26,90 50,100 74,90 80,50 74,10 48,0 | 92,10 10,92",
            "52,0 32,14 28,50 34,88 52,100 70,86 74,50 68,14 50,0 | 98,4 4,96",
        )
    },
    "square 3 and 8": {
        3: (
            "14,3! 84,3! 84,50! 30,50! 84,50! 84,97! 12,97",
            "16,4! 80,4! 80,96! 16,96 | 40,50 80,50",
        ),
        8: (
            "18,3! 82,3! 82,97! 18,97! 18,0 | 18,47 82,47",
            "26,2! 74,2! 74,44! 26,44! 26,2 | 18,46! 82,46! 82,98! 18,98! 18,46",
        ),
    },
}
"""Strokes in the notation of `handwriting.digit_shapes`, by row and digit."""

_LETTERING: Final = {
    **{
        label: HAND_SHAPES[row][label]
        for row, label in (
            ("square 0", 0),
            ("flagged printed 1", 1),
            ("angular 4", 4),
            ("square 6", 6),
        )
    },
    **HAND_SHAPES["square 3 and 8"],
    2: ("16,4! 82,4! 82,46! 18,46! 18,96! 86,96", "14,22 40,2 78,12 70,42! 16,97! 84,97"),
    5: ("82,3! 18,3! 18,46! 82,46! 82,97! 16,97", "80,3! 24,3! 22,44! 60,40 80,66 62,97! 18,97"),
    7: ("12,22! 12,4! 86,4! 86,30! 50,96", "14,4! 84,4! 40,98 | 40,50 78,50"),
    9: ("82,50! 16,50! 16,4! 84,4! 84,97! 20,97", "80,48! 20,48! 20,4! 80,4! 80,97"),
}
"""Strokes for drawings with few pixels, by digit."""

_VARIATION: Final = 0.5
"""Variation between the hands, so that each picture still shows its row's shape."""

_GLYPHS: Final = {
    5: """
.###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###.
#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...#
#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#
#.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .####
##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#.
.###. .###. ##### .###. ...#. .###. .###. .#... .###. .##..
""",
    4: """
#### ..#. #### #### #..# #### #### #### #### ####
#..# .##. ...# ...# #..# #... #... ...# #..# #..#
#..# ..#. ...# ...# #..# #... #... ...# #..# #..#
#..# ..#. #### .### #### #### #### ..#. #### ####
#..# ..#. #... ...# ...# ...# #..# ..#. #..# ...#
#..# ..#. #... ...# ...# ...# #..# .#.. #..# ...#
#### .### #### #### ...# #### #### .#.. #### ####
""",
    3: """
### .#. ### ### #.# ### ### ### ### ###
#.# ##. ..# ..# #.# #.. #.. ..# #.# #.#
#.# .#. ### .## ### ### ### .#. ### ###
#.# .#. #.. ..# ..# ..# #.# .#. #.# ..#
### ### ### ### ..# ### ### .#. ### ###
""",
}
"""Bitmaps of the ten digits, by their width in pixels."""


def hand(shapes: dict[int, tuple[str, ...]]) -> MakePicture:
    """Return a function that draws a digit in one of the shapes, or photographs it."""

    def make(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
        notation = str(rng.choice(shapes[label]))
        return _drawn(notation, rng) if rng.random() < 0.5 else _photographed(notation, rng)

    return make


def _drawn(notation: str, rng: Rng) -> bytes:
    """Draw strokes with a round pen on a canvas."""
    side = int(rng.choice([120, 200, 280, 400, 600]))
    height = side * rng.uniform(0.4, 0.75)
    strokes = fit_height(write(notation, rng=rng, variation=_VARIATION), height=height)
    everything = np.concatenate(strokes)
    width = float(np.ptp(everything[:, 0]))
    strokes = [stroke * min(1.0, 0.85 * side / width) for stroke in strokes]
    everything = np.concatenate(strokes)
    corner = (side - everything.max(0)) * rng.uniform(0.3, 0.7, 2)
    pens = [max(2.0, height * rng.uniform(0.03, 0.1))] * len(strokes)
    ink = draw([stroke + corner for stroke in strokes], size=(side, side), pens=pens)
    return as_file(colour(ink, rng), rng)


def _photographed(notation: str, rng: Rng) -> bytes:
    """Write strokes on paper with a pen that follows them exactly, and photograph the paper."""
    strokes = write(notation, rng=rng, variation=_VARIATION)
    points = np.concatenate(strokes)
    low, extent = points.min(0), np.ptp(points, axis=0)
    points = (points - low - extent / 2) * (20 / extent.max()) + 14
    last = np.cumsum([len(stroke) for stroke in strokes]) - 1
    first = np.setdiff1d(np.arange(len(points)), last)
    skeleton = Skeleton(points=points, edges=np.stack([first, first + 1], axis=1))
    scene = ordinary_scene(rng)
    view = sheet_to_photo(scene)
    on_sheet = digit_to_sheet(
        *digit_centre(scene), digit_height=scene.digit_height, slant=scene.slant
    )
    ink = ink_skeleton(skeleton, view @ on_sheet, scene=scene, rng=rng)
    return encode(photograph_sheet([ink], sheet_to_photo=view, scene=scene, rng=rng), "PNG")


def glyph_drawing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw a digit of 3 x 5 to 5 x 7 pixels, with whole pixels of 1 to 40 pixels of the file."""
    width = int(rng.choice(list(_GLYPHS), p=[0.5, 0.35, 0.15]))
    rows = [line.split()[label] for line in _GLYPHS[width].split("\n") if line]
    glyph = np.array([[character == "#" for character in row] for row in rows])
    margin = rng.integers(0, 4, 4)
    canvas = np.pad(glyph, (margin[:2], margin[2:])).astype(np.uint8) * 255
    factor = int(rng.choice([1, 2, 3, 4, 8, 16, 40]))
    large = Image.fromarray(np.repeat(np.repeat(255 - canvas, factor, 0), factor, 1))
    return encode(invert_at_random(large, rng), "PNG")


def pixel_drawing(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw with lines of one pixel on 9 to 16 pixels; each is 1 to 20 pixels of the file."""
    side = int(rng.integers(9, 17))
    canvas = _draw_with_square_brush(label, side=side, height=rng.uniform(0.6, 1), brush=1, rng=rng)
    factor = int(rng.choice([1, 2, 5, 10, 20]))
    large = canvas.resize((side * factor, side * factor), Image.Resampling.NEAREST)
    return encode(invert_at_random(large, rng), "PNG")


def square_brush(digit_image: np.ndarray, label: int, rng: Rng) -> bytes:
    """Draw with a thick square brush on a small canvas, as a paint program does."""
    side = int(rng.integers(20, 65))
    brush = max(2, round(side * rng.uniform(0.06, 0.13)))
    canvas = _draw_with_square_brush(
        label, side=side, height=rng.uniform(0.6, 0.8), brush=brush, rng=rng
    )
    return encode(invert_at_random(canvas, rng), "PNG")


def _draw_with_square_brush(
    label: int, *, side: int, height: float, brush: int, rng: Rng
) -> Image.Image:
    """Draw lettering without grey edges, white on black, as high as this share of the canvas."""
    notation = str(rng.choice(_LETTERING[label]))
    strokes = fit_height(
        write(notation, rng=rng, variation=_VARIATION), height=side * height - brush
    )
    everything = np.concatenate(strokes)
    scale = min(1.0, (side - brush) / max(float(everything[:, 0].max()), 1.0))
    everything = everything * scale
    corner = (side - brush - everything.max(0)) / 2
    canvas = np.zeros((side, side), np.uint8)
    for x, y in np.rint(everything + corner).astype(int).tolist():
        canvas[y : y + brush, x : x + brush] = 255
    return Image.fromarray(canvas)


HAND_DIFFICULTIES: Final[dict[str, MakePicture]] = {
    **{name: hand(shapes) for name, shapes in HAND_SHAPES.items()},
    "3 x 5 to 5 x 7 pixels": glyph_drawing,
    "pixel drawing": pixel_drawing,
    "square brush": square_brush,
}
"""The function of each row by its name."""

LABELS_OF_HANDS: Final[dict[str, tuple[int, ...]]] = {
    **{name: tuple(shapes) for name, shapes in HAND_SHAPES.items()},
}
"""The digits of a row that only some digits can have."""
