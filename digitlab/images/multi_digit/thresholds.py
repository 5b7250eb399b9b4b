"""The tuned thresholds of reading several digits in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class MultiDigitThresholds:
    """The tuned values of reading several digits, in the order of the steps that use them.

    `benchmarks/rows.py` set them.

    A "digit height" is the usual height of a digit of the same picture; "extent" is the longer
    side of a box, "aspect" its shorter by its longer side. `min_` and `max_` mean that a
    smaller or larger value does not pass.

    Attributes:
        min_side: pixels; a picture with a shorter side below this is enlarged.
        max_side: pixels; a picture is enlarged up to this longer side.
        coarse_side: longest side of the copy that decides how to search, in pixels.
        max_searches: number of searches of the picture itself until one shows digits.
        stroke_windows: shares of the usual paper window to try until one is wide enough.
        strict_weak_ink: share of the peak from which on a pixel is ink, where paler ink has lines.
        min_cluttered_extent: extent of ink that may hold lines, as a share of the picture's longer
            side.
        max_lined_share: share of the box around all ink that is ink, where it may hold lines of the
            paper; more is a pattern.
        max_cluttered_components: number of components of ink that may hold such lines; more is a
            pattern.
        min_lined_ink: share of the ink that lines of the paper are; less is no such paper.
        lined_gain: factor on the gain of a search that removes lines.
        narrow_evidence: factor on the evidence of narrow ink for a polarity.
        narrow_gain: the same for a search; narrow ink is rather a part of a line.
        min_joined_extent: extent of ink that several digits share, in digit heights.
        max_counted_length: length of a digit's strokes that counts as evidence, in digit heights;
            more are digits that lines join.
        page_line_length: length of a line of squared or ruled paper, as a share of the picture's
            longer side.
        max_required_page_line: share of the picture's side; no such line need be longer.
        min_line_tone: contrast of a line, as a share of that of the palest ink.
        max_line_slope: largest slope of a line against the picture's side.
        line_side: longest side of the copy on which lines are searched, in pixels.
        line_drift_divisor: the picture's longer side divided by this, and one more, is how many
            rows a line leaves the nearest slope, at most.
        min_line_blocks: number of blocks of pixels, of one mean each, in the shortest line.
        max_line_block: length of such a block, in pixels.
        max_line_thickness: thickness of a line where a stroke crosses it, in multiples of its
            median, plus one pixel.
        max_line_tone: contrast of a line's pixel, in multiples of the line's least contrast; a
            darker one belongs to a stroke, if strokes are darker.
        max_stroke_length: length of a digit's strokes, in multiples of its extent; more is a net.
        incomplete_evidence: factor on the evidence of digits whose strokes fill the window.
        box_paper_percentile: percentile of the tones in a digit's box that is paper.
        dark_share: distance from the ink's tone to the paper's, as a share, up to which a pixel is
            as dark as ink.
        max_missing: area of dark pixels in the boxes of digits that is no ink, as a share of the
            ink's.
        max_window_fill: share of the window that strokes fill.
        clear_distance: distance of a stroke to its paper, as a share of the usual one, from
            which on it counts in full.
        min_digit_height: digit height, as a share of the picture's longer side.
        min_digit_pixels: digit height, in pixels.
        min_height_with_lines: digit height before lines are removed, as a share of the least
            one; less is a texture such as noise.
        max_digit_extent: extent of a component in digit heights, from which on it may hold
            lines or pale surroundings.
        max_box_cover: area of the components' boxes, as a multiple of the picture's; more is a
            pattern, such as rings.
        max_digit_cover: the same for the components that may be digits.
        pale_percentile: percentile of a component's contrast that its strokes have.
        max_pale_components: number of components from which pale ink is left out, the largest ones.
        pale_share: share of that contrast; less is squared paper or a fold.
        min_frame_side: length of an upright line of a frame, in digit heights.
        min_cell_side: length of a line of a frame around one digit, as a share of the frame's side.
        min_upright_line: length of any other upright line, in digit heights.
        max_required_line: share of the picture's longer side; no line need be longer.
        min_height: height of a digit, in digit heights.
        min_narrow_height: height of a narrow digit, in digit heights; commas and colons are
            lower.
        narrow_digit: width of a narrow digit, as a share of its height.
        paper_window: share of the mean side of the picture; the paper's tone is taken so far
            around ink.
        max_compactness: four times a component's area by the square of its stroke length: 1 for a
            square, 0.8 for a disc, less for strokes.
        max_thickness: thickness of a compact component, in multiples of the usual one.
        min_round_compactness: compactness of a disc or square, which needs no more than the usual
            thickness; a thick 1 is as compact, but narrow.
        min_round_aspect: aspect of a disc or square.
        flat_aspect: width of a component as a multiple of its height; flatter ones do not
            count for the digit height.
        min_counted_side: height of a component that counts for the digit height, as a share of the
            picture's longer side.
        min_counted_height: height of a component that counts for the digit height, as a share
            of the height that most of the ink has.
        dust_height: height of dust, as a share of the picture's longer side.
        min_frame_extent: shorter side of a frame around one digit, in digit heights.
        frame_rim: share of its box's side within which a side of a frame is.
        min_frame_cover: share of each side that the frame covers there.
        min_framed_height: height of the ink within the frame, as a share of the frame's.
        rung_aspect: aspect of a short line between two lines.
        rung_reach_divisor: the picture's longer side divided by this, and two more, is the distance
            from its end to the line, in pixels.
        rung_tolerance: difference in length and height between the short lines of one row, as a
            share of their length and distance.
        min_rungs: number of short lines in a row; fewer may be 1s.
        min_sides: number of sides of cells in a row.
        side_tolerance: difference between their heights and places, in multiples of the height.
        min_cell_width: distance between two sides, in multiples of their height.
        min_repeats: number of components that repeat; fewer may be digits.
        max_repeats: number of components among which repeats are searched.
        max_repeat_ratio: their heights and widths differ by at most this factor.
        min_repeat_agreement: share of places in their boxes where both have ink, or neither.
        max_repeat_distance: distance of one to the next, in multiples of its extent.
        max_repeat_miss: distance of one from the place where it is expected, as a share of the
            distance between two.
        min_enclosed_height: height of a component that a digit cannot enclose, as a share of
            the enclosing one's.
        max_enclosed: number of components, without dust, that a digit may enclose.
        min_page_line: length of a line from edge to edge, as a share of the picture's side.
        max_net_fill: share of its box that a net of lines fills.
        long_line_aspect: aspect of a line that does not reach the edge.
        min_long_line: length of that line, as a share of the picture's longer side.
        line_aspect: aspect of a line.
        min_line_length: length of a line, in digit heights.
        dash_aspect: width of a dash as a multiple of its height.
        min_dash_length: length of a dash, in digit heights.
        min_extent: extent of a part of a digit, in digit heights; less is dust.
        max_height: height of a digit, in digit heights.
        min_tone: contrast of a part of a digit, as a share of the contrast that most of the
            ink has; less is a fold, or ink on the other side of the sheet.
        narrow_aspect: aspect of a narrow component.
        min_edge_height: height of a digit at the picture's edge, in digit heights.
        large_extent: extent of a large component, in digit heights.
        max_large_fill: share of its box that a large digit fills.
        max_fill: share of its box that any other digit fills.
        min_solid_side: shorter side of a solid component, in digit heights.
        min_mark_extent: extent of a dot or dash, in digit heights; less is dust.
        max_mark_extent: the same; more is a line of the paper.
        min_mark_tone: contrast of a dot or dash, as a share of the contrast that most of the ink
            has.
        max_part_gap: distance between the parts of a digit, in digit heights.
        max_joined_size: height and width of joined parts, in digit heights.
        max_part_height: height of a part that is joined to others, in digit heights.
        bar_aspect: width of the bar of a 5 as a multiple of its height.
        max_dot_extent: extent of a dot or comma, in digit heights; it joins no digit beside it.
        max_comma_extent: the same for a comma.
        min_comma_drop: by how much a comma ends below the feet of the digit, in digit heights.
        hyphen_aspect: width of a hyphen as a multiple of its height; it joins no digit beside it.
        hyphen_middle: range of the height of its middle beside a digit, 0 at the head.
        min_mark_gap: distance of a hyphen or dot from a digit, in digit heights; nearer ones are
            parts of a broken digit.
        min_point_gap: the same for a point at the feet of the digit before it.
        max_low_parts: number of parts that are joined to others, the tallest ones.
        min_shared_width: share of the narrower part's width that stands above or below the
            other one, in a digit of two halves.
        max_broken_gap: distance between the parts of a broken digit, in digit heights.
        max_broken_height: height of a broken digit, in digit heights; most digits of the
            picture may be broken.
        max_broken_width: width of a broken digit, in digit heights or its own heights.
        max_broken_parts: number of parts; more are several digits in any case.
        min_touching_width: width of ink that may be touching digits, as a share of its height.
        min_touching_height: height that this ink has at least for that rule, in digit heights.
        cut_height: height of the mask on which cuts are searched, in pixels.
        side_step_cost: cost of a cut's step aside; a step through ink costs 1.
        max_cut_cost: cost of a cut, as a share of the height.
        min_cut_gap: distance between two cuts, as a share of the height.
        min_cut_margin: distance of a cut from the sides, as a share of the height.
        max_cuts: number of cuts to try.
        max_cut_parts: number of digits to split into.
        min_split_height: height of each part, as a share of the height.
        max_loop_width: width of ink, as a multiple of its height, up to which no cut may open
            a loop.
        max_holes: number of holes, of any area, from which ink is a pattern and is not split.
        min_loop_area: area of a loop, as a share of the mask's box.
        min_sheet_hole: area of a hole in a sheet of paper, as a share of the sheet's box; a
            digit on the sheet is larger.
        min_sheet_holes: number of holes; a digit has two at most.
        min_rectangle_fill: share of its rectangle that a sheet with fewer holes fills.
        max_sheet_tilt: largest angle of that rectangle, in degrees.
        sheet_tilt_step: degrees between two angles.
        max_row_tilt: largest angle of the rows, in degrees.
        row_tilt_step: degrees between two angles.
        row_tilt_cost: cost of an angle, per radian, beside 1.
        row_tilt_band: share of a digit's height on each side of its middle that counts for the
            angle.
        row_bands: the same for the rows; the first share that stacks no digits is taken.
        min_stacked_width: share of the narrower digit's width that two digits share, where one
            stands above the other.
        max_stacked_overlap: share of the lower digit's height that two such digits share.
    """

    # reader
    min_side: int = 112
    max_side: int = 1200
    # digit_ink
    coarse_side: int = 480
    max_searches: int = 2
    stroke_windows: tuple[float, ...] = (0.25, 0.5, 1.0)
    strict_weak_ink: float = 0.5
    min_cluttered_extent: float = 0.2
    max_lined_share: float = 0.45
    max_cluttered_components: int = 2000
    min_lined_ink: float = 0.01
    lined_gain: float = 1.05
    narrow_evidence: float = 0.2
    narrow_gain: float = -0.3
    min_joined_extent: float = 2.2
    max_counted_length: float = 4.0
    page_line_length: float = 0.35
    max_required_page_line: float = 0.9
    min_line_tone: float = 0.5
    max_line_slope: float = 0.2
    line_side: int = 600
    line_drift_divisor: int = 400
    min_line_blocks: float = 12.0
    max_line_block: int = 6
    max_line_thickness: float = 1.6
    max_line_tone: float = 1.6
    max_stroke_length: float = 8.0
    incomplete_evidence: float = 0.25
    box_paper_percentile: float = 90.0
    dark_share: float = 0.3
    max_missing: float = 0.15
    max_window_fill: float = 0.5
    clear_distance: float = 0.3
    min_digit_height: float = 0.012
    min_digit_pixels: int = 7
    min_height_with_lines: float = 0.5
    max_digit_extent: float = 1.6
    max_box_cover: float = 8.0
    max_digit_cover: float = 2.5
    pale_percentile: float = 75.0
    max_pale_components: int = 200
    pale_share: float = 0.4
    min_frame_side: float = 1.25
    min_cell_side: float = 0.6
    min_upright_line: float = 2.2
    max_required_line: float = 0.75
    min_height: float = 0.45
    min_narrow_height: float = 0.5
    narrow_digit: float = 0.4
    paper_window: float = 0.25
    # plausible_components
    max_compactness: float = 0.45
    max_thickness: float = 1.6
    min_round_compactness: float = 0.65
    min_round_aspect: float = 0.6
    flat_aspect: float = 4.0
    min_counted_side: float = 0.008
    min_counted_height: float = 0.4
    dust_height: float = 0.015
    min_frame_extent: float = 0.7
    frame_rim: float = 0.14
    min_frame_cover: float = 0.85
    min_framed_height: float = 0.35
    rung_aspect: float = 0.25
    rung_reach_divisor: int = 400
    rung_tolerance: float = 0.12
    min_rungs: int = 3
    min_sides: int = 3
    side_tolerance: float = 0.1
    min_cell_width: float = 0.5
    min_repeats: int = 8
    max_repeats: int = 400
    max_repeat_ratio: float = 1.35
    min_repeat_agreement: float = 0.8
    max_repeat_distance: float = 4.0
    max_repeat_miss: float = 0.2
    min_enclosed_height: float = 0.3
    max_enclosed: int = 3
    min_page_line: float = 0.6
    max_net_fill: float = 0.2
    long_line_aspect: float = 0.08
    min_long_line: float = 0.25
    line_aspect: float = 0.15
    min_line_length: float = 1.6
    dash_aspect: float = 6.0
    min_dash_length: float = 0.8
    min_extent: float = 0.12
    max_height: float = 3.0
    min_tone: float = 0.4
    narrow_aspect: float = 0.3
    min_edge_height: float = 0.7
    large_extent: float = 1.5
    max_large_fill: float = 0.6
    max_fill: float = 0.85
    min_solid_side: float = 0.7
    min_mark_extent: float = 0.04
    max_mark_extent: float = 1.6
    min_mark_tone: float = 0.5
    # group_strokes
    max_part_gap: float = 0.22
    max_joined_size: float = 1.35
    max_part_height: float = 0.75
    bar_aspect: float = 1.5
    max_dot_extent: float = 0.35
    max_comma_extent: float = 0.6
    min_comma_drop: float = 0.1
    hyphen_aspect: float = 1.8
    hyphen_middle: tuple[float, float] = (0.22, 0.8)
    min_mark_gap: float = 0.08
    min_point_gap: float = 0.03
    max_low_parts: int = 1000
    min_shared_width: float = 0.5
    # join_broken
    max_broken_gap: float = 0.12
    max_broken_height: float = 2.2
    max_broken_width: float = 1.25
    max_broken_parts: int = 4
    # reader and split_touching
    min_touching_width: float = 0.7
    min_touching_height: float = 0.8
    cut_height: int = 64
    side_step_cost: float = 0.15
    max_cut_cost: float = 0.45
    min_cut_gap: float = 0.15
    min_cut_margin: float = 0.1
    max_cuts: int = 4
    max_cut_parts: int = 3
    min_split_height: float = 0.7
    max_loop_width: float = 1.9
    max_holes: int = 400
    min_loop_area: float = 0.004
    # paper_sheets
    min_sheet_hole: float = 0.001
    min_sheet_holes: int = 3
    min_rectangle_fill: float = 0.87
    max_sheet_tilt: float = 15.0
    sheet_tilt_step: float = 1.5
    # reading_order
    max_row_tilt: float = 12.0
    row_tilt_step: float = 1.0
    row_tilt_cost: float = 0.1
    row_tilt_band: float = 0.25
    row_bands: tuple[float, ...] = (0.3, 0.22, 0.15, 0.08, 0.0)
    min_stacked_width: float = 0.5
    max_stacked_overlap: float = 0.2


THRESHOLDS: Final = MultiDigitThresholds()
