"""The tuned thresholds of segmentation: of finding the ink and the candidates for a digit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class SegmentationThresholds:
    """The tuned values of segmentation, in the order of the steps that use them.

    `benchmarks/photos.py` set them on single digits.

    "Noise" is the standard deviation of the paper's contrast, "extent" the longer side of a
    box, "mass" area times mean contrast, "likeness" a number from 0 to 1. `min_` and `max_`
    mean that a smaller or larger value does not pass.

    Attributes:
        paper_window: side of the window that must be wider than any stroke, as a share of the
            picture's mean side; narrower than a shadow.
        thumbnail_paper_window: the same for thumbnails, which are cropped tightly and hold no
            shadows.
        max_thumbnail_side: longest side of a thumbnail, in pixels of the reduced picture.
        paper_side: longest side of the reduced picture on which the paper is estimated, in
            pixels.
        smoothing_side: longest side of a picture that is smoothed with a sigma of one pixel;
            the sigma grows with the side.
        max_unsmoothed_side: longest side up to which a picture is not smoothed, in pixels.
        min_paper_tone: grey levels; darker paper holds too little light to measure by.
        lit_paper_tone: grey levels of the evenly lit paper to which contrast is scaled.
        min_ink_contrast: grey levels; nothing below is ink.
        min_ink_noise: contrast of ink, in multiples of the noise.
        min_clear_ink_noise: contrast of the most distinct pixels, in multiples of the noise;
            fainter ink is smoothed more.
        faint_ink_sigmas: sigmas of that smoothing, in pixels of a picture of `faint_ink_side`.
        faint_ink_side: pixels.
        small_picture_sigma_factor: factor on those sigmas for unsmoothed pictures.
        min_faint_ink_sigma: smallest sigma of that smoothing, in pixels.
        paper_sample_side: rows and columns from which the paper is sampled, at most.
        peak_sample_side: rows and columns from which the most distinct pixels are sampled, at
            most.
        peak_percentile: percentile of the contrast of the most distinct pixels; a hairline
            covers few of them.
        min_tone_group: share of the sample that ink and paper must each cover to be told apart.
        min_tone_gap: distance between ink and paper, in standard deviations of the paper.
        min_two_tones: share of a picture of thick strokes that ink and paper each cover.
        min_ink_pixels: pixels of ink.
        ink_peak_percentile: percentile of the contrast of ink that counts as its peak.
        strong_ink: share of the peak from which on a pixel is ink.
        weak_ink: share of the peak from which on a pixel is ink if it is connected to strong
            ink, such as the faint end of a stroke.
        weak_ink_floor: share of the least contrast of ink that weak ink needs.
        soft_edge_divisor: the soft edges of ink reach one pixel plus the picture's longer side
            divided by this.
        max_components: number of components that are scored, the largest ones.
        thickness_side: longest side of the mask on which thickness is measured, in pixels.
        thick_stroke: thickness of the thickest usual stroke, as a share of its extent.
        blot_thickness: thickness that is no stroke, as a share of the extent.
        min_stroke_likeness: likeness of such a blot.
        edge_likeness: likeness of a component at the picture's edge.
        corner_likeness: likeness of a component in a corner of the picture.
        edge_line_aspect: shorter by longer side of a component that is a line at the edge.
        edge_line_span: extent of that line, as a share of the picture's side.
        edge_line_likeness: likeness of that line.
        frame_edges: number of edges that a frame touches.
        frame_fill: share of its box that a frame fills.
        frame_likeness: likeness of a frame.
        min_digit_pixels: pixels of the main part of a digit.
        min_digit_extent: extent of the main part, as a share of the picture's longer side;
            less is a speck on an empty page.
        min_part_extent: extent of a further part, as a share of the main part's; less is dust.
        min_part_area: area of a further part, as a share of the main part's; less is dust.
        min_part_tone: contrast of a further part, as a share of the main part's.
        min_part_likeness: likeness of a further part.
        max_part_gap: distance of a further part, as a share of the main part's extent.
        max_doubtful_gap: distance of a part that may be of something else, as a share of the
            extent of the digit with it.
        min_doubtful_extent: extent of such a part, as a share of the main part's.
        max_doubtful_aspect: width of the digit with such parts, as a share of its height.
        doubtful_weight: factor on the mass of the digit with such parts.
        min_noisy_components: number of components from which on all of them may be noise.
        min_digit_mass: mass of a digit where all may be noise, as a share of all ink.
        min_digit_prominence: extent of a digit where all may be noise, in multiples of the
            components' median.
        max_candidates: number of candidates among the parts.
        min_crop_mass: mass of the digit of a tight crop, as a share of all ink.
        min_crop_extent: extent of that digit, as a share of the picture's longer side.
        max_outline_points: points of an outline that are compared with the picture, at most.
        min_edge_rise: rise of the tone at an edge, as a share of the ink's median contrast.
        paper_distances: distances beyond that edge at which there is paper, as shares of the
            ink's extent.
        min_paper_rise: rise of the tone at most of these distances, as a share of the ink's
            median contrast.
        support_power: power of a candidate's edge support by which its likeness is multiplied.
        min_support_weight: the least such factor.
        min_support: edge support of a candidate that needs no search with narrower windows.
        max_lined_candidates: number of candidates that are tried without their outer lines.
        min_outer_line_side: shorter side of ink that may have outer lines, in pixels.
        outer_line_end: share of a line's length at each end, which gives its place.
        max_outer_line_slope: largest slope of an outer line against the picture's side.
        max_outer_line_thickness: thickness of an outer line, as a share of its length.
        min_outer_line_cover: share of that side of the ink that lies on the line.
        max_ink_beyond_line: how far a stroke may cross an outer line, as a share of the height of
            all ink.
        min_inner_ink: ink without its outer lines, as a share of all of it.
        min_inner_extent: extent of that ink, as a share of the extent of all of it.
        min_overhang: length by which one line alone reaches beyond the digit at both ends, as a
            share of its length.
        overhang_divisor: the part of the digit beside the line is its height divided by this.
        polarity_side: longest side of the copy that decides the polarity, in pixels.
        whole_window: share of `paper_window` that covers the whole picture.
        narrower_windows: shares of `paper_window` to try after it.
        max_passes: number of searches of one contrast; each leaves out the lines of the one
            before.
        crop_likeness: likeness of the digit of a tight crop.
        ruled_crop_likeness: the same, where it may as well be lines of the paper.
        strict_weak_ink: replaces `weak_ink` in a further search of cluttered ink, which may
            hold lines or dots of the paper.
        min_cluttered_components: number of components of cluttered ink.
        min_cluttered_extent: extent of a component of cluttered ink, as a share of the
            picture's longer side.
        min_likeness: likeness of a component that stays in the next search; others are left
            out, as lines are.
        min_hiding_mass: mass of the components to leave out, as a share of the most weighted
            mass of one component; less hides no digit.
        suspect_thickness: thickness of a component that is hardly a stroke, as a share of its
            extent.
        min_blot_extent: extent of such a component, as a share of the picture's longer side;
            smaller ones are specks.
        line_margin: pixels around lines that are left out with them, for a small picture.
        line_margin_divisor: the picture's longer side divided by this is added.
        same_place: overlap of two boxes from which on they hold the same candidate.
        min_whole_likeness: likeness of a candidate whose parts are no candidates of equal rank.
        min_inside: share of such a part that lies in the whole candidate.
        max_inner_area: area of such a part, as a share of the whole candidate's.
        inner_part_weight: factor on the mass of such a part.
        clear_polarity: evidence of a polarity, in multiples of the other's, from which on the
            other is dropped.
        sure_polarity: the same, from which on a brief search is enough.
        min_evidence: evidence of a candidate, as a share of the best one's.
        min_line_picture: shorter side of a picture that may hold page lines, in pixels.
        min_line_component: extent of a component that may hold a page line, as a share of the
            picture's side.
        hough_side: longest side of the mask of the Hough transform, in pixels.
        max_line_tilt: largest angle of a page line to the nearest side, in degrees.
        line_tilt_step: degrees between two angles.
        min_line_span: length of a page line, as a share of the picture's shorter side.
        min_line_cover: share of that length that is ink.
        line_end: share of that length that counts as an end of the line.
        min_end_cover: share of an end that is ink; the stroke of a digit ends before the edge.
        line_side: pixels of the reduced mask beside a line where there is paper.
        max_lined_side: share of a line with ink there; more is the inside of a thick stroke.
        max_lines: number of page lines of one direction.
        same_line_tilt: degrees within which two lines of one place are the same.
        desk_side: longest side, in pixels, of the copy on which a sheet on a desk is searched.
        desk_window: side of the closing that removes ink from it, as a share of that side.
        min_desk_edge: length of the picture's edge along which the desk lies, as a share of its
            shorter side.
        min_desk_depth: distance from the picture's edge to which the desk reaches, as a share of
            the longer side.
        min_sheet_share: area of a sheet on a desk, as a share of the picture's.
        min_bare_share: share of a sheet that is bare, or holds strokes narrower than the window.
        sheet_ink_tone: tone of the ink that a sheet holds, as a share of the paper's.
        large_sheet: the area of a sheet, as a share of the picture's, from which on the
            desk is only a strip or a corner.
        max_sheet_at_edge: share of the picture's edge along which a smaller sheet lies, unless the
            grain of the desk is clear.
        max_desk_tone: tone of the desk, as a share of the paper's.
        max_shade_tone: the same; a brighter desk may be shade.
        min_grain: usual difference of its pixels from their surroundings, in multiples of the
            paper's; less is shade.
        clear_grain: the same for a grain that no shade has.
        min_paper_grain: least usual difference of the paper's pixels, as a share of its tone.
        min_sheet_step: difference between both sides of the sheet's edge, as a share of the
            difference between paper and desk; less is a soft shadow.
        min_sheet_fill: share of its convex hull that a sheet fills.
        min_corner_area: area between four corners of the hull, as a share of the hull's.
        sheet_rim: width of the sheet's edge that is left out, as a share of the longer side.
        edge_ink_tone: tone of ink at the sheet's edge, as a share of the paper's.
        edge_band: width of the band in which rings and fingers end, as a share of the square root
            of the sheet's area.
    """

    # contrast
    paper_window: float = 0.28
    thumbnail_paper_window: float = 0.45
    max_thumbnail_side: int = 112
    paper_side: int = 160
    smoothing_side: int = 1000
    max_unsmoothed_side: int = 150
    min_paper_tone: float = 90.0
    lit_paper_tone: float = 220.0
    min_ink_contrast: float = 5.0
    min_ink_noise: float = 5.0
    min_clear_ink_noise: float = 9.0
    faint_ink_sigmas: tuple[float, ...] = (1.2, 2.2)
    faint_ink_side: int = 600
    small_picture_sigma_factor: float = 6.5
    min_faint_ink_sigma: float = 0.8
    paper_sample_side: int = 64
    peak_sample_side: int = 400
    peak_percentile: float = 99.8
    min_tone_group: float = 0.12
    min_tone_gap: float = 4.0
    min_two_tones: float = 0.2
    min_ink_pixels: int = 6
    ink_peak_percentile: float = 90.0
    strong_ink: float = 0.45
    weak_ink: float = 0.22
    weak_ink_floor: float = 0.7
    soft_edge_divisor: int = 250
    # digit_parts
    max_components: int = 60
    thickness_side: int = 200
    thick_stroke: float = 0.32
    blot_thickness: float = 0.5
    min_stroke_likeness: float = 0.02
    edge_likeness: float = 0.3
    corner_likeness: float = 0.4
    edge_line_aspect: float = 0.08
    edge_line_span: float = 0.6
    edge_line_likeness: float = 0.01
    frame_edges: int = 3
    frame_fill: float = 0.25
    frame_likeness: float = 0.02
    min_digit_pixels: int = 6
    min_digit_extent: float = 0.015
    min_part_extent: float = 0.1
    min_part_area: float = 0.02
    min_part_tone: float = 0.5
    min_part_likeness: float = 0.5
    max_part_gap: float = 0.22
    max_doubtful_gap: float = 0.35
    min_doubtful_extent: float = 0.25
    max_doubtful_aspect: float = 1.1
    doubtful_weight: float = 0.9
    min_noisy_components: int = 8
    min_digit_mass: float = 0.25
    min_digit_prominence: float = 4.0
    max_candidates: int = 3
    min_crop_mass: float = 0.75
    min_crop_extent: float = 0.75
    # edges
    max_outline_points: int = 300
    min_edge_rise: float = 0.5
    paper_distances: tuple[float, ...] = (0.08, 0.2, 0.35)
    min_paper_rise: float = 0.4
    support_power: float = 6.0
    min_support_weight: float = 0.01
    min_support: float = 0.9
    # outer_lines
    max_lined_candidates: int = 2
    min_outer_line_side: int = 20
    outer_line_end: float = 0.06
    max_outer_line_slope: float = 0.15
    max_outer_line_thickness: float = 0.12
    min_outer_line_cover: float = 0.85
    max_ink_beyond_line: float = 0.1
    min_inner_ink: float = 0.15
    min_inner_extent: float = 0.35
    min_overhang: float = 0.08
    overhang_divisor: int = 4
    # candidates
    polarity_side: int = 180
    whole_window: float = 4.0
    narrower_windows: tuple[float, ...] = (0.5, 0.25)
    max_passes: int = 2
    crop_likeness: float = 0.9
    ruled_crop_likeness: float = 0.4
    strict_weak_ink: float = 0.5
    min_cluttered_components: int = 6
    min_cluttered_extent: float = 0.6
    min_likeness: float = 0.35
    min_hiding_mass: float = 0.3
    suspect_thickness: float = 0.38
    min_blot_extent: float = 0.1
    line_margin: int = 2
    line_margin_divisor: int = 200
    same_place: float = 0.8
    min_whole_likeness: float = 0.5
    min_inside: float = 0.8
    max_inner_area: float = 0.7
    inner_part_weight: float = 0.1
    clear_polarity: float = 4.0
    sure_polarity: float = 40.0
    min_evidence: float = 0.08
    # ruled_lines
    min_line_picture: int = 24
    min_line_component: float = 0.55
    hough_side: int = 200
    max_line_tilt: float = 21.0
    line_tilt_step: float = 0.5
    min_line_span: float = 0.6
    min_line_cover: float = 0.7
    line_end: float = 0.12
    min_end_cover: float = 0.4
    line_side: int = 6
    max_lined_side: float = 0.5
    max_lines: int = 24
    same_line_tilt: float = 6.0
    # desk
    desk_side: int = 200
    desk_window: float = 0.06
    min_desk_edge: float = 0.3
    min_desk_depth: float = 0.045
    min_sheet_share: float = 0.12
    min_bare_share: float = 0.9
    sheet_ink_tone: float = 0.92
    large_sheet: float = 0.8
    max_sheet_at_edge: float = 0.3
    max_desk_tone: float = 0.62
    max_shade_tone: float = 0.42
    min_grain: float = 2.0
    clear_grain: float = 4.0
    min_paper_grain: float = 0.003
    min_sheet_step: float = 0.7
    min_sheet_fill: float = 0.88
    min_corner_area: float = 0.8
    sheet_rim: float = 0.01
    edge_ink_tone: float = 0.85
    edge_band: float = 0.12


THRESHOLDS: Final = SegmentationThresholds()
