"""Shapes: filled and textured things, as clothing, bags, spots and cloth give them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.pen_strokes import Floats

_FINE: Final = 40  # quarters of a pixel along a side of MNIST's box
_AXIS: Final = ((np.arange(_FINE) + 0.5) * 2 / _FINE - 1).astype(np.float32)
_X, _Y = _AXIS[None, None, :], _AXIS[None, :, None]


def garments(n: int, *, rng: np.random.Generator) -> Floats:
    """Shirts, coats, dresses and trousers seen from the front; float32 (n, 40, 40) of 0-1."""
    slim = rng.random((n, 1, 1)) < 0.25
    wide = _profile(rng.uniform(0.36, 0.64, (n, 6)))[:, :, None]
    body = _soft(np.where(slim, 0.65 * wide, wide) - np.abs(_X))
    start, lean = _draw(rng, n, 0.25, 0.4), _draw(rng, n, 0.0, 0.32)
    thick, end = _draw(rng, n, 0.12, 0.24), _draw(rng, n, -0.5, 0.95)
    arms = _soft(thick - np.abs(np.abs(_X) - start - lean * (_Y + 1))) * _soft(end - _Y)
    sleeved = (rng.random((n, 1, 1)) < 0.65) & ~slim
    body = np.maximum(body, np.where(sleeved, arms, 0))
    neck = _draw(rng, n, 0.08, 0.4)
    body *= _soft(np.sqrt(_X**2 + (_Y + 1.05) ** 2) - neck)
    crotch, gap = _draw(rng, n, -0.75, 0.0), _draw(rng, n, 0.08, 0.35)
    legs = slim | ((rng.random((n, 1, 1)) < 0.4) & ~sleeved)  # a slim skirt would be a fat 1
    body *= np.where(legs, _soft(np.abs(_X) - gap * (_Y - crotch)), 1)
    return np.asarray(body * cloth(n, rng=rng), np.float32)


def shoes(n: int, *, rng: np.random.Generator) -> Floats:
    """Shoes and boots seen from the side; float32 (n, 40, 40) of 0-1."""
    height = rng.uniform(0.45, 1.0, (n, 1))
    slope = np.sort(rng.uniform(0.3, 1.0, (n, 6)), axis=1)
    top = _profile((0.55 - 1.5 * height * slope).clip(-1, 0.5))
    base = 0.55 + 0.1 * _profile(rng.uniform(-1, 1, (n, 6)))
    body = _soft(_Y - top[:, None, :]) * _soft(base[:, None, :] - _Y)
    arch, heel = _draw(rng, n, 0.0, 0.5), _draw(rng, n, 0.0, 0.4)
    body *= 1 - _soft(heel - np.abs(_X - 0.2)) * _soft(_Y - 0.5 + 0.3 * arch)
    opening = np.hypot((_X - _draw(rng, n, -0.5, 0.4)) / _draw(rng, n, 0.2, 0.6), (_Y - 0.2) / 0.25)
    body = np.where(rng.random((n, 1, 1)) < 0.3, body * _soft((opening - 1) * 0.25), body)
    sole = _soft(0.07 - np.abs(_Y - base[:, None, :]))
    body = np.maximum(body * cloth(n, rng=rng), sole * rng.random((n, 1, 1)))
    turned = rng.random((n, 1, 1)) < 0.5
    return np.asarray(np.where(turned, body[:, :, ::-1], body), np.float32)


def bags(n: int, *, rng: np.random.Generator) -> Floats:
    """Bags with a handle; float32 (n, 40, 40) of 0-1."""
    upper, taper = _draw(rng, n, -0.45, 0.2), _draw(rng, n, -0.2, 0.2)
    side = _draw(rng, n, 0.7, 0.95) + taper * _Y
    body = _soft(side - np.abs(_X)) * _soft(_Y - upper) * _soft(0.9 - _Y)
    body *= cloth(n, rng=rng)
    reach, thick = _draw(rng, n, 0.3, 0.75), _draw(rng, n, 0.05, 0.13)
    rise = np.minimum(upper + 0.98, _draw(rng, n, 0.4, 1.1))
    ring = np.sqrt((_X / reach) ** 2 + ((_Y - upper) / rise) ** 2)
    handle = _soft(thick - np.abs(ring - 1) * reach) * _soft(upper - _Y)
    return np.asarray(np.maximum(body, handle * _draw(rng, n, 0.5, 1)), np.float32)


def solids(n: int, *, rng: np.random.Generator) -> Floats:
    """Filled discs, polygons, stars and blots; float32 (n, 40, 40) of 0-1."""
    angle = np.arctan2(_Y, _X) + _draw(rng, n, 0, 2 * np.pi)
    corners = rng.integers(3, 8, (n, 1, 1))
    polygon = np.cos(np.pi / corners) / np.cos(np.mod(angle, 2 * np.pi / corners) - np.pi / corners)
    waves = 1 + _draw(rng, n, 0.1, 0.4) * np.cos(corners * angle)
    waves = waves + _draw(rng, n, 0.0, 0.15) * np.cos(2 * angle + 1)
    outline = np.where(rng.random((n, 1, 1)) < 0.5, polygon, waves)
    outline = outline * 0.98 / np.maximum(outline.max((1, 2), keepdims=True), 1)
    flat = _draw(rng, n, 0.75, 1.0)
    sharp = np.where(rng.random((n, 1, 1)) < 0.3, _draw(rng, n, 0.06, 0.3), 0.7)
    solid = _soft((outline - np.sqrt(_X**2 + (_Y / flat) ** 2)) * sharp)
    plain = rng.random((n, 1, 1)) < 0.6
    return np.asarray(solid * np.where(plain, 1, cloth(n, rng=rng)), np.float32)


def cloth(n: int, *, rng: np.random.Generator) -> Floats:
    """Tones of printed, folded and sewn cloth; float32 (n, 40, 40) of 0-1."""
    tone = _draw(rng, n, 0.35, 1.0) + _draw(rng, n, -0.25, 0.25) * _X
    tone = tone + _draw(rng, n, -0.25, 0.25) * _Y
    angle, pitch = rng.choice([0, np.pi / 2, 0.7], (n, 1, 1)), _draw(rng, n, 5, 30)
    wave = np.sin(pitch * (np.cos(angle) * _X + np.sin(angle) * _Y))
    tone = tone + np.where(rng.random((n, 1, 1)) < 0.4, _draw(rng, n, 0.05, 0.5), 0.03) * wave
    tone = tone + _draw(rng, n, 0, 0.35) * smooth_noise(n, _FINE, 9, rng=rng)
    seam = np.abs(np.where(rng.random((n, 1, 1)) < 0.5, _X, _Y) - _draw(rng, n, -0.5, 0.5))
    tone = tone * np.where(rng.random((n, 1, 1)) < 0.4, 1 - 0.7 * _soft(0.06 - seam), 1)
    steep = np.where(rng.random((n, 1, 1)) < 0.4, _draw(rng, n, 1.5, 4), 1)
    return np.asarray(np.clip((tone - 0.5) * steep + 0.5, 0.04, 1), np.float32)


def smooth_noise(n: int, side: int, cells: int, *, rng: np.random.Generator) -> Floats:
    """Noise that changes over side / cells pixels, about -1 to 1; float32 (n, side, side)."""
    at = np.linspace(0, cells - 1, side)
    weights = np.clip(1 - np.abs(at[:, None] - np.arange(cells)), 0, None).astype(np.float32)
    coarse = rng.standard_normal((n, cells, cells), np.float32)
    noise: Floats = weights @ coarse @ weights.T * np.float32(0.7)
    return noise


def _profile(knots: NDArray[np.float64]) -> Floats:
    """Six values a row joined by straight lines; float32 (n, 40)."""
    at = np.linspace(0, 5, _FINE)
    return np.asarray(knots @ np.clip(1 - np.abs(at - np.arange(6)[:, None]), 0, None), np.float32)


def _draw(rng: np.random.Generator, n: int, low: float, high: float) -> Floats:
    return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)


def _soft(inside: NDArray[np.floating]) -> Floats:
    """0-1 from a signed distance in half boxes, soft over a quarter of a pixel."""
    return np.asarray(np.clip(inside * (_FINE / 2) + 0.5, 0, 1), np.float32)
