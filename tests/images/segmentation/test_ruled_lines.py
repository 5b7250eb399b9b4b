"""Lines of the paper are found, and the strokes that cross them stay."""

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images.segmentation.ruled_lines import find_page_lines, find_table_lines


def ruled_page(angle: float) -> np.ndarray:
    """A page with three parallel lines and a stroke across one of them."""
    y, x = np.mgrid[0:300, 0:400]
    turned = y * np.cos(np.deg2rad(angle)) - (x - 200) * np.sin(np.deg2rad(angle))
    page = np.zeros((300, 400), bool)
    for at in (60, 150, 240):
        page |= np.abs(turned - at) < 1.5
    page[90:210, 198:206] = True
    return page


@pytest.mark.parametrize("angle", [0, 3, -7, 12])
def test_page_lines_are_found_without_the_stroke_across_them(angle):
    page = ruled_page(angle)
    remaining = page & ~find_page_lines(page)
    assert remaining[90:210, 200:204].all()
    assert remaining.sum() < 1.25 * 120 * 8


def test_a_digit_has_no_page_lines():
    digit_image = mnist.load("validation")[0][0]
    large = np.asarray(Image.fromarray(digit_image).resize((300, 300))) > 128
    assert not find_page_lines(large).any()


def test_table_lines_are_found_without_the_stroke_across_them():
    page = np.zeros((300, 400), bool)
    page[150:153, 100:300] = True
    page[120:190, 198:206] = True
    lines = find_table_lines(page, min_level=100, min_upright=100)
    assert lines[150:153, 105:190].all()
    assert not lines[120:150].any()
    assert (page & ~lines)[120:190, 199:205].all()


def test_an_upright_stroke_shorter_than_the_limit_is_no_table_line():
    page = np.zeros((300, 400), bool)
    page[100:180, 198:202] = True
    assert not find_table_lines(page, min_level=60, min_upright=100).any()
    assert find_table_lines(page, min_level=60, min_upright=60).any()
