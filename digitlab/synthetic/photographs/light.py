"""Light: how bright each pixel of the paper is lit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from digitlab.synthetic.photographs.scene import Scene

_COARSE = 8  # pixels per sample of what changes slowly
_SHADE = (0.96, 1.0, 1.05)  # of RGB: what the sky adds in a shadow


def light(
    scene: Scene, *, at: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """The light on each pixel.

    Args:
        scene: exposure, gradient, vignette, shadow and tint are used.
        at: the digit's centre, in pixels.
        rng: draws from where light and shadow come.

    Returns:
        float32 (height, width, 3), 0-1 or a little above where the light is coloured.
    """
    width, height = scene.size
    slow = scene.exposure * _slow(scene, rng)
    tint = np.array(scene.tint, np.float32)
    if not scene.shadow:
        return slow[:, :, None] * tint
    dark = _shadow(scene, at, rng)
    shade = 1 - scene.shadow * np.array(_SHADE[::-1], np.float32)
    lit = 1 - dark[:, :, None] * (1 - shade)
    lit *= slow[:, :, None]
    lit *= tint
    return lit.reshape(height, width, 3)


def _slow(scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Gradient and vignette; float32 (height, width)."""
    width, height = scene.size
    rows, columns = max(2, height // _COARSE), max(2, width // _COARSE)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    along = x * math.cos(angle) + y * math.sin(angle)
    along = along + bend * (x * math.sin(angle) - y * math.cos(angle)) ** 2
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    field = (1 - scene.gradient * along) * (1 - scene.vignette * (x * x + y * y) / 2)
    image = Image.fromarray(field.astype(np.float32))
    return np.array(image.resize(scene.size, Image.Resampling.BILINEAR))


def _shadow(scene: Scene, at: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """Where the shadow lies: 1 in it, 0 outside; float32 (height, width)."""
    width, height = scene.size
    side = max(scene.size)
    angle = rng.uniform(0, 2 * np.pi)
    if scene.shadow_at is None:
        x0 = width * rng.uniform(0.15, 0.85)
        y0 = height * rng.uniform(0.15, 0.85)
        away = 0.0
    else:
        (x0, y0), away = at, scene.shadow_at * scene.unit
    softness = side * rng.choice([0.002, 0.006, 0.02])
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(y0)
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32(x0)
    beyond = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle)) - np.float32(away)
    form = rng.integers(3)
    if form == 1:  # the corner of a phone
        turn = angle + rng.uniform(1.0, 2.0) * rng.choice([-1, 1])
        reach = side * rng.uniform(0.0, 0.3)
        second = x * np.float32(math.cos(turn)) + y * np.float32(math.sin(turn))
        np.minimum(beyond, second + np.float32(reach), out=beyond)
    elif form == 2:  # a hand, a head
        across = y * np.float32(math.cos(angle)) - x * np.float32(math.sin(angle))
        beyond += across * across * np.float32(rng.uniform(-0.8, 0.8) / side)
    dark: NDArray[np.float32] = np.clip(beyond / np.float32(softness) + np.float32(0.5), 0, 1)
    return dark
