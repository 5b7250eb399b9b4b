"""Ordinary scenes: random photographs without a difficulty, to which difficulties are added."""

from __future__ import annotations

import numpy as np

from digitlab.synthetic.photographs.scene import Colour, Scene

_ASPECTS = ((4, 3), (3, 4), (1, 1), (5, 4), (4, 5), (16, 9), (9, 16))
_INKS = ((40, 40, 44), (30, 34, 60), (36, 48, 110), (20, 20, 22), (52, 60, 96), (120, 36, 40))


def ordinary_scene(rng: np.random.Generator, *, sides: tuple[int, int] = (400, 900)) -> Scene:
    """Draw a scene that was photographed with a little care.

    Args:
        rng: draws paper, pen, light and frame.
        sides: minimum and maximum of the longer side, in pixels.
    """
    size = _frame_size(rng, sides=sides)
    height = rng.uniform(0.3, 0.7)
    digit_height = height * min(size)
    thin = rng.random() < 0.6
    return Scene(
        size=size,
        height=height,
        centre=(rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6)),
        rotation=rng.normal(0, 3),
        slant=rng.normal(0, 4),
        pen=max(1.6, digit_height * rng.uniform(0.03, 0.1)) if thin else None,
        widen=rng.uniform(-0.6, 0.3),
        pressure=rng.uniform(0, 0.25),
        ink=to_colour(np.array(_INKS[rng.integers(len(_INKS))]) * rng.uniform(0.8, 1.2)),
        strength=rng.uniform(0.75, 1.0),
        paper=to_colour(rng.uniform(185, 240) * (1 + rng.uniform(-0.03, 0.03, 3))),
        grain=rng.uniform(0.5, 2),
        gradient=rng.uniform(0.05, 0.25),
        vignette=rng.uniform(0, 0.1),
        blur=rng.uniform(0.4, 1.2),
        noise=rng.uniform(0.8, 2.5),
        quality=int(rng.integers(72, 94)),
    )


def to_colour(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Colour:
    """Clip three numbers to 0-255 and round them down."""
    red, green, blue = (int(v) for v in np.clip(values, 0, 255))
    return red, green, blue


def centre_near_middle(rng: np.random.Generator, max_offset: float) -> tuple[float, float]:
    """Draw a centre at most `max_offset` from the middle, in shares of the frame per axis."""
    x = 0.5 + rng.uniform(-max_offset, max_offset)
    return x, 0.5 + rng.uniform(-max_offset, max_offset)


def _frame_size(rng: np.random.Generator, *, sides: tuple[int, int]) -> tuple[int, int]:
    """Draw width and height of a photograph, the longer one within `sides`."""
    side = int(rng.integers(sides[0], sides[1] + 1))
    across, down = _ASPECTS[rng.integers(len(_ASPECTS))]
    longer = max(across, down)
    return round(side * across / longer), round(side * down / longer)
