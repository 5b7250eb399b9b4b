"""Scanning: the path of a pen as a digit image, in MNIST's frame and with its soft edges."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.pen_strokes import Floats

_BOX: Final = 20
_SIDE: Final = 28
_FINE: Final = 2  # samples per pixel and axis before area averaging
_PIECE: Final = 96  # images drawn at a time, so that the work stays in the cache


def draw(
    points: Floats, pressure: Floats, width: Floats, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw paths, fit them to the 20 x 20 box and place them by their centre of mass.

    Args:
        points: float32 (N, P, 2), x and y of dense samples, in any unit.
        pressure: float32 (N, P), relative width of the pen; 0 where it is lifted.
        width: float32 (N,), width of the pen in pixels of the box.
        rng: draws the paper's and the scanner's share.

    Returns:
        uint8 (N, 28, 28), bright ink on 0.
    """
    place, radius = _fit(points, pressure, width)
    fine = np.concatenate(
        [
            _stamp(place[i : i + _PIECE], radius[i : i + _PIECE])
            for i in range(0, len(points), _PIECE)
        ]
    )
    return scan(fine, rng=rng)


def scan(fine: Floats, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Digit images of drawings that fill the 20 x 20 box.

    Args:
        fine: float32 (N, 40, 40), how much ink covers each quarter of a pixel, 0-1.
        rng: draws how coarse, how sharp and how bright each scan is.

    Returns:
        uint8 (N, 28, 28), placed by centre of mass.
    """
    fine = _coarse(fine, rng)
    n = len(fine)
    small = fine.reshape(n, _BOX, _FINE, _BOX, _FINE).mean((2, 4))
    small = _blur(small, np.where(rng.random(n) < 0.25, rng.uniform(0.05, 0.22, n), 0))
    gain = rng.uniform(1.0, 1.45, (n, 1, 1)) * np.where(
        rng.random((n, 1, 1)) < 0.15, rng.uniform(0.65, 1, (n, 1, 1)), 1
    )
    peak = np.clip(small.max((1, 2), keepdims=True), 0.3, 1)
    return centre(np.clip(small / peak * gain, 0, 1).astype(np.float32))


def centre(small: Floats) -> NDArray[np.uint8]:
    """Place boxes, float32 (N, 20, 20) of 0-1, in frames, uint8 (N, 28, 28)."""
    n = len(small)
    index = np.arange(_BOX)
    total = np.maximum(small.sum((1, 2)), 1e-6)
    padded = np.zeros((n, _BOX + 1, _BOX + 1), np.float32)
    padded[:, :_BOX, :_BOX] = small
    picked = []
    for axis in (2, 1):
        ink = small.sum(axis)
        middle = (ink * index).sum(1) / total
        first, last = (ink > 0).argmax(1), _BOX - (ink > 0)[:, ::-1].argmax(1)
        start = np.clip(np.rint(_SIDE / 2 - middle), -first, _SIDE - last).astype(int)
        source = np.arange(_SIDE) - start[:, None]
        picked.append(np.where((source >= 0) & (source < _BOX), source, _BOX))
    rows, columns = picked
    frame = padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return np.rint(frame * 255).astype(np.uint8)


def _fit(points: Floats, pressure: Floats, width: Floats) -> tuple[Floats, Floats]:
    """Samples and radii in fine pixels, the ink's longer side filling the box."""
    side = np.float32(_BOX * _FINE)
    radius = np.where(pressure > 0, pressure * width[:, None] * (_FINE / 2), 0)
    radius = np.where(pressure > 0, np.maximum(radius, 0.75), -1e4).astype(np.float32)
    scale = np.ones((len(points), 1, 1), np.float32)
    for _ in range(3):  # the outermost samples change a little with the scale
        low = (points * scale - radius[:, :, None]).min(1)
        high = (points * scale + radius[:, :, None]).max(1)
        extent = (high - low).max(1)
        pen = 2 * radius.max(1)
        by = (side - pen) / np.maximum(extent - pen, 1e-3)
        scale *= np.clip(by, 1e-3, 40)[:, None, None]
    low = (points * scale - radius[:, :, None]).min(1)
    high = (points * scale + radius[:, :, None]).max(1)
    placed = points * scale + ((side - low - high) / 2)[:, None]
    return placed.astype(np.float32), radius


def _stamp(points: Floats, radius: Floats) -> Floats:
    """Coverage 0-1 of a round pen at each sample; float32 (N, 40, 40)."""
    n = len(points)
    reach = int(np.ceil(radius.max())) + 1
    side = _BOX * _FINE + 2 * reach + 2
    inked = radius > 0
    of = np.broadcast_to(np.arange(n)[:, None], radius.shape)[inked]
    place = np.clip(points[inked], -1, _BOX * _FINE) + (reach + 1)
    corner = np.floor(place).astype(np.int32)
    near = np.arange(-reach, reach + 1, dtype=np.int32)
    away = (corner[:, :, None] + near + np.float32(0.5) - place[:, :, None]) ** 2
    cover = radius[inked][:, None, None] + np.float32(0.5)
    cover = cover - np.sqrt(away[:, 1, :, None] + away[:, 0, None, :])
    rows = (of[:, None] * side + corner[:, 1, None] + near) * side
    index = rows[:, :, None] + (corner[:, 0, None] + near)[:, None, :]
    canvas = np.zeros(n * side * side, np.float32)
    on = cover > 0
    np.maximum.at(canvas, index[on], cover[on])
    inner = slice(reach + 1, reach + 1 + _BOX * _FINE)
    drawn: Floats = np.minimum(canvas, 1).reshape(n, side, side)[:, inner, inner]
    return drawn


def _coarse(fine: Floats, rng: np.random.Generator) -> Floats:
    """One in eight scans had few pixels: its strokes are of blocks, grey or black and white."""
    n = len(fine)
    grid = rng.choice(np.array([8, 11, 14, 16, 20]), n)
    grid[rng.random(n) >= 0.125] = 0
    binary = (rng.random(n) < 0.6) & (grid >= 14)
    result = fine.copy()
    for cells in np.unique(grid[grid > 0]):
        which = np.flatnonzero(grid == cells)
        down, up = _area(int(cells)), _linear(int(cells))
        few = down @ fine[which] @ down.T
        few = few / np.clip(few.max((1, 2), keepdims=True), 0.2, 1)
        few = np.where(binary[which, None, None], few > 0.38, few)
        large = up @ few.astype(np.float32) @ up.T
        result[which] = np.clip((large - 0.4) * 2 + 0.4, 0, 1)
    return result


def _area(cells: int) -> Floats:
    """Weights (cells, 40) of an area average."""
    fine = _BOX * _FINE
    edge = np.linspace(0, fine, cells + 1)
    left = np.arange(fine)
    cover = np.minimum(edge[1:, None], left + 1) - np.maximum(edge[:-1, None], left)
    return np.asarray(np.clip(cover, 0, None) * cells / fine, np.float32)


def _linear(cells: int) -> Floats:
    """Weights (40, cells) of a linear enlargement."""
    fine = _BOX * _FINE
    at = np.clip((np.arange(fine) + 0.5) * cells / fine - 0.5, 0, cells - 1)
    return np.asarray(np.clip(1 - np.abs(at[:, None] - np.arange(cells)), 0, None), np.float32)


def _blur(small: Floats, amount: NDArray[np.float64]) -> Floats:
    """Give each pixel's four neighbours a share, (N,), of its ink."""
    share = amount.astype(np.float32)[:, None, None]
    padded = np.pad(small, ((0, 0), (1, 1), (1, 1)))
    around = padded[:, 2:, 1:-1] + padded[:, :-2, 1:-1] + padded[:, 1:-1, 2:] + padded[:, 1:-1, :-2]
    return np.asarray(small * (1 - 2 * share) + around * (share / 2), np.float32)
