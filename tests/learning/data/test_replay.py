"""Replay: what a fine-tune sees again of the base's own, and what is kept of the drawing."""

import dataclasses

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.replay import fragile, replay
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

CONFIG = FineTuneConfig(steps=10, replay=40)


@pytest.fixture
def drawn(base, tmp_path):
    def draw(config=CONFIG, base=base):
        places = [bundled("models/base"), tmp_path]
        return replay(base, config, steps=config.steps, places=places)

    return draw


def equal(one, other):
    pairs = zip(dataclasses.astuple(one), dataclasses.astuple(other), strict=True)
    return all(np.array_equal(*pair) for pair in pairs)


def leads(x, y, base):
    """How far the right digit's logit is ahead of the others'."""
    logits = base.logits_and_embeddings(x)[0]
    right = logits[np.arange(len(y)), y]
    logits[np.arange(len(y)), y] = -np.inf
    return right - logits.max(axis=1)


def test_every_step_has_digits_photographed_ones_and_images_without_one(drawn):
    again = drawn()
    assert (again.x.shape, again.x.dtype) == ((10, 40, 28, 28), "uint8")
    assert (again.y.shape, again.y.dtype) == ((10, 40), "uint8")
    assert {*again.y.reshape(-1).tolist()} == {*range(10), NO_DIGIT}
    assert ((again.y == NO_DIGIT).sum(axis=1) == 6).all()


def test_the_smallest_replay_that_is_allowed_has_all_parts(drawn):
    assert NO_DIGIT in drawn(dataclasses.replace(CONFIG, steps=1, replay=20)).y


def test_what_is_kept_is_what_the_base_says(drawn, base):
    again = drawn()
    logits, embeddings = base.logits_and_embeddings(again.x.reshape(-1, 28, 28))
    assert np.array_equal(again.logits.reshape(-1, 10), logits)
    assert np.array_equal(again.embeddings.reshape(len(logits), -1), embeddings)


def test_the_digits_are_as_many_of_each_and_doubtful_but_not_misread(drawn, base):
    again = drawn()
    x, y = again.x[:, :28].reshape(-1, 28, 28), again.y[:, :28].reshape(-1)
    assert np.bincount(y, minlength=10) == pytest.approx([28] * 10, abs=1)
    rows = fragile(base, [bundled("models/base")])
    as_they_are = leads(*(array[rows] for array in mnist.load("train")), base)
    assert np.median(leads(x, y, base)) < np.median(as_they_are) / 2
    assert leads(x, y, base).min() >= -1


def test_the_base_is_asked_once_which_are_doubtful(base, drawn, tmp_path):
    first, counted = drawn(), Counting(base)
    assert equal(drawn(base=counted), first)
    assert counted.asked == first.y.size
    (file,) = tmp_path.glob("doubtful-*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert equal(drawn(base=counted), first)
    assert counted.asked > 3 * first.y.size


def test_the_first_steps_are_those_of_the_whole(drawn, base, tmp_path):
    first, whole = replay(base, CONFIG, steps=3, places=[tmp_path]), drawn()
    pairs = zip(dataclasses.astuple(first), dataclasses.astuple(whole), strict=True)
    assert all(np.array_equal(part, of_whole[:3]) for part, of_whole in pairs)


@pytest.mark.parametrize("change", [{"seed": 2}, {"steps": 9}, {"replay": 41}])
def test_another_seed_or_size_is_another_replay(drawn, change):
    assert not np.array_equal(drawn(dataclasses.replace(CONFIG, **change)).x[0], drawn().x[0])


def test_what_is_done_with_feedback_changes_nothing(drawn):
    first = drawn()
    assert equal(drawn(dataclasses.replace(CONFIG, examples=7, rotation=3, worn=0.9)), first)


class Counting:
    """A base that counts of how many images it is asked."""

    def __init__(self, base):
        self._base, self.card, self.asked = base, base.card, 0

    def logits_and_embeddings(self, x):
        self.asked += len(x)
        return self._base.logits_and_embeddings(x)


class Uneasy:
    """A base that reads the images of `train` with less ease the later they come."""

    card = Classifier.load(bundled("models/base")).card

    def __init__(self, least=0):
        self.asked, self._least = 0, least

    def logits_and_embeddings(self, x):
        self.asked += 1
        lead = np.linspace(100, self._least, len(x))
        labels = mnist.load("train")[1]
        logits = np.zeros((len(x), 10), np.float32)
        logits[np.arange(len(x)), labels] = lead
        return logits, np.empty((len(x), 128), np.float32)


def test_the_images_read_with_least_ease_are_as_many_of_each_digit(tmp_path):
    rows = fragile(Uneasy(), [tmp_path])
    labels = mnist.load("train")[1]
    counts = np.bincount(labels[rows], minlength=10)
    assert len({*counts.tolist()}) == 1
    for digit in range(10):
        assert {*rows[labels[rows] == digit]} == {*np.flatnonzero(labels == digit)[-counts[0] :]}


def test_what_is_plainly_misread_is_nothing_to_keep(tmp_path):
    rows = fragile(Uneasy(least=-100), [tmp_path])
    assert rows.max() < 25_500


def test_a_base_is_asked_once_for_them(tmp_path):
    base = Uneasy()
    first = fragile(base, [tmp_path / "cache"])
    assert np.array_equal(fragile(base, [tmp_path / "cache"]), first)
    assert base.asked == 1


@pytest.mark.parametrize("left", [b"", b"PK\3\4", b"something else"])
def test_half_an_answer_is_asked_for_again(tmp_path, left):
    whole = fragile(Uneasy(), [tmp_path])
    (file,) = tmp_path.glob("fragile-*.npz")
    file.write_bytes(left)
    assert np.array_equal(fragile(Uneasy(), [tmp_path]), whole)
    assert np.array_equal(np.load(file)["rows"], whole)
