"""Camera: paper, ink, light and lens together make the photograph of a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.clutter import ink_neighbours
from digitlab.synthetic.photographs.geometry import Box, Floats, bounding_box
from digitlab.synthetic.photographs.ink_on_paper import InkLayer
from digitlab.synthetic.photographs.lens import apply_lens, compress_jpeg
from digitlab.synthetic.photographs.light import illumination
from digitlab.synthetic.photographs.paper import (
    Page,
    add_desk,
    add_dirt,
    blank_page,
    lay_colour,
    print_ruling,
)
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import noise_texture

Painter = Callable[[Page], None]
"""A function that paints on a page, in place."""


def photograph_sheet(
    digits: Sequence[InkLayer],
    *,
    sheet_to_photo: Floats,
    scene: Scene,
    rng: np.random.Generator,
    printed: Sequence[Painter] = (),
    objects: Sequence[Painter] = (),
    imprints: Sequence[Painter] = (),
) -> Image.Image:
    """Photograph a sheet of paper with ink on it.

    Args:
        digits: the ink of each digit, where it stands on the photograph.
        sheet_to_photo: homography from the sheet to the photograph.
        scene: how the sheet is photographed.
        rng: draws neighbours, paper, light and noise.
        printed: paint what is printed on the paper, below the ink.
        objects: paint what lies on the paper or beside it.
        imprints: paint what the camera adds, such as a date; no light falls on it.

    Returns:
        An RGB image of the scene's size.
    """
    box = bounding_box([layer.box for layer in digits])
    page = blank_page(scene, rng=rng)
    print_ruling(page, sheet_to_photo, scene=scene)
    for paint in printed:
        paint(page)
    add_desk(page, scene=scene, rng=rng)
    add_dirt(page, scene=scene, rng=rng)
    if box is not None:
        neighbours = ink_neighbours(scene, box=box, rng=rng) if scene.neighbours else []
        lay_colour(page, _total_cover([*digits, *neighbours], scene, rng), scene.ink)
    for paint in objects:
        paint(page)
    centre = (box[0] + box[2] / 2, box[1] + box[3] / 2) if box else (0.0, 0.0)
    page *= illumination(scene, digit_centre=centre, rng=rng)
    for paint in imprints:
        paint(page)
    lit = Image.fromarray(np.clip(page + 0.5, 0, 255).astype(np.uint8))
    image = apply_lens(lit, scene=scene, rng=rng)
    if scene.patch is not None and box is not None:
        image = _paste_on_white_page(image, box, round(scene.patch * scene.digit_height))
    return image if scene.quality is None else compress_jpeg(image, scene.quality)


def _total_cover(
    layers: Sequence[InkLayer], scene: Scene, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the share of each pixel of the photograph that ink covers; (height, width)."""
    width, height = scene.size
    total = np.zeros((height, width), np.float32)
    for layer in layers:
        h, w = layer.cover.shape
        part = total[layer.top : layer.top + h, layer.left : layer.left + w]
        np.maximum(part, layer.cover, out=part)
    if scene.dryness:
        tooth = noise_texture(scene.size, grain=max(1.5, scene.digit_height / 150), rng=rng)
        total *= np.clip(1 - np.float32(scene.dryness) * (tooth + np.float32(0.3)), 0, 1)
    total *= np.float32(scene.strength)
    return total


def _paste_on_white_page(image: Image.Image, box: Box, margin: int) -> Image.Image:
    """Keep the photograph around a box and make the rest of it white."""
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    right = min(image.width, box[0] + box[2] + margin)
    bottom = min(image.height, box[1] + box[3] + margin)
    page = Image.new("RGB", image.size, (255, 255, 255))
    page.paste(image.crop((left, top, right, bottom)), (left, top))
    return page
