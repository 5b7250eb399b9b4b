"""Why nothing is new: each sentence counts the verdicts of the real store."""

import shutil

import pytest
from support.feedback_rows import add_verdict, noise

from digitlab.datasets import mnist
from digitlab.learning.data.preview import preview_feedback
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, RunLog


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    settings = Settings.load(tmp_path_factory.mktemp("first"), environ={})
    preview_feedback(settings, {})
    return settings.cache


@pytest.fixture
def settings(tmp_path, cache):
    settings = Settings.load(tmp_path / "home", environ={})
    shutil.copytree(cache, settings.cache)
    return settings


@pytest.fixture
def store(settings):
    with FeedbackStore.open(settings) as store:
        yield store


def add_mnist(store, split, n, label=0):
    """Add accepted corrections of the first images of a split."""
    numbers = [
        add_verdict(store, image, label, predicted=(label + 1) % 10)
        for image in mnist.load(split)[0][:n]
    ]
    store.review(numbers, "accepted", by="curator")  # their labels are wrong
    return numbers


def reasons(settings):
    return preview_feedback(settings, {}).reasons


def test_a_home_without_verdicts_has_no_accepted_correction(settings):
    assert reasons(settings) == ("There was no accepted correction to learn from.",)


def test_accepted_digits_of_the_test_images_are_counted_as_never_learned(settings, store):
    add_mnist(store, "test", 8)
    assert reasons(settings) == (
        "8 accepted corrections are digits of MNIST's test images, which are never learned.",
    )


def test_each_reason_has_its_sentence_and_one_correction_its_singular(settings, store):
    add_mnist(store, "test", 2)
    add_mnist(store, "holdout", 1)
    for label in (3, 4):
        number = add_verdict(store, noise(1), label, contributor=f"person {label}")
        store.review([number], "accepted", by="curator")
    assert reasons(settings) == (
        "1 accepted correction is among the digits of MNIST's holdout images, which are never "
        "learned.",
        "2 accepted corrections are digits of MNIST's test images, which are never learned.",
        "2 accepted corrections are images with two different labels, which are never learned.",
    )


def test_confirmations_and_held_corrections_are_counted_apart(settings, store):
    add_verdict(store, noise(1), 4, predicted=4)
    store.review([add_verdict(store, noise(2), 4)], "held", by="curator")
    store.review([add_verdict(store, noise(3), 4)], "rejected", by="curator")
    store.undo("ann", verdict_id=add_verdict(store, noise(4), 4))
    assert reasons(settings) == (
        "There was no accepted correction to learn from.",
        "1 confirmation alone starts no run.",
        "1 correction waits for review.",
    )


def test_a_judged_home_counts_what_was_judged_left_out_and_held(settings, store):
    for number in (1, 2):
        add_verdict(store, noise(number), 4)
    add_mnist(store, "test", 3)
    preview = preview_feedback(settings, {})
    log = RunLog(store.database)
    log.acquire_lease("r1", by="ann", parameters={})
    log.finish("r1", "rejected", feedback_fingerprint=preview.feedback_fingerprint)
    for number in (5, 6):
        store.review([add_verdict(store, noise(number), 4)], "held", by="curator")
    assert reasons(settings) == (
        "Run r1 had judged the 2 accepted corrections already (outcome: rejected).",
        "3 accepted corrections are digits of MNIST's test images, which are never learned.",
        "2 corrections wait for review.",
    )
