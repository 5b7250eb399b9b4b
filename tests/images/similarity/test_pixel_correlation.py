"""Overlay: how well two digit images cover each other, moved a little."""

import numpy as np
import pytest
from scipy import ndimage

from digitlab.datasets import mnist
from digitlab.images.similarity.pixel_correlation import overlay


@pytest.fixture
def digits():
    return mnist.load("tune")[0][:40]


def test_an_image_covers_itself(digits):
    assert overlay(digits[0], [digits[0]])[0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    "move",
    [
        lambda image: np.roll(image, (1, -1), (0, 1)),
        lambda image: ndimage.rotate(image, 5, reshape=False, order=1),
    ],
    ids=["a pixel", "five degrees"],
)
def test_a_small_move_is_undone(digits, move):
    assert overlay(move(digits[0]), [digits[0]])[0] > 0.95


def test_other_digits_cover_it_less(digits):
    found = overlay(digits[0], list(digits))
    assert found.argmax() == 0
    assert np.sort(found)[-2] < 0.95


def test_without_ink_nothing_is_covered(digits):
    empty = np.zeros((28, 28), np.uint8)
    assert overlay(empty, [digits[0], empty]) == pytest.approx([0, 0], abs=1e-6)


def test_nothing_to_compare_with_is_nothing(digits):
    assert len(overlay(digits[0], [])) == 0
