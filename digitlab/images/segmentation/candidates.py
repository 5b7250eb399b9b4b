"""Locating: which ink of a grey picture may be the digit's, and of which polarity it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.contrast import stand_out, threshold
from digitlab.images.segmentation.digit_parts import cut_close, find_digit_parts, gather
from digitlab.images.segmentation.ink import Floats, Ink, Mask, bounds, extent, overlap, widened
from digitlab.images.segmentation.resize import shrink
from digitlab.images.segmentation.ruled_lines import find_page_lines
from digitlab.images.segmentation.thresholds import THRESHOLDS


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """What one polarity shows of a picture; all arrays are (H, W).

    Attributes:
        bright: whether bright ink on dark paper was looked for.
        contrast: float32, how far each pixel stands out from the paper, in grey levels.
        mask: bool, all that was taken for ink.
        lines: bool, the part of it that is rules, grids and frames.
        digits: what may be the digit, likely ones first.
        evidence: how well each of them holds; comparable between polarities.
    """

    bright: bool
    contrast: Floats
    mask: Mask
    lines: Mask
    digits: tuple[Ink, ...]
    evidence: tuple[float, ...]


def find_ink(grey: NDArray[np.uint8]) -> tuple[Sight, ...]:
    """Find the ink that may be a digit.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.

    Returns:
        One sight a polarity that holds ink, the likelier one first; none for a blank page.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return ()
    page = grey.astype(np.float32)
    # Which polarity it is shows in a small copy; the other one is not looked at again.
    coarse = _sights(
        shrink(page, THRESHOLDS.polarity_side), quick=max(page.shape) > THRESHOLDS.polarity_side
    )
    polarities = [sight.bright for sight in coarse] or [False, True]
    return (
        coarse
        if max(page.shape) <= THRESHOLDS.polarity_side
        else _sights(page, polarities, quick=False)
    )


def _sights(
    page: Floats, polarities: Sequence[bool] = (False, True), *, quick: bool
) -> tuple[Sight, ...]:
    """One sight a polarity that holds ink, the likelier one first."""
    looks = (
        _see(255 - page if bright else page, bright=bright, quick=quick) for bright in polarities
    )
    sights = [sight for sight in looks if sight.digits]
    if len(sights) < 2:
        return tuple(_judged(sight, page, None) for sight in sights)
    paper = _paper_tone(page, sights[0].digits[0].mask, sights[1].digits[0].mask)
    first, second = sorted(
        (_judged(sight, page, paper) for sight in sights), key=lambda s: -s.evidence[0]
    )
    clear = first.evidence[0] > THRESHOLDS.clear_polarity * second.evidence[0]
    return (first,) if clear and first.digits[0].likeness > THRESHOLDS.unlikely else (first, second)


def _see(page: Floats, *, bright: bool, quick: bool) -> Sight:
    """Look for ink darker than the paper; more narrowly, while blots or nothing are found.

    Args:
        quick: look once, as far as the polarity asks for it.
    """
    contrast, noise = stand_out(page)
    found = last = _search(contrast, noise, quick=quick)
    digits = list(found.digits)
    for share in () if quick and digits else THRESHOLDS.narrower_windows:
        if digits and not last.blotted:
            break
        last = _search(*stand_out(page, share=share), quick=quick)
        digits += last.digits
    digits = _distinct(digits)
    return Sight(
        bright=bright,
        contrast=contrast,
        mask=found.mask,
        lines=found.lines,
        digits=tuple(digits),
        evidence=tuple(ink.mass for ink in digits),
    )


class _Found(NamedTuple):
    digits: list[Ink]
    mask: Mask
    lines: Mask
    blotted: bool


