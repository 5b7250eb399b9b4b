"""Skeleton of a digit image: the middle of its strokes, as points and edges between them.

Thinning after T. Y. Zhang and C. Y. Suen 1984, "A fast parallel algorithm for thinning
digital patterns".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_POINTS_PER_PIXEL = 4  # of the digit image, per axis
_SMOOTHING_ROUNDS = 8  # each moves a point half-way to the mean of its neighbours
_NEIGHBOURS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Skeleton:
    """The middle of the strokes.

    Attributes:
        points: float (N, 2), x and y in pixels of the digit image, 0-28.
        edges: int (M, 2), pairs of neighbouring points.
    """

    points: Floats
    edges: Ints


def skeletonise(digit_image: NDArray[np.uint8]) -> Skeleton:
    """Return the skeleton of a digit image, uint8 (28, 28); no points for an empty one."""
    from scipy import ndimage  # takes long to load; a page that only reads pictures needs none

    inside = np.pad(enlarge(digit_image, _POINTS_PER_PIXEL) > 0.5, 1)
    depth = ndimage.distance_transform_edt(inside)
    rows, columns = np.nonzero(_thin(inside))
    edges = _prune(_edges(rows, columns, inside.shape), depth[rows, columns])
    points = np.stack([columns - 0.5, rows - 0.5], axis=1) / _POINTS_PER_PIXEL
    if len(edges):
        points, edges = _drop_unused(points, edges)
        points = _smooth(points, edges)
    return Skeleton(points=points, edges=edges)


def enlarge(digit_image: NDArray[np.uint8], factor: int) -> Floats:
    """Enlarge a digit image with cubic splines, so that its contours have no steps; 0-1."""
    from scipy import ndimage

    large: Floats = ndimage.zoom(
        digit_image / 255.0, factor, order=3, grid_mode=True, mode="grid-constant"
    )
    return large


def _thin(inside: Mask) -> Mask:
    """Remove the outermost pixels, side by side, until lines of one pixel are left."""
    thin = inside.astype(np.uint8)
    while True:
        before = int(thin.sum())
        for removes in _removal_tables():
            code = sum(
                (
                    np.roll(thin, (-dy, -dx), (0, 1)) << bit
                    for bit, (dy, dx) in enumerate(_NEIGHBOURS)
                ),
                start=np.zeros_like(thin),
            )
            thin[removes[code] & (thin > 0)] = 0
        if int(thin.sum()) == before:
            return thin > 0


@cache
def _removal_tables() -> tuple[Mask, Mask]:
    """Return, for 256 neighbourhoods, whether the first and second pass remove their pixel."""
    tables = np.zeros((2, 256), bool)
    for code in range(256):
        n, ne, e, se, s, sw, w, nw = (bool(code >> bit & 1) for bit in range(8))
        ring = [n, ne, e, se, s, sw, w, nw]
        rises = sum(not a and b for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
        if 2 <= sum(ring) <= 6 and rises == 1:
            tables[0, code] = not (n and e and s) and not (e and s and w)
            tables[1, code] = not (n and e and w) and not (n and s and w)
    return tables[0], tables[1]


def _edges(rows: Ints, columns: Ints, shape: tuple[int, ...]) -> Ints:
    """Join neighbouring pixels; diagonally only where no straight step joins them."""
    number = np.full(shape, -1)
    number[rows, columns] = np.arange(len(rows))
    pairs = []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = number[rows + dy, columns + dx]
        joined = other >= 0
        if dy and dx:
            joined &= (number[rows + dy, columns] < 0) & (number[rows, columns + dx] < 0)
        pairs.append(np.stack([np.flatnonzero(joined), other[joined]], axis=1))
    return np.concatenate(pairs)


def _prune(edges: Ints, depth: Floats) -> Ints:
    """Remove the spurs that thinning leaves: branches shorter than the stroke is deep."""
    neighbours: dict[int, set[int]] = {}
    for a, b in edges.tolist():
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    spurs: set[int] = set()
    for end in [point for point, around in neighbours.items() if len(around) == 1]:
        path, here = [end], next(iter(neighbours[end]))
        while len(neighbours[here]) == 2 and here not in path:
            onward = neighbours[here] - {path[-1]}
            path.append(here)
            here = onward.pop()
        if len(neighbours[here]) > 2 and len(path) < depth[here]:
            spurs.update(path)
    kept = [not spurs.intersection(pair) for pair in edges.tolist()]
    return edges[np.array(kept, bool)] if spurs else edges


def _drop_unused(points: Floats, edges: Ints) -> tuple[Floats, Ints]:
    """Remove points without an edge."""
    used, renumbered = np.unique(edges, return_inverse=True)
    return points[used], renumbered.reshape(edges.shape)


def _smooth(points: Floats, edges: Ints) -> Floats:
    """Smooth the steps of the lines; end points stay in their places."""
    ends = np.concatenate([edges[:, 0], edges[:, 1]])
    others = np.concatenate([edges[:, 1], edges[:, 0]])
    degree = np.bincount(ends, minlength=len(points))
    movable = degree > 1
    for _ in range(_SMOOTHING_ROUNDS):
        total = np.stack(
            [np.bincount(ends, points[others, axis], len(points)) for axis in (0, 1)], axis=1
        )
        mean = total / np.maximum(degree, 1)[:, None]
        points = np.where(movable[:, None], (points + mean) / 2, points)
    return points
