"""Corrupt digit images in fifteen ways.

The names are those of Mu and Gilmer 2019, "MNIST-C: A Robustness Benchmark for Computer Vision".
The code follows the descriptions in the paper with its own strengths. Compare the results between
versions of digitlab, and only roughly with published ones.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy import ndimage

Rng = np.random.Generator
Corruption = Callable[[np.ndarray, Rng], np.ndarray]
"""A function from an image, float (28, 28) of 0-1, to the corrupted image, not yet clipped."""


def shot_noise(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Draw each pixel from a Poisson distribution, with a mean of twelve at full brightness."""
    return rng.poisson(image * 12) / 12


def impulse_noise(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Set a sixth of the pixels to black or white."""
    stuck = rng.random(image.shape)
    return np.where(stuck < 1 / 12, 0.0, np.where(stuck < 1 / 6, 1.0, image))


def glass_blur(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Move pixels to adjacent positions twice, then blur, as rippled glass does."""
    for _ in range(2):
        rows, columns = np.mgrid[0:28, 0:28] + rng.integers(-1, 2, (2, 28, 28))
        image = image[np.clip(rows, 0, 27), np.clip(columns, 0, 27)]
    return ndimage.gaussian_filter(image, 0.7)


def motion_blur(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Blur along a line of seven pixels, in a random direction."""
    angle = rng.uniform(0, np.pi)
    along = np.linspace(-3.5, 3.5, 15)
    shifts = [(a * np.sin(angle), a * np.cos(angle)) for a in along]
    return np.mean([ndimage.shift(image, by, order=1) for by in shifts], axis=0)


def shear(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Shear by half a pixel for each row, to a random side."""
    return _affine(image, np.array([[1, 0], [rng.choice([-0.5, 0.5]), 1]]))


def scale(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Scale to three fifths."""
    return _affine(image, np.eye(2) / 0.6)


def rotate(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Rotate by 25-35 degrees, in a random direction."""
    angle = np.deg2rad(rng.uniform(25, 35) * rng.choice([-1, 1]))
    cos, sin = np.cos(angle), np.sin(angle)
    return _affine(image, np.array([[cos, -sin], [sin, cos]]))


def brightness(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Add 0.6 to every pixel."""
    return image + 0.6


def translate(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Move the digit by 4-5 pixels; cut off the ink that leaves the frame."""
    return ndimage.shift(image, rng.uniform(4, 5, 2) * rng.choice([-1, 1], 2), order=1)


def stripe(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Invert a vertical band in the middle."""
    start = int(rng.integers(8, 12))
    striped = image.copy()
    striped[:, start : start + 8] = 1 - striped[:, start : start + 8]
    return striped


def fog(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Dim the digit and add bright clouds of three sizes."""
    clouds = sum(
        ndimage.zoom(rng.random((size, size)), 28 / size, order=1, grid_mode=True, mode="nearest")
        * share
        for size, share in ((4, 0.5), (7, 0.3), (14, 0.2))
    )
    return 0.65 * image + 0.75 * clouds


def spatter(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Add drops as bright as the ink."""
    drops = ndimage.gaussian_filter(rng.standard_normal((28, 28)), 1.3)
    return np.maximum(image, np.clip((drops / drops.std() - 1.5) * 2, 0, 1))


def dotted_line(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Draw a dotted line from side to side."""
    heights = rng.uniform(4, 24, 2)
    return _dotted_lines(image, [(0.0, heights[0]), (27.0, heights[1])])


def zigzag(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Draw a dotted zigzag line from side to side."""
    heights = rng.uniform(6, 20) + np.array([-4, 4] * 4) * rng.choice([-1, 1])
    return _dotted_lines(image, list(zip(np.linspace(0, 27, 8), heights, strict=True)))


def canny_edges(image: np.ndarray, rng: Rng) -> np.ndarray:
    """Keep only the edges, one pixel wide: the ridges of the gradient (Canny 1986)."""
    smooth = ndimage.gaussian_filter(image, 1.0)
    down, right = (ndimage.sobel(smooth, axis) for axis in (0, 1))
    size = np.hypot(down, right)
    y, x = np.mgrid[0:28, 0:28]
    across = np.stack([down, right]) / np.maximum(size, 1e-9)
    before, after = (
        ndimage.map_coordinates(size, np.stack([y, x]) + sign * across, order=1) for sign in (-1, 1)
    )
    ridge = (size >= before) & (size > after) & (size > 0.3)
    joined = ndimage.binary_propagation(ridge & (size > 0.8), np.ones((3, 3)), mask=ridge)
    return joined.astype(float)


CORRUPTIONS: dict[str, Corruption] = {
    "shot noise": shot_noise,
    "impulse noise": impulse_noise,
    "glass blur": glass_blur,
    "motion blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted line": dotted_line,
    "zigzag": zigzag,
    "canny edges": canny_edges,
}


def corrupt(images: np.ndarray, name: str, *, seed: int) -> np.ndarray:
    """Corrupt digit images in one way.

    Args:
        images: uint8 (N, 28, 28).
        name: a key of `CORRUPTIONS`.
        seed: equal seeds give equal images.

    Returns:
        uint8 (N, 28, 28).
    """
    rng = np.random.default_rng([seed, list(CORRUPTIONS).index(name)])
    corrupted = [CORRUPTIONS[name](image / 255, rng) for image in images]
    return np.rint(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)


def _affine(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Transform the image about its centre; `matrix` maps output positions to input positions."""
    centre = np.array([13.5, 13.5])
    return ndimage.affine_transform(image, matrix, centre - matrix @ centre, order=1)


def _dotted_lines(image: np.ndarray, points: list[tuple[float, float]]) -> np.ndarray:
    """Draw a dotted line, one pixel wide, through points x, y."""
    drawn = image.copy()
    for (x0, y0), (x1, y1) in pairwise(points):
        length = int(np.hypot(x1 - x0, y1 - y0)) + 1
        for step in range(length):
            if step % 4 >= 2:
                continue
            x, y = x0 + (x1 - x0) * step / length, y0 + (y1 - y0) * step / length
            drawn[min(27, round(y)), min(27, round(x))] = 1
    return drawn
