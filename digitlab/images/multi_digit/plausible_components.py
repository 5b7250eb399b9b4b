"""Plausible components: which components of ink may be digits or parts of digits."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.images.multi_digit.thresholds import THRESHOLDS
from digitlab.images.segmentation.components import Components

_FEW_COMPONENTS: Final = 2_000  # components up to which a slow search is affordable


def usual_digit_height(
    components: Components, lengths: NDArray[np.float64], counted: NDArray[np.bool_]
) -> float:
    """Estimate the usual height of a digit in a picture.

    Args:
        components: all N components of the ink; at least one.
        lengths: (N,), from `stroke_lengths`.
        counted: bool (N,), the components that may count; if none may, all count.

    Returns:
        The median height, in pixels, of the components that are not much lower than the
        height that most of the ink has.
    """
    is_flat = components.widths > THRESHOLDS.flat_aspect * components.heights
    is_dust = components.heights < THRESHOLDS.min_counted_side * max(components.labels.shape)
    counted = counted & ~is_flat & ~is_dust
    if not counted.any():
        counted = np.ones(len(components), bool)
    heights = components.heights[counted]
    main_height = weighted_median(heights, lengths[counted])
    return float(np.median(heights[heights >= THRESHOLDS.min_counted_height * main_height]))


def enclosing(components: Components) -> NDArray[np.bool_]:
    """Return which components enclose others: frames, tables, circles. bool (N,).

    A digit encloses only dust.
    """
    heights = components.heights
    min_height = THRESHOLDS.dust_height * max(components.labels.shape)
    encloses = np.zeros(len(heights), bool)
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in components.boxes])
    box_areas = heights * components.widths
    may_enclose = box_areas >= np.median(box_areas)
    if len(heights) > _FEW_COMPONENTS:
        may_enclose &= _holds_corner(edges, components)
    by_top = np.argsort(edges[:, 0], kind="stable")
    tops = edges[by_top, 0]
    for number in map(int, np.flatnonzero(may_enclose)):
        top, bottom, left, right = edges[number]
        # Only components that begin within the rows of this one may be inside.
        others = by_top[slice(*np.searchsorted(tops, (top + 1, bottom)))]
        _, other_bottom, other_left, other_right = edges[others].T
        inside = others[(other_bottom < bottom) & (other_left > left) & (other_right < right)]
        is_tall = heights[inside] > min_height
        min_enclosed = THRESHOLDS.min_enclosed_height * heights[number]
        if (heights[inside] > min_enclosed).any() or is_tall.sum() > THRESHOLDS.max_enclosed:
            encloses[number] = _any_on_all_sides(components, number, edges[inside[is_tall]])
    return encloses


def crossing_page(components: Components) -> NDArray[np.bool_]:
    """Return which components are long lines, or nets of lines from edge to edge. bool (N,)."""
    rows, columns = components.labels.shape
    heights, widths = components.heights, components.widths
    edge_counts = components.touched_edges().sum(0)
    is_long = (heights > THRESHOLDS.min_page_line * rows) | (
        widths > THRESHOLDS.min_page_line * columns
    )
    is_net = components.areas < THRESHOLDS.max_net_fill * heights * widths
    is_thin = np.minimum(heights, widths) < THRESHOLDS.line_aspect * components.extents
    is_ruler = np.minimum(heights, widths) < THRESHOLDS.long_line_aspect * components.extents
    is_ruler &= components.extents > THRESHOLDS.min_long_line * max(rows, columns)
    crosses: NDArray[np.bool_] = (edge_counts >= 2) & is_long & (is_net | is_thin)
    return crosses | is_ruler


def framing(components: Components, digit_height: float) -> NDArray[np.bool_]:
    """Return which components are a frame around a digit, perhaps one that touches it. bool (N,).

    A frame covers all four sides of its box, and holds ink that is nearly as high as a digit.

    Args:
        components: all N components of the ink.
        digit_height: usual height of a digit, or of its frame, in pixels.
    """
    frames = np.zeros(len(components), bool)
    is_large = np.minimum(components.heights, components.widths) > (
        THRESHOLDS.min_frame_extent * digit_height
    )
    if is_large.sum() > _FEW_COMPONENTS:
        return frames
    for number in map(int, np.flatnonzero(is_large)):
        box = components.boxes[number]
        own = components.labels[box] == number + 1
        rows, columns = (max(1, round(THRESHOLDS.frame_rim * side)) for side in own.shape)
        covered = min(
            own[:rows].any(0).mean(),
            own[-rows:].any(0).mean(),
            own[:, :columns].any(1).mean(),
            own[:, -columns:].any(1).mean(),
        )
        if covered >= THRESHOLDS.min_frame_cover:
            inside = (components.labels[box] > 0)[rows:-rows, columns:-columns].any(1)
            inside_rows = np.flatnonzero(inside)
            frames[number] = len(inside_rows) > 0 and bool(
                np.ptp(inside_rows) + 1 >= THRESHOLDS.min_framed_height * len(own)
            )
    return frames


def rungs(components: Components, lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which components are short lines from one line to another. bool (N,).

    Args:
        components: all N components of the ink without lines.
        lines: bool (H, W), the lines.
    """
    is_rung = np.zeros(len(components), bool)
    if not lines.any() or len(components) > _FEW_COMPONENTS:
        return is_rung
    shorter = np.minimum(components.heights, components.widths)
    reach = 2 + max(lines.shape) // THRESHOLDS.rung_reach_divisor
    for number in map(int, np.flatnonzero(shorter < THRESHOLDS.rung_aspect * components.extents)):
        rows, columns = components.boxes[number]
        ends = [
            (slice(max(0, end - reach), end + reach), columns) for end in (rows.start, rows.stop)
        ]
        if components.widths[number] > components.heights[number]:
            ends = [
                (rows, slice(max(0, end - reach), end + reach))
                for end in (columns.start, columns.stop)
            ]
        is_rung[number] = all(lines[end].any() for end in ends)
    if not is_rung.any():
        return is_rung
    # A 1 may stand between two lines by chance; the sides of cells stand in a row.
    middles = np.array([(r.start + r.stop, c.start + c.stop) for r, c in components.boxes]) / 2
    found = np.flatnonzero(is_rung)
    extents = components.extents[found]
    distances = np.abs(middles[found, None] - middles[None, found])
    is_alike = np.abs(extents[:, None] - extents) <= THRESHOLDS.rung_tolerance * extents
    is_alike &= distances.min(2) <= THRESHOLDS.rung_tolerance * (extents + distances.max(2))
    is_rung[found] = is_alike.sum(1) >= THRESHOLDS.min_rungs
    return is_rung


