"""28x28 pictures in MNIST's polarity and orientation."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.datasets.mnist_frame import to_mnist_frame


@pytest.fixture(scope="module")
def digits():
    x, y = mnist.load("test")
    return x[:40], y[:40]


def test_mnists_digits_stay_as_they_are(digits):
    x, y = digits
    framed = to_mnist_frame(x, y)
    assert np.array_equal(framed.pictures, x)
    assert framed.is_digit_image.all()
    assert framed.rules == ()


def test_dark_ink_on_paper_is_inverted(digits):
    x, y = digits
    framed = to_mnist_frame(255 - x, y)
    assert np.array_equal(framed.pictures, x)
    assert framed.rules == ("dark ink on paper, inverted",)


def test_polarity_is_decided_for_each_picture(digits):
    x, y = digits
    mixed = np.where((np.arange(40) < 7)[:, None, None], 255 - x, x)
    framed = to_mnist_frame(mixed, y)
    assert np.array_equal(framed.pictures, x)
    assert framed.rules == ("dark ink on paper in 7 of 40, inverted",)


@pytest.mark.parametrize("n", [10, 40])
@pytest.mark.parametrize("inverted", [False, True])
def test_transposed_pictures_are_turned_upright(digits, n, inverted):
    x, y = digits[0][:n], digits[1][:n]
    turned = x.transpose(0, 2, 1)
    framed = to_mnist_frame(255 - turned if inverted else turned, y)
    assert np.array_equal(framed.pictures, x)
    assert "rows and columns exchanged, as in EMNIST; turned upright" in framed.rules


@pytest.mark.parametrize("seed", range(5))
def test_upright_digits_of_few_labels_are_not_turned(seed):
    x, y = mnist.load("holdout")
    chosen = np.flatnonzero(np.isin(y, [seed, 8]))[:20]
    assert to_mnist_frame(x[chosen], y[chosen]).rules == ()


def test_pale_and_blank_pictures_go_through_the_front_end(digits):
    x, y = digits
    pale = x.copy()
    pale[3] //= 4  # white on black, but hardly
    pale[5] = 120 + x[5] // 3  # on grey paper
    pale[8] = 0
    framed = to_mnist_frame(pale, y)
    assert np.flatnonzero(~framed.is_digit_image).tolist() == [3, 5, 8]
    assert framed.rules == ("3 of 40 read as pictures, by the front end",)
