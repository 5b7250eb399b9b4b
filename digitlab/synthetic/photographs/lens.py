"""Lens: what the camera does to the light: blur, motion, noise, JPEG."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageFilter

from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import texture


def expose(page: Image.Image, *, scene: Scene, rng: np.random.Generator) -> Image.Image:
    """The RGB photograph of a lit page, before JPEG."""
    if scene.blur:
        page = page.filter(ImageFilter.GaussianBlur(scene.blur))
    if scene.motion > 1:
        page = _move(page, scene.motion, rng.uniform(0, math.pi))
    return _add_noise(page, scene.noise, rng) if scene.noise else page


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """An image after its way through a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer, formats=["JPEG"]).convert("RGB")


def _move(page: Image.Image, length: float, angle: float) -> Image.Image:
    """The mean of the page at points along a short straight way."""
    steps = min(16, math.ceil(length) + 1)
    pixels = np.asarray(page)
    total = np.zeros(pixels.shape, np.uint16)
    reach = math.ceil(length / 2) + 1
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width = pixels.shape[:2]
    for step in np.linspace(-length / 2, length / 2, steps):
        x = reach + round(step * math.cos(angle))
        y = reach + round(step * math.sin(angle))
        total += padded[y : y + height, x : x + width]
    return Image.fromarray((total // steps).astype(np.uint8))


def _add_noise(page: Image.Image, noise: float, rng: np.random.Generator) -> Image.Image:
    """Noise of the sensor: mostly in brightness, a little in colour and in lumps."""
    sizes = page.size
    grey = texture(sizes, grain=1, rng=rng) * np.float32(0.9 * noise)
    pixels = np.asarray(page).astype(np.float32)
    for channel in range(3):
        lumps = texture(sizes, grain=3, rng=rng) * np.float32(0.45 * noise)
        pixels[:, :, channel] += lumps + grey
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))
