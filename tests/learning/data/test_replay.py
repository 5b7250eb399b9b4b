"""Replay: which images of the base's training data a fine-tune trains on, and their cache."""

import dataclasses

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.replay import build_replay, hard_examples
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

pytestmark = pytest.mark.slow

CONFIG = FineTuneConfig(steps=10, replay=40)


@pytest.fixture
def build(base, tmp_path):
    def build(config=CONFIG, base=base):
        folders = [bundled("models/base"), tmp_path]
        return build_replay(base, config, steps=config.steps, cache_folders=folders)

    return build


def equal(one, other):
    pairs = zip(dataclasses.astuple(one), dataclasses.astuple(other), strict=True)
    return all(np.array_equal(*pair) for pair in pairs)


def margins(x, y, base):
    logits = base.logits_and_embeddings(x)[0]
    of_label = logits[np.arange(len(y)), y]
    logits[np.arange(len(y)), y] = -np.inf
    return of_label - logits.max(axis=1)


def test_every_step_has_digits_photographed_digits_and_images_without_a_digit(build):
    replay = build()
    assert (replay.x.shape, replay.x.dtype) == ((10, 40, 28, 28), "uint8")
    assert (replay.y.shape, replay.y.dtype) == ((10, 40), "uint8")
    assert {*replay.y.reshape(-1).tolist()} == {*range(10), NO_DIGIT}
    assert ((replay.y == NO_DIGIT).sum(axis=1) == 6).all()


def test_the_smallest_replay_has_all_parts(build):
    assert NO_DIGIT in build(dataclasses.replace(CONFIG, steps=1, replay=20)).y


def test_logits_and_embeddings_are_the_bases(build, base):
    replay = build()
    logits, embeddings = base.logits_and_embeddings(replay.x.reshape(-1, 28, 28))
    assert np.array_equal(replay.logits.reshape(-1, 10), logits)
    assert np.array_equal(replay.embeddings.reshape(len(logits), -1), embeddings)


def test_digits_are_balanced_and_near_the_boundary_but_not_misread(build, base):
    replay = build()
    x, y = replay.x[:, :28].reshape(-1, 28, 28), replay.y[:, :28].reshape(-1)
    assert np.bincount(y, minlength=10) == pytest.approx([28] * 10, abs=1)
    rows = hard_examples(base, [bundled("models/base")])
    not_augmented = margins(*(array[rows] for array in mnist.load("train")), base)
    assert np.median(margins(x, y, base)) < np.median(not_augmented) / 2
    assert margins(x, y, base).min() >= -1


def test_the_search_for_digits_near_the_boundary_is_cached(base, build, tmp_path):
    first, counting = build(), CountingBase(base)
    assert equal(build(base=counting), first)
    assert counting.images == first.y.size
    (file,) = tmp_path.glob("boundary-digits-*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert equal(build(base=counting), first)
    assert counting.images > 3 * first.y.size


def test_the_first_steps_equal_those_of_the_whole_replay(build, base, tmp_path):
    first = build_replay(base, CONFIG, steps=3, cache_folders=[tmp_path])
    pairs = zip(dataclasses.astuple(first), dataclasses.astuple(build()), strict=True)
    assert all(np.array_equal(part, whole[:3]) for part, whole in pairs)


@pytest.mark.parametrize("change", [{"seed": 2}, {"steps": 9}, {"replay": 41}])
def test_another_seed_or_size_gives_another_replay(build, change):
    assert not np.array_equal(build(dataclasses.replace(CONFIG, **change)).x[0], build().x[0])


def test_the_augmentation_of_training_examples_does_not_change_the_replay(build):
    first = build()
    assert equal(build(dataclasses.replace(CONFIG, examples=7, rotation=3, worn=0.9)), first)


class CountingBase:
    """A base that counts the images that it predicts."""

    def __init__(self, base):
        self._base, self.card, self.images = base, base.card, 0

    def logits_and_embeddings(self, x):
        self.images += len(x)
        return self._base.logits_and_embeddings(x)


class FallingMargins:
    """A base whose margins fall from 100 to `last_margin` over the images of the train split."""

    card = Classifier.load(bundled("models/base")).card

    def __init__(self, last_margin=0):
        self.calls, self._last_margin = 0, last_margin

    def logits_and_embeddings(self, x):
        self.calls += 1
        labels = mnist.load("train")[1]
        logits = np.zeros((len(x), 10), np.float32)
        logits[np.arange(len(x)), labels] = np.linspace(100, self._last_margin, len(x))
        return logits, np.empty((len(x), 128), np.float32)


def test_hard_examples_have_the_smallest_margins_and_are_balanced(tmp_path):
    rows = hard_examples(FallingMargins(), [tmp_path])
    labels = mnist.load("train")[1]
    counts = np.bincount(labels[rows], minlength=10)
    assert len({*counts.tolist()}) == 1
    for digit in range(10):
        assert {*rows[labels[rows] == digit]} == {*np.flatnonzero(labels == digit)[-counts[0] :]}


def test_clearly_misread_images_are_no_hard_examples(tmp_path):
    rows = hard_examples(FallingMargins(last_margin=-100), [tmp_path])
    assert rows.max() < 25_500


def test_hard_examples_are_computed_once(tmp_path):
    base = FallingMargins()
    first = hard_examples(base, [tmp_path / "cache"])
    assert np.array_equal(hard_examples(base, [tmp_path / "cache"]), first)
    assert base.calls == 1


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"something else"])
def test_a_damaged_file_of_hard_examples_is_computed_again(tmp_path, content):
    rows = hard_examples(FallingMargins(), [tmp_path])
    (file,) = tmp_path.glob("hard-examples-*.npz")
    file.write_bytes(content)
    assert np.array_equal(hard_examples(FallingMargins(), [tmp_path]), rows)
    assert np.array_equal(np.load(file)["rows"], rows)
