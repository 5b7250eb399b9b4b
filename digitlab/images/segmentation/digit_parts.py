"""Digit parts: components scored as parts of one digit, and gathered to digit candidates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitlab.images.segmentation.components import Components, find_components
from digitlab.images.segmentation.contrast import isolate, soft_edge_width
from digitlab.images.segmentation.ink import Box, Floats, Ink, Mask, bounds, gap, widened
from digitlab.images.segmentation.thresholds import THRESHOLDS


@dataclass(frozen=True, kw_only=True, eq=False)
class DigitParts:
    """Components, scored as parts of one digit.

    Attributes:
        components: the N largest components of the ink.
        likeness: float64 (N,), 0-1, how far each looks like a digit by its place and form.
        edge_counts: int64 (N,), how many of the picture's edges each box touches.
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
        contrast: float32 (H, W), how far each pixel stands out from the paper.
    """
    # Contrast above 255 is an artefact of dark paper: without a limit, it outweighs real ink.
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


def gather(parts: DigitParts, contrast: Floats) -> list[Ink]:
    """The digits that the pieces may be, each round one main piece; likely ones first.

    The main piece has the most ink, counted less if it touches the picture's edge and much
    less if it is a line along or across it. Pieces near to it that are no specks belong to
    it: a 5 or a 4 in two strokes.

    Returns:
        At most `THRESHOLDS.max_candidates`; none when all of it is dust.
    """
    shape = contrast.shape
    components, weights, masses = parts.components, parts.weights, parts.components.masses
    candidates: list[Ink] = []
    used: set[int] = set()
    for main in map(int, np.argsort(-weights)[: 2 * THRESHOLDS.max_candidates]):
        size = components.extents[main]
        dust = components.areas[
            main
        ] < THRESHOLDS.min_digit_pixels or size < THRESHOLDS.min_digit_extent * max(shape)
        if main in used or dust or len(candidates) == THRESHOLDS.max_candidates:
            continue
        numbers = _main_with_neighbours(parts, main)
        share = masses[numbers].sum() / masses.sum()
        if (
            len(components) >= THRESHOLDS.min_noisy_components
            and share < THRESHOLDS.min_digit_mass
            and size < 4 * np.median(components.extents)
        ):
            continue  # one grain among its like: noise, not ink
        used.update(numbers)
        mask = components.mask(numbers)
        candidates.append(
            Ink(
                contrast=_isolated(contrast, mask, components.labels > 0),
                mask=mask,
                likeness=float(parts.likeness[main]),
                mass=float(weights[numbers].sum()),
            )
        )
    return candidates


def cut_close(parts: DigitParts, contrast: Floats, *, likeness: float) -> list[Ink]:
    """The digit of a picture that somebody cut close: one piece is nearly all of the ink.

    Such a piece touches the picture's edges as frames and lines do, and is none.

    Args:
        parts: all of them.
        contrast: float32 (H, W).
        likeness: of the digit, 0-1, if its strokes are usual.
    """
    components, masses = parts.components, parts.components.masses
    main = int(np.argmax(masses))
    size = components.extents[main]
    alone = masses[main] >= THRESHOLDS.min_crop_mass * masses.sum()
    if not (
        parts.edge_counts[main]
        and alone
        and size >= THRESHOLDS.min_crop_extent * max(contrast.shape)
    ):
        return []
    main_box = components.boxes[main]
    numbers = [
        number
        for number, box in enumerate(components.boxes)
        if components.extents[number] >= THRESHOLDS.min_part_extent * size
        and gap(box, main_box) <= THRESHOLDS.max_part_gap * size
    ]
    mask = components.mask(numbers)
    likeness *= _stroke_likeness(parts.thickness[main])
    return [
        Ink(
            contrast=_isolated(contrast, mask, components.labels > 0),
            mask=mask,
            likeness=likeness,
            mass=likeness * float(masses[numbers].sum()),
        )
    ]


def _main_with_neighbours(parts: DigitParts, main: int) -> list[int]:
    """The main piece and those near to it that may be parts of the same digit."""
    components = parts.components
    size = components.extents[main]
    least = 0.5 * (THRESHOLDS.edge_likeness if parts.edge_counts[main] else 1.0)
    return [
        number
        for number, box in enumerate(components.boxes)
        if number == main
        or (
            gap(box, components.boxes[main]) <= THRESHOLDS.max_part_gap * size
            and not (parts.edge_counts[number] and not parts.edge_counts[main])
            and components.extents[number] >= THRESHOLDS.min_part_extent * size
            and components.areas[number] >= THRESHOLDS.min_part_area * components.areas[main]
            and components.tones[number] >= 0.5 * components.tones[main]
            and parts.likeness[number] >= least
        )
    ]


def _thickness(components: Components) -> NDArray[np.float64]:
    from scipy import ndimage

    step = 1 + max(components.labels.shape) // THRESHOLDS.thickness_side
    small = components.labels[::step, ::step]
    depth = ndimage.distance_transform_edt(np.pad(small > 0, 1))[1:-1, 1:-1]
    deepest = np.zeros(len(components) + 1)
    np.maximum.at(deepest, small.ravel(), depth.ravel())
    extents = np.maximum(components.extents, 1)
    return np.asarray((2 * deepest[1:] - 1).clip(0) * step / extents, np.float64)


def _digit_likeness(
    box: Box, area: float, edges: int, thickness: float, shape: tuple[int, ...]
) -> float:
    """0-1: how far a piece looks like a digit by its place and form."""
    height, width = (side.stop - side.start for side in box)
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
    return (
        (THRESHOLDS.edge_likeness if edges else 1.0)
        * (0.4 + 0.6 * centred)
        * _stroke_likeness(thickness)
    )


def _stroke_likeness(thickness: float) -> float:
    """0-1: how far what is as thick as that, as a share of its extent, is a stroke."""
    return min(
        1.0,
        max(
            0.02,
            (THRESHOLDS.blot_thickness - thickness)
            / (THRESHOLDS.blot_thickness - THRESHOLDS.thick_stroke),
        ),
    )


def _isolated(contrast: Floats, mask: Mask, ink: Mask) -> Floats:
    """The contrast of the chosen ink with its soft edges, and nothing else."""
    edge_width = soft_edge_width(contrast.shape)
    window = widened(bounds(mask), edge_width)
    isolated = np.zeros_like(contrast)
    isolated[window] = isolate(contrast[window], mask[window], ink[window], edge_width=edge_width)
    return isolated
