"""Pieces: connected ink, scored as parts of a digit, and gathered to digits that it may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.ink import Floats, Ink, Mask, bounds, extent, widened

_SPECK: Final = 0.1  # of the main piece's extent: smaller ones are dust
_SCRAP: Final = 0.02  # of the main piece's area: the same
_REACH: Final = 0.22  # of the main piece's extent: farther ones are something else
_FEWEST: Final = 6  # pixels of a digit
_SMALLEST: Final = 0.015  # of the longer side: what is smaller is a speck on an empty page
_MOST: Final = 60  # pieces that are looked at
_MANY: Final = 8  # pieces, from which on noise is thought of
_STANDS_OUT: Final = 0.25  # of all ink: a digit has more than this
_THICK: Final = 0.32  # of its extent: the fattest strokes
_BLOT: Final = 0.5  # of its extent: surely no stroke
_EDT_SIDE: Final = 200  # pixels of a mask on which thickness is measured
_AT_EDGE: Final = 0.3  # likeness of what touches the picture's edge, beside the others
_ALONE: Final = 0.75  # of all ink
_FILLS: Final = 0.75  # of the picture's longer side
_RIVALS: Final = 3  # pieces that may each be the digit


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """The connected pieces of a mask and what is known of each.

    Attributes:
        labels: int (H, W), 0 for paper, else the number of the piece, from 1.
        boxes: rows and columns of each.
        areas: pixels of each.
        tones: mean contrast of each, in grey levels.
        extents: longer side of each box, in pixels.
        likeness: 0-1, how far each looks like a digit by its place and form.
        touches: how many of the picture's edges each box touches.
        thickness: width of each one's thickest place, as a share of its extent.
    """

    labels: NDArray[np.int32]
    boxes: list[tuple[slice, slice]]
    areas: NDArray[np.float64]
    tones: NDArray[np.float64]
    extents: NDArray[np.float64]
    likeness: NDArray[np.float64]
    touches: NDArray[np.int64]
    thickness: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def masses(self) -> NDArray[np.float64]:
        """Ink of each: area times tone."""
        return self.areas * self.tones

    def mask(self, chosen: Sequence[int] | NDArray[np.intp]) -> Mask:
        """The pixels of the chosen pieces, counted from 0."""
        keep = np.zeros(len(self) + 1, bool)
        keep[np.asarray(chosen, int) + 1] = True
        mask: Mask = keep[self.labels]
        return mask


def find_pieces(mask: Mask, contrast: Floats) -> Pieces:
    """Part a mask into its connected pieces (8 neighbours), the `_MOST` largest of them."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, np.ones((3, 3)))
    if count > _MOST:
        sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
        number = np.zeros(count + 1, labels.dtype)
        number[1 + np.sort(np.argpartition(-sizes, _MOST)[:_MOST])] = np.arange(1, _MOST + 1)
        labels, count = number[labels], _MOST
    boxes = ndimage.find_objects(labels)
    thickness = _thickness(labels, boxes)
    inked = labels > 0
    numbers = labels[inked]
    areas = np.bincount(numbers, minlength=count + 1)[1:].astype(float)
    masses = np.bincount(numbers, np.minimum(contrast[inked], 255), minlength=count + 1)[1:]
    return Pieces(
        labels=labels,
        boxes=boxes,
        areas=areas,
        tones=masses / np.maximum(areas, 1),
        extents=np.array([extent(box) for box in boxes], float),
        likeness=np.array(
            [
                _digit_like(b, a, mask.shape, thick)
                for b, a, thick in zip(boxes, areas, thickness, strict=True)
            ],
            float,
        ),
        touches=np.array([_touches(box, mask.shape) for box in boxes], int),
        thickness=thickness,
    )


def gather(pieces: Pieces, contrast: Floats) -> list[Ink]:
    """The digits that the pieces may be, each round one main piece; likely ones first.

    The main piece has the most ink, counted less if it touches the picture's edge and much
    less if it is a line along or across it. Pieces near to it that are no specks belong to
    it: a 5 or a 4 in two strokes.

    Returns:
        At most `_RIVALS`; none when all of it is dust.
    """
    shape = contrast.shape
    weight = pieces.masses * pieces.likeness
    found: list[Ink] = []
    taken: set[int] = set()
    for main in map(int, np.argsort(-weight)[: 2 * _RIVALS]):
        size = pieces.extents[main]
        dust = pieces.areas[main] < _FEWEST or size < _SMALLEST * max(shape)
        if main in taken or dust or len(found) == _RIVALS:
            continue
        kept = _with_neighbours(pieces, main)
        share = pieces.masses[kept].sum() / pieces.masses.sum()
        if len(pieces) >= _MANY and share < _STANDS_OUT and size < 4 * np.median(pieces.extents):
            continue  # one grain among its like: noise, not ink
        taken.update(kept)
        mask = pieces.mask(kept)
        found.append(
            Ink(
                contrast=_only(contrast, mask, pieces.labels > 0),
                mask=mask,
                likeness=float(pieces.likeness[main]),
                mass=float(weight[kept].sum()),
            )
        )
    return found


