"""Rows: several digits written on one sheet and photographed, and where each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.camera import take
from digitlab.synthetic.photographs.geometry import camera, place
from digitlab.synthetic.photographs.ink_on_paper import write
from digitlab.synthetic.photographs.random_scene import readable
from digitlab.synthetic.photographs.scene import Scene

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_SHARE = 0.86  # of the frame that the longest line may take
_LEADING = 1.6  # distance of two lines, in digit's heights


def photograph_row(
    digit_images: Sequence[NDArray[np.uint8]],
    *,
    rng: np.random.Generator,
    scene: Scene | None = None,
    lines: int = 1,
) -> tuple[Image.Image, list[Box]]:
    """Write digits beside each other, as one person does, and photograph them.

    Args:
        digit_images: uint8 (28, 28) each, bright ink on 0 and not empty; in reading order.
        rng: draws spacing, paper, light and noise; equal states give equal photographs.
        scene: how; its height is the most that the digits have, and they are written
            smaller where they would not fit, with as much less blur and noise as a person
            needs to read them. `edge` and `cut` are not used.
        lines: lines of writing, 1 or more, as equally filled as can be.

    Returns:
        An RGB image of the scene's size, and the box of each digit's ink in reading order.
    """
    scene = scene or Scene(size=(800, 400))
    written = [list(part) for part in np.array_split(np.arange(len(digit_images)), lines)]
    widths = [_width(image) for image in digit_images]
    gaps = rng.uniform(0.12, 0.5) * rng.uniform(0.7, 1.3, len(digit_images))
    sizes = rng.normal(1, 0.05, len(digit_images)).clip(0.85, 1.15)
    advances = np.array(widths) * sizes + gaps
    longest = max(float(advances[line].sum() - gaps[line[-1]]) for line in written if line)
    across = _SHARE * scene.size[0] / max(longest, 1.0)
    down = _SHARE * scene.size[1] / (1.1 + _LEADING * (lines - 1))
    unit = min(scene.unit, across, down)
    if scene.pen is not None:  # a smaller hand keeps the look of its pen
        scene = replace(scene, pen=max(1.2, scene.pen * unit / scene.unit))
    scene = readable(replace(scene, height=unit / min(scene.size)))
    view = camera(scene)
    stamps = []
    left = (scene.size[0] - unit * longest) * rng.uniform(0.35, 0.65)  # the margin of all lines
    for number, line in enumerate(written):
        length = unit * float(advances[line].sum() - gaps[line[-1]])
        free = scene.size[0] - length
        x = min(left + unit * rng.normal(0, 0.1), free)
        y = scene.size[1] / 2 + unit * _LEADING * (number - (lines - 1) / 2)
        slope = rng.normal(0, 0.015)
        for index in line:
            middle = x + unit * widths[index] * sizes[index] / 2
            base = y + slope * (middle - scene.size[0] / 2) + unit * rng.normal(0, 0.03)
            where = view @ place(
                middle,
                base,
                height=unit * sizes[index],
                slant=scene.slant + rng.normal(0, 3),
                rotation=rng.normal(0, 1.5),
            )
            stamps.append(write(_upright(digit_images[index]), where, scene=scene, rng=rng))
            x += unit * advances[index]
    image = take(stamps, view=view, scene=scene, rng=rng)
    return image, [stamp.box or (0, 0, 0, 0) for stamp in stamps]


def _width(digit_image: NDArray[np.uint8]) -> float:
    """Width of a digit's ink, in digit's heights."""
    columns = np.flatnonzero((digit_image > 60).any(axis=0))
    return (columns[-1] - columns[0] + 1) / 20 if len(columns) else 0.0


def _upright(digit_image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The digit with its box, not its mass, in the middle, so that lines of writing are even."""
    rows = np.flatnonzero((digit_image > 60).any(axis=1))
    columns = np.flatnonzero((digit_image > 60).any(axis=0))
    if not len(rows):
        return digit_image
    down = 14 - (rows[0] + rows[-1] + 1) // 2
    right = 14 - (columns[0] + columns[-1] + 1) // 2
    moved: NDArray[np.uint8] = np.roll(digit_image, (down, right), (0, 1))
    return moved
