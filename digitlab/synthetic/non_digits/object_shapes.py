"""Drawings of filled and textured objects: clothing, shoes, bags and solid shapes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.pen_strokes import Floats
from digitlab.synthetic.handwriting.rasterise import DRAWING_SIDE, linear_weights

_AXIS: Final = ((np.arange(DRAWING_SIDE) + 0.5) * 2 / DRAWING_SIDE - 1).astype(np.float32)
_X, _Y = _AXIS[None, None, :], _AXIS[None, :, None]  # -1 to 1 across MNIST's box


def draw_garments(n: int, *, rng: np.random.Generator) -> Floats:
    """Draw shirts, coats, dresses and trousers from the front; float32 (n, 40, 40) of 0-1."""
    slim = rng.random((n, 1, 1)) < 0.25
    half_width = _interpolate(rng.uniform(0.36, 0.64, (n, 6)))[:, :, None]
    body = _inside(np.where(slim, 0.65 * half_width, half_width) - np.abs(_X))
    start, lean = _uniform(rng, n, 0.25, 0.4), _uniform(rng, n, 0.0, 0.32)
    thickness, end = _uniform(rng, n, 0.12, 0.24), _uniform(rng, n, -0.5, 0.95)
    sleeves = _inside(thickness - np.abs(np.abs(_X) - start - lean * (_Y + 1))) * _inside(end - _Y)
    sleeved = (rng.random((n, 1, 1)) < 0.65) & ~slim
    body = np.maximum(body, np.where(sleeved, sleeves, 0))
    neck = _uniform(rng, n, 0.08, 0.4)
    body *= _inside(np.sqrt(_X**2 + (_Y + 1.05) ** 2) - neck)
    crotch, gap = _uniform(rng, n, -0.75, 0.0), _uniform(rng, n, 0.08, 0.35)
    # A slim garment always has legs: a slim skirt would look like a thick 1.
    legs = slim | ((rng.random((n, 1, 1)) < 0.4) & ~sleeved)
    body *= np.where(legs, _inside(np.abs(_X) - gap * (_Y - crotch)), 1)
    return np.asarray(body * cloth_texture(n, rng=rng), np.float32)


def draw_shoes(n: int, *, rng: np.random.Generator) -> Floats:
    """Draw shoes and boots from the side; float32 (n, 40, 40) of 0-1."""
    height = rng.uniform(0.45, 1.0, (n, 1))
    slope = np.sort(rng.uniform(0.3, 1.0, (n, 6)), axis=1)
    top = _interpolate((0.55 - 1.5 * height * slope).clip(-1, 0.5))
    base = 0.55 + 0.1 * _interpolate(rng.uniform(-1, 1, (n, 6)))
    body = _inside(_Y - top[:, None, :]) * _inside(base[:, None, :] - _Y)
    arch, heel = _uniform(rng, n, 0.0, 0.5), _uniform(rng, n, 0.0, 0.4)
    body *= 1 - _inside(heel - np.abs(_X - 0.2)) * _inside(_Y - 0.5 + 0.3 * arch)
    opening = np.hypot(
        (_X - _uniform(rng, n, -0.5, 0.4)) / _uniform(rng, n, 0.2, 0.6), (_Y - 0.2) / 0.25
    )
    body = np.where(rng.random((n, 1, 1)) < 0.3, body * _inside((opening - 1) * 0.25), body)
    sole = _inside(0.07 - np.abs(_Y - base[:, None, :]))
    body = np.maximum(body * cloth_texture(n, rng=rng), sole * rng.random((n, 1, 1)))
    mirrored = rng.random((n, 1, 1)) < 0.5
    return np.asarray(np.where(mirrored, body[:, :, ::-1], body), np.float32)


def draw_bags(n: int, *, rng: np.random.Generator) -> Floats:
    """Draw bags with a handle; float32 (n, 40, 40) of 0-1."""
    upper, taper = _uniform(rng, n, -0.45, 0.2), _uniform(rng, n, -0.2, 0.2)
    half_width = _uniform(rng, n, 0.7, 0.95) + taper * _Y
    body = _inside(half_width - np.abs(_X)) * _inside(_Y - upper) * _inside(0.9 - _Y)
    body *= cloth_texture(n, rng=rng)
    reach, thickness = _uniform(rng, n, 0.3, 0.75), _uniform(rng, n, 0.05, 0.13)
    rise = np.minimum(upper + 0.98, _uniform(rng, n, 0.4, 1.1))
    ring = np.sqrt((_X / reach) ** 2 + ((_Y - upper) / rise) ** 2)
    handle = _inside(thickness - np.abs(ring - 1) * reach) * _inside(upper - _Y)
    return np.asarray(np.maximum(body, handle * _uniform(rng, n, 0.5, 1)), np.float32)


def draw_solids(n: int, *, rng: np.random.Generator) -> Floats:
    """Draw filled discs, polygons, stars and blots; float32 (n, 40, 40) of 0-1."""
    angle = np.arctan2(_Y, _X) + _uniform(rng, n, 0, 2 * np.pi)
    corners = rng.integers(3, 8, (n, 1, 1))
    polygon = np.cos(np.pi / corners) / np.cos(np.mod(angle, 2 * np.pi / corners) - np.pi / corners)
    waves = 1 + _uniform(rng, n, 0.1, 0.4) * np.cos(corners * angle)
    waves = waves + _uniform(rng, n, 0.0, 0.15) * np.cos(2 * angle + 1)
    outline = np.where(rng.random((n, 1, 1)) < 0.5, polygon, waves)
    outline = outline * 0.98 / np.maximum(outline.max((1, 2), keepdims=True), 1)
    flatness = _uniform(rng, n, 0.75, 1.0)
    sharpness = np.where(rng.random((n, 1, 1)) < 0.3, _uniform(rng, n, 0.06, 0.3), 0.7)
    solid = _inside((outline - np.sqrt(_X**2 + (_Y / flatness) ** 2)) * sharpness)
    plain = rng.random((n, 1, 1)) < 0.6
    return np.asarray(solid * np.where(plain, 1, cloth_texture(n, rng=rng)), np.float32)


def cloth_texture(n: int, *, rng: np.random.Generator) -> Floats:
    """Draw the tones of printed, folded and sewn cloth; float32 (n, 40, 40) of 0-1."""
    tone = _uniform(rng, n, 0.35, 1.0) + _uniform(rng, n, -0.25, 0.25) * _X
    tone = tone + _uniform(rng, n, -0.25, 0.25) * _Y
    angle, pitch = rng.choice([0, np.pi / 2, 0.7], (n, 1, 1)), _uniform(rng, n, 5, 30)
    stripes = np.sin(pitch * (np.cos(angle) * _X + np.sin(angle) * _Y))
    tone = tone + np.where(rng.random((n, 1, 1)) < 0.4, _uniform(rng, n, 0.05, 0.5), 0.03) * stripes
    tone = tone + _uniform(rng, n, 0, 0.35) * smooth_noise(n, DRAWING_SIDE, 9, rng=rng)
    to_seam = np.abs(np.where(rng.random((n, 1, 1)) < 0.5, _X, _Y) - _uniform(rng, n, -0.5, 0.5))
    tone = tone * np.where(rng.random((n, 1, 1)) < 0.4, 1 - 0.7 * _inside(0.06 - to_seam), 1)
    contrast = np.where(rng.random((n, 1, 1)) < 0.4, _uniform(rng, n, 1.5, 4), 1)
    return np.asarray(np.clip((tone - 0.5) * contrast + 0.5, 0.04, 1), np.float32)


def smooth_noise(n: int, side: int, cells: int, *, rng: np.random.Generator) -> Floats:
    """Draw noise from a grid of cells x cells values by linear interpolation.

    Returns:
        float32 (n, side, side), about -1 to 1.
    """
    weights = linear_weights(np.linspace(0, cells - 1, side), cells).astype(np.float32)
    coarse = rng.standard_normal((n, cells, cells), np.float32)
    return np.asarray(weights @ coarse @ weights.T * np.float32(0.7), np.float32)


def _interpolate(values: NDArray[np.float64]) -> Floats:
    """Interpolate each row of six values linearly; float32 (n, 40)."""
    weights = linear_weights(np.linspace(0, 5, DRAWING_SIDE), 6)
    return np.asarray(values @ np.ascontiguousarray(weights.T), np.float32)


def _uniform(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    """Draw one value per image, float32 (n, 1, 1)."""
    return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)


def _inside(distance: NDArray[np.floating]) -> Floats:
    """Return coverage 0-1 from a signed distance in half boxes; edges are one subpixel soft."""
    return np.asarray(np.clip(distance * (DRAWING_SIDE / 2) + 0.5, 0, 1), np.float32)
