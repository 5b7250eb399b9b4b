"""Lens and sensor: blur, motion, noise and JPEG."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageFilter

from digitlab.synthetic.photographs.scene import Scene
from digitlab.synthetic.photographs.texture import noise_texture


def apply_lens(page: Image.Image, *, scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Add the scene's blur, motion and noise to a lit page; returns an RGB image."""
    if scene.blur:
        page = page.filter(ImageFilter.GaussianBlur(scene.blur))
    if scene.motion > 1:
        page = _add_motion_blur(page, scene.motion, rng.uniform(0, math.pi))
    return _add_noise(page, scene.noise, rng) if scene.noise else page


def compress_jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Save an image as JPEG and load it again."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer, formats=["JPEG"]).convert("RGB")


def _add_motion_blur(page: Image.Image, length: float, angle: float) -> Image.Image:
    """Return the mean of the page over positions on a straight line."""
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
    """Add sensor noise: most of it in brightness, some in colour and in lumps."""
    size = page.size
    grey = noise_texture(size, grain=1, rng=rng) * np.float32(0.9 * noise)
    pixels = np.asarray(page).astype(np.float32)
    for channel in range(3):
        lumps = noise_texture(size, grain=3, rng=rng) * np.float32(0.45 * noise)
        pixels[:, :, channel] += lumps + grey
    return Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))
