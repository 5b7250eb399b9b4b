"""Photograph of one digit: a digit image is written on synthetic paper and photographed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.camera import Painter, photograph_sheet
from digitlab.synthetic.photographs.geometry import (
    Box,
    Floats,
    digit_centre,
    digit_to_sheet,
    project,
    sheet_to_photo,
    translation,
)
from digitlab.synthetic.photographs.ink_on_paper import ink_digit, inked_points
from digitlab.synthetic.photographs.page_objects import fingers
from digitlab.synthetic.photographs.scene import Scene, Side


def photograph(
    digit_image: NDArray[np.uint8], *, rng: np.random.Generator, scene: Scene | None = None
) -> Image.Image:
    """Write a digit image on paper and photograph it.

    Args:
        digit_image: uint8 (28, 28), bright ink on 0.
        rng: draws paper, light and noise; equal states give equal photographs.
        scene: how to write and photograph it; None for a clean photograph.

    Returns:
        An RGB image of the scene's size.
    """
    return photograph_with_box(digit_image, rng=rng, scene=scene)[0]


def photograph_with_box(
    digit_image: NDArray[np.uint8], *, rng: np.random.Generator, scene: Scene | None = None
) -> tuple[Image.Image, Box | None]:
    """Like `photograph`, and also return the box of the ink; None if no ink is visible."""
    scene = scene or Scene()
    x, y = digit_centre(scene)
    view = sheet_to_photo(scene)
    on_sheet = digit_to_sheet(x, y, digit_height=scene.digit_height, slant=scene.slant)
    if scene.line_below is not None and digit_image.any():
        points = project(inked_points(digit_image, scene=scene), on_sheet)
        on_sheet = _move_to_line(points, scene) @ on_sheet
    on_photo = view @ on_sheet
    if scene.edge and digit_image.any():
        to_edge = _move_to_edge(project(inked_points(digit_image, scene=scene), on_photo), scene)
        view, on_photo = to_edge @ view, to_edge @ on_photo
    digit = ink_digit(digit_image, on_photo, scene=scene, rng=rng)
    objects = []
    if scene.fingers and digit.box is not None:
        objects.append(_fingers_beside(digit.box, scene=scene, rng=rng))
    image = photograph_sheet([digit], sheet_to_photo=view, scene=scene, rng=rng, objects=objects)
    return image, digit.box


def _fingers_beside(box: Box, *, scene: Scene, rng: np.random.Generator) -> Painter:
    """Return the painter of fingers that reach nearly to the box from a side of the frame."""
    sides: tuple[Side, ...] = ("left", "right", "bottom")
    side = sides[rng.integers(3)]
    left, top, width, height = box
    free = {
        "left": left,
        "right": scene.size[0] - left - width,
        "bottom": scene.size[1] - top - height,
    }[side]
    middle = left + width / 2 if side == "bottom" else top + height / 2
    length = scene.size[0] if side == "bottom" else scene.size[1]
    return fingers(
        side,
        at=middle / length + rng.uniform(-0.15, 0.15),
        reach=max(4.0, free * rng.uniform(0.5, 0.85)),
        width=max(scene.size) * rng.uniform(0.06, 0.13),
        count=scene.fingers,
        rng=rng,
    )


def _move_to_line(points: Floats, scene: Scene) -> Floats:
    """Return the homography that moves ink to the printed line below the digit's centre."""
    foot = points[:, 1].max() + (scene.pen or 0.0) / 2
    line = digit_centre(scene)[1] + scene.pitch * scene.digit_height / 2
    return translation(0, line - (scene.line_below or 0.0) * scene.digit_height - foot)


def _move_to_edge(points: Floats, scene: Scene) -> Floats:
    """Return the homography that moves ink to the scene's edge, or beyond it by `scene.cut`."""
    half_pen = (scene.pen or 0.0) / 2
    low, high = points.min(axis=0) - half_pen, points.max(axis=0) + half_pen
    axis = 0 if scene.edge in {"left", "right"} else 1
    beyond = scene.cut * (high[axis] - low[axis])
    move = np.zeros(2)
    if scene.edge in {"left", "top"}:
        move[axis] = -low[axis] - beyond
    else:
        move[axis] = scene.size[axis] - high[axis] + beyond
    return translation(move[0], move[1])
