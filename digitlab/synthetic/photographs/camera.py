"""Shot: inked paper, lit and taken with a camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.clutter import neighbours
from digitlab.synthetic.photographs.geometry import Floats
from digitlab.synthetic.photographs.ink_on_paper import Stamp
from digitlab.synthetic.photographs.lens import expose, jpeg
from digitlab.synthetic.photographs.light import light
from digitlab.synthetic.photographs.paper import cover, paper, print_lines, show_desk, soil
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import texture

Box = tuple[int, int, int, int]


def take(
    stamps: Sequence[Stamp], *, view: Floats, scene: Scene, rng: np.random.Generator
) -> Image.Image:
    """The photograph of a sheet that bears some ink.

    Args:
        stamps: the ink of each digit, where it falls on the photograph.
        view: the homography from the sheet to the photograph.
        scene: how it is photographed.
        rng: draws paper, light and noise.

    Returns:
        An RGB image of the scene's size.
    """
    box = around([stamp.box for stamp in stamps])
    page = paper(scene, rng=rng)
    print_lines(page, view, scene=scene)
    show_desk(page, scene=scene, rng=rng)
    soil(page, scene=scene, rng=rng)
    if box is not None:
        others = neighbours(scene, box=box, rng=rng) if scene.neighbours else []
        cover(page, _ink([*stamps, *others], scene, rng), scene.ink)
    at = (box[0] + box[2] / 2, box[1] + box[3] / 2) if box else (0.0, 0.0)
    page *= light(scene, at=at, rng=rng)
    lit = Image.fromarray(np.clip(page + 0.5, 0, 255).astype(np.uint8))
    image = expose(lit, scene=scene, rng=rng)
    if scene.patch is not None and box is not None:
        image = _paste(image, box, round(scene.patch * scene.unit))
    return image if scene.quality is None else jpeg(image, scene.quality)


def around(boxes: Sequence[Box | None]) -> Box | None:
    """The box around all boxes; None around none."""
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    left, top = min(b[0] for b in there), min(b[1] for b in there)
    right, bottom = max(b[0] + b[2] for b in there), max(b[1] + b[3] for b in there)
    return left, top, right - left, bottom - top


def _ink(stamps: Sequence[Stamp], scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """How much ink covers each pixel of the photograph; float32 (height, width)."""
    width, height = scene.size
    total = np.zeros((height, width), np.float32)
    for stamp in stamps:
        h, w = stamp.cover.shape
        part = total[stamp.top : stamp.top + h, stamp.left : stamp.left + w]
        np.maximum(part, stamp.cover, out=part)
    if scene.dryness:
        tooth = texture(scene.size, grain=max(1.5, scene.unit / 150), rng=rng)
        total *= np.clip(1 - np.float32(scene.dryness) * (tooth + np.float32(0.3)), 0, 1)
    total *= np.float32(scene.strength)
    return total


def _paste(image: Image.Image, box: Box, margin: int) -> Image.Image:
    """A piece of the photograph on a white page, where it was."""
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    right = min(image.width, box[0] + box[2] + margin)
    bottom = min(image.height, box[1] + box[3] + margin)
    page = Image.new("RGB", image.size, (255, 255, 255))
    page.paste(image.crop((left, top, right, bottom)), (left, top))
    return page
