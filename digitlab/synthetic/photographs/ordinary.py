"""Ordinary: random scenes without any special difficulty, which the special ones start from."""

from __future__ import annotations

import numpy as np

from digitlab.synthetic.photographs.scene import Colour, Scene

_SHAPES = ((4, 3), (3, 4), (1, 1), (5, 4), (4, 5), (16, 9), (9, 16))
_INKS = ((40, 40, 44), (30, 34, 60), (36, 48, 110), (20, 20, 22), (52, 60, 96), (120, 36, 40))


def ordinary(rng: np.random.Generator, *, sides: tuple[int, int] = (400, 900)) -> Scene:
    """A photograph that somebody took with a little care.

    Args:
        rng: draws paper, pen, light and frame.
        sides: least and most pixels of the longer side.
    """
    size = frame(rng, sides=sides)
    height = rng.uniform(0.3, 0.7)
    unit = height * min(size)
    thin = rng.random() < 0.6
    return Scene(
        size=size,
        height=height,
        centre=(rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6)),
        rotation=rng.normal(0, 3),
        slant=rng.normal(0, 4),
        pen=max(1.6, unit * rng.uniform(0.03, 0.1)) if thin else None,
        widen=rng.uniform(-0.6, 0.3),
        pressure=rng.uniform(0, 0.25),
        ink=colour(np.array(_INKS[rng.integers(len(_INKS))]) * rng.uniform(0.8, 1.2)),
        strength=rng.uniform(0.75, 1.0),
        paper=colour(rng.uniform(185, 240) * (1 + rng.uniform(-0.03, 0.03, 3))),
        grain=rng.uniform(0.5, 2),
        gradient=rng.uniform(0.05, 0.25),
        vignette=rng.uniform(0, 0.1),
        blur=rng.uniform(0.4, 1.2),
        noise=rng.uniform(0.8, 2.5),
        quality=int(rng.integers(72, 94)),
    )


def frame(rng: np.random.Generator, *, sides: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a photograph, the longer one within `sides`."""
    side = int(rng.integers(sides[0], sides[1] + 1))
    across, down = _SHAPES[rng.integers(len(_SHAPES))]
    longer = max(across, down)
    return round(side * across / longer), round(side * down / longer)


def stroke(scene: Scene) -> float:
    """Width of a scene's strokes, in pixels; MNIST's are about 2.3 pixels of its box wide."""
    if scene.pen is not None:
        return scene.pen
    return max(0.8, 2.3 + 2 * scene.widen) * scene.unit / 20


def colour(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Colour:
    """RGB of three numbers."""
    red, green, blue = (int(v) for v in np.clip(values, 0, 255))
    return red, green, blue


def near_middle(rng: np.random.Generator, most: float) -> tuple[float, float]:
    """A centre at most so far from the middle, in shares of the frame."""
    return 0.5 + rng.uniform(-most, most), 0.5 + rng.uniform(-most, most)
