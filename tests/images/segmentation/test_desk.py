"""A sheet of paper is cut out of the desk around it; paper alone, and digits, stay."""

import numpy as np
import pytest

from digitlab.images.segmentation.desk import clear_desk


def test_a_bright_0_on_black_is_not_a_sheet_on_a_desk():
    y, x = np.mgrid[-150:151, -150:151]
    radius = np.hypot(x / 90, y / 120)
    grey = np.where((radius < 1) & (radius > 0.3), 240, 10).astype(np.uint8)
    assert clear_desk(grey).grey is grey


def draw_squares(*squares: str) -> np.ndarray:
    """Draw a bright digit of squares of 60 pixels, "#" for a bright one, with noise."""
    cells = np.array([[square == "#" for square in row] for row in squares])
    grey = np.where(np.kron(np.pad(cells, 1), np.ones((60, 60))) > 0, 235, 15)
    noise = np.random.default_rng(0).normal(0, 3, grey.shape)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "squares",
    [("###", "#.#", "#.#", "#.#", "###"), ("###", "#.#", "###", "#.#", "###"),
     ("#", "#", "#", "#", "#"), ("##", "##", "##", "##", "##")],
)  # fmt: skip
def test_a_bright_digit_of_squares_is_not_a_sheet_on_a_desk(squares):
    grey = draw_squares(*squares)
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


def half_desk(*, grain: float) -> np.ndarray:
    """Paper above, and below it a dark surface with a grain."""
    rng = np.random.default_rng(0)
    grey = np.full((400, 300), 215.0) + rng.normal(0, 2, (400, 300))
    surface = 80 + grain * np.kron(rng.normal(size=(75, 15)), np.ones((2, 20)))
    grey[250:] = surface + rng.normal(0, 1, (150, 300))
    grey[150:190, 140:146] = 40
    return np.clip(grey, 0, 255).astype(np.uint8)


def test_a_desk_along_much_of_the_edge_is_known_by_its_grain():
    sheet = clear_desk(half_desk(grain=14))
    assert 245 <= sheet.grey.shape[0] <= 256
    assert np.count_nonzero(sheet.grey < 120) == 40 * 6


def test_a_dark_part_of_the_paper_without_a_grain_stays():
    grey = half_desk(grain=0)
    assert clear_desk(grey).grey is grey
