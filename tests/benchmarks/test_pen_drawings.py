"""Digits drawn with a round pen: they fill, break and touch the canvas as their names say."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

SEEDS = range(3)
NO_IMAGE = np.zeros((28, 28), np.uint8)


@pytest.fixture
def pen_drawings():
    from common import pen_drawings

    return pen_drawings


def ink_of(data: bytes) -> np.ndarray:
    """Return where a picture differs from its most frequent tone by half of its range."""
    grey = np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)
    distance = np.abs(grey - np.bincount(grey.ravel()).argmax())
    return distance > distance.max() / 2


@pytest.mark.parametrize("seed", SEEDS)
def test_straight_strokes_fill_the_height_of_a_wide_canvas(pen_drawings, seed):
    rng = np.random.default_rng(seed)
    for label in pen_drawings.STRAIGHT_SHAPES:
        ink = ink_of(pen_drawings.straight_strokes(NO_IMAGE, label, rng))
        rows = np.flatnonzero(ink.any(1))
        assert ink.shape[1] > 1.5 * ink.shape[0]
        assert rows[-1] - rows[0] > 0.8 * ink.shape[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_digit_has_two_pieces(pen_drawings, seed):
    rng = np.random.default_rng(seed)
    for label in pen_drawings.BROKEN_SHAPES:
        ink = ink_of(pen_drawings.broken(NO_IMAGE, label, rng))
        assert ndimage.label(ndimage.binary_dilation(ink, iterations=2))[1] == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thick_digit_touches_all_four_edges(pen_drawings, seed):
    rng = np.random.default_rng(seed)
    for label in pen_drawings.THICK_SHAPES:
        data = pen_drawings.thick_at_edges(NO_IMAGE, label, rng)
        grey = np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(float)
        middle = (grey.min() + grey.max()) / 2
        sides = (grey[:3], grey[-3:], grey[:, :3], grey[:, -3:])
        assert all((side < middle).any() and (side > middle).any() for side in sides)


def test_a_piece_moves_until_the_gap_is_wide_enough(pen_drawings):
    first = np.array([(0.0, 0.0), (0.0, 50.0), (0.0, 100.0)])
    second = np.array([(2.0, 50.0), (40.0, 50.0)])
    unmoved, moved = pen_drawings.move_apart([first, second], pens=(4, 6), gap=10)
    assert np.array_equal(unmoved, first)
    distance = np.linalg.norm(moved[:, None] - first, axis=2).min()
    assert 15 <= distance < 16
