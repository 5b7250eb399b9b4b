"""Sheets of paper on a desk are not digits, and digits are not sheets."""

import numpy as np
import pytest

from digitlab.images.multi_digit.paper_sheets import is_paper_sheet, max_thickness


def test_a_thick_0_is_not_a_sheet():
    y, x = np.mgrid[-60:61, -45:46]
    radius = np.hypot(x / 45, y / 60)
    assert not is_paper_sheet((radius < 1) & (radius > 0.3))


def test_a_rectangle_with_a_digit_on_it_is_a_sheet():
    sheet = np.ones((100, 140), bool)
    sheet[30:70, 60:68] = False
    assert is_paper_sheet(sheet)


def test_thickness_is_the_diameter_of_the_largest_disc():
    y, x = np.mgrid[-20:21, -20:21]
    assert max_thickness(np.hypot(x, y) < 15) == pytest.approx(30, abs=1)
