"""Reading one digit: the candidates for it in a Picture, as the digit images a model reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.normalise import DIGIT_SHAPE, NORMALISATION, is_digit_image, to_digit_image
from digitlab.images.picture import Picture
from digitlab.images.resize import enlarge, shrink
from digitlab.images.segmentation.candidates import PolarityInk, find_ink
from digitlab.images.segmentation.desk import clear_desk
from digitlab.images.segmentation.ink import bounds, extent, union, widened


@dataclass(frozen=True, kw_only=True)
class SingleDigitThresholds:
    """The tuned values of reading one digit; `benchmarks/photos.py` set them.

    Attributes:
        min_side: pixels; a region with a shorter longer side is enlarged by a whole factor.
        max_side: pixels; a region with a longer one is reduced to this.
        max_small_digit: share of the picture's longer side; a smaller digit is searched for
            again in a region around it.
        region_margin: share of the digit's extent that this region adds on each side.
        min_sheet_fill: share of its box that ink fills; so much of it is a sheet of paper.
        min_sheet_side: pixels of the shorter side of such a sheet.
        sheet_rim: share of the sheet's extent that is left out on each side.
        min_padded_side: pixels of the shorter side; smaller pictures are not padded.
        max_thumbnail_side: pixels of the longer side of a thumbnail.
        max_paper_range: share of the range of tones by which a thumbnail's paper may vary.
        max_drawing_range: grey levels by which the paper of a larger drawing may vary.
        min_edge_paper: share of the edge pixels that is paper in a tight crop.
        min_edge_contrast: share of the range of tones by which an edge pixel differs from the
            paper if it is ink.
        max_edge_run: share of the edge that one stroke covers; a shade or the edge of a sheet
            covers more.
        min_crop_extent: extent of the ink of a drawing that was cut at it, as a share of the
            longer side.
        max_candidates: number of candidates that are read.
        min_padding: pixels of paper that a tight crop gets on each side, at least.
        padding_divisor: the padding is the picture's longer side divided by this.
    """

    min_side: int = 112
    max_side: int = 360
    max_small_digit: float = 0.3
    region_margin: float = 0.8
    min_sheet_fill: float = 0.8
    min_sheet_side: int = 16
    sheet_rim: float = 0.05
    min_padded_side: int = 4
    max_thumbnail_side: int = 40
    max_paper_range: float = 0.15
    max_drawing_range: int = 1
    min_edge_paper: float = 0.5
    min_edge_contrast: float = 0.4
    max_edge_run: float = 0.3
    min_crop_extent: float = 0.75
    max_candidates: int = 8
    min_padding: int = 2
    padding_divisor: int = 4


_THRESHOLDS: Final = SingleDigitThresholds()


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitCandidate:
    """A region of a picture that may be a digit.

    Attributes:
        digit_image: uint8 (28, 28), bright ink on 0, in MNIST's frame; all 0 when blank.
        box: x, y, width, height in pixels of the full upright picture, tight around the
            ink; the whole picture when blank.
        blank: True when the picture has no ink.
        weight: 0-1, the evidence of its ink divided by that of the likeliest candidate.
        unchanged: True when the picture is a digit image itself, whose pixels are kept.
        likeness: 0-1, how much its ink looks like a digit by its place and form.
        in_pieces: True when some of its parts stand off, and may be of something else.
    """

    digit_image: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    blank: bool
    weight: float = 1.0
    unchanged: bool = False
    likeness: float = 1.0
    in_pieces: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class InkRegion:
    """A part of a picture in which ink was searched for.

    Attributes:
        grey: uint8 (H, W), the pixels of the region, resized for the search.
        polarities: the ink of each polarity, the likelier one first; empty without ink.
        scale: full pixels per pixel of `grey`.
        corner: x, y of its first pixel, in full pixels; negative where paper was added.
        whole: the whole picture, where this is a smaller region of it.
    """

    grey: NDArray[np.uint8]
    polarities: tuple[PolarityInk, ...]
    scale: float
    corner: tuple[float, float] = (0.0, 0.0)
    whole: InkRegion | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitSearch:
    """The search of a picture for one digit.

    Attributes:
        candidates: what may be the digit, the likeliest first; a single blank one when there
            is no ink.
        page: the ink of the whole picture; None when that is a digit image itself.
    """

    candidates: tuple[DigitCandidate, ...]
    page: InkRegion | None = None


def read_digit(picture: Picture) -> DigitCandidate:
    """Find the digit in a picture and bring it into MNIST's frame.

    A picture that already is a digit image, white on black or black on white, keeps its
    exact pixels.

    Args:
        picture: from `decode` or `from_array`.

    Returns:
        The likeliest candidate; a blank one when there is no ink.
    """
    return read_candidates(picture)[0]


def read_candidates(picture: Picture) -> tuple[DigitCandidate, ...]:
    """Find all candidates for the one digit in a picture, the likeliest first.

    Args:
        picture: from `decode` or `from_array`.

    Returns:
        At least one candidate; a single blank one when there is no ink.
    """
    return search_digit(picture).candidates


def search_digit(picture: Picture) -> DigitSearch:
    """Find all candidates for the one digit in a picture, with the ink of the whole picture.

    Args:
        picture: from `decode` or `from_array`.
    """
    ready = find_ready_digit(picture)
    if ready is not None:
        return DigitSearch(candidates=(ready,))
    region = find_ink_region(picture)
    blank = DigitCandidate(
        digit_image=np.zeros(DIGIT_SHAPE, np.uint8), box=(0, 0, *picture.size), blank=True
    )
    return DigitSearch(
        candidates=candidates_in(region, picture) or (blank,), page=region.whole or region
    )


def find_ready_digit(picture: Picture, *, is_digit: bool = False) -> DigitCandidate | None:
    """Return the candidate of a picture that is a digit image itself; None for other pictures.

    Args:
        picture: from `decode` or `from_array`.
        is_digit: take every picture of 28 x 28 pixels, also one that MNIST would have centred
            or fitted otherwise; the tone of its edge is that of the paper.
    """
    grey = picture.grey
    if is_digit and grey.shape == DIGIT_SHAPE:
        edge = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
        return _unchanged_candidate(255 - grey if np.median(edge) > 127 else grey, picture.size)
    for image in (grey, 255 - grey):
        if is_digit_image(image):
            return _unchanged_candidate(image, picture.size)
    return None


def _unchanged_candidate(image: NDArray[np.uint8], size: tuple[int, int]) -> DigitCandidate:
    ink = image > NORMALISATION.max_background
    is_blank = not ink.any()
    return DigitCandidate(
        digit_image=np.zeros(DIGIT_SHAPE, np.uint8) if is_blank else image.copy(),
        box=(0, 0, *size) if is_blank else to_full_box(bounds(ink), 1, size),
        blank=is_blank,
        unchanged=True,
    )


def find_ink_region(picture: Picture) -> InkRegion:
    """Search a picture for ink; if that is small, search again in a region around it.

    Args:
        picture: from `decode` or `from_array`.

    Returns:
        The whole picture or the smaller region, with the ink in it.
    """
    sheet = clear_desk(picture.grey)
    padded, padding = pad_tight_crop(sheet.grey)
    grey, scale = _resize_for_search(padded, picture.scale)
    top, left = (float((first - padding) * picture.scale) for first in sheet.corner)
    whole = InkRegion(grey=grey, polarities=find_ink(grey), scale=scale, corner=(left, top))
    if not whole.polarities or padding:
        return whole
    part = _part_to_enlarge(whole)
    if part is None:
        return whole
    zoom = scale / picture.scale
    rows, columns = (slice(int(s.start * zoom), math.ceil(s.stop * zoom)) for s in part)
    grey, scale = _resize_for_search(sheet.grey[rows, columns], picture.scale)
    corner = (left + columns.start * picture.scale, top + rows.start * picture.scale)
    polarities = [ink.bright for ink in whole.polarities]
    near = InkRegion(
        grey=grey,
        polarities=find_ink(grey, polarities=polarities),
        scale=scale,
        corner=corner,
        whole=whole,
    )
    return near if near.polarities else whole


def candidates_in(region: InkRegion, picture: Picture) -> tuple[DigitCandidate, ...]:
    """Bring the ink of a region into MNIST's frame, the likeliest candidate first.

    Args:
        region: from `find_ink_region` of the same picture.
        picture: from `decode` or `from_array`.

    Returns:
        One candidate for each ink that may be the digit; none without ink.
    """
    rated = [
        (evidence, ink)
        for polarity in region.polarities
        for evidence, ink in zip(polarity.evidence, polarity.candidates, strict=True)
    ]
    rated.sort(key=lambda pair: -pair[0])
    del rated[_THRESHOLDS.max_candidates :]
    return tuple(
        DigitCandidate(
            digit_image=to_digit_image(ink.contrast, ink.mask),
            box=to_full_box(bounds(ink.mask), region.scale, picture.size, region.corner),
            blank=False,
            weight=max(0.0, evidence / rated[0][0]) if rated[0][0] > 0 else 1.0,
            likeness=ink.likeness,
            in_pieces=ink.is_doubtful,
        )
        for evidence, ink in rated
    )


def pad_tight_crop(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Add paper around a picture that was cropped at its ink.

    Without it, strokes that end at the edge look like lines or parts of something else. Only
    thumbnails are padded, and larger pictures whose paper has one tone as in a drawing: the
    edge of a photograph may hold anything.

    Args:
        grey: uint8 (H, W).

    Returns:
        uint8 (H, W), and the pixels that were added on each side; 0 for other pictures.
    """
    if min(grey.shape) < _THRESHOLDS.min_padded_side:
        return grey, 0
    edge = np.concatenate([grey[0], grey[1:, -1], grey[-1, -2::-1], grey[-2:0:-1, 0]]).astype(int)
    paper = int(np.median(edge))
    distance = np.abs(edge - paper)
    tones = max(1, int(np.ptp(grey)))
    longest = max(grey.shape)
    is_thumbnail = longest <= _THRESHOLDS.max_thumbnail_side
    even = _THRESHOLDS.max_paper_range * tones if is_thumbnail else _THRESHOLDS.max_drawing_range
    has_paper = (distance <= even).mean() >= _THRESHOLDS.min_edge_paper
    is_ink = distance > _THRESHOLDS.min_edge_contrast * tones
    if not (has_paper and is_ink.any()):
        return grey, 0
    if not is_thumbnail and not _is_cut_at_ink(grey, paper, is_ink):
        return grey, 0
    padding = max(_THRESHOLDS.min_padding, longest // _THRESHOLDS.padding_divisor)
    return np.pad(grey, padding, constant_values=paper), padding


def _is_cut_at_ink(grey: NDArray[np.uint8], paper: int, is_ink: NDArray[np.bool_]) -> bool:
    """Return whether ink fills a drawing and only strokes of it meet the edge.

    Args:
        grey: uint8 (H, W).
        paper: tone of the paper.
        is_ink: bool (N,), which pixels of the edge are ink, in order around the picture.
    """
    gaps = np.flatnonzero(~is_ink)
    longest_run = int(np.diff(gaps, append=gaps[0] + len(is_ink)).max()) - 1
    if longest_run > _THRESHOLDS.max_edge_run * len(is_ink):
        return False
    differs = np.abs(grey.astype(np.int16) - paper) > _THRESHOLDS.max_drawing_range
    return bool(extent(bounds(differs)) >= _THRESHOLDS.min_crop_extent * max(grey.shape))


def to_full_box(
    box: tuple[slice, slice],
    scale: float,
    size: tuple[int, int],
    corner: tuple[float, float] = (0.0, 0.0),
) -> tuple[int, int, int, int]:
    """Convert rows and columns of a region to x, y, width, height in full pixels.

    Args:
        box: rows and columns of the region.
        scale: full pixels per pixel of the region.
        size: width and height of the full picture, to which the box is clipped.
        corner: x, y of the region's first pixel, in full pixels.
    """
    rows, columns = box
    left = min(max(0, int(corner[0] + columns.start * scale)), size[0] - 1)
    top = min(max(0, int(corner[1] + rows.start * scale)), size[1] - 1)
    right = min(size[0], max(left + 1, math.ceil(corner[0] + columns.stop * scale)))
    bottom = min(size[1], max(top + 1, math.ceil(corner[1] + rows.stop * scale)))
    return left, top, right - left, bottom - top


def _part_to_enlarge(whole: InkRegion) -> tuple[slice, slice] | None:
    """Return rows and columns around ink that is small in a picture; None if it is large."""
    mask = whole.polarities[0].candidates[0].mask
    box = bounds(mask)
    is_full = mask[box].mean() >= _THRESHOLDS.min_sheet_fill
    if is_full and min(mask[box].shape) >= _THRESHOLDS.min_sheet_side:
        # The box is a small sheet of paper on a page: the digit is within its rim.
        return widened(box, -round(_THRESHOLDS.sheet_rim * extent(box)))
    for candidate in whole.polarities[0].candidates:
        if candidate.is_doubtful and (candidate.mask & mask).any():
            box = union(box, bounds(candidate.mask))  # the digit may be in pieces
    if extent(box) < _THRESHOLDS.max_small_digit * max(whole.grey.shape):
        return widened(box, round(_THRESHOLDS.region_margin * extent(box)) + 2)
    return None


def _resize_for_search(grey: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], float]:
    """Enlarge a thumbnail and reduce a large picture, so that one rule serves all sizes.

    Args:
        grey: uint8 (H, W).
        scale: full pixels per pixel of `grey`.

    Returns:
        uint8 (H, W), and the full pixels per pixel of it.
    """
    longest, limit = max(grey.shape), _THRESHOLDS.max_side
    if longest > limit:
        return shrink(grey, limit), scale * longest / limit
    zoom = max(1, _THRESHOLDS.min_side // longest)
    return enlarge(grey, zoom), scale / zoom
