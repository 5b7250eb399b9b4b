"""Relabel: a reviewer's digit takes a verdict's place, and nothing is lost."""

import hashlib

import numpy as np
import pytest
from support.feedback_rows import add_verdict, noise, prediction_of

from digitlab.errors import FeedbackError
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


def said(entries):
    return [(entry.contributor, entry.verdict, entry.label) for entry in entries]


def test_the_reviewers_digit_counts_instead(store):
    number = add_verdict(store, noise(1), 4)
    entry = store.relabel(number, 7, by="curator")
    assert said(store.accepted()) == [("curator", "wrong", 7)]
    assert (entry.state, entry.by) == ("accepted", "curator")


def test_the_first_verdict_is_rejected_and_stays_with_the_reason(store):
    number = add_verdict(store, noise(1), 4)
    store.relabel(number, 7, by="curator")
    entry = store.get(number)
    assert (entry.state, entry.by, entry.reason) == ("rejected", "curator", "relabelled as 7")


def test_the_new_verdict_has_the_evidence_of_the_old_one(store):
    picture = b"\x89PNG a picture"
    made = prediction_of(
        noise(1),
        picture=picture,
        picture_sha256=hashlib.sha256(picture).hexdigest(),
        box=(1, 2, 3, 4),
        name="photo.png",
    )
    number = store.add(made, "wrong", label=4, contributor="ann", comment="mine").id
    old, new = store.get(number), store.relabel(number, 7, by="curator")
    assert np.array_equal(new.digit_image, old.digit_image)
    for kept in (
        "predicted",
        "confidence",
        "probabilities",
        "box",
        "name",
        "model",
        "prediction_id",
    ):
        assert getattr(new, kept) == getattr(old, kept)
    assert (new.picture_sha256, new.picture_bytes) == (old.picture_sha256, len(picture))
    assert store.pictures.get(new.picture_sha256) == picture
    assert new.comment == f"relabelled from verdict {number}"


def test_the_digit_that_was_read_confirms_the_reading(store):
    number = add_verdict(store, noise(1), 4, predicted=7)
    assert store.relabel(number, 7, by="curator").verdict == "right"


def test_the_best_guess_of_a_refused_reading_is_a_correction(store):
    number = add_verdict(store, noise(1), 4, predicted=7, refused=True)
    assert store.relabel(number, 7, by="curator").verdict == "wrong"


def test_what_was_called_no_digit_becomes_one(store):
    number = add_verdict(store, noise(1), None)
    store.relabel(number, 7, by="curator")
    assert said(store.accepted()) == [("curator", "wrong", 7)]


def test_a_held_verdict_is_relabelled_and_waits_no_more(store):
    number = add_verdict(store, noise(1), 4)
    store.review([number], "held", by="digitlab", reason="odd")
    store.relabel(number, 7, by="curator")
    assert store.pending() == []


def test_ones_own_verdict_is_superseded(store):
    number = add_verdict(store, noise(1), 4)
    store.relabel(number, 7, by="ann")
    assert store.get(number).state == "superseded"
    assert said(store.accepted()) == [("ann", "wrong", 7)]


def test_a_relabelled_verdict_counts_in_a_reviewed_home(store):
    HomeSettings(store.database).set("review", True, by="curator")
    number = add_verdict(store, noise(1), 4)
    assert store.relabel(number, 7, by="curator").state == "accepted"


def test_what_the_reviewer_said_already_is_accepted(store):
    number = add_verdict(store, noise(1), 4)
    own = add_verdict(store, noise(1), 7, contributor="curator")
    store.review([own], "held", by="digitlab")
    store.relabel(number, 7, by="curator")
    assert said(store.accepted()) == [("curator", "wrong", 7)]


def test_a_digit_that_it_names_already_is_refused(store):
    number = add_verdict(store, noise(1), 4)
    with pytest.raises(FeedbackError, match="names a 4 already; accept it"):
        store.relabel(number, 4, by="curator")


def test_a_verdict_that_is_no_longer_in_force_is_refused(store):
    number = add_verdict(store, noise(1), 4)
    store.undo("ann")
    with pytest.raises(FeedbackError, match="no longer in force"):
        store.relabel(number, 7, by="curator")
    assert store.entries() == []


def test_a_verdict_that_does_not_exist_is_refused(store):
    with pytest.raises(FeedbackError, match="There is no verdict 9"):
        store.relabel(9, 7, by="curator")


def test_a_digit_that_is_none_changes_nothing(store):
    number = add_verdict(store, noise(1), 4)
    with pytest.raises(FeedbackError):
        store.relabel(number, 12, by="curator")
    assert store.get(number).state == "accepted"
