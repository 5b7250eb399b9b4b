"""Clutter: other digits and letters, of which a part reaches into the frame."""

from __future__ import annotations

from functools import cache

import numpy as np

from digitlab.synthetic.photographs.geometry import Box, Floats, digit_to_sheet
from digitlab.synthetic.photographs.ink_on_paper import InkLayer, ink_skeleton
from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.skeletonise import Skeleton

_CHARACTERS = {  # paths of the pen in a box of 10 x 10; ";" lifts the pen
    "0": "5,0 2,2 1,5 2,9 5,10 8,8 9,5 8,2 5,0",
    "1": "3,3 6,0 6,5 6,10",
    "2": "1,3 3,0 7,0 9,3 6,6 1,10 5,10 9,10",
    "3": "1,1 5,0 8,2 7,4 4,5 8,6 8,9 4,10 1,9",
    "4": "4,0 3,3 1,6 5,6 9,6;7,1 7,5 7,10",
    "5": "8,0 5,0 2,0 2,4 6,4 9,7 6,10 1,9",
    "6": "7,0 3,3 1,7 3,10 7,10 8,7 5,5 2,7",
    "7": "1,0 5,0 9,0 6,5 4,10",
    "8": "7,1 4,0 2,2 5,5 8,8 5,10 2,8 5,5 8,2 6,0",
    "9": "8,2 5,0 2,2 3,5 7,4 8,1 8,5 7,10",
    "a": "8,4 5,3 2,5 2,9 5,10 8,7 8,3 8,9 9,10",
    "e": "2,7 7,6 7,3 4,3 2,6 3,10 8,9",
    "h": "2,0 2,5 2,10 3,6 6,5 8,7 8,10",
    "m": "1,4 1,10 2,5 4,4 5,6 5,10 6,5 8,4 9,6 9,10",
    "x": "1,3 5,6 9,10;9,3 5,6 1,10",
    "comma": "5,8 6,9 5,10 4,10",
    "bracket": "7,0 4,3 4,7 7,10",
}
_SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def ink_neighbours(scene: Scene, *, box: Box, rng: np.random.Generator) -> list[InkLayer]:
    """Draw `scene.neighbours` characters that the border cuts, clear of the digit.

    Args:
        scene: neighbours, size, height and the pen are used.
        box: the digit's box.
        rng: draws which characters, where, and how much of each is visible.
    """
    size = np.array(scene.size, float)
    low, high = np.array(box[:2], float), np.array(box[:2], float) + box[2:]
    order = rng.permutation(4)
    if rng.random() < 0.7:  # most neighbours stand in the same line of writing
        order = np.concatenate([rng.permutation(2), 2 + rng.permutation(2)])
    layers = []
    for side in order[: scene.neighbours]:
        axis = 0 if side < 2 else 1
        sign = _SIDES[side][axis]
        height = scene.digit_height * rng.uniform(0.75, 1.1)
        extent = height * 0.8
        free = float(low[axis] if sign < 0 else size[axis] - high[axis])
        visible = min(rng.uniform(0.15, 0.5) * extent, free - 0.12 * scene.digit_height)
        if visible < 0.03 * scene.digit_height:
            continue
        centre = (low + high) / 2
        centre[1 - axis] += rng.uniform(-0.15, 0.15) * scene.digit_height
        centre[axis] = visible - extent / 2 if sign < 0 else size[axis] - visible + extent / 2
        homography = digit_to_sheet(
            centre[0], centre[1], digit_height=height, slant=scene.slant, rotation=scene.rotation
        )
        character = _skeleton(str(rng.choice(list(_CHARACTERS))))
        layers.append(ink_skeleton(character, homography, scene=scene, rng=rng))
    return layers


@cache
def _skeleton(name: str) -> Skeleton:
    """Return the smoothed path of a character in the frame of a digit image."""
    curves: list[Floats] = []
    edges = []
    first = 0
    for path in _CHARACTERS[name].split(";"):
        knots = np.array([tuple(map(float, knot.split(","))) for knot in path.split()])
        curve = _smooth_curve(knots)
        edges.append(np.arange(first, first + len(curve) - 1))
        first += len(curve)
        curves.append(curve)
    starts = np.concatenate(edges)
    return Skeleton(
        points=np.concatenate(curves) * (1.6, 2.0) + (6, 4),
        edges=np.stack([starts, starts + 1], axis=1),
    )


def _smooth_curve(knots: Floats) -> Floats:
    """Return a curve through the knots (Catmull and Rom 1974), eight points per segment."""
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    segments = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        segments.append(
            b + t * (c - a) / 2 + t**2 * (a - 2.5 * b + 2 * c - d / 2)
            + t**3 * (1.5 * (b - c) + (d - a) / 2)
        )  # fmt: skip
    return np.concatenate([*segments, knots[-1:]])
