"""Joint batches: what is in every step of a fine-tune, and that nothing else decides it."""

import dataclasses

import numpy as np
import pytest
from support.examples import example
from support.feedback_rows import noise

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.batches import joint_batches, steps_for
from digitlab.settings import bundled

STILL = {"rotation": 0, "shear": 0, "scale": 0, "shift": 0, "elastic": 0, "worn": 0}
CONFIG = FineTuneConfig(steps=5, examples=12, replay=30, **STILL)


@pytest.fixture
def batches(base, tmp_path):
    def make(taught, config=CONFIG):
        return joint_batches(taught, base, config, places=[bundled("models/base"), tmp_path])

    return make


def taught_labels(batches, config=CONFIG):
    return np.stack([y[: config.examples] for _, y, *_ in batches])


def test_every_batch_has_lessons_and_replay(batches):
    made = batches([example(1, 4)])
    assert len(made) == CONFIG.steps
    for x, y, kept, _ in made:
        assert (x.shape, x.dtype) == ((42, 28, 28), "uint8")
        assert (y.shape, y.dtype) == ((42,), "uint8")
        assert kept.shape == (30, 10)


def test_equal_seeds_give_equal_batches(batches):
    worn = dataclasses.replace(CONFIG, worn=0.5, rotation=10)
    taught = [example(1, 4), example(2, 5, correction=False)]
    for one, other in zip(batches(taught, worn), batches(taught, worn), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_another_seed_gives_other_batches(batches):
    one, other = (batches([example(1, 4)], dataclasses.replace(CONFIG, seed=s)) for s in (1, 2))
    assert not np.array_equal(one[0][0], other[0][0])


def test_without_lessons_the_batches_are_replay(batches):
    assert [len(x) for x, *_ in batches([])] == [CONFIG.replay] * CONFIG.steps


def test_corrections_go_before_confirmations_in_every_batch(batches):
    labels = taught_labels(batches([example(1, 4), example(2, 5, correction=False)]))
    corrected, confirmed = (labels == 4).sum(axis=1), (labels == 5).sum(axis=1)
    assert (confirmed > 0).all()
    assert (corrected > confirmed).all()
    assert (corrected + confirmed == CONFIG.examples).all()


@pytest.mark.parametrize("correction", [True, False])
def test_one_kind_of_lesson_alone_fills_the_batches(batches, correction):
    assert (taught_labels(batches([example(1, 4, correction=correction)])) == 4).all()


def test_a_lesson_is_drawn_as_often_as_its_weight_says(batches):
    labels = taught_labels(batches([example(1, 4), example(2, 5), example(3, 6, weight=0.5)]))
    assert np.bincount(labels.reshape(-1), minlength=7)[4:] == pytest.approx([24, 24, 12], abs=1)


def test_a_lesson_that_is_not_changed_is_in_the_batch_as_it_is(batches):
    x, *_ = batches([example(1, 4)])[0]
    assert (x[: CONFIG.examples] == noise(1)).all()


def test_a_lesson_comes_in_other_shapes_each_time(batches):
    x, *_ = batches([example(1, 4)], dataclasses.replace(CONFIG, rotation=10))[0]
    assert len(np.unique(x[: CONFIG.examples], axis=0)) == CONFIG.examples


@pytest.mark.parametrize(
    ("taught", "steps"), [(0, 80), (1, 82), (20, 120), (40, 180), (90, 230), (999, 320)]
)
def test_a_few_lessons_take_fewer_steps_and_many_take_more(taught, steps):
    assert steps_for(taught, FineTuneConfig()) == steps


@pytest.mark.parametrize(("taught", "steps"), [(0, 7), (20, 7), (22, 9), (999, 14)])
def test_a_configuration_of_few_steps_holds(taught, steps):
    assert steps_for(taught, FineTuneConfig(steps=7)) == steps


def test_where_there_are_more_steps_the_replay_comes_again(batches):
    many = [example(n, n % 10) for n in range(23)]
    found = batches(many)
    assert len(found) == CONFIG.steps + 3
    for step in range(3):
        again = found[CONFIG.steps + step]
        assert np.array_equal(again[2], found[step][2])
        assert np.array_equal(again[0][CONFIG.examples :], found[step][0][CONFIG.examples :])
