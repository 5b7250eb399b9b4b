"""FeedbackStore.relabel: the reviewer's verdict replaces another one, and nothing is lost."""

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


def summary(entries):
    return [(entry.contributor, entry.verdict, entry.label) for entry in entries]


def test_the_label_of_the_reviewer_counts(store):
    verdict_id = add_verdict(store, noise(1), 4)
    entry = store.relabel(verdict_id, 7, by="curator")
    assert summary(store.accepted()) == [("curator", "wrong", 7)]
    assert (entry.state, entry.by) == ("accepted", "curator")


def test_the_first_verdict_stays_as_rejected_with_the_reason(store):
    verdict_id = add_verdict(store, noise(1), 4)
    store.relabel(verdict_id, 7, by="curator")
    entry = store.get(verdict_id)
    assert (entry.state, entry.by, entry.reason) == ("rejected", "curator", "relabelled as 7")


def test_the_new_verdict_has_the_evidence_of_the_old_one(store):
    picture = b"\x89PNG a picture"
    prediction = prediction_of(
        noise(1),
        picture=picture,
        picture_sha256=hashlib.sha256(picture).hexdigest(),
        box=(1, 2, 3, 4),
        name="photo.png",
    )
    verdict_id = store.add(prediction, "wrong", label=4, contributor="ann", comment="mine").id
    old, new = store.get(verdict_id), store.relabel(verdict_id, 7, by="curator")
    assert np.array_equal(new.digit_image, old.digit_image)
    for name in (
        "predicted",
        "confidence",
        "probabilities",
        "box",
        "name",
        "model",
        "prediction_id",
    ):
        assert getattr(new, name) == getattr(old, name)
    assert (new.picture_sha256, new.picture_bytes) == (old.picture_sha256, len(picture))
    assert store.pictures.get(new.picture_sha256) == picture
    assert new.comment == f"relabelled from verdict no. {verdict_id}"


def test_relabelling_with_the_predicted_digit_is_a_confirmation(store):
    verdict_id = add_verdict(store, noise(1), 4, predicted=7)
    assert store.relabel(verdict_id, 7, by="curator").verdict == "right"


def test_relabelling_a_refused_prediction_is_a_correction(store):
    verdict_id = add_verdict(store, noise(1), 4, predicted=7, refused=True)
    assert store.relabel(verdict_id, 7, by="curator").verdict == "wrong"


def test_not_a_digit_can_be_relabelled(store):
    verdict_id = add_verdict(store, noise(1), None)
    store.relabel(verdict_id, 7, by="curator")
    assert summary(store.accepted()) == [("curator", "wrong", 7)]


def test_a_relabelled_verdict_is_no_longer_pending(store):
    verdict_id = add_verdict(store, noise(1), 4)
    store.review([verdict_id], "held", by="digitlab", reason="odd")
    store.relabel(verdict_id, 7, by="curator")
    assert store.pending() == []


def test_relabelling_the_own_verdict_supersedes_it(store):
    verdict_id = add_verdict(store, noise(1), 4)
    store.relabel(verdict_id, 7, by="ann")
    assert store.get(verdict_id).state == "superseded"
    assert summary(store.accepted()) == [("ann", "wrong", 7)]


def test_a_relabelled_verdict_counts_in_a_reviewed_home(store):
    HomeSettings(store.database).set("review", True, by="curator")
    verdict_id = add_verdict(store, noise(1), 4)
    assert store.relabel(verdict_id, 7, by="curator").state == "accepted"


def test_an_earlier_verdict_of_the_reviewer_is_accepted(store):
    verdict_id = add_verdict(store, noise(1), 4)
    own = add_verdict(store, noise(1), 7, contributor="curator")
    store.review([own], "held", by="digitlab")
    store.relabel(verdict_id, 7, by="curator")
    assert summary(store.accepted()) == [("curator", "wrong", 7)]


def test_relabelling_with_the_same_label_is_refused(store):
    verdict_id = add_verdict(store, noise(1), 4)
    with pytest.raises(FeedbackError, match="names a 4 already; accept it"):
        store.relabel(verdict_id, 4, by="curator")


def test_relabelling_a_verdict_no_longer_in_force_is_refused(store):
    verdict_id = add_verdict(store, noise(1), 4)
    store.undo("ann")
    with pytest.raises(FeedbackError, match="no longer in force"):
        store.relabel(verdict_id, 7, by="curator")
    assert store.entries() == []


def test_relabelling_an_unknown_verdict_is_refused(store):
    with pytest.raises(FeedbackError, match="There is no verdict no. 9"):
        store.relabel(9, 7, by="curator")


def test_relabelling_with_an_invalid_digit_changes_nothing(store):
    verdict_id = add_verdict(store, noise(1), 4)
    with pytest.raises(FeedbackError):
        store.relabel(verdict_id, 12, by="curator")
    assert store.get(verdict_id).state == "accepted"
