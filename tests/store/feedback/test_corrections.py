"""The corrections that the store reports to the correction memory, and their changes."""

import pytest
from support.feedback_rows import add_verdict, noise, prediction_of

from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from digitlab.store.feedback.corrections import START

FINGERPRINT = b"t" * 2064


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path, environ={})) as store:
        yield store


def changes(store, since=START):
    """The corrections that changed since a position, by number."""
    return store.corrections(since)[1]


def labels(corrections):
    """The labels of corrections by number; "ended" for each that no longer counts."""
    return {
        verdict_id: "ended" if correction is None else correction.label
        for verdict_id, correction in corrections.items()
    }


def test_an_empty_store_has_no_corrections(store):
    assert store.corrections() == (START, {})


def test_corrections_are_reported_and_confirmations_are_not(store):
    wrong = add_verdict(store, noise(1), 4)
    no_digit = add_verdict(store, noise(2), None)
    add_verdict(store, noise(3), 0)
    corrections = changes(store)
    assert labels(corrections) == {wrong: 4, no_digit: None}
    assert all(correction.accepted for correction in corrections.values())


def test_a_confirmed_remembered_answer_is_reported(store):
    verdict_id = add_verdict(store, noise(1), 4, predicted=4, remembered=True)
    assert changes(store)[verdict_id].label == 4


def test_unsure_of_a_remembered_answer_is_no_correction(store):
    store.add(prediction_of(noise(1), 4, remembered=True), "unsure", contributor="ann")
    assert [*changes(store).values()] == [None]


def test_only_changes_since_the_position_are_reported(store):
    add_verdict(store, noise(1), 4)
    position, _ = store.corrections()
    assert changes(store, position) == {}
    second = add_verdict(store, noise(2), 5)
    assert [*changes(store, position)] == [second]


def test_a_new_verdict_ends_the_earlier_correction(store):
    first = add_verdict(store, noise(1), 4)
    position, _ = store.corrections()
    second = add_verdict(store, noise(1), 5)
    assert labels(changes(store, position)) == {first: "ended", second: 5}


def test_undo_restores_the_earlier_correction(store):
    first, second = add_verdict(store, noise(1), 4), add_verdict(store, noise(1), 5)
    position, _ = store.corrections()
    store.undo("ann", verdict_id=second)
    assert labels(changes(store, position)) == {first: 4, second: "ended"}


@pytest.mark.parametrize(("state", "accepted"), [("held", False), ("accepted", True)])
def test_a_held_correction_is_reported_as_not_accepted(store, state, accepted):
    verdict_id = add_verdict(store, noise(1), 4)
    store.review([verdict_id], state, by="eve")
    assert changes(store)[verdict_id].accepted is accepted


def test_rejected_and_retracted_corrections_end(store):
    first, second = add_verdict(store, noise(1), 4), add_verdict(store, noise(2), 5)
    position, _ = store.corrections()
    store.review([first], "rejected", by="eve")
    store.retract([second], by="eve")
    assert changes(store, position) == {first: None, second: None}


def test_a_correction_keeps_its_fingerprint_after_relabelling(store):
    verdict_id = add_verdict(store, noise(1), 4, fingerprint=FINGERPRINT)
    without = add_verdict(store, noise(2), 4)
    corrections = changes(store)
    assert corrections[verdict_id].fingerprint == FINGERPRINT
    assert corrections[without].fingerprint == b""
    relabelled = store.relabel(verdict_id, 6, by="eve")
    assert changes(store)[relabelled.id].fingerprint == FINGERPRINT


def test_more_fingerprints_than_one_statement_can_fetch(store, monkeypatch):
    from digitlab.store.feedback import corrections

    monkeypatch.setattr(corrections, "_IDS_PER_STATEMENT", 2)
    verdict_ids = [add_verdict(store, noise(n), 4, fingerprint=FINGERPRINT) for n in range(5)]
    fingerprints = [changes(store)[verdict_id].fingerprint for verdict_id in verdict_ids]
    assert fingerprints == [FINGERPRINT] * 5
