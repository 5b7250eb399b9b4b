"""Reading: what may be the one digit of a Picture, as the digit images that a model reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.normalise import EMPTY, is_digit_image, to_digit_image
from digitlab.images.picture import Picture
from digitlab.images.segmentation.candidates import Sight, find_ink
from digitlab.images.segmentation.ink import bounds, extent, widened

_SMALL: Final = 112  # longest side below which a picture is enlarged before it is looked at
_LARGE: Final = 480  # longest side of a first look at the whole picture
_TINY: Final = 0.3  # of the picture's longer side: a smaller digit is looked at from nearer
_MARGIN: Final = 0.8  # of the digit's extent, around it, in that second look
_CUT_OUT: Final = 40  # longest side of a thumbnail
_CLEAR: Final = 0.5  # of the edge that is paper, where a picture was cut at its ink
_EVEN: Final = 0.15  # of its range of tones, that a thumbnail's paper differs by
_INKED: Final = 0.4  # of the range of tones: ink differs by more
_SHEET: Final = 0.8  # of its box that is filled: no digit, but a piece of paper
_LEAST_SHEET: Final = 16  # pixels a side of that
_RIM: Final = 0.05  # of its extent, that is left out


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitView:
    """What the front end saw in a picture.

    Attributes:
        digit_image: uint8 (28, 28), bright ink on 0, in MNIST's frame; all 0 when blank.
        box: x, y, width, height in pixels of the full upright picture, tight around the
            ink; the whole picture when blank.
        blank: True when no ink was found.
        weight: 0-1, how likely this is the picture's digit by its ink, beside the likeliest.
        as_it_is: True when the picture was a digit image already.
    """

    digit_image: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    blank: bool
    weight: float = 1.0
    as_it_is: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """One look at a part of a picture.

    Attributes:
        grey: uint8 (H, W), what was looked at.
        sights: what each polarity showed, the likelier first; none when there is no ink.
        scale: full pixels per pixel of `grey`.
        corner: x, y of its first pixel, in full pixels.
    """

    grey: NDArray[np.uint8]
    sights: tuple[Sight, ...]
    scale: float
    corner: tuple[float, float] = (0.0, 0.0)


def read_digit(picture: Picture) -> DigitView:
    """Find the digit in a picture and bring it into MNIST's frame.

    A picture that already is a digit image, white on black or black on white, keeps its
    exact pixels.

    Args:
        picture: as `decode` or `from_array` made it.

    Returns:
        The digit image and where it stands; a blank view when there is no ink.
    """
    return read_candidates(picture)[0]


def read_candidates(picture: Picture) -> tuple[DigitView, ...]:
    """All that may be the digit in a picture, the likeliest first.

    Returns:
        At least one view; a single blank one when there is no ink.
    """
    ready = _as_it_is(picture)
    if ready is not None:
        return (ready,)
    views = views_of(look(picture), picture)
    return views or (
        DigitView(digit_image=np.zeros((28, 28), np.uint8), box=(0, 0, *picture.size), blank=True),
    )


def look(picture: Picture) -> Look:
    """Look for ink in a picture; nearer, when what was found is small."""
    whole, margin = with_margin(picture.grey)
    grey, scale = _resized(whole, picture.scale)
    outside = -float(margin * picture.scale)
    first = Look(grey=grey, sights=find_ink(grey), scale=scale, corner=(outside, outside))
    if not first.sights or margin:
        return first
    mask = first.sights[0].digits[0].mask
    box = bounds(mask)
    if mask[box].mean() >= _SHEET and min(mask[box].shape) >= _LEAST_SHEET:
        near = widened(box, -round(_RIM * extent(box)))  # a small sheet on a page of its own
    elif extent(box) < _TINY * max(grey.shape):
        near = widened(box, round(_MARGIN * extent(box)) + 2)
    else:
        return first
    zoom = scale / picture.scale
    rows, columns = (slice(int(s.start * zoom), math.ceil(s.stop * zoom)) for s in near)
    part = picture.grey[rows, columns]
    corner = (columns.start * picture.scale, rows.start * picture.scale)
    grey, nearer = _resized(part, picture.scale)
    second = Look(grey=grey, sights=find_ink(grey), scale=nearer, corner=corner)
    return second if second.sights else first


def views_of(seen: Look, picture: Picture) -> tuple[DigitView, ...]:
    """The digits that a look has found, the likeliest first."""
    rated = [
        (evidence, ink)
        for sight in seen.sights
        for evidence, ink in zip(sight.evidence, sight.digits, strict=True)
    ]
    rated.sort(key=lambda pair: -pair[0])
    return tuple(
        DigitView(
            digit_image=to_digit_image(ink.contrast, ink.mask),
            box=full_box(bounds(ink.mask), seen.scale, picture.size, seen.corner),
            blank=False,
            weight=max(0.0, evidence / rated[0][0]) if rated[0][0] > 0 else 1.0,
        )
        for evidence, ink in rated
    )


def _as_it_is(picture: Picture) -> DigitView | None:
    """The view of a picture that is a digit image already; None for all others."""
    for grey in (picture.grey, 255 - picture.grey):
        if is_digit_image(grey):
            box = full_box(bounds(grey > EMPTY), 1, picture.size)
            return DigitView(digit_image=grey.copy(), box=box, blank=False, as_it_is=True)
    return None


def with_margin(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A picture cut at its ink, with paper around it; how many pixels on each side.

    Strokes that end at the edge are then no lines or pieces of something else. Only a
    thumbnail, and a larger picture whose paper is of one tone as in a drawing: a photograph's
    edge may hold anything.

    Args:
        grey: uint8 (H, W).
    """
    if min(grey.shape) < 4:
        return grey, 0
    edge = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]]).astype(int)
    paper = int(np.median(edge))
    away = np.abs(edge - paper)
    tones = max(1, int(np.ptp(grey)))
    even = _EVEN * tones if max(grey.shape) <= _CUT_OUT else 1
    if not ((away <= even).mean() >= _CLEAR and (away > _INKED * tones).any()):
        return grey, 0
    margin = max(2, max(grey.shape) // 4)
    return np.pad(grey, margin, constant_values=paper), margin


def _resized(grey: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], float]:
    """A thumbnail made larger and a large picture smaller, so that one rule serves all sizes.

    Returns:
        uint8 (H, W), and the full pixels per pixel of it.
    """
    from PIL import Image

    height, width = grey.shape
    longest = max(height, width)
    if longest > _LARGE:
        size = (round(width * _LARGE / longest), round(height * _LARGE / longest))
        small = Image.fromarray(grey).resize(
            (max(1, size[0]), max(1, size[1])), Image.Resampling.BOX
        )
        return np.asarray(small), scale * longest / _LARGE
    zoom = _SMALL // longest
    if zoom <= 1:
        return grey, scale
    large = Image.fromarray(grey).resize((width * zoom, height * zoom), Image.Resampling.BICUBIC)
    return np.asarray(large), scale / zoom


def full_box(
    box: tuple[slice, slice],
    scale: float,
    size: tuple[int, int],
    corner: tuple[float, float] = (0.0, 0.0),
) -> tuple[int, int, int, int]:
    """Rows and columns of what was looked at as x, y, width, height in full pixels.

    Args:
        box: rows and columns.
        scale: full pixels per pixel of what was looked at.
        size: width and height of the full picture, in which the box stays.
        corner: x, y of the first pixel that was looked at, in full pixels.
    """
    rows, columns = box
    left = min(max(0, int(corner[0] + columns.start * scale)), size[0] - 1)
    top = min(max(0, int(corner[1] + rows.start * scale)), size[1] - 1)
    right = min(size[0], max(left + 1, math.ceil(corner[0] + columns.stop * scale)))
    bottom = min(size[1], max(top + 1, math.ceil(corner[1] + rows.stop * scale)))
    return left, top, right - left, bottom - top
