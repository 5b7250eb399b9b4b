"""Written digits and letters: labels, repeatability, variety, and whether the base reads them."""

import numpy as np
import pytest

from digitlab.synthetic.handwriting.digit_shapes import DIGIT_SHAPES
from digitlab.synthetic.handwriting.letter_shapes import LETTER_SHAPES
from digitlab.synthetic.handwriting.rare_shapes import RARE_SHAPES
from digitlab.synthetic.handwriting.writer import (
    sample_strokes,
    write_digit,
    write_digits,
    write_letter,
    write_strokes,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def written_digits() -> tuple[np.ndarray, np.ndarray]:
    return write_digits(2000, rng=rng())


def test_written_digits_are_digit_images_with_balanced_labels(written_digits):
    x, y = written_digits
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.uint8, (2000, 28, 28), np.uint8, (2000,))
    assert (np.bincount(y, minlength=10) == 200).all()


def test_label_counts_differ_by_one_at_most_for_any_number_of_digits():
    for n in (0, 1, 7, 23):
        x, y = write_digits(n, rng=rng())
        assert len(x) == len(y) == n
        assert np.ptp(np.bincount(y, minlength=10)) <= 1


def test_equal_generator_states_write_equal_images_and_other_states_do_not():
    for write in (
        lambda r: write_digits(60, rng=r)[0],
        lambda r: write_digits(60, rng=r, rare=0.5)[0],
        lambda r: write_digit(4, rng=r),
        lambda r: write_letter("k", rng=r),
    ):
        assert (write(rng(3)) == write(rng(3))).all()
        assert (write(rng(3)) != write(rng(4))).any()


def test_no_two_written_digits_are_equal(written_digits):
    x, _ = written_digits
    assert len({image.tobytes() for image in x}) == len(x)


def test_every_letter_can_be_written():
    for letter in LETTER_SHAPES:
        image = write_letter(letter, rng=rng())
        assert (image.dtype, image.shape) == (np.uint8, (28, 28))
        assert image.max() > 60
    assert len(LETTER_SHAPES) == 52


def test_the_share_of_rare_shapes_is_as_requested():
    rare = {strokes for shapes in RARE_SHAPES.values() for _, strokes in shapes.values()}
    labels = np.arange(1000).astype(np.uint8) % 10
    for share in (0.0, 0.3, 1.0):
        strokes = sample_strokes(labels, rng=rng(), rare=share)
        assert np.mean([s in rare for s in strokes]) == pytest.approx(share, abs=0.05)


def test_no_shape_is_written_twice():
    kinds = (*DIGIT_SHAPES.values(), *RARE_SHAPES.values())
    strokes = [strokes for shapes in kinds for _, strokes in shapes.values()]
    assert len(set(strokes)) == len(strokes)


def test_images_of_a_rare_shape_resemble_their_digit_more_than_others(base):
    for digit, shapes in RARE_SHAPES.items():
        images = write_strokes([s for _, s in shapes.values() for _ in range(20)], rng=rng())
        mean = base.predict_proba(images).mean(0)
        assert mean.argmax() == int(digit)


@pytest.mark.parametrize("digit", DIGIT_SHAPES)
def test_the_base_reads_every_shape_of_a_digit(base, digit):
    for name, (_, strokes) in DIGIT_SHAPES[digit].items():
        images = write_strokes([strokes] * 60, rng=rng())
        predicted = base.logits_and_embeddings(images)[0].argmax(1)
        assert (predicted == int(digit)).mean() >= 0.85, name


def test_the_base_reads_nearly_all_written_digits(base, written_digits):
    x, y = written_digits
    assert (base.logits_and_embeddings(x)[0].argmax(1) == y).mean() >= 0.98
