"""Straight lines along the sides of ink are removed unless they are strokes of the digit."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.images.segmentation.outer_lines import without_outer_lines

SEVEN = [(60, 40), (110, 38), (80, 130)]
TWO = [(60, 60), (80, 40), (105, 55), (55, 128), (115, 130)]


def drawn(*strokes: list[tuple[float, float]], width: int = 6) -> np.ndarray:
    image = Image.new("L", (170, 170))
    draw = ImageDraw.Draw(image)
    for points in strokes:
        draw.line(points, fill=255, width=width, joint="curve")
    return np.asarray(image) > 0


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("tilt", [-8, 0, 8])
def test_a_line_that_is_longer_than_the_digit_at_both_ends_is_removed(tilt, turns):
    mask = drawn(SEVEN, [(30, 130 - tilt / 2), (140, 130 + tilt / 2)])
    bare = without_outer_lines(np.rot90(mask, turns))
    assert bare is not None
    bare = np.rot90(bare, -turns)
    assert (bare & drawn(SEVEN)).sum() > 0.85 * drawn(SEVEN).sum()
    assert (bare & ~drawn(SEVEN)).sum() < 0.05 * mask.sum()


def test_a_short_upright_stroke_on_a_long_line_remains():
    one = [(84, 60), (82, 130)]
    bare = without_outer_lines(drawn(one, [(20, 131), (150, 131)]))
    assert bare is not None
    assert (bare & drawn(one)).sum() > 0.85 * drawn(one).sum()


def test_the_frame_of_a_cell_is_removed():
    frame = [(25, 20), (150, 22), (148, 150), (24, 148), (25, 20)]
    bare = without_outer_lines(drawn(SEVEN, frame))
    assert bare is not None
    assert np.array_equal(bare, drawn(SEVEN))


@pytest.mark.parametrize("strokes", [[SEVEN], [TWO], [[(40, 40), (40, 130), (130, 130)]]])
def test_a_digit_keeps_its_own_straight_strokes(strokes):
    assert without_outer_lines(drawn(*strokes)) is None


def test_a_frame_around_nothing_and_a_thick_bar_are_kept():
    assert (
        without_outer_lines(drawn([(25, 20), (150, 20), (150, 150), (25, 150), (25, 20)])) is None
    )
    assert without_outer_lines(drawn(SEVEN, [(30, 135), (140, 135)], width=28)) is None
