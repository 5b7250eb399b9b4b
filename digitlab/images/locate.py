"""Locating: which ink of a grey picture is the digit's, and of which polarity it is."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.contrast import stand_out, threshold
from digitlab.images.ink import Floats, Ink, Mask, bounds, widened

_SPECK: Final = 0.1  # of the main piece's extent: smaller ones are dust
_SCRAP: Final = 0.02  # of the main piece's area: the same
_REACH: Final = 0.22  # of the main piece's extent: farther ones are something else
_AROUND: Final = 0.35  # of the digit's extent: how far around it the paper is looked at
_FEWEST: Final = 6  # pixels of a digit
_SMALLEST: Final = 0.015  # of the longer side: what is smaller is a speck on an empty page
_MANY: Final = 8  # pieces, from which on noise is thought of
_STANDS_OUT: Final = 0.25  # of all ink: a digit has more than this


def find_ink(grey: NDArray[np.uint8]) -> Ink | None:
    """Find the ink of the one digit in a picture.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.

    Returns:
        The ink; None when the picture holds none.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return None
    page = grey.astype(np.float32)
    dark, bright = _find_dark(page), _find_dark(255 - page)
    if dark is None or bright is None:
        return dark or bright
    paper = _paper_tone(page, dark.mask, bright.mask)
    return dark if _evidence(dark, paper - page) >= _evidence(bright, page - paper) else bright


def _find_dark(page: Floats) -> Ink | None:
    contrast = stand_out(page)
    pieces = threshold(contrast)
    return None if pieces is None else choose(pieces, contrast)


def _paper_tone(page: Floats, dark: Mask, bright: Mask) -> float:
    """The tone around two rival readings of a picture.

    The paper inside a 0 taken as bright ink is no brighter than the paper outside: seen from
    outside, only one of the two is distinct.
    """
    either = dark | bright
    box = bounds(either)
    outside = np.zeros(page.shape, bool)
    outside[widened(box, round(_AROUND * _extent(box)) + 1)] = True
    outside[box] = False
    if outside.sum() < 0.1 * page.size:  # the digit fills the picture: paper is what is neither
        outside |= ~either
    return float(np.median(page[outside] if outside.any() else page))


def _evidence(ink: Ink, distance: Floats) -> float:
    """How well a reading holds: thin, well placed, and distinct from the paper, in grey levels."""
    return ink.likeness * _thin(ink.mask) * float(np.median(distance[ink.mask]))


def _thin(mask: Mask) -> float:
    """0-1: strokes are thin; the gaps between a digit and a frame around it are not."""
    from scipy import ndimage

    part = mask[bounds(mask)]
    part = np.pad(part[:: 1 + part.shape[0] // 200, :: 1 + part.shape[1] // 200], 1)
    thickness = 2 * float(ndimage.distance_transform_edt(part).max()) / max(part.shape)
    return float(np.clip(1.5 - 2 * thickness, 0.1, 1))


def choose(pieces: Mask, contrast: Floats) -> Ink | None:
    """Keep the pieces of ink that make up the digit.

    The main piece has the most ink, counted less if it touches the picture's edge and much
    less if it is a line along or across it. Pieces near to it that are no specks belong to
    it: a 5 or a 4 in two strokes.

    Returns:
        The digit's ink; None when all of it is dust.
    """
    from scipy import ndimage

    labels, count = ndimage.label(pieces, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    numbers = np.arange(1, count + 1)
    areas = ndimage.sum_labels(pieces, labels, numbers)
    masses = ndimage.sum_labels(np.minimum(contrast, 255), labels, numbers)
    likeness = np.array(
        [_digit_like(box, area, pieces.shape) for box, area in zip(boxes, areas, strict=True)]
    )
    main = int((masses * likeness).argmax())
    extents = np.array([_extent(box) for box in boxes])
    extent = int(extents[main])
    if areas[main] < _FEWEST or extent < _SMALLEST * max(pieces.shape):
        return None
    tones = masses / areas
    kept = [
        index
        for index, box in enumerate(boxes)
        if index == main
        or (
            _gap(box, boxes[main]) <= _REACH * extent
            and extents[index] >= _SPECK * extent
            and areas[index] >= _SCRAP * areas[main]
            and tones[index] >= 0.5 * tones[main]
            and likeness[index] >= 0.5
        )
    ]
    share = masses[kept].sum() / masses.sum()
    if count >= _MANY and share < _STANDS_OUT and extent < 4 * np.median(extents):
        return None  # one grain among its like: noise, not ink
    mask: Mask = np.isin(labels, numbers[kept])
    return Ink(
        contrast=_only(contrast, mask, pieces),
        mask=mask,
        likeness=float(likeness[main]),
    )


def _digit_like(box: tuple[slice, slice], area: float, shape: tuple[int, ...]) -> float:
    """0-1: how far a piece looks like a digit by its place and form."""
    height, width = (side.stop - side.start for side in box)
    edges = sum(side.start == 0 for side in box)
    edges += sum(side.stop == full for side, full in zip(box, shape, strict=True))
    longest = max(height / shape[0], width / shape[1])
    thin = min(height, width) / max(height, width) < 0.08
    if edges and thin and longest > 0.6:
        return 0.01  # a frame or grid line
    if edges >= 3 and area < 0.25 * height * width:
        return 0.02  # a frame around it all
    middle = [
        (side.start + side.stop) / 2 / full - 0.5 for side, full in zip(box, shape, strict=True)
    ]
    centred = 1 - min(1.0, float(np.hypot(*middle)))
    return (0.3 if edges else 1.0) * (0.4 + 0.6 * centred)


def _extent(box: tuple[slice, slice]) -> int:
    """The longer side of a box, in pixels."""
    return max(int(side.stop - side.start) for side in box)


def _gap(one: tuple[slice, slice], other: tuple[slice, slice]) -> float:
    """Distance between two boxes, in pixels; 0 when they overlap."""
    gaps = [max(0, a.start - b.stop, b.start - a.stop) for a, b in zip(one, other, strict=True)]
    return float(np.hypot(*gaps))


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
