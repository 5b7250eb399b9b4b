"""TrainingData: the images and labels of each epoch."""

import dataclasses

import numpy as np
import pytest

from digitlab.labels import NO_DIGIT
from digitlab.model.train_config import TrainConfig
from digitlab.model.training_data import TrainingData

TINY = TrainConfig(epochs=3, images=256, batch_size=32, photographed=0.04)


@pytest.fixture(scope="module")
def training_data(tmp_path_factory) -> TrainingData:
    return TrainingData(TINY, tmp_path_factory.mktemp("cache"))


def test_an_epoch_holds_digits_of_all_kinds_and_outliers(training_data):
    _, (x, y) = next(training_data.epochs(0))
    assert len(x) == len(y) == len(training_data)
    assert (x.dtype, x.shape[1:]) == (np.uint8, (28, 28))
    assert (y == NO_DIGIT).sum() == round(0.2 * 256)
    digits = 256 + 61 + 15  # of MNIST, synthetic digits and pixel drawings
    assert digits + 8 <= (y < NO_DIGIT).sum() <= digits + 10


def test_an_epoch_does_not_depend_on_the_epochs_made_before_it(training_data):
    last_number, (last_x, last_y) = list(training_data.epochs(0))[2]
    number, (x, y) = next(training_data.epochs(2))
    assert number == last_number == 2
    assert np.array_equal(x, last_x)
    assert np.array_equal(y, last_y)


def test_digits_are_photographed_several_times_in_different_scenes(tmp_path):
    config = dataclasses.replace(TINY, images=32, photographed=2.0, outliers=0.0)
    TrainingData(config, tmp_path)
    with np.load(tmp_path / "photographed.npz") as arrays:
        x, y = arrays["x"], arrays["y"]
    assert 50 <= len(y) <= 64
    assert len({image.tobytes() for image in x}) == len(x)


def test_photographed_digits_are_made_once(tmp_path):
    TrainingData(TINY, tmp_path)
    first = (tmp_path / "photographed.npz").stat().st_mtime_ns
    TrainingData(TINY, tmp_path)
    assert (tmp_path / "photographed.npz").stat().st_mtime_ns == first
