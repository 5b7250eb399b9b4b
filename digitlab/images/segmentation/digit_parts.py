"""Digit parts: components scored as parts of one digit, and gathered to candidates for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.components import Components, find_components
from digitlab.images.segmentation.contrast import isolate_ink, soft_edge_width
from digitlab.images.segmentation.ink import Box, Floats, Mask, bounds, extent, gap, union, widened
from digitlab.images.segmentation.stroke_depth import squared_depth
from digitlab.images.segmentation.thresholds import THRESHOLDS


@dataclass(frozen=True, kw_only=True, eq=False)
class InkCandidate:
    """The ink of one candidate for the digit.

    Attributes:
        contrast: float32 (H, W), contrast of the candidate's ink, in grey levels; 0 elsewhere.
        mask: bool (H, W), the pixels of the candidate; never empty.
        likeness: 0-1, how much its parts look like a digit by their place and form.
        mass: its area times its mean contrast, weighted by likeness.
        support: 0-1, the share of its outline that is an edge of the picture.
        is_doubtful: whether some of its parts may be of something else.
    """

    contrast: Floats
    mask: Mask
    likeness: float
    mass: float
    support: float = 1.0
    is_doubtful: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitParts:
    """Components, scored as parts of one digit.

    Attributes:
        components: the N largest components of the ink.
        likeness: float64 (N,), 0-1, how much each looks like a digit by its place and form.
        edge_counts: int64 (N,), number of the picture's edges that each touches.
        thickness: float64 (N,), width of the thickest place, as a share of the extent.
    """

    components: Components
    likeness: NDArray[np.float64]
    edge_counts: NDArray[np.int64]
    thickness: NDArray[np.float64]

    @property
    def weights(self) -> NDArray[np.float64]:
        """float64 (N,), mass times likeness."""
        return self.components.masses * self.likeness


def find_digit_parts(mask: Mask, contrast: Floats) -> DigitParts:
    """Find the largest components of a mask and score them.

    Args:
        mask: bool (H, W), all ink; not empty.
        contrast: float32 (H, W), in grey levels.
    """
    components = find_components(
        mask, np.minimum(contrast, 255), max_count=THRESHOLDS.max_components
    )
    edge_counts = components.touched_edges().sum(0)
    thickness = _thickness(components)
    likeness = [
        _digit_likeness(*component, mask.shape)
        for component in zip(
            components.boxes, components.areas, edge_counts, thickness, strict=True
        )
    ]
    return DigitParts(
        components=components,
        likeness=np.array(likeness, float),
        edge_counts=edge_counts,
        thickness=thickness,
    )


def gather_candidates(parts: DigitParts, contrast: Floats) -> list[InkCandidate]:
    """Gather parts to candidates for the digit, each around one main part.

    The parts with the most mass, weighted by likeness, become main parts. Other parts near a
    main part belong to the same digit, unless they are dust: a 5 or a 4 in two strokes.

    Args:
        parts: from `find_digit_parts`.
        contrast: float32 (H, W), in grey levels.

    Returns:
        At most `max_candidates`, likely ones first; none when all parts are dust or noise.
    """
    components, weights, masses = parts.components, parts.weights, parts.components.masses
    min_extent = THRESHOLDS.min_digit_extent * max(contrast.shape)
    candidates: list[InkCandidate] = []
    used: set[int] = set()
    for main in map(int, np.argsort(-weights)[: 2 * THRESHOLDS.max_candidates]):
        extent = components.extents[main]
        is_dust = components.areas[main] < THRESHOLDS.min_digit_pixels or extent < min_extent
        if main in used or is_dust or len(candidates) == THRESHOLDS.max_candidates:
            continue
        numbers = [n for n in _main_with_neighbours(parts, main) if n not in used]
        mass_share = masses[numbers].sum() / masses.sum()
        if (
            len(components) >= THRESHOLDS.min_noisy_components
            and mass_share < THRESHOLDS.min_digit_mass
            and extent < THRESHOLDS.min_digit_prominence * np.median(components.extents)
        ):
            continue  # one grain of noise among many
        used.update(numbers)
        candidates.append(_candidate(parts, contrast, numbers))
        doubtful = [n for n in _doubtful_parts(parts, main, numbers) if n not in used]
        if doubtful:
            whole = _candidate(parts, contrast, numbers + doubtful)
            mass = THRESHOLDS.doubtful_weight * whole.mass
            candidates.append(replace(whole, mass=mass, is_doubtful=True))
    return candidates


def _candidate(parts: DigitParts, contrast: Floats, numbers: list[int]) -> InkCandidate:
    """Return the candidate that consists of some parts."""
    components = parts.components
    mask = components.mask(numbers)
    mass = float(parts.weights[numbers].sum())
    return InkCandidate(
        contrast=_isolated(contrast, mask, components.labels > 0),
        mask=mask,
        likeness=mass / float(components.masses[numbers].sum()),
        mass=mass,
    )


def find_tight_crop(parts: DigitParts, contrast: Floats, *, likeness: float) -> list[InkCandidate]:
    """Find the digit of a tight crop, where one part is nearly all of the ink.

    Such a part touches the edges of the picture as frames and lines do, so that
    `gather_candidates` gives it little weight.

    Args:
        parts: from `find_digit_parts`.
        contrast: float32 (H, W), in grey levels.
        likeness: 0-1, of the digit if its strokes are not too thick.

    Returns:
        One candidate, or none when the picture is no tight crop.
    """
    components, masses = parts.components, parts.components.masses
    main = int(np.argmax(masses))
    extent = components.extents[main]
    is_alone = masses[main] >= THRESHOLDS.min_crop_mass * masses.sum()
    is_large = extent >= THRESHOLDS.min_crop_extent * max(contrast.shape)
    if not (parts.edge_counts[main] and is_alone and is_large):
        return []
    main_box = components.boxes[main]
    numbers = [
        number
        for number, box in enumerate(components.boxes)
        if components.extents[number] >= THRESHOLDS.min_part_extent * extent
        and gap(box, main_box) <= THRESHOLDS.max_part_gap * extent
    ]
    mask = components.mask(numbers)
    likeness *= _stroke_likeness(parts.thickness[main])
    return [
        InkCandidate(
            contrast=_isolated(contrast, mask, components.labels > 0),
            mask=mask,
            likeness=likeness,
            mass=likeness * float(masses[numbers].sum()),
        )
    ]


def _main_with_neighbours(parts: DigitParts, main: int) -> list[int]:
    """Return the numbers of a main part and of the parts that may belong to the same digit."""
    components, likeness = parts.components, parts.likeness
    extent = components.extents[main]
    min_likeness = THRESHOLDS.min_part_likeness * (
        THRESHOLDS.edge_likeness if parts.edge_counts[main] else 1.0
    )
    return [
        number
        for number, box in enumerate(components.boxes)
        if number == main
        or (
            gap(box, components.boxes[main]) <= THRESHOLDS.max_part_gap * extent
            and not (parts.edge_counts[number] and not parts.edge_counts[main])
            and components.extents[number] >= THRESHOLDS.min_part_extent * extent
            and components.areas[number] >= THRESHOLDS.min_part_area * components.areas[main]
            and components.tones[number] >= THRESHOLDS.min_part_tone * components.tones[main]
            and likeness[number] >= min_likeness
        )
    ]


def _doubtful_parts(parts: DigitParts, main: int, numbers: list[int]) -> list[int]:
    """Return the numbers of parts that stand off, but may belong to a digit in pieces.

    They are of similar size and tone as the main part, and with all of them the digit is no
    wider than a digit.

    Args:
        parts: from `find_digit_parts`.
        main: number of the main part.
        numbers: of the main part and the near parts.
    """
    components, boxes = parts.components, parts.components.boxes
    box = reduce(union, (boxes[number] for number in numbers))
    tone, size = components.tones[main], components.extents[main]
    doubtful = [
        number
        for number, other in enumerate(boxes)
        if number not in numbers
        and parts.edge_counts[number] <= parts.edge_counts[main]
        and components.extents[number] >= THRESHOLDS.min_doubtful_extent * size
        and components.tones[number] >= THRESHOLDS.min_part_tone * tone
        and parts.likeness[number] >= THRESHOLDS.min_part_likeness
        and gap(other, box) <= THRESHOLDS.max_doubtful_gap * extent(union(other, box))
    ]
    height, width = (
        side.stop - side.start for side in reduce(union, (boxes[n] for n in doubtful), box)
    )
    return doubtful if width <= THRESHOLDS.max_doubtful_aspect * height else []


def _thickness(components: Components) -> NDArray[np.float64]:
    """Return the width of each component's thickest place, as a share of its extent; (N,)."""
    step = 1 + max(components.labels.shape) // THRESHOLDS.thickness_side
    small = components.labels[::step, ::step]
    inked = small > 0
    max_depth = np.zeros(len(components) + 1, np.int32)
    np.maximum.at(max_depth, small[inked], squared_depth(inked)[inked])
    thickness = (2 * np.sqrt(max_depth[1:], dtype=np.float64) - 1).clip(0)
    return np.asarray(thickness * step / np.maximum(components.extents, 1), np.float64)


