"""Rasteriser: pen paths or drawings to digit images in MNIST's frame, as a scanner sees them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.synthetic.handwriting.pen_strokes import Floats

_BOX: Final = 20  # pixels along a side of MNIST's box
_FRAME: Final = 28  # pixels along a side of a digit image
_SUBPIXELS: Final = 2  # per pixel and axis of a drawing
_BATCH: Final = 96  # images drawn at a time, so that the arrays stay in the processor's cache

DRAWING_SIDE: Final = _BOX * _SUBPIXELS
"""Subpixels along a side of a drawing, 40; a drawing fills MNIST's 20 x 20 box."""


def rasterise(
    points: Floats, pressure: Floats, width: Floats, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw pen paths, fit them to the 20 x 20 box and place them by their centre of mass.

    Args:
        points: float32 (N, P, 2), x and y of dense samples, in any unit.
        pressure: float32 (N, P), relative width of the pen; 0 where the pen is lifted.
        width: float32 (N,), width of the pen in pixels of the box.
        rng: draws the scanner's resolution, sharpness and brightness.

    Returns:
        uint8 (N, 28, 28), bright ink on 0.
    """
    fitted, radius = _fit_to_box(points, pressure, width)
    drawings = np.concatenate(
        [
            _ink_coverage(fitted[i : i + _BATCH], radius[i : i + _BATCH])
            for i in range(0, len(points), _BATCH)
        ]
    )
    return scan(drawings, rng=rng)


def scan(drawings: Floats, *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turn drawings into digit images with the soft edges of a scan.

    Args:
        drawings: float32 (N, 40, 40), the share of each subpixel that ink covers, 0-1.
        rng: draws the resolution, sharpness and brightness of each scan.

    Returns:
        uint8 (N, 28, 28), placed by centre of mass.
    """
    drawings = _lower_resolution(drawings, rng)
    n = len(drawings)
    boxes = drawings.reshape(n, _BOX, _SUBPIXELS, _BOX, _SUBPIXELS).mean((2, 4))
    boxes = _blur(boxes, np.where(rng.random(n) < 0.25, rng.uniform(0.05, 0.22, n), 0))
    gain = rng.uniform(1.0, 1.45, (n, 1, 1)) * np.where(
        rng.random((n, 1, 1)) < 0.15, rng.uniform(0.65, 1, (n, 1, 1)), 1
    )
    peak = np.clip(boxes.max((1, 2), keepdims=True), 0.3, 1)
    return centre_in_frame(np.clip(boxes / peak * gain, 0, 1).astype(np.float32))


def centre_in_frame(boxes: Floats) -> NDArray[np.uint8]:
    """Place boxes by their centre of mass.

    Args:
        boxes: float32 (N, 20, 20), ink of 0-1.

    Returns:
        uint8 (N, 28, 28).
    """
    n = len(boxes)
    index = np.arange(_BOX)
    total = np.maximum(boxes.sum((1, 2)), 1e-6)
    padded = np.zeros((n, _BOX + 1, _BOX + 1), np.float32)
    padded[:, :_BOX, :_BOX] = boxes
    sources = []
    for axis in (2, 1):
        ink = boxes.sum(axis)
        middle = (ink * index).sum(1) / total
        first, last = (ink > 0).argmax(1), _BOX - (ink > 0)[:, ::-1].argmax(1)
        start = np.clip(np.rint(_FRAME / 2 - middle), -first, _FRAME - last).astype(int)
        source = np.arange(_FRAME) - start[:, None]
        sources.append(np.where((source >= 0) & (source < _BOX), source, _BOX))
    rows, columns = sources
    frame = padded[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return np.rint(frame * 255).astype(np.uint8)


def linear_weights(positions: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the weights (P, count) that interpolate linearly between `count` values.

    Args:
        positions: (P,), where to interpolate; the values stand at 0 to count - 1.
        count: number of values.
    """
    weights: NDArray[np.float64] = np.clip(
        1 - np.abs(positions[:, None] - np.arange(count)), 0, None
    )
    return weights


def _fit_to_box(points: Floats, pressure: Floats, width: Floats) -> tuple[Floats, Floats]:
    """Return samples and radii in subpixels, scaled so that the longer side fills the box."""
    side = np.float32(DRAWING_SIDE)
    radius = np.where(pressure > 0, pressure * width[:, None] * (_SUBPIXELS / 2), 0)
    radius = np.where(pressure > 0, np.maximum(radius, 0.75), -1e4).astype(np.float32)
    scale = np.ones((len(points), 1, 1), np.float32)
    for _ in range(3):  # the outermost samples change a little with the scale
        low = (points * scale - radius[:, :, None]).min(1)
        high = (points * scale + radius[:, :, None]).max(1)
        extent = (high - low).max(1)
        pen = 2 * radius.max(1)
        factor = (side - pen) / np.maximum(extent - pen, 1e-3)
        scale *= np.clip(factor, 1e-3, 40)[:, None, None]
    low = (points * scale - radius[:, :, None]).min(1)
    high = (points * scale + radius[:, :, None]).max(1)
    placed = points * scale + ((side - low - high) / 2)[:, None]
    return placed.astype(np.float32), radius


def _ink_coverage(points: Floats, radius: Floats) -> Floats:
    """Draw a round pen at each sample; return the ink's coverage 0-1, float32 (n, 40, 40)."""
    n = len(points)
    reach = int(np.ceil(radius.max())) + 1
    side = DRAWING_SIDE + 2 * reach + 2
    inked = radius > 0
    image = np.broadcast_to(np.arange(n)[:, None], radius.shape)[inked]
    centre = np.clip(points[inked], -1, DRAWING_SIDE) + (reach + 1)
    corner = np.floor(centre).astype(np.int32)
    offset = np.arange(-reach, reach + 1, dtype=np.int32)
    squared = (corner[:, :, None] + offset + np.float32(0.5) - centre[:, :, None]) ** 2
    cover = radius[inked][:, None, None] + np.float32(0.5)
    cover = cover - np.sqrt(squared[:, 1, :, None] + squared[:, 0, None, :])
    rows = (image[:, None] * side + corner[:, 1, None] + offset) * side
    index = rows[:, :, None] + (corner[:, 0, None] + offset)[:, None, :]
    canvas = np.zeros(n * side * side, np.float32)
    covered = cover > 0
    np.maximum.at(canvas, index[covered], cover[covered])
    inner = slice(reach + 1, reach + 1 + DRAWING_SIDE)
    coverage: Floats = np.minimum(canvas, 1).reshape(n, side, side)[:, inner, inner]
    return coverage


def _lower_resolution(drawings: Floats, rng: np.random.Generator) -> Floats:
    """Scan one drawing in eight with few pixels, in grey levels or in black and white."""
    n = len(drawings)
    grid = rng.choice(np.array([8, 11, 14, 16, 20]), n)
    grid[rng.random(n) >= 0.125] = 0
    binary = (rng.random(n) < 0.6) & (grid >= 14)
    result = drawings.copy()
    for cells in np.unique(grid[grid > 0]):
        chosen = np.flatnonzero(grid == cells)
        down, up = _reduction_weights(int(cells)), _enlargement_weights(int(cells))
        coarse = down @ drawings[chosen] @ down.T
        coarse = coarse / np.clip(coarse.max((1, 2), keepdims=True), 0.2, 1)
        coarse = np.where(binary[chosen, None, None], coarse > 0.38, coarse)
        large = up @ coarse.astype(np.float32) @ up.T
        result[chosen] = np.clip((large - 0.4) * 2 + 0.4, 0, 1)
    return result


def _reduction_weights(cells: int) -> Floats:
    """Return the weights (cells, 40) of an area average."""
    edge = np.linspace(0, DRAWING_SIDE, cells + 1)
    left = np.arange(DRAWING_SIDE)
    cover = np.minimum(edge[1:, None], left + 1) - np.maximum(edge[:-1, None], left)
    return np.asarray(np.clip(cover, 0, None) * cells / DRAWING_SIDE, np.float32)


def _enlargement_weights(cells: int) -> Floats:
    """Return the weights (40, cells) of a linear enlargement."""
    centres = (np.arange(DRAWING_SIDE) + 0.5) * cells / DRAWING_SIDE - 0.5
    return linear_weights(np.clip(centres, 0, cells - 1), cells).astype(np.float32)


def _blur(boxes: Floats, amount: NDArray[np.float64]) -> Floats:
    """Give each pixel's four neighbours a share, (N,), of its ink."""
    share = amount.astype(np.float32)[:, None, None]
    padded = np.pad(boxes, ((0, 0), (1, 1), (1, 1)))
    around = padded[:, 2:, 1:-1] + padded[:, :-2, 1:-1] + padded[:, 1:-1, 2:] + padded[:, 1:-1, :-2]
    return np.asarray(boxes * (1 - 2 * share) + around * (share / 2), np.float32)
