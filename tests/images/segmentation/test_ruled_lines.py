"""Lines of the paper are found, and the strokes that cross them stay."""

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images.segmentation.ruled_lines import find_page_lines


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
