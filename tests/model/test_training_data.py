"""What a training sees: augmented digits, written ones, photographed ones, and what is none."""

import dataclasses

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.labels import NO_DIGIT
from digitlab.model.augment import augment
from digitlab.model.train_config import TrainConfig
from digitlab.model.training_data import TrainingData

TINY = TrainConfig(epochs=3, images=256, batch_size=32, photographed=0.04)
STILL = dataclasses.replace(TINY, rotation=0, shear=0, scale=0, shift=0, elastic=0, worn=0)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.load("train")[0][:200]


def test_augmentation_moves_ink_and_keeps_type_and_frame(digits):
    images = augment(digits, rng=np.random.default_rng(0), config=TINY)
    assert (images.shape, images.dtype) == (digits.shape, np.uint8)
    assert not any(np.array_equal(a, b) for a, b in zip(images, digits, strict=True))
    assert images.mean() == pytest.approx(digits.mean(), rel=0.25)


def test_without_augmentation_the_images_stay_as_they_are(digits):
    assert np.array_equal(augment(digits, rng=np.random.default_rng(0), config=STILL), digits)


def test_worn_images_differ_from_moved_ones_only_where_they_are_worn(digits):
    worn = dataclasses.replace(STILL, worn=0.5)
    images = augment(digits, rng=np.random.default_rng(0), config=worn)
    same = (images == digits).all(axis=(1, 2)).mean()
    assert 0.35 < same < 0.65


def test_equal_generators_give_equal_images(digits):
    one, two = (augment(digits, rng=np.random.default_rng(7), config=TINY) for _ in range(2))
    assert np.array_equal(one, two)


@pytest.fixture(scope="module")
def training_data(tmp_path_factory) -> TrainingData:
    return TrainingData(TINY, tmp_path_factory.mktemp("cache"))


def test_an_epoch_holds_digits_of_all_kinds_and_outliers(training_data):
    _, (x, y) = next(training_data.epochs(0))
    assert len(x) == len(y) == len(training_data)
    assert (x.dtype, x.shape[1:]) == (np.uint8, (28, 28))
    assert (y == NO_DIGIT).sum() == round(0.2 * 256)
    assert 256 + 41 + 8 <= (y < NO_DIGIT).sum() <= 256 + 41 + 10


def test_a_later_epoch_is_the_same_whether_or_not_the_earlier_ones_were_made(training_data):
    later = list(training_data.epochs(0))[2]
    (number, (x, y)) = next(training_data.epochs(2))
    assert number == later[0] == 2
    assert np.array_equal(x, later[1][0])
    assert np.array_equal(y, later[1][1])


def test_photographed_digits_are_made_once(material, tmp_path):
    TrainingData(TINY, tmp_path)
    first = (tmp_path / "photographed.npz").stat().st_mtime_ns
    TrainingData(TINY, tmp_path)
    assert (tmp_path / "photographed.npz").stat().st_mtime_ns == first
