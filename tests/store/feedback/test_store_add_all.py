"""FeedbackStore.add_all and undo_all: many verdicts in one transaction."""

import dataclasses

import numpy as np
import pytest
import sqlalchemy as sa
from support.predictions import make_prediction

from digitlab.errors import FeedbackError
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def writes(store):
    """A list that grows with every transaction that inserts rows."""
    transactions = []

    @sa.event.listens_for(store.database.engine, "after_cursor_execute")
    def note_insert(connection, _cursor, statement, *_):
        if statement.startswith("INSERT"):
            connection.info["has_inserted"] = True

    @sa.event.listens_for(store.database.engine, "commit")
    def count(connection):
        if connection.info.pop("has_inserted", False):
            transactions.append(1)

    return transactions


@pytest.fixture
def stored_pictures(store, monkeypatch):
    """A list of the pictures that are written to the picture storage."""
    put, pictures = store.pictures.put, []
    monkeypatch.setattr(store.pictures, "put", lambda data: pictures.append(data) or put(data))
    return pictures


def summary(store):
    return [(entry.id, entry.verdict, entry.state) for entry in store.entries()]


def test_receipts_and_rows_have_the_order_of_the_predictions(store):
    receipts = store.add_all([make_prediction(n) for n in range(3)], "right", contributor="ann")
    assert [entry.name for entry in store.entries()] == [
        "photo 0.png",
        "photo 1.png",
        "photo 2.png",
    ]
    assert [entry.id for entry in store.entries()] == [receipt.id for receipt in receipts]
    assert all(receipt.added and receipt.state == "accepted" for receipt in receipts)


def test_many_verdicts_are_one_transaction(store, writes):
    store.add_all([make_prediction(n) for n in range(20)], "right", contributor="ann")
    assert len(writes) == 1


def test_no_verdict_is_stored_if_one_is_refused(store):
    good, bad = make_prediction(0), make_prediction(1, digit_image=np.zeros((3, 3), np.uint8))
    with pytest.raises(FeedbackError, match="digit image"):
        store.add_all([good, bad], "right", contributor="ann")
    assert store.entries(history=True) == []


def test_the_same_prediction_twice_in_one_batch_is_one_row(store):
    first, repeated = store.add_all([make_prediction()] * 2, "right", contributor="ann")
    assert (first.added, repeated.added, repeated.id) == (True, False, first.id)


def test_earlier_verdicts_are_superseded_or_repeated(store):
    same = store.add(make_prediction(0), "right", contributor="ann")
    other = store.add(make_prediction(1), "wrong", label=7, contributor="ann")
    receipts = store.add_all([make_prediction(n) for n in range(2)], "right", contributor="ann")
    assert (receipts[0].id, receipts[0].added) == (same.id, False)
    assert (receipts[1].superseded, receipts[1].added) == (other.id, True)


def test_in_a_reviewed_home_all_verdicts_wait(store):
    HomeSettings(store.database).set("review", True, by="curator")
    store.add_all([make_prediction(n) for n in range(2)], "right", contributor="ann")
    assert [entry.state for entry in store.entries()] == ["held", "held"]


def test_a_verdict_that_a_reviewer_rejected_stays_rejected(store):
    verdict_id = store.add(make_prediction(1), "right", contributor="ann").id
    store.review([verdict_id], "rejected", by="curator")
    store.undo("ann")
    receipts = store.add_all([make_prediction(n) for n in range(2)], "right", contributor="ann")
    assert [receipt.state for receipt in receipts] == ["accepted", "rejected"]


def test_the_digits_of_one_picture_store_it_once(store, stored_pictures):
    prediction = make_prediction(0)
    digits = [dataclasses.replace(prediction, box=(n, 5, 20, 28)) for n in range(3)]
    store.add_all([*digits, make_prediction(1)], "right", contributor="ann")
    assert stored_pictures == [prediction.picture, make_prediction(1).picture]
    assert [entry.picture_bytes for entry in store.entries()] == [len(prediction.picture)] * 4


def test_each_picture_is_stored_before_the_next_prediction_is_made(store, stored_pictures):
    def generate():
        for n in range(3):
            assert len(stored_pictures) == n
            yield make_prediction(n)

    store.add_all(generate(), "right", contributor="ann")
    assert len(stored_pictures) == 3


def test_a_hash_of_another_picture_is_refused(store):
    picture = make_prediction().picture
    batch = [make_prediction(picture=picture), make_prediction(1)]
    batch[1] = dataclasses.replace(batch[1], picture=picture)
    with pytest.raises(FeedbackError, match="predict the picture again"):
        store.add_all(batch, "right", contributor="ann")


def test_undo_all_takes_verdicts_back_in_one_transaction(store, writes):
    receipts = store.add_all([make_prediction(n) for n in range(3)], "right", contributor="ann")
    undone = store.undo_all("ann", [receipt.id for receipt in receipts[:2]])
    assert [(entry.id, entry.state) for entry in undone] == [(1, "undone"), (2, "undone")]
    assert summary(store) == [(3, "right", "accepted")]
    assert len(writes) == 2


def test_undo_all_restores_the_superseded_verdict(store):
    store.add(make_prediction(), "wrong", label=7, contributor="ann")
    (receipt,) = store.add_all([make_prediction()], "right", contributor="ann")
    store.undo_all("ann", [receipt.id])
    assert summary(store) == [(1, "wrong", "accepted")]


def test_undo_all_skips_ended_verdicts_and_those_of_other_contributors(store):
    mine = store.add_all([make_prediction(n) for n in range(3)], "right", contributor="ann")
    theirs = store.add(make_prediction(), "right", contributor="bob")
    store.undo("ann", verdict_id=mine[0].id)
    store.add(make_prediction(1), "unsure", contributor="ann")
    undone = store.undo_all("ann", [receipt.id for receipt in (*mine, theirs)])
    assert [entry.id for entry in undone] == [mine[2].id]
    assert store.get(theirs.id).state == "accepted"


def test_undo_all_with_an_unknown_verdict_takes_none_back(store):
    (receipt,) = store.add_all([make_prediction()], "right", contributor="ann")
    with pytest.raises(FeedbackError, match="There is no verdict no. 99"):
        store.undo_all("ann", [receipt.id, 99])
    assert store.get(receipt.id).state == "accepted"


def test_an_empty_batch_changes_nothing(store):
    assert store.add_all([], "right", contributor="ann") == ()
    assert store.undo_all("ann", []) == []
