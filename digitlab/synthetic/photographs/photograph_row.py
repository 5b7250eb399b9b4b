"""Photograph of several digits: they are written in one or more lines on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.camera import photograph_sheet
from digitlab.synthetic.photographs.geometry import Box, digit_to_sheet, sheet_to_photo
from digitlab.synthetic.photographs.ink_on_paper import ink_digit
from digitlab.synthetic.photographs.random_scene import make_readable
from digitlab.synthetic.photographs.scene import Scene

_MAX_LINE_SHARE = 0.86  # of the frame's width that the longest line may take
_LINE_SPACING = 1.6  # distance of two lines, in digit heights


def photograph_row(
    digit_images: Sequence[NDArray[np.uint8]],
    *,
    rng: np.random.Generator,
    scene: Scene | None = None,
    lines: int = 1,
) -> tuple[Image.Image, list[Box]]:
    """Write digits beside each other in one handwriting and photograph them.

    Args:
        digit_images: uint8 (28, 28) each, bright ink on 0, not empty, in reading order.
        rng: draws spacing, paper, light and noise; equal states give equal photographs.
        scene: how to write and photograph them; None for a clean photograph of 800 x 400.
            `height` is the largest height of the digits; they are smaller where they would
            not fit, and blur and noise are then reduced so that a person can read them.
            `edge` and `cut` are not used.
        lines: number of lines of writing, 1 or more; they hold nearly equal numbers of digits.

    Returns:
        An RGB image of the scene's size, and the box of each digit's ink in reading order.
    """
    scene = scene or Scene(size=(800, 400))
    digits_by_line = [list(part) for part in np.array_split(np.arange(len(digit_images)), lines)]
    widths = [ink_width(image) for image in digit_images]
    gaps = rng.uniform(0.12, 0.5) * rng.uniform(0.7, 1.3, len(digit_images))
    sizes = rng.normal(1, 0.05, len(digit_images)).clip(0.85, 1.15)
    advances = np.array(widths) * sizes + gaps
    longest = max(float(advances[line].sum() - gaps[line[-1]]) for line in digits_by_line if line)
    max_by_width = _MAX_LINE_SHARE * scene.size[0] / max(longest, 1.0)
    max_by_height = _MAX_LINE_SHARE * scene.size[1] / (1.1 + _LINE_SPACING * (lines - 1))
    digit_height = min(scene.digit_height, max_by_width, max_by_height)
    if scene.pen is not None:  # the pen becomes thinner with the digits
        scene = replace(scene, pen=max(1.2, scene.pen * digit_height / scene.digit_height))
    scene = make_readable(replace(scene, height=digit_height / min(scene.size)))
    view = sheet_to_photo(scene)
    layers = []
    margin = (scene.size[0] - digit_height * longest) * rng.uniform(0.35, 0.65)
    for number, line in enumerate(digits_by_line):
        length = digit_height * float(advances[line].sum() - gaps[line[-1]])
        free = scene.size[0] - length
        x = min(margin + digit_height * rng.normal(0, 0.1), free)
        y = scene.size[1] / 2 + digit_height * _LINE_SPACING * (number - (lines - 1) / 2)
        slope = rng.normal(0, 0.015)
        for index in line:
            middle = x + digit_height * widths[index] * sizes[index] / 2
            on_sheet = digit_to_sheet(
                middle,
                y + slope * (middle - scene.size[0] / 2) + digit_height * rng.normal(0, 0.03),
                digit_height=digit_height * sizes[index],
                slant=scene.slant + rng.normal(0, 3),
                rotation=rng.normal(0, 1.5),
            )
            digit_image = centre_ink(digit_images[index])
            layers.append(ink_digit(digit_image, view @ on_sheet, scene=scene, rng=rng))
            x += digit_height * advances[index]
    image = photograph_sheet(layers, sheet_to_photo=view, scene=scene, rng=rng)
    return image, [layer.box or (0, 0, 0, 0) for layer in layers]


def ink_width(digit_image: NDArray[np.uint8]) -> float:
    """Return the width of a digit's ink, in digit heights."""
    columns = np.flatnonzero((digit_image > 60).any(axis=0))
    return (columns[-1] - columns[0] + 1) / 20 if len(columns) else 0.0


def centre_ink(digit_image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Centre a digit by its box instead of its mass, so that lines of writing are straight."""
    rows = np.flatnonzero((digit_image > 60).any(axis=1))
    columns = np.flatnonzero((digit_image > 60).any(axis=0))
    if not len(rows):
        return digit_image
    down = 14 - (rows[0] + rows[-1] + 1) // 2
    right = 14 - (columns[0] + columns[-1] + 1) // 2
    centred: NDArray[np.uint8] = np.roll(digit_image, (down, right), (0, 1))
    return centred
