"""Screening a home: what is held, by whom, and that a reviewer has the last word."""

import shutil

import numpy as np
import pytest
from support.feedback_rows import add_verdict, noise, prediction_of, sevens
from support.model_versions import add_version

import digitlab
from digitlab.learning.label_quality.screening import SCREENER, Screening
from digitlab.model import reference_embeddings
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def screening(store, base, cache):
    return Screening(store, base, cache=cache)


@pytest.fixture(scope="module")
def seven(base, cache):
    """A seven so ordinary that the label 1 is a label issue."""
    images = sevens(40)
    reference = Screening(None, base, cache=cache).reference()
    directions = reference.directions(base.embed(np.stack(images)))
    labels, typicality = reference.agreed_labels(directions)
    return images[int(np.argmax(np.where(labels == 7, typicality, 0)))]


def test_an_ordinary_seven_labelled_one_is_held_with_the_reason(store, screening, seven):
    number = add_verdict(store, seven, 1, predicted=7)
    held = screening.hold_label_issues(store.accepted())
    entry = store.get(number)
    assert (entry.state, entry.by, entry.reason) == ("held", SCREENER, held[number])
    assert "looks like an ordinary 7" in entry.reason


def test_held_feedback_waits_for_review_and_is_not_learned_from(store, screening, seven):
    number = add_verdict(store, seven, 1, predicted=7)
    screening.hold_label_issues(store.accepted())
    assert store.accepted() == []
    assert [entry.id for entry in store.pending()] == [number]


def test_feedback_that_a_reviewer_accepted_is_not_held_again(store, screening, seven):
    number = add_verdict(store, seven, 1, predicted=7)
    screening.hold_label_issues(store.accepted())
    store.review([number], "accepted", by="curator")
    assert screening.hold_label_issues(store.accepted()) == {}
    assert store.get(number).state == "accepted"


def test_a_correction_of_an_image_unlike_any_digit_is_not_held(store, screening):
    add_verdict(store, noise(1), 4)
    assert screening.hold_label_issues(store.accepted()) == {}


def test_a_confirmation_is_not_held(store, screening, seven):
    add_verdict(store, seven, 7, predicted=7)
    assert screening.hold_label_issues(store.accepted()) == {}


def test_two_contributors_who_contradict_each_other_are_both_held(store, screening):
    both = [
        add_verdict(store, noise(1), label, contributor=contributor)
        for label, contributor in ((4, "ann"), (5, "bob"))
    ]
    assert list(screening.hold_label_issues(store.accepted())) == both


def test_without_feedback_nothing_is_held(screening):
    assert screening.hold_label_issues([]) == {}


def test_one_new_correction_is_held_for_the_same_reason(store, screening, seven):
    add_verdict(store, noise(1), 4)
    number = add_verdict(store, seven, 1, predicted=7)
    reason = screening.check(store.get(number))
    assert store.get(number).reason == reason
    store.review([number], "accepted", by=SCREENER)  # as if it had not been screened
    assert screening.hold_label_issues(store.accepted()) == {number: reason}


def test_one_new_correction_without_a_label_issue_stays_accepted(store, screening):
    number = add_verdict(store, noise(1), 4)
    assert screening.check(store.get(number)) is None
    assert store.get(number).state == "accepted"


class CountingBase:
    """A base that counts the calls of `embed`."""

    def __init__(self, base):
        self.card, self.calls, self._base = base.card, 0, base

    def embed(self, x):
        self.calls += 1
        return self._base.embed(x)


def test_the_reference_is_computed_once_for_all_processes(base, tmp_path):
    counting = CountingBase(base)
    first = Screening(None, counting, cache=tmp_path / "cache").reference()
    reference_embeddings._SHARED.clear()  # as for another process
    second = Screening(None, counting, cache=tmp_path / "cache").reference()
    assert counting.calls == 1
    assert np.allclose(first.embeddings, second.embeddings)
    assert np.array_equal(first.labels, second.labels)


@pytest.mark.parametrize("content", ["nothing", "half", "something else"])
def test_a_damaged_reference_is_computed_again(base, tmp_path, content):
    whole = Screening(None, base, cache=tmp_path).reference()
    (file,) = tmp_path.glob("reference-*.npz")
    data = file.read_bytes()
    file.write_bytes({"nothing": b"", "half": data[: len(data) // 2]}.get(content, b"else"))
    reference_embeddings._SHARED.clear()  # as for another process
    second = Screening(None, base, cache=tmp_path).reference()
    assert np.allclose(second.embeddings, whole.embeddings)
    assert len(file.read_bytes()) == len(data)


def test_a_reference_that_cannot_be_cached_is_still_used(base, tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "cache").write_text("no folder")
    assert len(Screening(None, base, cache=tmp_path / "cache").reference().labels) > 1000
    assert "cannot be written" in caplog.text


# through the facade ------------------------------------------------------------------------


@pytest.fixture
def lab(tmp_path, reference_cache):
    shutil.copytree(reference_cache, tmp_path / "lab" / "models" / "cache")
    with digitlab.open(tmp_path / "lab", contributor="ann") as lab:
        yield lab


def test_a_correction_with_a_label_issue_waits_and_its_receipt_names_the_reason(lab, seven):
    receipt = lab.correct(prediction_of(seven, 7), 1)
    assert receipt.state == lab.feedback.get(receipt.id).state == "held"
    assert (
        "; it waits for review: It was labelled 1, but looks like an ordinary 7" in receipt.message
    )


def test_a_correction_without_a_label_issue_is_accepted(lab):
    receipt = lab.correct(prediction_of(noise(1)), 4)
    assert (receipt.state, "review" in receipt.message) == ("accepted", False)


def test_a_repeated_correction_that_a_reviewer_accepted_is_not_held(lab, seven):
    receipt = lab.correct(prediction_of(seven, 7), 1)
    lab.feedback.review([receipt.id], "accepted", by="curator")
    assert lab.correct(prediction_of(seven, 7), 1, comment="really").state == "accepted"


def test_feedback_can_be_screened_after_it_was_added(tmp_path, seven):
    with digitlab.open(tmp_path / "lab", contributor="ann", screening=False) as lab:
        receipt = lab.correct(prediction_of(seven, 7), 1)
        assert receipt.state == "accepted"
        assert list(lab.screen()) == [receipt.id]


def test_a_new_base_screens_with_its_own_embeddings(lab):
    lab.correct(prediction_of(noise(1)), 4)
    before = len(list(lab.settings.cache.glob("reference-*.npz")))
    weights = lab.models.card("base").hashes | {"weights": "0" * 64}
    lab.models.promote(add_version(lab.models, hashes=weights), by="ann")
    lab.correct(prediction_of(noise(2)), 4)
    assert len(list(lab.settings.cache.glob("reference-*.npz"))) == before + 1