def cell_sides(components: Components, kept: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which components are the sides of cells in a row, with digits between them. bool (N,).

    The sides are bars of one height at multiples of one distance. What stands between them reaches
    neither above nor below them.

    Args:
        components: all N components of the ink.
        kept: numbers of the components that may be digits.
    """
    is_side = np.zeros(len(components), bool)
    if not THRESHOLDS.min_sides < len(kept) <= THRESHOLDS.max_repeats:
        return is_side
    boxes = [components.boxes[number] for number in kept]
    edges = np.array([(r.start, r.stop, c.start, c.stop) for r, c in boxes], float)
    top, bottom, left, right = edges.T
    height, x, y = bottom - top, (left + right) / 2, (top + bottom) / 2
    is_bar = right - left < THRESHOLDS.rung_aspect * height
    bars, others = np.flatnonzero(is_bar), np.flatnonzero(~is_bar)
    for first in bars:
        tolerance = THRESHOLDS.side_tolerance * height[first]
        across, down = x - x[first], y - y[first]
        alike = bars[(np.abs(height[bars] - height[first]) < tolerance) & (across[bars] > 0)]
        alike = alike[np.abs(down[alike]) < THRESHOLDS.max_line_slope * across[alike]]
        if not len(alike):
            continue
        second = alike[across[alike].argmin()]
        pitch, slope = across[second], down[second] / across[second]
        if pitch < THRESHOLDS.min_cell_width * height[first]:
            continue
        off_level = np.abs(down - slope * across)
        cell = np.rint(across / pitch)
        off_pitch = np.abs(across - cell * pitch) / np.sqrt(np.maximum(cell, 1))
        alike = alike[np.maximum(off_level, off_pitch)[alike] < tolerance]
        sides = np.concatenate([[first], alike])
        is_inside = (across[others] > 0) & (across[others] < across[sides].max())
        inside = others[is_inside & (off_level[others] < height[first] / 2)]
        reach = off_level[inside] + height[inside] / 2
        filled = len(np.unique(np.floor(across[inside] / pitch)))
        if (
            len(sides) >= THRESHOLDS.min_sides
            and 2 * filled >= len(sides) - 1
            and (reach < height[first] / 2 + tolerance).all()
        ):
            is_side[kept[sides]] = True
    return is_side


def repeated(components: Components, kept: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which components repeat at even distances, such as a spiral's rings. bool (N,).

    Digits of one row differ in shape, and their distances vary.

    Args:
        components: all N components of the ink.
        kept: numbers of the components that may repeat.
    """
    is_repeated = np.zeros(len(components), bool)
    if not THRESHOLDS.min_repeats <= len(kept) <= THRESHOLDS.max_repeats:
        return is_repeated
    boxes = [components.boxes[number] for number in kept]
    middles = np.array([(r.start + r.stop, c.start + c.stop) for r, c in boxes]) / 2
    sizes = np.array([(r.stop - r.start, c.stop - c.start) for r, c in boxes], float)
    samples = np.array([_sample(components, int(number)) for number in kept])
    distances = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
    ratios = sizes[:, None] / sizes[None]
    is_alike = (np.maximum(ratios, 1 / ratios).max(2) < THRESHOLDS.max_repeat_ratio) & (
        (samples[:, None] == samples[None]).mean(2) >= THRESHOLDS.min_repeat_agreement
    )
    np.fill_diagonal(is_alike, False)
    is_near = distances < THRESHOLDS.max_repeat_distance * sizes.max(1)[:, None]
    for start, second in np.argwhere(is_alike & is_near):
        chain = [int(start), int(second)]
        while True:
            step = middles[chain[-1]] - middles[chain[-2]]
            expected = middles[chain[-1]] + step
            misses = np.hypot(*(middles - expected).T)
            misses[~is_alike[chain[-1]]] = np.inf
            found = int(misses.argmin())
            max_miss = THRESHOLDS.max_repeat_miss * float(np.hypot(*step))
            if misses[found] > max_miss or found in chain:
                break
            chain.append(found)
        if len(chain) >= THRESHOLDS.min_repeats:
            is_repeated[kept[chain]] = True
    return is_repeated


def _sample(components: Components, number: int) -> NDArray[np.bool_]:
    """Return the ink of a component at 12 x 12 places of its box; bool (144,)."""
    box = components.boxes[number]
    own = components.labels[box] == number + 1
    rows, columns = (((np.arange(12) + 0.5) * side / 12).astype(int) for side in own.shape)
    sample: NDArray[np.bool_] = own[np.ix_(rows, columns)].ravel()
    return sample


def plausible(components: Components, digit_height: float, main_tone: float) -> NDArray[np.bool_]:
    """Return which components may be a digit or a part of one. bool (N,).

    Args:
        components: all N components of the ink.
        digit_height: usual height of a digit, in pixels.
        main_tone: contrast that most of the strokes have, in grey levels.
    """
    heights, widths, extents = components.heights, components.widths, components.extents
    tones = components.tones
    shorter = np.minimum(heights, widths)
    is_at_edge = components.touched_edges().any(0)
    is_narrow = shorter < THRESHOLDS.narrow_aspect * extents
    is_line = shorter < THRESHOLDS.line_aspect * extents
    is_line &= extents > THRESHOLDS.min_line_length * digit_height
    is_dash = widths > THRESHOLDS.dash_aspect * heights
    is_dash &= widths > THRESHOLDS.min_dash_length * digit_height
    is_large = extents > THRESHOLDS.large_extent * digit_height
    max_fill = np.where(is_large, THRESHOLDS.max_large_fill, THRESHOLDS.max_fill)
    is_solid = components.areas / (heights * widths) > max_fill
    return (
        (extents >= THRESHOLDS.min_extent * digit_height)
        & (heights <= THRESHOLDS.max_height * digit_height)
        & (tones >= THRESHOLDS.min_tone * main_tone)
        & ~(is_line | is_dash)
        & ~(is_at_edge & (is_narrow | (heights < THRESHOLDS.min_edge_height * digit_height)))
        & ~(is_solid & (shorter > THRESHOLDS.min_solid_side * digit_height))
    )


def marks(components: Components, digit_height: float, main_tone: float) -> NDArray[np.bool_]:
    """Return which components may be dots, commas, dashes or slashes of the digits' pen. bool (N,).

    Args:
        components: all N components of the ink.
        digit_height: usual height of a digit, in pixels.
        main_tone: contrast that most of the strokes have, in grey levels.
    """
    extents = components.extents
    is_mark: NDArray[np.bool_] = (
        (extents >= THRESHOLDS.min_mark_extent * digit_height)
        & (extents <= THRESHOLDS.max_mark_extent * digit_height)
        & (components.tones >= THRESHOLDS.min_mark_tone * main_tone)
        & ~components.touched_edges().any(0)
    )
    return is_mark


def line_ends(components: Components, lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which components are level and go on in a line: a part of it, no hyphen. bool (N,).

    Args:
        components: all N components of the ink without lines.
        lines: bool (H, W), the lines.
    """
    is_end = np.zeros(len(components), bool)
    is_level = components.widths > THRESHOLDS.hyphen_aspect * components.heights
    if not lines.any():
        return is_end
    reach = 2 + max(lines.shape) // THRESHOLDS.rung_reach_divisor
    for number in map(int, np.flatnonzero(is_level)):
        rows, columns = components.boxes[number]
        before = lines[rows, max(0, columns.start - reach) : columns.start]
        after = lines[rows, columns.stop : columns.stop + reach]
        is_end[number] = before.any() or after.any()
    return is_end


def blots(
    components: Components, lengths: NDArray[np.float64], counted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which components are compact and thicker than strokes: holes, hands, shade. bool (N,).

    Args:
        components: all N components of the ink.
        lengths: (N,), from `stroke_lengths`.
        counted: bool (N,), the components that count for the usual thickness.
    """
    thickness = components.areas / lengths
    compactness = 4 * components.areas / lengths**2
    usual = weighted_median(thickness[counted], lengths[counted])
    shorter = np.minimum(components.heights, components.widths)
    is_round = (compactness > THRESHOLDS.min_round_compactness) & (
        shorter > THRESHOLDS.min_round_aspect * components.extents
    )
    min_thickness = usual * np.where(is_round, 1.0, THRESHOLDS.max_thickness)
    is_blot: NDArray[np.bool_] = (compactness > THRESHOLDS.max_compactness) & (
        thickness > min_thickness
    )
    return is_blot


def weighted_median(values: NDArray[np.int64 | np.float64], weights: NDArray[np.float64]) -> float:
    """Return the median of values (N,), each with a weight (N,)."""
    order = np.argsort(values)
    middle = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(values[order][min(middle, len(order) - 1)])


def _holds_corner(edges: NDArray[np.int64], components: Components) -> NDArray[np.bool_]:
    """Return which boxes hold the upper left corner of another box. bool (N,).

    Args:
        edges: int64 (N, 4), top, bottom, left and right of each box.
        components: all N components.
    """
    height, width = components.labels.shape
    counts = np.zeros((height + 1, width + 1), np.int32)
    np.add.at(counts, (edges[:, 0] + 1, edges[:, 2] + 1), 1)
    counts = counts.cumsum(0).cumsum(1)
    top, bottom, left, right = edges.T
    first_row, first_column = np.minimum(top + 1, bottom), np.minimum(left + 1, right)
    held = counts[bottom, right] - counts[first_row, right]
    held -= counts[bottom, first_column] - counts[first_row, first_column]
    is_held: NDArray[np.bool_] = held > 0
    return is_held


def _any_on_all_sides(components: Components, number: int, edges: NDArray[np.int64]) -> bool:
    """Return whether a component has ink on all four sides of the middle of any box.

    Args:
        components: all components.
        number: which component.
        edges: int64 (N, 4), top, bottom, left and right of boxes within the component's box.
    """
    rows, columns = components.boxes[number]
    y = edges[:, :2].mean(1).astype(int) - rows.start
    x = edges[:, 2:].mean(1).astype(int) - columns.start
    own = components.labels[rows, columns] == number + 1
    height, width = own.shape
    is_above, is_left = own.argmax(0)[x] < y, own.argmax(1)[y] < x
    is_below = own[::-1].argmax(0)[x] < height - y
    is_right = own[:, ::-1].argmax(1)[y] < width - x
    # Without ink in its column or row, argmax is 0.
    has_ink = own.any(0)[x] & own.any(1)[y]
    return bool((is_above & is_below & is_left & is_right & has_ink).any())
