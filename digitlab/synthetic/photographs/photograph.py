"""Corruption: a digit image written on synthetic paper and photographed badly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.camera import take
from digitlab.synthetic.photographs.geometry import Floats, camera, centre, place, project, shift
from digitlab.synthetic.photographs.ink_on_paper import outline, write
from digitlab.synthetic.photographs.random_scene import random_scene
from digitlab.synthetic.photographs.scene import Scene

__all__ = ["Scene", "photograph", "photograph_with_box", "random_scene"]


def photograph(
    digit_image: NDArray[np.uint8], *, rng: np.random.Generator, scene: Scene | None = None
) -> Image.Image:
    """Write a digit image on paper and photograph it.

    Args:
        digit_image: uint8 (28, 28), bright ink on 0.
        rng: draws paper, light and noise; equal states give equal photographs.
        scene: how; None for the clean default.

    Returns:
        An RGB image of the scene's size.
    """
    return photograph_with_box(digit_image, rng=rng, scene=scene)[0]


def photograph_with_box(
    digit_image: NDArray[np.uint8], *, rng: np.random.Generator, scene: Scene | None = None
) -> tuple[Image.Image, tuple[int, int, int, int] | None]:
    """The same, and where the ink stands: x, y, width, height in pixels; None without ink."""
    scene = scene or Scene()
    x, y = centre(scene)
    view = camera(scene)
    there = view @ place(x, y, height=scene.unit, slant=scene.slant)
    if scene.edge and digit_image.any():
        moved = _to_edge(project(outline(digit_image, scene=scene), there), scene)
        view, there = moved @ view, moved @ there
    stamp = write(digit_image, there, scene=scene, rng=rng)
    return take([stamp], view=view, scene=scene, rng=rng), stamp.box


def _to_edge(points: Floats, scene: Scene) -> Floats:
    """The homography that moves ink to the scene's edge, or beyond it by the scene's cut."""
    half = (scene.pen or 0.0) / 2
    low, high = points.min(axis=0) - half, points.max(axis=0) + half
    axis = 0 if scene.edge in {"left", "right"} else 1
    beyond = scene.cut * (high[axis] - low[axis])
    move = np.zeros(2)
    if scene.edge in {"left", "top"}:
        move[axis] = -low[axis] - beyond
    else:
        move[axis] = scene.size[axis] - high[axis] + beyond
    return shift(move[0], move[1])
