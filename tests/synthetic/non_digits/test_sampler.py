"""Images without a digit: their number, kinds, repeatability and variety."""

import numpy as np
import pytest

from digitlab.synthetic.handwriting.letter_shapes import LETTER_SHAPES
from digitlab.synthetic.non_digits.sampler import DIGIT_LIKE_LETTERS, KINDS, sample_non_digits


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_draws_the_requested_number_of_images(kind):
    for n in (1, 45):
        images = KINDS[kind].sample(n, rng())
        assert (images.dtype, images.shape) == (np.uint8, (n, 28, 28))
        assert (images.max((1, 2)) > 0).all()


def test_any_number_of_images_can_be_drawn():
    assert sample_non_digits(0, rng=rng()).shape == (0, 28, 28)
    assert sample_non_digits(333, rng=rng()).shape == (333, 28, 28)


def test_equal_generator_states_draw_equal_images_and_other_states_do_not():
    images = sample_non_digits(60, rng=rng(3))
    assert (images == sample_non_digits(60, rng=rng(3))).all()
    assert (images != sample_non_digits(60, rng=rng(4))).any()


def test_no_two_images_are_equal():
    images = sample_non_digits(1000, rng=rng())
    assert len({image.tobytes() for image in images}) == len(images)


def test_letters_that_look_like_a_digit_are_left_out():
    assert set("IlOoSsgqZzBbD") <= DIGIT_LIKE_LETTERS <= set(LETTER_SHAPES)
