"""Pixel drawings: hard edges, labels, repeatability, and MNIST's frame."""

import numpy as np
import pytest

from digitlab.synthetic.handwriting.pen_strokes import parse_strokes, sample_pen_paths
from digitlab.synthetic.handwriting.pixel_drawings import draw_pixel_digits, draw_pixels


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def path_of(strokes: str) -> np.ndarray:
    points, _ = sample_pen_paths(parse_strokes(strokes), 1, rng=rng(), variation=0)
    return points[0]


@pytest.mark.parametrize(("side", "brush"), [(7, 1), (16, 2), (40, 5)])
def test_the_brush_is_square_and_the_drawing_fills_its_longer_side(side, brush):
    upright = draw_pixels(path_of("50,0 50,100"), side=side, brush=brush)
    assert upright.shape == (side, brush)
    assert upright.all()
    slanted = draw_pixels(path_of("0,0 60,100"), side=side, brush=brush)
    assert slanted.shape[0] == side
    assert (slanted.sum(1) >= brush).all()


def test_pixel_digits_are_digit_images_with_balanced_labels():
    x, y = draw_pixel_digits(103, rng=rng())
    assert (x.dtype, x.shape, y.dtype) == (np.uint8, (103, 28, 28), np.uint8)
    assert np.ptp(np.bincount(y, minlength=10)) == 1
    extents = [np.ptp(np.flatnonzero((image > 60).any(axis))) + 1 for image in x for axis in (0, 1)]
    assert set(np.reshape(extents, (-1, 2)).max(1)) <= {19, 20}
    assert (x.max((1, 2)) > 200).all()


def test_equal_generator_states_draw_equal_digits_and_other_states_do_not():
    assert (draw_pixel_digits(30, rng=rng(1))[0] == draw_pixel_digits(30, rng=rng(1))[0]).all()
    assert (draw_pixel_digits(30, rng=rng(1))[0] != draw_pixel_digits(30, rng=rng(2))[0]).any()


def test_the_base_reads_most_pixel_digits(base):
    x, y = draw_pixel_digits(300, rng=rng())
    assert (base.logits_and_embeddings(x)[0].argmax(1) == y).mean() >= 0.85
