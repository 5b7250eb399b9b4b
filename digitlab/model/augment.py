"""Augmentation: digit images bent, turned and worn as other hands and cameras would do it."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

_PART: Final = 2_000  # images at a time: bounds the memory
_CENTRE: Final = 13.5
_GRID: Final = 5  # control points a side of an elastic field

Floats = NDArray[np.floating[Any]]


class Augmentation(Protocol):
    """How much images are changed; `TrainConfig` says what each number means."""

    @property
    def rotation(self) -> float:
        """Degrees at most."""

    @property
    def shear(self) -> float:
        """Pixels per pixel at most."""

    @property
    def scale(self) -> float:
        """Relative change at most."""

    @property
    def shift(self) -> float:
        """Pixels at most."""

    @property
    def elastic(self) -> float:
        """Standard deviation in pixels."""

    @property
    def worn(self) -> float:
        """Share of the images."""


def augment(
    x: NDArray[np.uint8], *, rng: np.random.Generator, config: Augmentation
) -> NDArray[np.uint8]:
    """Other images of the same digits.

    Every image is moved: turned, sheared, scaled and shifted, and bent by a smooth field
    (Simard, Steinkraus and Platt 2003, section 2). A share of them, `config.worn`, is worn
    too: strokes wider or thinner, blurred, faded, broken, or with specks beside them, as
    photographs leave them.

    Args:
        x: uint8 (N, 28, 28), bright ink on 0.
        rng: equal states give equal images.
        config: how much of each.

    Returns:
        uint8 (N, 28, 28).
    """
    out = np.empty_like(x)
    for start in range(0, len(x), _PART):
        part = _move(x[start : start + _PART].astype(np.float32), rng, config)
        worn = np.flatnonzero(rng.random(len(part)) < config.worn)
        part[worn] = _wear(part[worn], rng)
        out[start : start + _PART] = np.clip(np.rint(part), 0, 255)
    return out


def _move(x: Floats, rng: np.random.Generator, config: Augmentation) -> Floats:
    """Affine and elastic together: one bilinear look-up."""
    n = len(x)
    a, b, c, d, dx, dy = _affine(n, rng, config)
    grid = np.arange(28, dtype=np.float32) - _CENTRE
    columns = a * grid[None, None, :] + b * grid[None, :, None] + dx
    rows = c * grid[None, None, :] + d * grid[None, :, None] + dy
    if config.elastic:
        field = rng.normal(0, config.elastic, (2, n, _GRID, _GRID)).astype(np.float32)
        smooth = _spread()
        columns = columns + smooth @ field[0] @ smooth.T
        rows = rows + smooth @ field[1] @ smooth.T
    return _sample(x, rows + _CENTRE, columns + _CENTRE)


def _affine(n: int, rng: np.random.Generator, config: Augmentation) -> tuple[Floats, ...]:
    """The six numbers (each (N, 1, 1)) that map output to input pixels, about the centre."""
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation, n))
    shear = rng.uniform(-config.shear, config.shear, n)
    sx, sy = 1 / (1 + rng.uniform(-config.scale, config.scale, (2, n)))
    dx, dy = rng.uniform(-config.shift, config.shift, (2, n))
    numbers = (
        *(np.cos(angle) * sx, (shear - np.sin(angle)) * sx),
        *(np.sin(angle) * sy, np.cos(angle) * sy),
        *(dx, dy),
    )
    return tuple(v.astype(np.float32)[:, None, None] for v in numbers)


def _spread() -> Floats:
    """(28, _GRID): how much each control point moves each row or column; rows add up to 1."""
    points = np.linspace(0, 27, _GRID)
    weights = np.exp(-(((np.arange(28)[:, None] - points) / (27 / (_GRID - 1))) ** 2) * 1.5)
    spread: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return spread


def _sample(x: Floats, rows: Floats, columns: Floats) -> Floats:
    """Bilinear look-up; 0 outside."""
    padded = np.pad(x, ((0, 0), (1, 2), (1, 2)))
    rows, columns = np.clip(rows + 1, 0, 29), np.clip(columns + 1, 0, 29)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = rows - top, columns - left
    flat = padded.reshape(-1)
    base = np.arange(len(x), dtype=np.intp)[:, None, None] * (31 * 31) + top * 31 + left
    upper = flat[base] * (1 - right) + flat[base + 1] * right
    lower = flat[base + 31] * (1 - right) + flat[base + 32] * right
    found: Floats = upper * (1 - down) + lower * down
    return found


def _wear(x: Floats, rng: np.random.Generator) -> Floats:
    """What pens, paper, cameras and the normaliser leave of strokes."""
    n = len(x)
    amount = rng.uniform(-0.7, 1.0, (n, 1, 1)).astype(np.float32)  # thinner ... wider
    wide, thin = _extreme(x, np.maximum), _extreme(x, np.minimum)
    x = np.where(amount > 0, x + amount * (wide - x), x + amount * (x - thin))
    blur = rng.uniform(0, 1, (n, 1, 1)).astype(np.float32) ** 2
    x = x + blur * (_blurred(x) - x)
    x = 255 * (x / 255) ** np.exp(rng.uniform(-0.7, 0.7, (n, 1, 1)).astype(np.float32))
    x *= np.where(_chance(rng, n, 0.15), _band(n, rng, width=1.0), 1)  # a gap in the strokes
    x = np.maximum(x, np.where(_chance(rng, n, 0.15), _speck(n, rng), 0))
    harden = _chance(rng, n, 0.15)  # a black and white scan
    x = np.where(harden, np.clip((x - 96) * 4, 0, 255), x)
    noise = rng.normal(0, 1, x.shape).astype(np.float32) * rng.uniform(0, 14, (n, 1, 1))
    worn: Floats = np.where((x > 8) & _chance(rng, n, 0.3), x + noise, x).astype(np.float32)
    return worn


def _chance(rng: np.random.Generator, n: int, share: float) -> NDArray[np.bool_]:
    return rng.random((n, 1, 1)) < share


def _extreme(x: Floats, how: np.ufunc) -> Floats:
    """Dilation or erosion by a plus of five pixels."""
    p = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    best = how(p[:, 1:-1, :-2], p[:, 1:-1, 2:])
    found: Floats = how(how(best, x), how(p[:, :-2, 1:-1], p[:, 2:, 1:-1]))
    return found


def _blurred(x: Floats) -> Floats:
    p = np.pad(x, ((0, 0), (1, 1), (0, 0)))
    p = (p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]) / 4
    p = np.pad(p, ((0, 0), (0, 0), (1, 1)))
    blurred: Floats = (p[:, :, :-2] + 2 * p[:, :, 1:-1] + p[:, :, 2:]) / 4
    return blurred


def _band(n: int, rng: np.random.Generator, *, width: float) -> Floats:
    """1 everywhere but in a straight band of random place and angle, where it goes to 0."""
    angle = rng.uniform(0, np.pi, (n, 1, 1)).astype(np.float32)
    at = rng.uniform(-8, 8, (n, 1, 1)).astype(np.float32)
    grid = np.arange(28, dtype=np.float32) - _CENTRE
    away = np.abs(np.cos(angle) * grid[:, None] + np.sin(angle) * grid - at)
    band: Floats = np.clip(away - width * rng.uniform(0, 1, (n, 1, 1)), 0, 1).astype(np.float32)
    return band


def _speck(n: int, rng: np.random.Generator) -> Floats:
    """A small blot or a short line somewhere, 0-255: what was not taken away."""
    cy, cx = rng.uniform(2, 26, (2, n, 1, 1)).astype(np.float32)
    angle = rng.uniform(0, np.pi, (n, 1, 1)).astype(np.float32)
    long, short = rng.uniform(0.5, 3.5, (n, 1, 1)), rng.uniform(0.4, 0.9, (n, 1, 1))
    grid = np.arange(28, dtype=np.float32)
    y, x = grid[:, None] - cy, grid - cx
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    inside = np.maximum(np.abs(along) - long, np.abs(across) - short)
    speck: Floats = (np.clip(1 - inside, 0, 1) * rng.uniform(60, 255, (n, 1, 1))).astype(np.float32)
    return speck