def _search(contrast: Floats, noise: float, *, quick: bool) -> _Found:
    """Part the ink into what may be digits; below lines and the desk's edge if need be."""
    from scipy import ndimage

    shape, left = contrast.shape, contrast
    mask, lines = np.zeros(shape, bool), np.zeros(shape, bool)
    digits: list[Ink] = []
    blotted = False
    for number in range(2 if quick else THRESHOLDS.max_passes):
        ink = threshold(left, noise=noise if number == 0 else None)
        if ink is None:
            break
        ruled = find_page_lines(ink)
        mask, lines = mask | ink, lines | ruled
        if number == 0 and ruled.any():
            digits += cut_close(
                find_digit_parts(ink, left), left, likeness=THRESHOLDS.ruled_crop_likeness
            )
        if (ink & ~ruled).any():
            parts = find_digit_parts(ink & ~ruled, left)
            components = parts.components
            digits += (
                cut_close(parts, left, likeness=THRESHOLDS.crop_likeness) if number == 0 else []
            )
            digits += gather(parts, left)
            long = components.extents > THRESHOLDS.min_cluttered_extent * max(shape)
            if not quick and (len(components) >= THRESHOLDS.min_cluttered_components or long.any()):
                known = noise if number == 0 else None
                dark = threshold(left, noise=known, weak=THRESHOLDS.strict_weak_ink)
                digits += [] if dark is None else gather(find_digit_parts(dark, left), left)
            unlikely = np.flatnonzero(parts.likeness < THRESHOLDS.unlikely)
            if components.masses[unlikely].sum() > THRESHOLDS.min_hiding_mass * parts.weights.max():
                ruled |= components.mask(unlikely)
            large = components.extents > THRESHOLDS.min_blot_extent * max(shape)
            blotted |= bool(((parts.thickness > THRESHOLDS.suspect_thickness) & large).any())
        if not ruled.any():
            break
        reach = 2 + max(shape) // 200
        left = np.where(ndimage.maximum_filter(ruled, 2 * reach + 1), 0, contrast)
    return _Found(digits, mask, lines, blotted)


def _distinct(digits: list[Ink]) -> list[Ink]:
    """Likely ones first; of those that share their place only the likeliest.

    A part of what looks like a digit is hardly one itself: a bar of a 4, the sleeve of a coat.
    """
    kept: list[Ink] = []
    for ink in sorted(digits, key=lambda ink: -ink.mass):
        if any(overlap(bounds(ink.mask), bounds(other.mask)) >= 0.8 for other in kept):
            continue
        part = any(
            other.likeness >= THRESHOLDS.likely and _within(ink.mask, other.mask) for other in kept
        )
        kept.append(replace(ink, mass=ink.mass * THRESHOLDS.inner_part_weight) if part else ink)
    return sorted(kept, key=lambda ink: -ink.mass)


def _within(mask: Mask, other: Mask) -> bool:
    """Whether a mask lies in another one, as a smaller part of it."""
    inside = int((mask & other).sum())
    return bool(inside >= 0.8 * mask.sum() and inside < 0.7 * other.sum())


def _judged(sight: Sight, page: Floats, paper: float | None) -> Sight:
    """The sight with its evidence: thin, well placed, distinct from the paper, and much of it.

    Args:
        page: the picture, ink of either polarity.
        paper: its paper's tone; None when only one polarity holds ink.
    """
    first = sight.digits[0]
    strength = 1.0
    if paper is not None:
        away = page - paper if sight.bright else paper - page
        strength = first.likeness * _thin(first.mask) * float(np.median(away[first.mask]))
    shares = [ink.mass / first.mass for ink in sight.digits]
    kept = [i for i, share in enumerate(shares) if share >= THRESHOLDS.min_evidence]
    return replace(
        sight,
        digits=tuple(sight.digits[i] for i in kept),
        evidence=tuple(strength * shares[i] for i in kept),
    )


def _paper_tone(page: Floats, dark: Mask, bright: Mask) -> float:
    """The tone around two rival readings of a picture.

    The paper inside a 0 taken as bright ink is no brighter than the paper outside: seen from
    outside, only one of the two is distinct.
    """
    either = dark | bright
    box = bounds(either)
    outside = np.zeros(page.shape, bool)
    outside[widened(box, round(THRESHOLDS.paper_margin * extent(box)) + 1)] = True
    outside[box] = False
    if outside.sum() < 0.1 * page.size:  # the digit fills the picture: paper is what is neither
        outside |= ~either
    return float(np.median(page[outside] if outside.any() else page))


def _thin(mask: Mask) -> float:
    """0-1: strokes are thin; the gaps between a digit and a frame around it are not."""
    from scipy import ndimage

    part = mask[bounds(mask)]
    part = np.pad(part[:: 1 + part.shape[0] // 200, :: 1 + part.shape[1] // 200], 1)
    thickness = 2 * float(ndimage.distance_transform_edt(part).max()) / max(part.shape)
    return float(np.clip(1.5 - 2 * thickness, 0.1, 1))
