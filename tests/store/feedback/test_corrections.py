"""Recollect: the memory hears of every correction, and of whatever becomes of it."""

import pytest
from support.feedback_rows import add_verdict, noise

from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from digitlab.store.feedback.corrections import START

FINGERPRINT = b"t" * 2064


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path, environ={})) as store:
        yield store


def known(store, since=START):
    return store.corrections(since)[1]


def test_an_empty_ledger_has_nothing_to_remember(store):
    assert store.corrections() == (START, {})


def test_corrections_are_remembered_and_confirmations_are_not(store):
    wrong = add_verdict(store, noise(1), 4)
    none = add_verdict(store, noise(2), None)
    add_verdict(store, noise(3), 0)
    found = known(store)
    assert {number: one.label for number, one in found.items()} == {wrong: 4, none: None}
    assert all(one.accepted for one in found.values())


def test_what_was_remembered_and_confirmed_is_remembered_too(store):
    number = add_verdict(store, noise(1), 4, predicted=4, remembered=True)
    assert known(store)[number].label == 4


def test_unsure_of_something_remembered_is_no_correction(store):
    from support.feedback_rows import prediction_of

    store.add(prediction_of(noise(1), 4, remembered=True), "unsure", contributor="ann")
    assert [*known(store).values()] == [None]


def test_only_what_changed_since_comes_again(store):
    add_verdict(store, noise(1), 4)
    mark, _ = store.corrections()
    assert known(store, mark) == {}
    second = add_verdict(store, noise(2), 5)
    assert [*known(store, mark)] == [second]


def test_a_changed_mind_takes_the_earlier_correction_out(store):
    first = add_verdict(store, noise(1), 4)
    mark, _ = store.corrections()
    second = add_verdict(store, noise(1), 5)
    assert {number: one and one.label for number, one in known(store, mark).items()} == {
        first: None,
        second: 5,
    }


def test_an_undo_brings_the_earlier_correction_back(store):
    first, second = add_verdict(store, noise(1), 4), add_verdict(store, noise(1), 5)
    mark, _ = store.corrections()
    store.undo("ann", verdict_id=second)
    found = known(store, mark)
    assert found[second] is None
    assert found[first].label == 4


@pytest.mark.parametrize(("decision", "left"), [("held", False), ("accepted", True)])
def test_a_held_one_counts_for_its_contributor_alone(store, decision, left):
    number = add_verdict(store, noise(1), 4)
    store.review([number], decision, by="eve")
    assert known(store)[number].accepted is left


def test_a_rejected_or_retracted_one_is_forgotten(store):
    first, second = add_verdict(store, noise(1), 4), add_verdict(store, noise(2), 5)
    mark, _ = store.corrections()
    store.review([first], "rejected", by="eve")
    store.retract([second], by="eve")
    assert known(store, mark) == {first: None, second: None}


def test_the_trace_comes_with_it_and_goes_with_a_relabelling(store):
    number = add_verdict(store, noise(1), 4, fingerprint=FINGERPRINT)
    plain = add_verdict(store, noise(2), 4)
    found = known(store)
    assert (found[number].fingerprint, found[plain].fingerprint) == (FINGERPRINT, b"")
    again = store.relabel(number, 6, by="eve")
    assert known(store)[again.id].fingerprint == FINGERPRINT


def test_more_corrections_than_one_statement_takes(store, monkeypatch):
    from digitlab.store.feedback import corrections

    monkeypatch.setattr(corrections, "_IDS_PER_STATEMENT", 2)
    numbers = [add_verdict(store, noise(n), 4, fingerprint=FINGERPRINT) for n in range(5)]
    assert [known(store)[number].fingerprint for number in numbers] == [FINGERPRINT] * 5
