"""Small pictures: their sides, their tones, and their enlargement."""

import io

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist


@pytest.fixture
def small_pictures():
    from common import small_pictures

    return small_pictures


def grey_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


def test_small_pictures_have_their_side_and_their_tones(small_pictures):
    x, y = mnist.load("validation")
    for number, (name, make) in enumerate(small_pictures.SMALL_PICTURES.items()):
        grey = grey_of(make(x[number], int(y[number]), np.random.default_rng(number)))
        side = int(name.split()[0])
        assert grey.shape == (side, side)
        assert (len(np.unique(grey)) == 2) == name.endswith("two tones")


def test_an_enlarged_picture_keeps_its_tones_in_place(small_pictures):
    x, y = mnist.load("validation")
    rng = np.random.default_rng(0)
    data = small_pictures.small_picture(x[0], int(y[0]), rng, side=16, two_tones=True)
    enlarged = grey_of(small_pictures.enlarge_picture(data))
    assert enlarged.shape == (64, 64)
    assert np.array_equal(enlarged[2::4, 2::4] > 127, grey_of(data) > 127)


def test_a_pale_digit_image_keeps_its_digit_with_little_contrast(small_pictures):
    x, y = mnist.load("validation")
    for row in range(8):
        rng = np.random.default_rng(row)
        grey = grey_of(small_pictures.pale_digit_image(x[row], int(y[row]), rng))
        assert 70 < int(np.ptp(grey)) < 140
        assert abs(np.corrcoef(grey.ravel(), x[row].ravel())[0, 1]) > 0.97
