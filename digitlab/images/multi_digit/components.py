"""Pieces: ink that hangs together, and which pieces may be digits or parts of digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Floats, Mask

BODY: Final = 0.45  # of a digit's usual height: less is no digit by itself
_SPECK: Final = 0.12  # of a digit's usual height: less belongs to nothing
_TALLEST: Final = 3.0  # usual heights: more is no digit
_FAR: Final = 0.6  # of the picture's side: lines across it are longer
_HOLLOW: Final = 0.2  # of its box that a net of lines fills at most
_DUST: Final = 0.015  # of the longer side: what is lower is dust, or a part of something
_PALE: Final = 0.4  # of the usual tone: less is a fold, or the other side of the sheet

Box = tuple[slice, slice]
"""Rows and columns, in pixels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """Pieces of ink, each of which hangs together.

    Attributes:
        labels: int32 (H, W); n + 1 where piece n is, 0 where none is.
        boxes: of each piece, tight.
        areas: of each piece, in pixels.
        tones: mean contrast of each piece, in grey levels.
    """

    labels: NDArray[np.int32]
    boxes: list[Box]
    areas: NDArray[np.float64]
    tones: NDArray[np.float64]

    @property
    def heights(self) -> NDArray[np.int64]:
        """Of each piece, in pixels."""
        return np.array([box[0].stop - box[0].start for box in self.boxes], np.int64)

    @property
    def widths(self) -> NDArray[np.int64]:
        """Of each piece, in pixels."""
        return np.array([box[1].stop - box[1].start for box in self.boxes], np.int64)


def label(ink: Mask, contrast: Floats) -> Pieces:
    """The pieces of a mask, bool (H, W), with their tones from the contrast."""
    from scipy import ndimage

    labels, count = ndimage.label(ink, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:].astype(float)
    masses = np.bincount(labels.ravel(), contrast.ravel(), count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    return Pieces(labels=labels, boxes=boxes, areas=areas, tones=masses / areas)


def usual_height(pieces: Pieces, counted: NDArray[np.bool_]) -> float:
    """The median height of the pieces that are not small beside where most of the ink is."""
    flat = pieces.widths > 4 * pieces.heights
    counted = counted & ~flat if (counted & ~flat).any() else np.ones(len(flat), bool)
    heights, areas = pieces.heights[counted], pieces.areas[counted]
    order = np.argsort(heights)
    half = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    inky = heights[order][min(half, len(order) - 1)]
    return float(np.median(heights[heights >= 0.4 * inky]))


def around_others(pieces: Pieces) -> NDArray[np.bool_]:
    """Which pieces stand around others: frames, tables, circles. A digit holds only dust."""
    heights = pieces.heights
    tall = heights > _DUST * max(pieces.labels.shape)
    found = np.zeros(len(heights), bool)
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in pieces.boxes])
    for number in map(int, np.flatnonzero(pieces.areas >= np.median(pieces.areas))):
        top, bottom, left, right = edges[number]
        inside = (edges[:, 0] > top) & (edges[:, 1] < bottom)
        inside &= (edges[:, 2] > left) & (edges[:, 3] < right)
        if (inside & (heights > 0.3 * heights[number])).any() or (inside & tall).sum() > 3:
            held = np.flatnonzero(inside & tall)
            found[number] = any(_on_all_sides(pieces, number, edges[other]) for other in held)
    return found


def crossing(pieces: Pieces) -> NDArray[np.bool_]:
    """Which pieces are lines from one edge of the picture to another, alone or as a net."""
    rows, columns = pieces.labels.shape
    edges = _at_edges(pieces).sum(0)
    far = (pieces.heights > _FAR * rows) | (pieces.widths > _FAR * columns)
    hollow = pieces.areas < _HOLLOW * pieces.heights * pieces.widths
    thin = np.minimum(pieces.heights, pieces.widths) < 0.15 * np.maximum(
        pieces.heights, pieces.widths
    )
    found: NDArray[np.bool_] = (edges >= 2) & far & (hollow | thin)
    return found


def _at_edges(pieces: Pieces) -> NDArray[np.bool_]:
    """bool (4, N): whether each piece is at the picture's top, left, bottom and right edge."""
    rows, columns = pieces.labels.shape
    return np.array(
        [
            [r.start == 0 for r, _ in pieces.boxes],
            [c.start == 0 for _, c in pieces.boxes],
            [r.stop == rows for r, _ in pieces.boxes],
            [c.stop == columns for _, c in pieces.boxes],
        ]
    )


def _on_all_sides(pieces: Pieces, number: int, edges: NDArray[np.int64]) -> bool:
    """Whether a piece has ink above, below, left and right of a box's middle."""
    y, x = int(edges[:2].mean()), int(edges[2:].mean())
    column, row = pieces.labels[:, x] == number + 1, pieces.labels[y] == number + 1
    return bool(column[:y].any() and column[y:].any() and row[:x].any() and row[x:].any())


def plausible(pieces: Pieces, usual: float) -> NDArray[np.bool_]:
    """Which pieces may be a digit or a part of one."""
    heights, widths = pieces.heights, pieces.widths
    extents = np.maximum(heights, widths)
    tones = pieces.tones
    order = np.argsort(tones)
    half = np.searchsorted(np.cumsum(pieces.areas[order]), pieces.areas.sum() / 2)
    tone = float(tones[order][min(half, len(order) - 1)])  # of most of the ink
    at_edge = _at_edges(pieces).any(0)
    narrow = np.minimum(heights, widths) < 0.3 * extents
    line = (np.minimum(heights, widths) < 0.15 * extents) & (extents > 1.6 * usual)
    line |= (widths > 6 * heights) & (widths > 0.8 * usual)
    fill = pieces.areas / (heights * widths)
    solid = fill > np.where(extents > 1.5 * usual, 0.6, 0.85)
    return (
        (extents >= _SPECK * usual)
        & (heights <= _TALLEST * usual)
        & (tones >= _PALE * tone)
        & ~line
        & ~(at_edge & (narrow | (heights < 0.7 * usual)))
        & ~(solid & (np.minimum(heights, widths) > 0.7 * usual))
    )
