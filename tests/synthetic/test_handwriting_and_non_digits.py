"""Written digits, letters and outliers: in MNIST's frame, repeatable, varied, readable."""

import numpy as np
import pytest

from digitlab.model.runtime import Classifier
from digitlab.settings import bundled
from digitlab.synthetic.handwriting.digit_shapes import DIGITS
from digitlab.synthetic.handwriting.letter_shapes import LETTERS
from digitlab.synthetic.handwriting.writer import (
    write_digit,
    write_digits,
    write_forms,
    write_letter,
)
from digitlab.synthetic.non_digits.sampler import KINDS, LOOKALIKES, outliers


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def written() -> tuple[np.ndarray, np.ndarray]:
    return write_digits(2000, rng=rng())


def test_written_digits_are_digit_images_with_balanced_labels(written):
    x, y = written
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.uint8, (2000, 28, 28), np.uint8, (2000,))
    assert (np.bincount(y, minlength=10) == 200).all()


def test_labels_of_any_number_of_digits_differ_by_one_at_most():
    for n in (0, 1, 7, 23):
        x, y = write_digits(n, rng=rng())
        assert len(x) == len(y) == n
        assert np.ptp(np.bincount(y, minlength=10)) <= 1


def test_ink_fits_mnists_box_and_is_placed_by_its_centre_of_mass(written):
    x, _ = written
    ink = x > 24
    extents = [np.ptp(np.flatnonzero(one.any(axis))) + 1 for one in ink for axis in (0, 1)]
    longest = np.array(extents).reshape(-1, 2).max(1)
    assert longest.max() <= 20
    assert np.median(longest) >= 19
    weights = x.astype(float) / x.sum((1, 2), keepdims=True)
    for axis in (1, 2):
        middle = (weights.sum(3 - axis) * np.arange(28)).sum(1)
        at_edge = ink.any(3 - axis)[:, [0, -1]].any(1)  # nothing can move farther than that
        assert np.abs(middle - 14)[~at_edge].max() <= 1
        assert at_edge.mean() < 0.05


def test_equal_states_give_equal_images_and_others_do_not():
    for make in (
        lambda r: write_digits(60, rng=r)[0],
        lambda r: outliers(60, rng=r),
        lambda r: write_digit(4, rng=r),
        lambda r: write_letter("k", rng=r),
    ):
        assert (make(rng(3)) == make(rng(3))).all()
        assert (make(rng(3)) != make(rng(4))).any()


def test_no_two_images_are_equal(written):
    for images in (written[0], outliers(1000, rng=rng())):
        assert len({image.tobytes() for image in images}) == len(images)


def test_every_letter_can_be_written():
    for letter in LETTERS:
        image = write_letter(letter, rng=rng())
        assert (image.dtype, image.shape) == (np.uint8, (28, 28))
        assert image.max() > 60
    assert len(LETTERS) == 52


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_outlier_gives_as_many_images_as_asked(kind):
    for n in (1, 45):
        images = KINDS[kind][1](n, rng())
        assert (images.dtype, images.shape) == (np.uint8, (n, 28, 28))
        assert (images.max((1, 2)) > 0).all()


def test_outliers_come_in_any_number():
    assert outliers(0, rng=rng()).shape == (0, 28, 28)
    assert outliers(333, rng=rng()).shape == (333, 28, 28)


def test_letters_with_a_digits_shape_are_no_outliers():
    assert set("IlOoSsgqZzBbD") <= LOOKALIKES <= set(LETTERS)


@pytest.mark.parametrize("digit", DIGITS)
def test_the_base_reads_every_form_of_a_digit(digit):
    base = Classifier.load(bundled("models/base"))
    for name, (_, strokes) in DIGITS[digit].items():
        read = base.logits_and_embeddings(write_forms([strokes] * 60, rng=rng()))[0].argmax(1)
        assert (read == int(digit)).mean() >= 0.85, name


def test_the_base_reads_nearly_all_written_digits(written):
    x, y = written
    base = Classifier.load(bundled("models/base"))
    assert (base.logits_and_embeddings(x)[0].argmax(1) == y).mean() >= 0.98
