"""Separators of numbers: the pen's paths of point, comma, minus, slash and colon."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from digitlab.synthetic.photographs.skeletonise import Skeleton

_PATHS: Final[dict[str, tuple[tuple[tuple[float, float], ...], ...]]] = {
    ".": (((13.6, 23.2), (14.2, 23.6)),),
    ",": (((14.6, 22.2), (14.8, 23.8), (14.0, 25.6), (12.8, 27.0)),),
    "-": (((10.0, 14.2), (18.0, 13.8)),),
    "/": (((19.0, 1.0), (14.2, 13.4), (8.6, 27.0)),),
    ":": (((14.0, 10.0), (14.5, 10.4)), ((13.6, 20.4), (14.1, 20.8))),
}
"""Paths in the frame of a digit image, 28 x 28, whose digits reach from row 4 to row 24."""

SEPARATORS: Final = "".join(_PATHS)
"""The characters that have a path."""


@cache
def separator_path(character: str) -> Skeleton:
    """Return the path of a separator in the frame of a digit image."""
    points: list[tuple[float, float]] = []
    edges: list[tuple[int, int]] = []
    for path in _PATHS[character]:
        edges += [(k, k + 1) for k in range(len(points), len(points) + len(path) - 1)]
        points += path
    return Skeleton(points=np.array(points, float), edges=np.array(edges, np.intp))


@cache
def separator_width(character: str) -> float:
    """Return the width of a separator's path, in digit heights."""
    columns = separator_path(character).points[:, 0]
    return float(columns.max() - columns.min()) / 20
