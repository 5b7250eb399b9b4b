"""Augmentation: distortion and degradation of digit images."""

import dataclasses

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.model.augment import augment
from digitlab.model.train_config import TrainConfig

CONFIG = TrainConfig()
UNCHANGED = dataclasses.replace(CONFIG, rotation=0, shear=0, scale=0, shift=0, elastic=0, worn=0)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.load("train")[0][:200]


def test_augmentation_moves_ink_and_keeps_type_and_shape(digits):
    images = augment(digits, rng=np.random.default_rng(0), config=CONFIG)
    assert (images.shape, images.dtype) == (digits.shape, np.uint8)
    assert not any(np.array_equal(a, b) for a, b in zip(images, digits, strict=True))
    assert images.mean() == pytest.approx(digits.mean(), rel=0.25)


def test_augmentation_of_zero_strength_changes_nothing(digits):
    images = augment(digits, rng=np.random.default_rng(0), config=UNCHANGED)
    assert np.array_equal(images, digits)


def test_only_the_configured_share_of_images_is_degraded(digits):
    half = dataclasses.replace(UNCHANGED, worn=0.5)
    images = augment(digits, rng=np.random.default_rng(0), config=half)
    unchanged = (images == digits).all(axis=(1, 2)).mean()
    assert 0.35 < unchanged < 0.65


def test_generators_in_the_same_state_give_the_same_images(digits):
    one, two = (augment(digits, rng=np.random.default_rng(7), config=CONFIG) for _ in range(2))
    assert np.array_equal(one, two)
