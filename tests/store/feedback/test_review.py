"""Retractions and reviews: what counts after each."""

import pytest
from support.predictions import make_prediction

from digitlab.errors import FeedbackError
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


def ids(entries):
    return [entry.id for entry in entries]


def test_a_retracted_thing_is_gone_with_all_earlier_verdicts_on_it(store):
    store.add(make_prediction(), "wrong", label=7, contributor="ann")
    last = store.add(make_prediction(), "wrong", label=2, contributor="ann")
    other = store.add(make_prediction(1), "right", contributor="ann")

    gone = store.retract([last.id], by="curator", reason="not hers")

    assert [(entry.id, entry.state) for entry in gone] == [(last.id, "retracted")]
    assert (gone[0].by, gone[0].reason) == ("curator", "not hers")
    assert ids(store.accepted()) == ids(store.entries()) == [other.id]


def test_an_undo_after_a_retraction_brings_nothing_back(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.retract([receipt.id], by="ann")
    store.add(make_prediction(), "wrong", label=2, contributor="ann")
    store.undo("ann")
    assert store.entries() == []
    assert store.undo("ann") is None


def test_all_of_one_contributor_can_be_retracted(store):
    hers = [store.add(make_prediction(n), "right", contributor="ann").id for n in range(3)]
    his = store.add(make_prediction(0), "right", contributor="bob")
    assert ids(store.retract(contributor="ann", by="curator")) == hers
    assert ids(store.accepted()) == [his.id]


def test_after_a_retraction_the_same_verdict_may_be_given_again(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    store.retract([receipt.id], by="ann")
    assert store.add(make_prediction(), "right", contributor="ann").added
    assert len(store.accepted()) == 1


def test_retracting_twice_changes_nothing(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    store.retract([receipt.id], by="ann")
    assert store.retract([receipt.id], by="bob") == []
    assert store.get(receipt.id).by == "ann"


def test_retracting_an_unknown_verdict_retracts_none(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    with pytest.raises(FeedbackError, match="no verdict 41, 42"):
        store.retract([receipt.id, 42, 41], by="ann")
    assert len(store.accepted()) == 1


@pytest.mark.parametrize("which", [{}, {"ids": []}, {"ids": [1], "contributor": "ann"}])
def test_retract_needs_either_verdicts_or_a_contributor(store, which):
    with pytest.raises(FeedbackError, match="either"):
        store.retract(**which, by="ann")


def test_unreviewed_verdicts_are_accepted(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    assert receipt.state == "accepted"
    assert ids(store.accepted()) == [receipt.id]


def test_a_held_verdict_is_pending_and_not_accepted(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "held", by="suspicion", reason="its neighbours disagree")
    assert store.accepted() == []
    assert [(entry.id, entry.reason) for entry in store.pending()] == [
        (receipt.id, "its neighbours disagree")
    ]
    assert ids(store.entries()) == [receipt.id]


@pytest.mark.parametrize(("decision", "counts"), [("accepted", True), ("rejected", False)])
def test_the_last_decision_holds(store, decision, counts):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "held", by="suspicion")
    store.review([receipt.id], decision, by="curator")
    assert store.pending() == []
    assert bool(store.accepted()) is counts


def test_saying_the_same_does_not_escape_a_review(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "rejected", by="curator", reason="it is a 1")
    same = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    commented = store.add(
        make_prediction(), "wrong", label=7, contributor="ann", comment="it really is"
    )
    assert not same.added
    assert commented.state == store.get(commented.id).state == "rejected"
    assert store.get(commented.id).reason == "it is a 1"


def say_something_else(store):
    store.add(make_prediction(), "unsure", contributor="ann")


def undo(store):
    store.undo("ann")


def retract(store):
    store.retract(contributor="ann", by="ann")


@pytest.mark.parametrize("between", [say_something_else, undo, retract])
@pytest.mark.parametrize("said", [("wrong", 7), ("not-a-digit", None)])
@pytest.mark.parametrize("decision", ["held", "rejected"])
def test_no_way_around_a_review_leads_back_to_the_same_verdict(store, between, said, decision):
    verdict, digit = said
    receipt = store.add(make_prediction(), verdict, label=digit, contributor="ann")
    store.review([receipt.id], decision, by="curator", reason="it is a 1")
    between(store)
    again = store.add(make_prediction(), verdict, label=digit, contributor="ann")
    entry = store.get(again.id)
    assert again.added
    assert again.state == entry.state == decision
    assert (entry.by, entry.reason) == ("curator", "it is a 1")
    assert store.accepted() == []


def test_a_review_that_was_accepted_in_the_end_holds_nothing_back(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "rejected", by="curator")
    store.review([receipt.id], "accepted", by="curator")
    say_something_else(store)
    again = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    assert again.state == "accepted"
    assert ids(store.accepted()) == [again.id]


@pytest.mark.parametrize(
    ("prediction", "digit", "contributor"),
    [
        (make_prediction(), 2, "ann"),
        (make_prediction(), 7, "bob"),
        (make_prediction(1), 7, "ann"),
    ],
    ids=["another digit", "another person", "another picture"],
)
def test_a_review_holds_for_what_it_was_about_only(store, prediction, digit, contributor):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "rejected", by="curator")
    other = store.add(prediction, "wrong", label=digit, contributor=contributor)
    assert other.state == "accepted"


def test_the_receipt_of_a_held_verdict_says_so(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "held", by="suspicion")
    again = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    assert again.state == "held"
    assert again.message.endswith("it waits for review.")


def test_accepting_a_retracted_verdict_brings_it_back(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    store.retract([receipt.id], by="curator")
    store.review([receipt.id], "accepted", by="curator", reason="the wrong one")
    assert ids(store.accepted()) == [receipt.id]


def test_what_is_no_longer_in_force_cannot_be_reviewed(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    store.undo("ann")
    with pytest.raises(FeedbackError, match="no longer in force"):
        store.review([receipt.id], "accepted", by="curator")


def test_a_review_is_no_way_around_undo(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    with pytest.raises(FeedbackError, match="use undo or retract"):
        store.review([receipt.id], "undone", by="curator")