def cut_close(pieces: Pieces, contrast: Floats, *, likeness: float) -> list[Ink]:
    """The digit of a picture that somebody cut close: one piece is nearly all of the ink.

    Such a piece touches the picture's edges as frames and lines do, and is none.

    Args:
        pieces: all of them.
        contrast: float32 (H, W).
        likeness: of the digit, 0-1, if its strokes are usual.
    """
    main = int(np.argmax(pieces.masses))
    size = pieces.extents[main]
    alone = pieces.masses[main] >= _ALONE * pieces.masses.sum()
    if not (pieces.touches[main] and alone and size >= _FILLS * max(contrast.shape)):
        return []
    kept = [
        index
        for index, box in enumerate(pieces.boxes)
        if pieces.extents[index] >= _SPECK * size and _gap(box, pieces.boxes[main]) <= _REACH * size
    ]
    mask = pieces.mask(kept)
    likeness *= _stroke(pieces.thickness[main])
    return [
        Ink(
            contrast=_only(contrast, mask, pieces.labels > 0),
            mask=mask,
            likeness=likeness,
            mass=likeness * float(pieces.masses[kept].sum()),
        )
    ]


def _with_neighbours(pieces: Pieces, main: int) -> list[int]:
    """The main piece and those near to it that may be parts of the same digit."""
    size = pieces.extents[main]
    least = 0.5 * (_AT_EDGE if pieces.touches[main] else 1.0)
    return [
        index
        for index, box in enumerate(pieces.boxes)
        if index == main
        or (
            _gap(box, pieces.boxes[main]) <= _REACH * size
            and not (pieces.touches[index] and not pieces.touches[main])
            and pieces.extents[index] >= _SPECK * size
            and pieces.areas[index] >= _SCRAP * pieces.areas[main]
            and pieces.tones[index] >= 0.5 * pieces.tones[main]
            and pieces.likeness[index] >= least
        )
    ]


def _thickness(labels: NDArray[np.int32], boxes: list[tuple[slice, slice]]) -> NDArray[np.float64]:
    from scipy import ndimage

    step = 1 + max(labels.shape) // _EDT_SIDE
    small = labels[::step, ::step]
    depth = ndimage.distance_transform_edt(np.pad(small > 0, 1))[1:-1, 1:-1]
    deepest = np.zeros(len(boxes) + 1)
    np.maximum.at(deepest, small.ravel(), depth.ravel())
    extents = np.array([extent(box) for box in boxes], float)
    return np.asarray((2 * deepest[1:] - 1).clip(0) * step / np.maximum(extents, 1), np.float64)


def _digit_like(
    box: tuple[slice, slice], area: float, shape: tuple[int, ...], thickness: float
) -> float:
    """0-1: how far a piece looks like a digit by its place and form."""
    height, width = (side.stop - side.start for side in box)
    edges = _touches(box, shape)
    longest = max(height / shape[0], width / shape[1])
    thin = min(height, width) / max(height, width) < 0.08
    if edges and thin and longest > 0.6:
        return 0.01  # a frame or grid line
    if edges >= 3 and area < 0.25 * height * width:
        return 0.02  # a frame around it all
    middle = [
        (side.start + side.stop) / 2 / full - 0.5 for side, full in zip(box, shape, strict=True)
    ]
    centred = 1 - min(1.0, math.hypot(*middle))
    return (_AT_EDGE if edges else 1.0) * (0.4 + 0.6 * centred) * _stroke(thickness)


def _stroke(thickness: float) -> float:
    """0-1: how far what is as thick as that, as a share of its extent, is a stroke."""
    return min(1.0, max(0.02, (_BLOT - thickness) / (_BLOT - _THICK)))


def _touches(box: tuple[slice, slice], shape: tuple[int, ...]) -> int:
    ends = sum(bool(side.stop == full) for side, full in zip(box, shape, strict=True))
    return sum(bool(side.start == 0) for side in box) + ends


def _gap(one: tuple[slice, slice], other: tuple[slice, slice]) -> float:
    """Distance between two boxes, in pixels; 0 when they overlap."""
    gaps = [max(0, a.start - b.stop, b.start - a.stop) for a, b in zip(one, other, strict=True)]
    return math.hypot(*gaps)


def _only(contrast: Floats, mask: Mask, pieces: Mask) -> Floats:
    """The contrast of the chosen ink with its soft edges, and nothing else."""
    from scipy import ndimage

    reach = 1 + max(contrast.shape) // 250
    part = widened(bounds(mask), reach)
    near = ndimage.binary_dilation(mask[part], iterations=reach)
    near &= ~ndimage.binary_dilation((pieces & ~mask)[part]) | mask[part]
    kept = np.zeros_like(contrast)
    kept[part] = np.where(near, np.maximum(contrast[part], 0), 0)
    return kept
