"""Light: the illumination of each pixel of the paper."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import to_unit_range

_GRADIENT_STEP = 8  # pixels per sample of gradient and vignette, which change slowly
_SHADOW_DEPTH = (1.05, 1.0, 0.96)  # of red, green, blue; skylight makes shadows bluish


def illumination(
    scene: Scene, *, digit_centre: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the light on each pixel.

    Args:
        scene: exposure, gradient, vignette, shadow and tint are used.
        digit_centre: column and row of the digit's centre, in pixels.
        rng: draws the directions of light and shadow.

    Returns:
        float32 (height, width, 3), 0-1, or a little above 1 in coloured light.
    """
    width, height = scene.size
    grey = scene.exposure * _gradient_and_vignette(scene, rng)
    tint = np.array(scene.tint, np.float32)
    if not scene.shadow:
        return grey[:, :, None] * tint
    if scene.shadow_outline:
        mask = _outline_mask(scene, digit_centre, rng)
    else:
        mask = _shadow_mask(scene, digit_centre, rng)
    shade = 1 - scene.shadow * np.array(_SHADOW_DEPTH, np.float32)
    light = 1 - mask[:, :, None] * (1 - shade)
    light *= grey[:, :, None]
    light *= tint
    return light.reshape(height, width, 3)


def _gradient_and_vignette(scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the slow changes of brightness; float32 (height, width)."""
    width, height = scene.size
    rows, columns = max(2, height // _GRADIENT_STEP), max(2, width // _GRADIENT_STEP)
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4)
    along = x * math.cos(angle) + y * math.sin(angle)
    along = along + bend * (x * math.sin(angle) - y * math.cos(angle)) ** 2
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    field = (1 - scene.gradient * along) * (1 - scene.vignette * (x * x + y * y) / 2)
    image = Image.fromarray(field.astype(np.float32))
    return np.array(image.resize(scene.size, Image.Resampling.BILINEAR))


def _outline_mask(
    scene: Scene, digit_centre: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the shadow of a hand or a phone that reaches into the frame from one side.

    Returns:
        float32 (height, width), 1 inside the shadow and 0 outside.
    """
    side = max(scene.size)
    centre = np.array(digit_centre)
    angle = rng.uniform(0, 2 * np.pi)
    inwards = np.array((math.cos(angle), math.sin(angle)))
    across = np.array((-inwards[1], inwards[0]))
    reach = centre + inwards * scene.digit_height * rng.uniform(-0.45, 0.45)
    half_width = scene.digit_height * rng.uniform(0.5, 1.3)
    if scene.shadow_outline == "phone":
        tip = [(0.0, -1.0), (0.0, 1.0)]
    else:  # fingers of different lengths, or the bends of a hand
        fingers = int(rng.integers(1, 5))
        places = np.linspace(-1, 1, 2 * fingers + 1)
        depths = np.where(np.arange(2 * fingers + 1) % 2, 0.0, rng.uniform(0.2, 0.8))
        depths = depths + rng.uniform(0, 0.25, len(places))
        tip = list(zip(depths.tolist(), places.tolist(), strict=True))
    outline = [(3 * side / half_width, -1.4), *tip, (3 * side / half_width, 1.4)]
    corners = [
        tuple((reach - inwards * half_width * back + across * half_width * place).tolist())
        for back, place in outline
    ]
    mask = Image.new("L", scene.size)
    ImageDraw.Draw(mask).polygon(corners, fill=255)
    if scene.shadow_outline == "hand":  # round the fingers
        rounded = mask.filter(ImageFilter.GaussianBlur(half_width * 0.1))
        mask = Image.eval(rounded, lambda tone: 255 * (tone > 127))
    softness = side * float(rng.choice([0.002, 0.006, 0.015, 0.025]))
    return to_unit_range(mask.filter(ImageFilter.GaussianBlur(softness)))


def _shadow_mask(
    scene: Scene, digit_centre: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return 1 inside the shadow and 0 outside; float32 (height, width)."""
    width, height = scene.size
    side = max(scene.size)
    angle = rng.uniform(0, 2 * np.pi)
    if scene.shadow_at is None:
        x0 = width * rng.uniform(0.15, 0.85)
        y0 = height * rng.uniform(0.15, 0.85)
        distance = 0.0
    else:
        (x0, y0), distance = digit_centre, scene.shadow_at * scene.digit_height
    softness = side * rng.choice([0.002, 0.006, 0.02])
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32(y0)
    x = np.arange(width, dtype=np.float32)[None, :] - np.float32(x0)
    beyond = x * np.float32(math.cos(angle)) + y * np.float32(math.sin(angle))
    beyond -= np.float32(distance)
    form = rng.integers(3)
    if form == 1:  # the corner of a phone
        second_angle = angle + rng.uniform(1.0, 2.0) * rng.choice([-1, 1])
        reach = side * rng.uniform(0.0, 0.3)
        second = x * np.float32(math.cos(second_angle)) + y * np.float32(math.sin(second_angle))
        np.minimum(beyond, second + np.float32(reach), out=beyond)
    elif form == 2:  # a hand or a head
        across = y * np.float32(math.cos(angle)) - x * np.float32(math.sin(angle))
        beyond += across * across * np.float32(rng.uniform(-0.8, 0.8) / side)
    mask: NDArray[np.float32] = np.clip(beyond / np.float32(softness) + np.float32(0.5), 0, 1)
    return mask
