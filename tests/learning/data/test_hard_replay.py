"""Hard replay: which replayed digits are repeated, and that everything else stays in place."""

import numpy as np
import pytest

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.hard_replay import repeat_hard_examples
from digitlab.learning.data.replay import digits_per_step

CONFIG = FineTuneConfig(examples=3, replay=20)
DIGITS = slice(3, 3 + digits_per_step(CONFIG))
STEPS = 4


@pytest.fixture
def batches():
    """Batches whose images have a number in the corner pixel, and in the first logit."""
    batches = []
    for step in range(STEPS):
        x = np.zeros((23, 28, 28), np.uint8)
        x[:, 0, 0] = numbers = step * 23 + np.arange(23)
        y = (numbers % 10).astype(np.uint8)
        logits, embeddings = np.zeros((20, 10), np.float32), np.zeros((20, 4), np.float32)
        logits[:, 0] = embeddings[:, 0] = numbers[3:]
        batches.append((x, y, logits, embeddings))
    return batches


def numbers_of(batches, rows=slice(None)):
    return np.concatenate([x[rows, 0, 0] for x, *_ in batches]).astype(int)


def margins_grow_with_the_number(x):
    """Logits whose margin for the true digit is the image's number."""
    n = x[:, 0, 0].astype(int)
    logits = np.zeros((len(x), 10), np.float32)
    logits[np.arange(len(x)), n % 10] = n
    return logits


def repeat(batches, config=CONFIG):
    return repeat_hard_examples(batches, margins_grow_with_the_number, config)


def test_the_half_with_the_smallest_margin_is_replayed_twice(batches):
    repeated = numbers_of(repeat(batches), DIGITS)
    hardest = np.sort(numbers_of(batches, DIGITS))[: len(repeated) // 2]
    assert sorted(repeated) == sorted([*hardest, *hardest])


def test_an_odd_number_of_digits_stays_the_same_number(batches):
    config = FineTuneConfig(examples=3, replay=22)
    assert digits_per_step(config) % 2 == 1
    wider = [tuple(np.concatenate([part, part[-2:]]) for part in batch) for batch in batches[:1]]
    repeated = repeat(wider, config)
    assert [part.shape for part in repeated[0]] == [part.shape for part in wider[0]]


def test_images_keep_their_labels_logits_and_embeddings(batches):
    for x, y, logits, embeddings in repeat(batches):
        n = x[:, 0, 0].astype(int)
        assert (y == n % 10).all()
        assert (logits[:, 0] == n[3:]).all()
        assert (embeddings[:, 0] == n[3:]).all()


def test_training_examples_and_images_without_a_digit_stay(batches):
    repeated = repeat(batches)
    for rows in (slice(0, 3), slice(DIGITS.stop, None)):
        assert (numbers_of(repeated, rows) == numbers_of(batches, rows)).all()


def test_the_given_batches_are_not_changed(batches):
    before = numbers_of(batches)
    repeat(batches)
    assert (numbers_of(batches) == before).all()


def test_batches_without_training_examples_are_replay_alone(batches):
    replay_only = [(x[3:], y[3:], logits, embeddings) for x, y, logits, embeddings in batches]
    non_digits = numbers_of(batches, slice(DIGITS.stop, None))
    repeated = repeat(replay_only)
    assert (numbers_of(repeated, slice(DIGITS.stop - 3, None)) == non_digits).all()


def test_the_seed_determines_the_order(batches):
    one, same, other = (
        numbers_of(repeat(batches, FineTuneConfig(examples=3, replay=20, seed=seed)))
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_without_remaining_batches_nothing_is_repeated():
    assert repeat([]) == []
