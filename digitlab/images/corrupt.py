"""Corruption: a digit image written on synthetic paper and photographed badly."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Colour = tuple[int, int, int]

_HAIRLINE = 0.4  # pixels of MNIST's box: half the width that a thinned stroke keeps


@dataclass(frozen=True, kw_only=True)
class Scene:
    """How a digit is written and photographed; the defaults are a clean photograph.

    Attributes:
        size: width and height of the photograph, in pixels.
        height: height of MNIST's 20-pixel box, as a share of the photograph's shorter side.
        centre: where its centre stands, as shares of width and height.
        paper: RGB of the paper in full light.
        ink: RGB of the ink at full strength.
        strength: 0-1, how much of the paper the ink covers; a pencil covers little.
        widen: pixels of MNIST's box by which every edge moves out (or in, if negative).
        rotation: degrees, counter-clockwise.
        grain: standard deviation of the paper's texture, in grey levels.
        gradient: how much darker, 0-1, the far side of the paper is than the near one.
        shadow: how much darker, 0-1, the paper is behind a straight hard edge; 0 for none.
        blur: standard deviation of the lens blur, in pixels.
        noise: standard deviation of the sensor's noise, in grey levels.
        quality: JPEG quality, 1-95; None to leave JPEG out.
    """

    size: tuple[int, int] = (480, 360)
    height: float = 0.55
    centre: tuple[float, float] = (0.5, 0.5)
    paper: Colour = (216, 214, 208)
    ink: Colour = (44, 46, 78)
    strength: float = 1.0
    widen: float = 0.0
    rotation: float = 0.0
    grain: float = 1.5
    gradient: float = 0.15
    shadow: float = 0.0
    blur: float = 0.8
    noise: float = 2.0
    quality: int | None = 88


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene as people photograph digits: pens, pencils, markers, any light and paper."""
    paper = rng.uniform(150, 245) * (1 + rng.uniform(-0.04, 0.04, 3))
    dark = rng.uniform(0.1, 0.45)
    ink = paper * dark * (1 + rng.uniform(-0.2, 0.2, 3))
    width, height = ((480, 360), (360, 480), (400, 400))[rng.integers(3)]
    return Scene(
        size=(width, height),
        height=rng.uniform(0.25, 0.8),
        centre=(rng.uniform(0.42, 0.58), rng.uniform(0.42, 0.58)),
        paper=_colour(paper),
        ink=_colour(ink),
        strength=rng.uniform(0.55, 1.0),
        widen=rng.uniform(-0.6, 0.6),
        rotation=rng.uniform(-12, 12),
        grain=rng.uniform(0.5, 4),
        gradient=rng.uniform(0, 0.4),
        shadow=rng.uniform(0.15, 0.4) if rng.random() < 0.3 else 0.0,
        blur=rng.uniform(0.3, 2.0),
        noise=rng.uniform(0.5, 5),
        quality=int(rng.integers(60, 95)),
    )


def photograph(
    digit_image: NDArray[np.uint8], *, rng: np.random.Generator, scene: Scene | None = None
) -> Image.Image:
    """Write a digit image on paper and photograph it.

    Args:
        digit_image: uint8 (28, 28), bright ink on 0.
        rng: draws paper, shadow and noise; equal states give equal photographs.
        scene: how; None for the clean default.

    Returns:
        An RGB image of the scene's size.
    """
    from scipy import ndimage  # a page that only reads pictures needs none of this module

    scene = scene or Scene()
    width, height = scene.size
    cover = scene.strength * _stroke(digit_image, scene)[:, :, None]
    texture = ndimage.gaussian_filter(rng.normal(0, 1, (height, width)), 0.8)
    texture *= scene.grain / max(float(texture.std()), 1e-6)
    paper = np.array(scene.paper, float) + texture[:, :, None]
    page = paper * (1 - cover) + np.array(scene.ink, float) * cover
    page *= _light(scene, rng)[:, :, None]
    page = ndimage.gaussian_filter(page, (scene.blur, scene.blur, 0))
    page += rng.normal(0, scene.noise, page.shape)
    image = Image.fromarray(np.clip(np.rint(page), 0, 255).astype(np.uint8))
    return image if scene.quality is None else _jpeg(image, scene.quality)


def _stroke(digit_image: NDArray[np.uint8], scene: Scene) -> NDArray[np.float64]:
    """How much ink covers each pixel of the photograph, 0-1; float (height, width)."""
    from scipy import ndimage

    width, height = scene.size
    pixel = scene.height * min(scene.size) / 20  # of the photograph per pixel of the digit
    angle = np.deg2rad(scene.rotation)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.array([scene.centre[1] * height, scene.centre[0] * width])
    # Two steps: a smooth enlargement first, so that its half-way contour has no stairs.
    fine = 8
    large = ndimage.zoom(digit_image / 255.0, fine, order=3, grid_mode=True, mode="grid-constant")
    inside = large > 0.5
    if not inside.any():
        return np.zeros((height, width))
    distance = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    distance = ndimage.gaussian_filter(distance / fine, fine / 3)
    half_width = ndimage.gaussian_filter(ndimage.maximum_filter(distance, 2 * fine), fine / 2)
    distance += np.maximum(scene.widen, _HAIRLINE - half_width)  # thinned, but not broken
    matrix = turn / pixel * fine
    offset = 14 * fine - matrix @ centre
    placed = ndimage.affine_transform(
        distance, matrix, offset, output_shape=(height, width), order=1, cval=-9.0
    )
    cover: NDArray[np.float64] = np.clip(placed * pixel + 0.5, 0, 1)
    return cover


def _light(scene: Scene, rng: np.random.Generator) -> NDArray[np.float64]:
    """The light on each pixel, 0-1; float (height, width)."""
    width, height = scene.size
    y, x = np.mgrid[0:height, 0:width] / max(scene.size)
    angle, edge = rng.uniform(0, 2 * np.pi, 2)
    at = rng.uniform(-0.25, 0.25)
    along = x * np.cos(angle) + y * np.sin(angle)
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    light: NDArray[np.float64] = 1 - scene.gradient * along
    if scene.shadow:
        middle = (x - x.mean()) * np.cos(edge) + (y - y.mean()) * np.sin(edge)
        light *= 1 - scene.shadow * np.clip((middle - at) * max(scene.size) / 3 + 0.5, 0, 1)
    return light


def _colour(values: NDArray[np.float64]) -> Colour:
    red, green, blue = (int(v) for v in np.clip(values, 0, 255))
    return red, green, blue


def _jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer, formats=["JPEG"]).convert("RGB")
