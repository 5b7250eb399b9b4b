"""The desk around a sheet of paper, and its removal from a picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from digitlab.images.resize import shrink
from digitlab.images.segmentation.components import label_connected
from digitlab.images.segmentation.ink import Floats, Mask, bounds
from digitlab.images.segmentation.thresholds import THRESHOLDS
from digitlab.images.segmentation.window_filters import close_windows, dilate


class ClearedSheet(NamedTuple):
    """A sheet of paper without the desk around it.

    Attributes:
        grey: uint8 (h, w), the part of the picture around the sheet.
        corner: row and column of its first pixel in the picture.
    """

    grey: NDArray[np.uint8]
    corner: tuple[int, int]


def clear_desk(grey: NDArray[np.uint8]) -> ClearedSheet:
    """Cut a sheet of paper out, and paint the desk and things on its edge like the paper.

    Grain of wood, a hand and the rings of a notepad then hold no ink.

    Args:
        grey: uint8 (H, W), the upright picture.

    Returns:
        The sheet; the whole picture without a sheet that is clearly brighter than a desk.
    """
    from scipy import ndimage

    if max(grey.shape) < THRESHOLDS.desk_side:
        return ClearedSheet(grey, (0, 0))
    small = shrink(grey, THRESHOLDS.desk_side).astype(np.float32)
    size = max(3, int(THRESHOLDS.desk_window * max(small.shape)) | 1)
    # Dark beyond the edge keeps a strip of the desk that is narrower than the window.
    tone = close_windows(np.pad(small, size), size)[size:-size, size:-size]
    sheet = _find_sheet(tone, small)
    if sheet is None:
        return ClearedSheet(grey, (0, 0))
    rim = max(1, round(THRESHOLDS.sheet_rim * max(small.shape)))
    inner = ndimage.binary_erosion(sheet, iterations=rim, border_value=1)
    bare = inner & ~_things_at_edge(small < THRESHOLDS.edge_ink_tone * tone, sheet)
    nearest = ndimage.distance_transform_edt(~bare, return_distances=False, return_indices=True)
    paper = tone[tuple(nearest)].astype(np.uint8)
    box = tuple(
        slice(max(0, side.start * full // reduced), -(-side.stop * full // reduced))
        for side, full, reduced in zip(bounds(sheet), grey.shape, small.shape, strict=True)
    )
    rows, columns = (
        np.arange(side.start, side.stop) * reduced // full
        for side, full, reduced in zip(box, grey.shape, small.shape, strict=True)
    )
    # The few rows are widened first, because whole rows are copied faster than pixels.
    is_bare, tones = (values[:, columns][rows] for values in (bare, paper))
    cleared = np.where(is_bare, grey[box], tones)
    return ClearedSheet(cleared, (box[0].start, box[1].start))


def _things_at_edge(ink: Mask, sheet: Mask) -> Mask:
    """Return the ink that comes from a sheet's edge and ends near it; bool (H, W).

    A ruled line goes on.

    Args:
        ink: bool (H, W), dark ink.
        sheet: bool (H, W), the whole sheet.
    """
    from scipy import ndimage

    depth = max(2, round(THRESHOLDS.edge_band * float(np.sqrt(sheet.sum()))))
    core = ndimage.binary_erosion(sheet, iterations=depth, border_value=1)
    labels, _ = label_connected(ink & sheet & ~core)
    from_edge = np.unique(labels[sheet & ndimage.binary_dilation(~sheet)])
    going_on = np.unique(labels[ndimage.binary_dilation(core, iterations=2)])
    things = np.setdiff1d(from_edge, going_on)
    things_ink: Mask = np.isin(labels, things[things > 0])
    return dilate(things_ink)


def _find_sheet(tone: Floats, page: Floats) -> Mask | None:
    """Return where the sheet of paper lies; None unless it lies on a darker desk.

    Args:
        tone: float32 (H, W), a small picture without dark ink.
        page: float32 (H, W), the same picture with ink.
    """
    from scipy import ndimage

    is_bright = tone > _otsu_level(tone)
    labels, count = label_connected(is_bright)
    if is_bright.all() or not count:
        return None
    if np.median(tone[~is_bright]) > THRESHOLDS.max_desk_tone * np.median(tone[is_bright]):
        return None
    sheet: Mask = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax())
    sheet = ndimage.binary_opening(np.pad(sheet, 3, mode="edge"), np.ones((5, 5)))[3:-3, 3:-3]
    filled = ~_wide_at_edge(~sheet)
    # A bright 0 or 8 has larger holes than a sheet, and a bright 1 holds no ink.
    if (
        not THRESHOLDS.min_sheet_share < filled.mean() < 1
        or sheet.sum() < THRESHOLDS.min_bare_share * filled.sum()
        or not (page < THRESHOLDS.sheet_ink_tone * tone)[sheet].any()
    ):
        return None
    is_sheet = _lies_on_desk(filled, tone, page) and _is_quadrilateral(filled)
    return filled if is_sheet else None


def _wide_at_edge(dark: Mask) -> Mask:
    """Return the parts that lie along the picture's edge, if one of them is deep, as a desk is.

    A stroke only touches the edge, or is cut by it and narrow.
    """
    labels, count = label_connected(dark)
    rows, columns = (np.minimum(np.arange(side), np.arange(side)[::-1]) for side in dark.shape)
    depth = np.minimum(rows[:, None], columns[None])
    lengths = np.bincount(labels[depth == 0], minlength=count + 1)
    is_wide: Mask = lengths >= THRESHOLDS.min_desk_edge * min(dark.shape)
    is_wide[0] = False
    desk: Mask = is_wide[labels]
    is_deep = depth[desk].max(initial=0) >= THRESHOLDS.min_desk_depth * max(dark.shape)
    return desk if is_deep else np.zeros_like(desk)


def _lies_on_desk(sheet: Mask, tone: Floats, page: Floats) -> bool:
    """Return whether bright paper has a sharp edge, and what is beyond it is a desk.

    A shadow is not as dark as a desk, and its grain is that of the paper.

    Args:
        sheet: bool (H, W), the bright paper.
        tone: float32 (H, W), a small picture without dark ink.
        page: float32 (H, W), the same picture with ink.
    """
    from scipy import ndimage

    at_edge = np.concatenate((sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1])).mean()
    is_inside = at_edge < THRESHOLDS.max_sheet_at_edge or sheet.mean() > THRESHOLDS.large_sheet
    paper, desk = float(np.median(tone[sheet])), float(np.median(tone[~sheet]))
    contrast = _grain_contrast(sheet, tone, page)
    if not is_inside and contrast < THRESHOLDS.clear_grain:
        return False
    has_grain = contrast > THRESHOLDS.min_grain
    max_tone = THRESHOLDS.max_desk_tone if has_grain else THRESHOLDS.max_shade_tone
    if desk > max_tone * paper:
        return False
    inner = sheet & ~ndimage.binary_erosion(sheet, iterations=5, border_value=1)
    outer = ndimage.binary_dilation(sheet, iterations=5) & ~ndimage.binary_dilation(sheet)
    if not inner.any() or not outer.any():
        return False
    step = float(np.median(page[inner]) - np.median(page[outer]))
    return bool(step > THRESHOLDS.min_sheet_step * (paper - desk))


def _grain_contrast(sheet: Mask, tone: Floats, page: Floats) -> float:
    """Return the usual grain beyond a sheet, in multiples of its own.

    Grain is the difference of a pixel from the median of its surroundings, as a share of the
    tone; every third pixel of every third row counts.
    """
    around = sliding_window_view(np.pad(page, 3, mode="symmetric"), (7, 7))[::3, ::3]
    page, tone, sheet = page[::3, ::3], tone[::3, ::3], sheet[::3, ::3]
    grain = np.abs(page - np.median(around, axis=(2, 3))) / np.maximum(tone, 1.0)
    on_sheet, beyond = (
        float(np.median(grain[part])) if part.any() else 0.0 for part in (sheet, ~sheet)
    )
    return beyond / max(on_sheet, THRESHOLDS.min_paper_grain)


def _otsu_level(tone: Floats) -> float:
    """Return the level that separates two groups of tones best (Otsu 1979)."""
    counts = np.histogram(tone, 64, (0, 256))[0].astype(float)
    below = np.cumsum(counts)
    sums = np.cumsum(counts * np.arange(64))
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (sums[-1] * below / below[-1] - sums) ** 2 / (below * (below[-1] - below))
    return 4.0 * (1 + int(np.nan_to_num(between).argmax()))


def _is_quadrilateral(mask: Mask) -> bool:
    """Return whether a mask is convex and has four corners, some perhaps outside the picture."""
    from scipy.spatial import ConvexHull

    rows = np.flatnonzero(mask.any(1))
    left = mask.argmax(1)[rows]
    right = mask.shape[1] - mask[:, ::-1].argmax(1)[rows]
    x = np.concatenate([left, left, right, right]).astype(float)
    y = np.concatenate([rows, rows + 1, rows, rows + 1]).astype(float)
    hull = ConvexHull(np.column_stack([x, y]))
    if mask.sum() < THRESHOLDS.min_sheet_fill * hull.volume:
        return False
    corners = hull.points[hull.vertices]
    across = corners[:, None] - corners[None]
    # The two triangles on both sides of a diagonal, each with the corner furthest from it.
    to_corner = corners[None, None] - corners[None, :, None]
    heights = across[:, :, None, 0] * to_corner[..., 1] - across[:, :, None, 1] * to_corner[..., 0]
    area = float((heights.max(2) - heights.min(2)).max()) / 2
    return area > THRESHOLDS.min_corner_area * float(hull.volume)
