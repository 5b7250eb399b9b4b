"""Training batches: their content, and that only examples, base and parameters determine it."""

import dataclasses

import numpy as np
import pytest
from support.examples import example
from support.feedback_rows import noise

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.batches import build_batches, number_of_steps
from digitlab.settings import bundled

UNCHANGED = {"rotation": 0, "shear": 0, "scale": 0, "shift": 0, "elastic": 0, "worn": 0}
CONFIG = FineTuneConfig(steps=5, examples=12, replay=30, **UNCHANGED)


@pytest.fixture
def build(base, tmp_path):
    def build(examples, config=CONFIG):
        folders = [bundled("models/base"), tmp_path]
        return build_batches(examples, base, config, cache_folders=folders)

    return build


def example_labels(batches, config=CONFIG):
    return np.stack([y[: config.examples] for _, y, *_ in batches])


def test_every_batch_has_training_examples_and_replay(build):
    batches = build([example(1, 4)])
    assert len(batches) == CONFIG.steps
    for x, y, logits, _ in batches:
        assert (x.shape, x.dtype) == ((42, 28, 28), "uint8")
        assert (y.shape, y.dtype) == ((42,), "uint8")
        assert logits.shape == (30, 10)


def test_equal_seeds_give_equal_batches(build):
    augmented = dataclasses.replace(CONFIG, worn=0.5, rotation=10)
    examples = [example(1, 4), example(2, 5, correction=False)]
    for one, other in zip(build(examples, augmented), build(examples, augmented), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_another_seed_gives_other_batches(build):
    one, other = (build([example(1, 4)], dataclasses.replace(CONFIG, seed=s)) for s in (1, 2))
    assert not np.array_equal(one[0][0], other[0][0])


def test_without_training_examples_the_batches_are_replay(build):
    assert [len(x) for x, *_ in build([])] == [CONFIG.replay] * CONFIG.steps


def test_corrections_outnumber_confirmations_in_every_batch(build):
    labels = example_labels(build([example(1, 4), example(2, 5, correction=False)]))
    corrected, confirmed = (labels == 4).sum(axis=1), (labels == 5).sum(axis=1)
    assert (confirmed > 0).all()
    assert (corrected > confirmed).all()
    assert (corrected + confirmed == CONFIG.examples).all()


@pytest.mark.parametrize("correction", [True, False])
def test_corrections_or_confirmations_alone_fill_the_batches(build, correction):
    assert (example_labels(build([example(1, 4, correction=correction)])) == 4).all()


def test_an_example_is_drawn_as_often_as_its_weight_says(build):
    labels = example_labels(build([example(1, 4), example(2, 5), example(3, 6, weight=0.5)]))
    assert np.bincount(labels.reshape(-1), minlength=7)[4:] == pytest.approx([24, 24, 12], abs=1)


def test_without_augmentation_an_example_is_in_the_batch_unchanged(build):
    x, *_ = build([example(1, 4)])[0]
    assert (x[: CONFIG.examples] == noise(1)).all()


def test_an_example_has_another_augmentation_each_time(build):
    x, *_ = build([example(1, 4)], dataclasses.replace(CONFIG, rotation=10))[0]
    assert len(np.unique(x[: CONFIG.examples], axis=0)) == CONFIG.examples


@pytest.mark.parametrize(
    ("examples", "steps"), [(0, 80), (1, 82), (20, 120), (40, 180), (90, 230), (999, 320)]
)
def test_a_few_examples_take_fewer_steps_and_many_take_more(examples, steps):
    assert number_of_steps(examples, FineTuneConfig()) == steps


@pytest.mark.parametrize(("examples", "steps"), [(0, 7), (20, 7), (22, 9), (999, 14)])
def test_a_small_number_of_steps_is_respected(examples, steps):
    assert number_of_steps(examples, FineTuneConfig(steps=7)) == steps


def test_extra_steps_repeat_the_replay_of_the_first_steps(build):
    examples = [example(n, n % 10) for n in range(23)]
    batches = build(examples)
    assert len(batches) == CONFIG.steps + 3
    for step in range(3):
        extra = batches[CONFIG.steps + step]
        assert np.array_equal(extra[2], batches[step][2])
        assert np.array_equal(extra[0][CONFIG.examples :], batches[step][0][CONFIG.examples :])
