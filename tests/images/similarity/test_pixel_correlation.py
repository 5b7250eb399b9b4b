"""Pixel correlation: how well two digit images match, over small shifts and turns."""

import numpy as np
import pytest
from scipy import ndimage

from digitlab.datasets import mnist
from digitlab.images.similarity.pixel_correlation import pixel_correlations


@pytest.fixture
def digits():
    return mnist.load("validation")[0][:40]


def test_an_image_correlates_fully_with_itself(digits):
    assert pixel_correlations(digits[0], [digits[0]])[0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "move",
    [
        lambda image: np.roll(image, (1, -1), (0, 1)),
        lambda image: ndimage.rotate(image, 5, reshape=False, order=1),
    ],
    ids=["a pixel", "five degrees"],
)
def test_a_small_move_is_undone(digits, move):
    assert pixel_correlations(move(digits[0]), [digits[0]])[0] > 0.95


def test_other_digits_correlate_less(digits):
    correlations = pixel_correlations(digits[0], list(digits))
    assert correlations.argmax() == 0
    assert np.sort(correlations)[-2] < 0.95


def test_an_image_without_ink_correlates_with_nothing(digits):
    empty = np.zeros((28, 28), np.uint8)
    assert pixel_correlations(empty, [digits[0], empty]) == pytest.approx([0, 0], abs=1e-6)


def test_no_other_images_give_no_correlations(digits):
    assert len(pixel_correlations(digits[0], [])) == 0
