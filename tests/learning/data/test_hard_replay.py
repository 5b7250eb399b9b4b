"""Rehearsing: which replayed digits are replayed again, and that all else stays where it was."""

import numpy as np
import pytest

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.hard_replay import rehearse
from digitlab.learning.data.replay import digits_of

CONFIG = FineTuneConfig(examples=3, replay=20)
DIGITS = slice(3, 3 + digits_of(CONFIG))
STEPS = 4


@pytest.fixture
def batches():
    """Batches of which every image is told by its corner pixel, every answer by its first value."""
    made = []
    for step in range(STEPS):
        x = np.zeros((23, 28, 28), np.uint8)
        x[:, 0, 0] = numbers = step * 23 + np.arange(23)
        y = (numbers % 10).astype(np.uint8)
        logits, embeddings = np.zeros((20, 10), np.float32), np.zeros((20, 4), np.float32)
        logits[:, 0] = embeddings[:, 0] = numbers[3:]
        made.append((x, y, logits, embeddings))
    return made


def numbers(batches, rows=slice(None)):
    return np.concatenate([x[rows, 0, 0] for x, *_ in batches]).astype(int)


def later_is_safer(x):
    """An answer that is the right digit's by as much as the image's number."""
    n = x[:, 0, 0].astype(int)
    logits = np.zeros((len(x), 10), np.float32)
    logits[np.arange(len(x)), n % 10] = n
    return logits


def test_the_half_that_is_nearest_to_being_misread_is_replayed_twice(batches):
    again = numbers(rehearse(batches, later_is_safer, CONFIG), DIGITS)
    least = np.sort(numbers(batches, DIGITS))[: len(again) // 2]
    assert sorted(again) == sorted([*least, *least])


def test_an_odd_number_of_digits_stays_the_number_that_it_is(batches):
    config = FineTuneConfig(examples=3, replay=22)
    assert digits_of(config) % 2 == 1
    wider = [tuple(np.concatenate([part, part[-2:]]) for part in batch) for batch in batches[:1]]
    again = rehearse(wider, later_is_safer, config)
    assert [part.shape for part in again[0]] == [part.shape for part in wider[0]]


def test_images_keep_their_labels_and_what_the_base_says_of_them(batches):
    for x, y, logits, embeddings in rehearse(batches, later_is_safer, CONFIG):
        n = x[:, 0, 0].astype(int)
        assert (y == n % 10).all()
        assert (logits[:, 0] == n[3:]).all()
        assert (embeddings[:, 0] == n[3:]).all()


def test_lessons_and_images_without_a_digit_stay(batches):
    again = rehearse(batches, later_is_safer, CONFIG)
    for rows in (slice(0, 3), slice(DIGITS.stop, None)):
        assert (numbers(again, rows) == numbers(batches, rows)).all()


def test_the_batches_that_were_given_stay_as_they_are(batches):
    before = numbers(batches)
    rehearse(batches, later_is_safer, CONFIG)
    assert (numbers(batches) == before).all()


def test_batches_without_a_lesson_are_replay_alone(batches):
    bare = [(x[3:], y[3:], logits, embeddings) for x, y, logits, embeddings in batches]
    again = rehearse(bare, later_is_safer, CONFIG)
    kept = numbers(batches, slice(DIGITS.stop, None))
    assert (numbers(again, slice(DIGITS.stop - 3, None)) == kept).all()


def test_the_order_follows_from_the_seed(batches):
    one, same, other = (
        numbers(rehearse(batches, later_is_safer, FineTuneConfig(examples=3, replay=20, seed=seed)))
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_where_no_batch_is_left_there_is_nothing_to_rehearse():
    assert rehearse([], later_is_safer, CONFIG) == []
