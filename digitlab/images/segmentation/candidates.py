"""Candidates: the ink of a grey picture that may be the digit, and its polarity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images.budget import check_time
from digitlab.images.resize import shrink
from digitlab.images.segmentation.contrast import has_two_tones, measure_contrast, threshold_ink
from digitlab.images.segmentation.digit_parts import (
    InkCandidate,
    find_digit_parts,
    find_tight_crop,
    gather_candidates,
)
from digitlab.images.segmentation.edges import edge_support
from digitlab.images.segmentation.ink import Floats, Mask, bounds, overlap
from digitlab.images.segmentation.outer_lines import without_outer_lines
from digitlab.images.segmentation.ruled_lines import find_page_lines
from digitlab.images.segmentation.stroke_depth import squared_depth
from digitlab.images.segmentation.thresholds import THRESHOLDS
from digitlab.images.segmentation.window_filters import dilate, window_maximum


@dataclass(frozen=True, kw_only=True, eq=False)
class PolarityInk:
    """The ink of one polarity, dark on bright paper or bright on dark; all arrays are (H, W).

    Attributes:
        bright: True for bright ink on dark paper.
        contrast: float32, how much each pixel differs from the paper, in grey levels.
        mask: bool, all ink.
        lines: bool, the part of the ink that is ruled lines, grids and frames.
        candidates: what may be the digit, likely ones first; never empty.
        evidence: evidence that each candidate is the digit, comparable between polarities.
    """

    bright: bool
    contrast: Floats
    mask: Mask
    lines: Mask
    candidates: tuple[InkCandidate, ...]
    evidence: tuple[float, ...]


class _Search(NamedTuple):
    """The result of one search.

    Attributes:
        candidates: in no order, perhaps the same ink several times.
        mask: bool (H, W), all ink.
        lines: bool (H, W), the part of the ink that is lines.
        has_blots: whether some ink is too thick to be a stroke.
    """

    candidates: list[InkCandidate]
    mask: Mask
    lines: Mask
    has_blots: bool


_EITHER: Final = (False, True)
"""Both polarities, as in `PolarityInk.bright`."""


class _Effort(NamedTuple):
    """How far to search for ink.

    Attributes:
        passes: number of searches of one contrast; each leaves out the lines of the one before.
        windows: narrower windows to try, as shares of `paper_window`.
        is_full: whether to find all candidates; the best one is enough to choose the polarity.
    """

    passes: int
    windows: tuple[float, ...]
    is_full: bool


_BRIEF: Final = _Effort(passes=1, windows=(), is_full=False)
_QUICK: Final = _Effort(THRESHOLDS.max_passes, THRESHOLDS.narrower_windows, is_full=False)
_FULL: Final = _Effort(THRESHOLDS.max_passes, THRESHOLDS.narrower_windows, is_full=True)


def find_ink(
    grey: NDArray[np.uint8], *, polarities: Sequence[bool] | None = None
) -> tuple[PolarityInk, ...]:
    """Find the ink that may be a digit.

    Args:
        grey: uint8 (H, W), the upright picture, ink of either polarity.
        polarities: those that may be, as in `PolarityInk.bright`; None for either.

    Returns:
        One entry for each polarity that has candidates, the likelier one first; none for a
        blank page.
    """
    if min(grey.shape) < 2 or np.ptp(grey) == 0:
        return ()
    page = grey.astype(np.float32)
    if polarities:
        return _find_polarities(page, polarities, _FULL)
    # A small copy decides the polarity, so that only one is searched at full size.
    is_large = max(page.shape) > THRESHOLDS.polarity_side
    coarse = shrink(page, THRESHOLDS.polarity_side)
    if not is_large:
        return _find_polarities(coarse, _EITHER, _FULL)
    likely = _find_sure_polarity(coarse) or _find_polarities(coarse, _EITHER, _QUICK)
    return _find_polarities(page, [ink.bright for ink in likely] or _EITHER, _FULL)


def _find_sure_polarity(page: Floats) -> tuple[PolarityInk, ...]:
    """Return the polarity that a brief search shows to be far likelier; none if unsure."""
    inks = _search_polarities(page, _EITHER, _BRIEF)
    if not inks:
        return ()
    best, support = inks[0].evidence[0], inks[0].candidates[0].support
    is_far = all(best > THRESHOLDS.sure_polarity * other.evidence[0] for other in inks[1:])
    is_sure = is_far and _is_likely(inks[0]) and support >= THRESHOLDS.min_support
    return inks[:1] if is_sure else ()


def _find_polarities(
    page: Floats, polarities: Sequence[bool], effort: _Effort
) -> tuple[PolarityInk, ...]:
    """Return the polarities that have candidates, the likelier one first."""
    inks = _search_polarities(page, polarities, effort)
    if len(inks) < 2:
        return inks
    first, second = inks
    is_clear = first.evidence[0] > THRESHOLDS.clear_polarity * second.evidence[0]
    return (first,) if is_clear and _is_likely(first) else (first, second)


def _is_likely(ink: PolarityInk) -> bool:
    """Return whether the likeliest candidate looks like a digit."""
    return ink.candidates[0].likeness > THRESHOLDS.min_likeness


def _search_polarities(
    page: Floats, polarities: Sequence[bool], effort: _Effort
) -> tuple[PolarityInk, ...]:
    """Search each polarity; return those that have candidates, the likelier one first."""
    searched = (
        _search_polarity(255 - page if bright else page, bright=bright, effort=effort)
        for bright in polarities
    )
    inks = [_with_evidence(ink) for ink in searched if ink.candidates]
    return tuple(sorted(inks, key=lambda ink: -ink.evidence[0]))


def _search_polarity(page: Floats, *, bright: bool, effort: _Effort) -> PolarityInk:
    """Search for dark ink; with narrower windows too, while the search gives blots or nothing.

    Args:
        page: float32 (H, W), dark ink.
        bright: the value of `PolarityInk.bright`.
        effort: how far to search.
    """
    contrast, noise, _ = measure_contrast(page)
    first = last = _search(page, contrast, noise, effort)
    candidates = first.candidates
    if has_two_tones(page):
        contrast, noise, _ = measure_contrast(page, window_share=THRESHOLDS.whole_window)
        candidates = candidates + _search(page, contrast, noise, effort).candidates
    for window_share in effort.windows:
        if candidates and not (_is_shady(candidates) or last.has_blots):
            break
        narrow = measure_contrast(page, window_share=window_share)
        last = _search(page, narrow.values, narrow.noise, effort)
        candidates = candidates + last.candidates
    candidates = _distinct(candidates)
    if effort.is_full:
        candidates = _with_bare(candidates)
    return PolarityInk(
        bright=bright,
        contrast=contrast,
        mask=first.mask,
        lines=first.lines,
        candidates=tuple(candidates),
        evidence=tuple(candidate.mass for candidate in candidates),
    )


def _with_bare(candidates: list[InkCandidate]) -> list[InkCandidate]:
    """Add the likeliest candidates without the straight lines along their sides."""
    bare = []
    for candidate in candidates[: THRESHOLDS.max_lined_candidates]:
        mask = without_outer_lines(candidate.mask)
        if mask is not None:
            contrast = candidate.contrast * dilate(mask)
            bare.append(replace(candidate, mask=mask, contrast=contrast))
    return sorted(candidates + bare, key=lambda candidate: -candidate.mass)


def _is_shady(candidates: list[InkCandidate]) -> bool:
    """Return whether the likeliest candidate has the outline of shade."""
    best = max(candidates, key=lambda candidate: candidate.mass)
    return best.support < THRESHOLDS.min_support


def _search(page: Floats, contrast: Floats, noise: float, effort: _Effort) -> _Search:
    """Separate ink into candidates; search again without lines and the edges of the desk.

    Args:
        page: float32 (H, W), dark ink.
        contrast: float32 (H, W), in grey levels.
        noise: standard deviation of the paper's contrast.
        effort: how far to search.
    """
    shape, remaining = contrast.shape, contrast
    longest = max(shape)
    mask, lines = np.zeros(shape, bool), np.zeros(shape, bool)
    candidates: list[InkCandidate] = []
    has_blots = False
    for number in range(effort.passes):
        check_time()
        known_noise = noise if number == 0 else None
        ink = threshold_ink(remaining, noise=known_noise)
        if ink is None:
            break
        ignored = find_page_lines(ink)
        mask, lines = mask | ink, lines | ignored
        if number == 0 and ignored.any():
            # What crosses the picture may be strokes of the digit.
            with_lines = find_digit_parts(ink, remaining)
            candidates += find_tight_crop(
                with_lines, remaining, likeness=THRESHOLDS.ruled_crop_likeness
            )
            candidates += [
                candidate
                for candidate in gather_candidates(with_lines, remaining)
                if not ignored[candidate.mask].all()  # nothing but lines
            ]
        if (ink & ~ignored).any():
            parts = find_digit_parts(ink & ~ignored, remaining)
            components = parts.components
            if number == 0:
                candidates += find_tight_crop(parts, remaining, likeness=THRESHOLDS.crop_likeness)
            candidates += gather_candidates(parts, remaining)
            is_cluttered = (
                len(components) >= THRESHOLDS.min_cluttered_components
                or (components.extents > THRESHOLDS.min_cluttered_extent * longest).any()
            )
            if is_cluttered and effort.is_full:
                strict = threshold_ink(
                    remaining, noise=known_noise, weak=THRESHOLDS.strict_weak_ink
                )
                if strict is not None:
                    strict_parts = find_digit_parts(strict, remaining)
                    candidates += gather_candidates(strict_parts, remaining)
            unlikely = np.flatnonzero(parts.likeness < THRESHOLDS.min_likeness)
            hiding_mass = components.masses[unlikely].sum()
            if hiding_mass > THRESHOLDS.min_hiding_mass * parts.weights.max():
                ignored |= components.mask(unlikely)
            is_thick = parts.thickness > THRESHOLDS.suspect_thickness
            is_large = components.extents > THRESHOLDS.min_blot_extent * longest
            has_blots |= bool((is_thick & is_large).any())
        if not ignored.any():
            break
        margin = THRESHOLDS.line_margin + longest // THRESHOLDS.line_margin_divisor
        near = window_maximum(np.pad(ignored, margin, mode="edge"), 2 * margin + 1)
        remaining = contrast * ~near
    least = THRESHOLDS.min_evidence if effort.is_full else 1.0
    weighed = _weigh_likely(candidates, page, contrast, least=least)
    return _Search(weighed, mask, lines, has_blots)


def _weigh_likely(
    candidates: list[InkCandidate], page: Floats, contrast: Floats, *, least: float
) -> list[InkCandidate]:
    """Weigh the candidates that can keep a share `least` of the largest mass, largest first."""
    weighed: list[InkCandidate] = []
    largest = 0.0
    for candidate in sorted(candidates, key=lambda candidate: -candidate.mass):
        if candidate.mass < least * largest:
            break
        weighed.append(_weigh_support(candidate, page, contrast))
        largest = max(largest, weighed[-1].mass)
    return weighed


def _weigh_support(candidate: InkCandidate, page: Floats, contrast: Floats) -> InkCandidate:
    """Give less weight to a candidate whose outline is that of shade."""
    support = edge_support(page, contrast, candidate.mask)
    factor = max(THRESHOLDS.min_support_weight, support**THRESHOLDS.support_power)
    return replace(
        candidate,
        likeness=candidate.likeness * factor,
        mass=candidate.mass * factor,
        support=support,
    )


def _distinct(candidates: list[InkCandidate]) -> list[InkCandidate]:
    """Sort candidates by mass; keep only the one with the most mass of each place.

    A part of a likely digit, such as the bar of a 4, gets less mass.
    """
    distinct: list[InkCandidate] = []
    for candidate in sorted(candidates, key=lambda candidate: -candidate.mass):
        box = bounds(candidate.mask)
        if any(overlap(box, bounds(other.mask)) >= THRESHOLDS.same_place for other in distinct):
            continue
        is_part = any(
            not other.is_doubtful
            and other.likeness >= THRESHOLDS.min_whole_likeness
            and _is_part(candidate.mask, other.mask)
            for other in distinct
        )
        factor = THRESHOLDS.inner_part_weight if is_part else 1.0
        distinct.append(replace(candidate, mass=candidate.mass * factor))
    return sorted(distinct, key=lambda candidate: -candidate.mass)


def _is_part(mask: Mask, other: Mask) -> bool:
    """Return whether most of a mask lies in another one that is larger."""
    inside = np.count_nonzero(mask & other)
    return bool(
        inside >= THRESHOLDS.min_inside * np.count_nonzero(mask)
        and inside < THRESHOLDS.max_inner_area * np.count_nonzero(other)
    )


def _with_evidence(ink: PolarityInk) -> PolarityInk:
    """Set the evidence of each candidate, and drop those with little of it.

    A candidate has more evidence with thinner strokes, a better place, more contrast and more
    ink.
    """
    first = ink.candidates[0]
    tone = float(np.median(first.contrast[first.mask]))
    strength = first.likeness * _thinness(first.mask) * tone * float(np.sqrt(first.mass))
    shares = [candidate.mass / first.mass for candidate in ink.candidates]
    kept = [index for index, share in enumerate(shares) if share >= THRESHOLDS.min_evidence]
    return replace(
        ink,
        candidates=tuple(ink.candidates[index] for index in kept),
        evidence=tuple(strength * shares[index] for index in kept),
    )


def _thinness(mask: Mask) -> float:
    """Return 0.1-1: strokes are thin; the gaps between a digit and a frame around it are not."""
    part = mask[bounds(mask)]
    rows, columns = (1 + side // THRESHOLDS.thickness_side for side in part.shape)
    part = np.pad(part[::rows, ::columns], 1)
    thickness = 2 * math.sqrt(squared_depth(part).max()) / max(part.shape)
    return float(np.clip(1.5 - 2 * thickness, 0.1, 1))
