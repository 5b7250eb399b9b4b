"""FeedbackStore.undo: which verdict is in force afterwards."""

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


def test_undo_takes_back_the_last_verdict(store):
    store.add(make_prediction(0), "right", contributor="ann")
    last = store.add(make_prediction(1), "right", contributor="ann")
    undone = store.undo("ann")
    assert undone.id == last.id
    assert undone.state == "undone"
    assert last.id not in ids(store.entries())


def test_undo_restores_the_previous_verdict(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.add(make_prediction(), "wrong", label=2, contributor="ann")
    store.undo("ann")
    assert [(entry.id, entry.label) for entry in store.entries()] == [(first.id, 7)]


def test_repeated_undo_goes_further_back(store):
    verdict_ids = [store.add(make_prediction(n), "right", contributor="ann").id for n in range(3)]
    assert [store.undo("ann").id for _ in verdict_ids] == verdict_ids[::-1]
    assert store.undo("ann") is None


def test_undo_leaves_verdicts_of_other_contributors_in_force(store):
    store.add(make_prediction(), "right", contributor="ann")
    assert store.undo("bob") is None
    assert len(store.entries()) == 1


def test_after_an_undo_the_same_verdict_can_be_given_again(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.undo("ann")
    repeated = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    assert repeated.added
    assert repeated.id != first.id
    assert repeated.superseded is None


def test_undo_deletes_no_row(store):
    store.add(make_prediction(), "right", contributor="ann")
    store.undo("ann")
    assert [entry.state for entry in store.entries(history=True)] == ["undone"]


def test_undo_takes_back_a_verdict_by_its_number(store):
    first, second = (store.add(make_prediction(n), "right", contributor="ann") for n in range(2))
    undone = store.undo("ann ", verdict_id=first.id)
    assert (undone.id, undone.state) == (first.id, "undone")
    assert ids(store.entries()) == [second.id]


def test_a_verdict_of_another_contributor_cannot_be_undone(store):
    receipt = store.add(make_prediction(), "right", contributor="ann")
    with pytest.raises(FeedbackError, match="belongs to another"):
        store.undo("bob", verdict_id=receipt.id)
    assert ids(store.entries()) == [receipt.id]


@pytest.mark.parametrize("state", ["undone", "superseded", "retracted"])
def test_a_verdict_no_longer_in_force_cannot_be_undone(store, state):
    first = store.add(make_prediction(), "right", contributor="ann")
    if state == "undone":
        store.undo("ann")
    elif state == "superseded":
        store.add(make_prediction(), "wrong", label=7, contributor="ann")
    else:
        store.retract([first.id], by="curator")
    rows = [entry.state for entry in store.entries(history=True)]
    with pytest.raises(FeedbackError, match="no longer in force"):
        store.undo("ann", verdict_id=first.id)
    assert [entry.state for entry in store.entries(history=True)] == rows
    assert store.get(first.id).state == state


def test_undo_of_an_unknown_verdict_is_refused(store):
    with pytest.raises(FeedbackError, match="no verdict no. 5"):
        store.undo("ann", verdict_id=5)
