"""Straight lines are found, and the strokes that cross them stay."""

import numpy as np
import pytest

from digitlab.images.multi_digit.straight_lines import find_lines


def find(contrast: np.ndarray, *, min_level: float, min_upright: float) -> np.ndarray:
    """Find the lines among all ink of a page."""
    return find_lines(contrast > 0, contrast, min_level=min_level, min_upright=min_upright)


@pytest.mark.parametrize("slope", [-0.15, -0.02, 0.0, 0.06, 0.18])
def test_a_line_is_found_without_the_stroke_across_it(slope):
    y, x = np.mgrid[0:300, 0:400].astype(float)
    page = np.zeros((300, 400), np.float32)
    page[(np.abs(y - 151 - slope * (x - 200)) < 1.5) & (x >= 100) & (x < 300)] = 120
    line = page > 0
    page[120:190, 198:206] = 120
    lines = find(page, min_level=100, min_upright=100)
    beside_stroke = line & ((x < 190) | (x > 214))
    assert lines[beside_stroke].mean() > 0.97
    assert not lines[120:190, 199:205].any()


def test_a_dark_stroke_along_a_pale_line_stays():
    page = np.zeros((300, 400), np.float32)
    page[150:153, 20:380] = 40
    page[150:153, 180:230] = 160  # the foot of a 2 on the line
    page[100:150, 228:236] = 160
    lines = find(page, min_level=140, min_upright=140)
    assert lines[150:153, 20:175].all()
    assert not lines[150:153, 184:226].any()


def test_an_upright_stroke_shorter_than_the_limit_is_no_line():
    page = np.zeros((300, 400), np.float32)
    page[100:180, 198:202] = 120
    assert not find(page, min_level=60, min_upright=100).any()
    assert find(page, min_level=60, min_upright=60).any()


def test_a_page_without_ink_has_no_lines():
    assert not find(np.zeros((40, 60), np.float32), min_level=20, min_upright=20).any()
