"""FeedbackStore.review and retract: which verdicts count afterwards."""

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


def test_verdicts_without_a_review_are_accepted(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    assert receipt.state == "accepted"
    assert ids(store.accepted()) == [receipt.id]


def test_a_held_verdict_is_pending_and_not_accepted(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "held", by="digitlab", reason="its neighbours disagree")
    assert store.accepted() == []
    assert [(entry.id, entry.reason) for entry in store.pending()] == [
        (receipt.id, "its neighbours disagree")
    ]
    assert ids(store.entries()) == [receipt.id]


@pytest.mark.parametrize(("state", "counts"), [("accepted", True), ("rejected", False)])
def test_the_last_review_applies(store, state, counts):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "held", by="digitlab")
    store.review([receipt.id], state, by="curator")
    assert store.pending() == []
    assert bool(store.accepted()) is counts


def test_a_verdict_no_longer_in_force_cannot_be_reviewed(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    store.undo("ann")
    with pytest.raises(FeedbackError, match="no longer in force"):
        store.review([receipt.id], "accepted", by="curator")


def test_a_review_cannot_set_the_state_undone(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    with pytest.raises(FeedbackError, match="use undo or retract"):
        store.review([receipt.id], "undone", by="curator")


def test_a_review_can_be_limited_to_some_states(store):
    held, accepted = (store.add(make_prediction(n), "right", contributor="ann") for n in range(2))
    store.review([held.id], "held", by="curator")
    reviewed = store.review([held.id, accepted.id], "rejected", by="curator", only=["held"])
    assert ids(reviewed) == [held.id]
    assert store.get(accepted.id).state == "accepted"


def test_retract_withdraws_all_earlier_verdicts_on_the_same_digit(store):
    store.add(make_prediction(), "wrong", label=7, contributor="ann")
    last = store.add(make_prediction(), "wrong", label=2, contributor="ann")
    other = store.add(make_prediction(1), "right", contributor="ann")

    retracted = store.retract([last.id], by="curator", reason="not hers")

    assert [(entry.id, entry.state) for entry in retracted] == [(last.id, "retracted")]
    assert (retracted[0].by, retracted[0].reason) == ("curator", "not hers")
    assert ids(store.accepted()) == ids(store.entries()) == [other.id]


def test_undo_after_a_retraction_restores_nothing(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.retract([receipt.id], by="ann")
    store.add(make_prediction(), "wrong", label=2, contributor="ann")
    store.undo("ann")
    assert store.entries() == []
    assert store.undo("ann") is None


def test_all_verdicts_of_one_contributor_can_be_retracted(store):
    hers = [store.add(make_prediction(n), "right", contributor="ann").id for n in range(3)]
    his = store.add(make_prediction(0), "right", contributor="bob")
    assert ids(store.retract(contributor="ann", by="curator")) == hers
    assert ids(store.accepted()) == [his.id]


def test_after_a_retraction_the_same_verdict_can_be_given_again(store):
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
    with pytest.raises(FeedbackError, match="no verdict no. 41-42"):
        store.retract([receipt.id, 42, 41], by="ann")
    assert len(store.accepted()) == 1


@pytest.mark.parametrize("arguments", [{}, {"ids": []}, {"ids": [1], "contributor": "ann"}])
def test_retract_needs_either_verdicts_or_a_contributor(store, arguments):
    with pytest.raises(FeedbackError, match="either"):
        store.retract(**arguments, by="ann")


def test_accepting_a_retracted_verdict_brings_it_back(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    store.retract([receipt.id], by="curator")
    store.review([receipt.id], "accepted", by="curator", reason="the wrong one")
    assert ids(store.accepted()) == [receipt.id]