def _digit_likeness(
    box: Box, area: float, edges: int, thickness: float, shape: tuple[int, ...]
) -> float:
    """Return 0-1, how much a component looks like a digit by its place and form."""
    height, width = (side.stop - side.start for side in box)
    span = max(height / shape[0], width / shape[1])
    is_thin = min(height, width) / max(height, width) < THRESHOLDS.edge_line_aspect
    if edges and is_thin and span > THRESHOLDS.edge_line_span:
        return THRESHOLDS.edge_line_likeness
    if edges >= THRESHOLDS.frame_edges and area < THRESHOLDS.frame_fill * height * width:
        return THRESHOLDS.frame_likeness
    offset = [
        (side.start + side.stop) / 2 / length - 0.5 for side, length in zip(box, shape, strict=True)
    ]
    centred = 1 - min(1.0, math.hypot(*offset))
    place = THRESHOLDS.corner_likeness + (1 - THRESHOLDS.corner_likeness) * centred
    return (THRESHOLDS.edge_likeness if edges else 1.0) * place * _stroke_likeness(thickness)


def _stroke_likeness(thickness: float) -> float:
    """Return 0-1, how much a component of some thickness looks like a stroke."""
    blot, thick = THRESHOLDS.blot_thickness, THRESHOLDS.thick_stroke
    return min(1.0, max(THRESHOLDS.min_stroke_likeness, (blot - thickness) / (blot - thick)))


def _isolated(contrast: Floats, mask: Mask, ink: Mask) -> Floats:
    """Return the contrast of the ink under a mask; `isolate_ink` in a window around it."""
    edge_width = soft_edge_width(contrast.shape)
    window = widened(bounds(mask), edge_width)
    isolated = np.zeros(contrast.shape, np.float32)
    isolated[window] = isolate_ink(
        contrast[window], mask[window], ink[window], edge_width=edge_width
    )
    return isolated
