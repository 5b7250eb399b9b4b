"""Locating: where the ink of the digit stands in a grey picture.

Ink is what is narrower than a stroke can be and differs from the paper around it. A grey
closing (Serra 1982, ch. XII) with a window wider than any stroke takes such things away and
leaves everything larger as it is, hard shadow edges included; what it took away is the ink.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_WINDOW: Final = 0.28  # of the mean side: wider than a brush stroke, narrower than a shadow
_WIDER: Final = .45  # the same for thumbnails: they are cut close, and hold no shadows
_THUMBNAIL: Final = 112  # longest side of these
_COARSE: Final = 320  # longest side on which the paper is looked for
_FLOOR: Final = 7.0  # grey levels below which nothing is ink
_NOISES: Final = 5.0  # standard deviations of the noise that ink stands out by, at least
_STRONG: Final = 0.45  # of the ink's peak: surely ink
_WEAK: Final = 0.22  # of the ink's peak: ink if it hangs together with sure ink
_SPECK: Final = 0.06  # of the main piece's extent: smaller ones are dust
_REACH: Final = 0.22  # of the main piece's extent: farther ones are something else
_AROUND: Final = 0.35  # of the digit's extent: how far around it the paper is looked at
_FEWEST: Final = 6  # pixels of a digit
_SMALLEST: Final = 0.015  # of the longer side: what is smaller is a speck on an empty page
_MANY: Final = 8  # pieces, from which on noise is thought of
_STANDS_OUT: Final = 0.25  # of all ink: a digit has more than this


@dataclass(frozen=True, kw_only=True, eq=False)
class Ink:
    """The ink of one digit.

    Attributes:
        contrast: how far the ink stands out from the paper, in grey levels; float32 (H, W),
            0 on paper and on ink that is not the digit's.
        mask: bool (H, W), the pixels of the digit; never empty.
        likeness: 0-1, how far its main piece looks like a digit by its place and form.
    """

    contrast: Floats
    mask: Mask
    likeness: float

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height, tight around the mask."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        x, y = int(columns[0]), int(rows[0])
        return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


def find_ink(grey: Grey) -> Ink | None:
    """Find the ink of the one digit in a picture.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.

    Returns:
        The ink; None when the picture holds none.
    """
    if min(grey.shape) < 2 or np.ptp(grey) < _FLOOR:
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
    rows, columns = np.flatnonzero(either.any(1)), np.flatnonzero(either.any(0))
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    margin = round(_AROUND * max(len(rows), len(columns))) + 1
    outside = np.zeros(page.shape, bool)
    outside[tuple(slice(max(0, side.start - margin), side.stop + margin) for side in box)] = True
    outside[box] = False
    if outside.sum() < 0.1 * page.size:  # the digit fills the picture: paper is what is neither
        outside |= ~either
    return float(np.median(page[outside] if outside.any() else page))


def _evidence(ink: Ink, distance: Floats) -> float:
    return ink.likeness * float(np.median(distance[ink.mask]))


def stand_out(page: Floats) -> Floats:
    """How far each pixel is darker than the paper around it.

    Args:
        page: float32 (H, W), dark ink.

    Returns:
        float32 (H, W), grey levels; about 0 on paper, either side of it by the noise.
    """
    from scipy import ndimage

    smooth = (
        ndimage.gaussian_filter(page, max(page.shape) / 1000) if max(page.shape) > 150 else page
    )
    coarse = _shrink(smooth, _COARSE)
    factor = max(1, round(max(page.shape) / max(coarse.shape)))
    small = max(coarse.shape) <= _THUMBNAIL
    window = max(3, int((_WIDER if small else _WINDOW) * float(np.sqrt(coarse.size))) | 1)
    padded = np.pad(coarse, window, mode="edge")
    paper = ndimage.grey_closing(padded, size=(window, window))[window:-window, window:-window]
    # Reduced, the edge of a shadow lies beside itself by up to a pixel: take the darker side.
    paper = ndimage.grey_erosion(paper, size=(3, 3), mode="nearest")
    paper = np.repeat(np.repeat(paper, factor, 0), factor, 1)[: page.shape[0], : page.shape[1]]
    contrast: Floats = paper - smooth
    # A closing keeps the brightest grains of the paper: take their height off again.
    contrast -= np.median(contrast)
    return contrast


def threshold(contrast: Floats) -> Mask | None:
    """Part ink from paper by two thresholds with hysteresis (Canny 1986, section VIII).

    Returns:
        bool (H, W); None when nothing stands out from the noise.
    """
    from scipy import ndimage

    noise = 1.4826 * float(np.median(np.abs(contrast)))
    floor = max(_FLOOR, _NOISES * noise)
    above = contrast[contrast > floor]
    if above.size < _FEWEST:
        return None
    peak = float(np.percentile(above, 90))
    strong, weak = max(floor, _STRONG * peak), max(0.7 * floor, _WEAK * peak)
    labels, count = ndimage.label(contrast > weak, np.ones((3, 3)))
    if count == 0:
        return None
    sure = np.zeros(count + 1, bool)
    sure[np.unique(labels[contrast > strong])] = True
    sure[0] = False
    mask: Mask = sure[labels]
    return mask if mask.any() else None


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
    weights = np.array(
        [
            mass * _digit_like(box, area, pieces.shape)
            for box, area, mass in zip(boxes, areas, masses, strict=True)
        ]
    )
    main = int(weights.argmax())
    extents = np.array([max(side.stop - side.start for side in box) for box in boxes])
    extent = int(extents[main])
    if areas[main] < _FEWEST or extent < _SMALLEST * max(pieces.shape):
        return None
    own_tone = masses[main] / areas[main]
    kept = [main + 1]
    for index, box in enumerate(boxes):
        if index == main or _gap(box, boxes[main]) > _REACH * extent:
            continue
        faint = masses[index] / areas[index] < 0.5 * own_tone
        strange = _digit_like(box, areas[index], pieces.shape) < 0.5
        if (
            extents[index] >= _SPECK * extent
            and areas[index] >= 0.01 * areas[main]
            and not (faint or strange)
        ):
            kept.append(index + 1)
    share = masses[np.array(kept) - 1].sum() / masses.sum()
    if count >= _MANY and share < _STANDS_OUT and extent < 4 * np.median(extents):
        return None  # one grain among its like: noise, not ink
    mask: Mask = np.isin(labels, kept)
    return Ink(
        contrast=_only(contrast, mask, pieces),
        mask=mask,
        likeness=_digit_like(boxes[main], areas[main], pieces.shape),
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


def _gap(one: tuple[slice, slice], other: tuple[slice, slice]) -> float:
    """Distance between two boxes, in pixels; 0 when they overlap."""
    gaps = [max(0, a.start - b.stop, b.start - a.stop) for a, b in zip(one, other, strict=True)]
    return float(np.hypot(*gaps))


def _only(contrast: Floats, mask: Mask, pieces: Mask) -> Floats:
    """The contrast of the chosen ink with its soft edges, and nothing else."""
    from scipy import ndimage

    reach = 1 + max(contrast.shape) // 250
    near = ndimage.binary_dilation(mask, iterations=reach)
    others = ndimage.binary_dilation(pieces & ~mask, iterations=1)
    kept: Floats = np.where(near & ~(others & ~mask), np.maximum(contrast, 0), 0).astype(np.float32)
    return kept


def _shrink(values: NDArray[np.generic], side: int) -> Floats:
    """Reduce by whole-number area averaging until no side is longer than `side`."""
    factor = -(-max(values.shape) // side)
    page = values.astype(np.float32)
    if factor <= 1:
        return page
    rows, columns = (-(-length // factor) * factor - length for length in page.shape)
    page = np.pad(page, ((0, rows), (0, columns)), mode="edge")
    blocks = page.reshape(page.shape[0] // factor, factor, page.shape[1] // factor, factor)
    reduced: Floats = blocks.mean((1, 3))
    return reduced
