"""Sheets of paper on a desk are not digits, and digits are not sheets."""

import numpy as np
import pytest

from digitlab.images.multi_digit.paper_sheets import clear_desk, is_paper_sheet, max_thickness


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


def test_a_bright_0_on_black_is_not_a_sheet_on_a_desk():
    y, x = np.mgrid[-150:151, -150:151]
    radius = np.hypot(x / 90, y / 120)
    grey = np.where((radius < 1) & (radius > 0.3), 240, 10).astype(np.uint8)
    assert clear_desk(grey).grey is grey


def test_a_picture_of_paper_alone_stays_as_it_is():
    grey = np.full((300, 400), 220, np.uint8)
    grey[100:160, 190:200] = 40
    assert clear_desk(grey).grey is grey


def test_a_sheet_is_cut_out_and_the_desk_painted_over():
    grey = np.full((400, 600), 40, np.uint8)
    y, x = np.mgrid[0:400, 0:600]
    grey[(np.abs(y - 200 + 0.2 * (x - 300)) < 120) & (np.abs(x - 300) < 150)] = 220
    grey[180:220, 290:300] = 60
    sheet = clear_desk(grey)
    top, left = sheet.corner
    assert 30 < top < 60
    assert 140 < left < 160
    inside = sheet.grey[180 - top : 220 - top, 290 - left : 300 - left]
    assert (inside == 60).all()
    assert np.count_nonzero(sheet.grey < 215) == inside.size
