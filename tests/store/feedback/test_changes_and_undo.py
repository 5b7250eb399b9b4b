"""A changed mind and an undo: what is in force after each."""

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


def test_the_same_verdict_again_adds_nothing(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    again = store.add(make_prediction(), "wrong", label=7, contributor="ann ")
    assert not again.added
    assert again.id == first.id
    assert again.message == "You had said so before: this is a 7, not a 1."
    assert ids(store.entries(history=True)) == [first.id]


def test_another_verdict_supersedes(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    second = store.add(make_prediction(), "wrong", label=8, contributor="ann")
    assert second.added
    assert second.superseded == first.id
    assert second.message == "Changed: this is an 8, not a 1."
    assert ids(store.entries()) == [second.id]
    assert store.get(first.id).state == "superseded"


def test_a_mind_changed_back_is_a_row_too(store):
    for digit in (7, 2, 7):
        receipt = store.add(make_prediction(), "wrong", label=digit, contributor="ann")
    assert receipt.added
    assert [entry.state for entry in store.entries(history=True)] == [
        "superseded",
        "superseded",
        "accepted",
    ]


def test_a_new_comment_counts_as_a_change(store):
    first = store.add(make_prediction(), "right", contributor="ann")
    second = store.add(make_prediction(), "right", contributor="ann", comment="a hasty one")
    assert second.superseded == first.id
    assert [entry.comment for entry in store.entries()] == ["a hasty one"]


def test_the_same_verdict_without_its_comment_adds_nothing(store):
    store.add(make_prediction(), "right", contributor="ann", comment="a hasty one")
    assert not store.add(make_prediction(), "right", contributor="ann").added


@pytest.mark.parametrize(
    ("prediction", "contributor"),
    [
        (make_prediction(0), "bob"),
        (make_prediction(0, box=(30, 5, 20, 28)), "ann"),
        (make_prediction(1), "ann"),
    ],
    ids=["another person", "another box", "another picture"],
)
def test_what_differs_in_the_key_stands_beside(store, prediction, contributor):
    store.add(make_prediction(0), "wrong", label=7, contributor="ann")
    receipt = store.add(prediction, "wrong", label=7, contributor=contributor)
    assert receipt.added
    assert receipt.superseded is None
    assert len(store.entries()) == 2


def test_confirming_what_was_learned_keeps_the_correction(store):
    correction = store.add(make_prediction(digit=1), "wrong", label=7, contributor="ann")
    learned = make_prediction(digit=7, model="v0001")
    receipt = store.add(learned, "right", contributor="ann")
    assert not receipt.added
    assert [(entry.id, entry.verdict) for entry in store.accepted()] == [(correction.id, "wrong")]


def test_confirming_with_a_comment_keeps_the_correction_and_its_evidence(store):
    store.add(make_prediction(digit=1), "wrong", label=7, contributor="ann")
    learned = make_prediction(digit=7, model="v0001")
    receipt = store.add(learned, "right", contributor="ann", comment="now it knows")
    entry = store.get(receipt.id)
    assert receipt.added
    assert (entry.verdict, entry.label, entry.predicted, entry.model) == ("wrong", 7, 1, "base")
    assert entry.comment == "now it knows"


def test_a_reading_that_became_wrong_is_a_new_correction(store):
    store.add(make_prediction(digit=7), "right", contributor="ann")
    receipt = store.add(
        make_prediction(digit=1, model="v0001"), "wrong", label=7, contributor="ann"
    )
    assert receipt.added
    assert store.get(receipt.id).is_correction


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
    given = [store.add(make_prediction(n), "right", contributor="ann").id for n in range(3)]
    assert [store.undo("ann").id for _ in given] == given[::-1]
    assert store.undo("ann") is None


def test_undo_leaves_other_people_alone(store):
    store.add(make_prediction(), "right", contributor="ann")
    assert store.undo("bob") is None
    assert len(store.entries()) == 1


def test_after_an_undo_the_same_verdict_may_be_given_again(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.undo("ann")
    again = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    assert again.added
    assert again.id != first.id
    assert again.superseded is None


def test_undo_deletes_no_row(store):
    store.add(make_prediction(), "right", contributor="ann")
    store.undo("ann")
    assert [entry.state for entry in store.entries(history=True)] == ["undone"]


def test_one_verdict_can_be_undone_by_its_number(store):
    first, second = (store.add(make_prediction(n), "right", contributor="ann") for n in range(2))
    undone = store.undo("ann ", verdict_id=first.id)
    assert (undone.id, undone.state) == (first.id, "undone")
    assert ids(store.entries()) == [second.id]


def test_somebody_elses_verdict_cannot_be_undone(store):
    hers = store.add(make_prediction(), "right", contributor="ann")
    with pytest.raises(FeedbackError, match="belongs to another"):
        store.undo("bob", verdict_id=hers.id)
    assert ids(store.entries()) == [hers.id]


@pytest.mark.parametrize("state", ["undone", "superseded", "retracted"])
def test_what_is_no_longer_in_force_cannot_be_undone(store, state):
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


def test_undoing_an_unknown_number_is_a_plain_error(store):
    with pytest.raises(FeedbackError, match="no verdict 5"):
        store.undo("ann", verdict_id=5)
