"""Many verdicts in one transaction: kept as one by one, all or none, and taken back."""

import dataclasses

import numpy as np
import pytest
from support.predictions import make_prediction

from digitlab.errors import FeedbackError
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def writes(store, monkeypatch):
    """Grows with every transaction that writes."""
    begun = []
    write = store.database.write
    monkeypatch.setattr(store.database, "write", lambda: begun.append(1) or write())
    return begun


@pytest.fixture
def puts(store, monkeypatch):
    """The pictures that go to storage."""
    put, kept = store.pictures.put, []
    monkeypatch.setattr(store.pictures, "put", lambda data: kept.append(data) or put(data))
    return kept


def said(store, **options):
    return [(entry.id, entry.verdict, entry.state) for entry in store.entries(**options)]


def test_receipts_and_rows_come_in_the_order_of_the_predictions(store):
    receipts = store.add_all([make_prediction(n) for n in range(3)], "right", contributor="ann")
    assert [entry.name for entry in store.entries()] == [
        "photo 0.png",
        "photo 1.png",
        "photo 2.png",
    ]
    assert [entry.id for entry in store.entries()] == [receipt.id for receipt in receipts]
    assert all(receipt.added and receipt.state == "accepted" for receipt in receipts)


def test_many_are_one_transaction(store, writes):
    store.add_all([make_prediction(n) for n in range(20)], "right", contributor="ann")
    assert len(writes) == 1


def test_none_is_kept_when_one_cannot_be(store):
    good, bad = make_prediction(0), make_prediction(1, digit_image=np.zeros((3, 3), np.uint8))
    with pytest.raises(FeedbackError, match="digit image"):
        store.add_all([good, bad], "right", contributor="ann")
    assert store.entries(history=True) == []


def test_the_same_twice_in_one_batch_is_one_row(store):
    first, again = store.add_all([make_prediction()] * 2, "right", contributor="ann")
    assert (first.added, again.added, again.id) == (True, False, first.id)


def test_what_somebody_had_said_before_is_changed_or_left_alone(store):
    same = store.add(make_prediction(0), "right", contributor="ann")
    other = store.add(make_prediction(1), "wrong", label=7, contributor="ann")
    receipts = store.add_all([make_prediction(n) for n in range(2)], "right", contributor="ann")
    assert (receipts[0].id, receipts[0].added) == (same.id, False)
    assert (receipts[1].superseded, receipts[1].added) == (other.id, True)


def test_in_a_reviewed_home_all_of_them_wait(store):
    HomeSettings(store.database).set("review", True, by="curator")
    store.add_all([make_prediction(n) for n in range(2)], "right", contributor="ann")
    assert [entry.state for entry in store.entries()] == ["held", "held"]


def test_what_a_reviewer_rejected_stays_rejected(store):
    number = store.add(make_prediction(1), "right", contributor="ann").id
    store.review([number], "rejected", by="curator")
    store.undo("ann")
    receipts = store.add_all([make_prediction(n) for n in range(2)], "right", contributor="ann")
    assert [receipt.state for receipt in receipts] == ["accepted", "rejected"]


def test_the_digits_of_one_picture_bring_it_once(store, puts):
    one = make_prediction(0)
    digits = [dataclasses.replace(one, box=(n, 5, 20, 28)) for n in range(3)]
    store.add_all([*digits, make_prediction(1)], "right", contributor="ann")
    assert puts == [one.picture, make_prediction(1).picture]
    assert [entry.picture_bytes for entry in store.entries()] == [len(one.picture)] * 4


def test_pictures_are_stored_as_they_come(store, puts):
    def come():
        for n in range(3):
            assert len(puts) == n
            yield make_prediction(n)

    store.add_all(come(), "right", contributor="ann")
    assert len(puts) == 3


def test_a_hash_that_is_not_the_pictures_is_refused_in_a_batch_too(store):
    picture = make_prediction().picture
    batch = [make_prediction(picture=picture), make_prediction(1)]
    batch[1] = dataclasses.replace(batch[1], picture=picture)
    with pytest.raises(FeedbackError, match="predict the picture again"):
        store.add_all(batch, "right", contributor="ann")


def test_many_are_taken_back_in_one_transaction(store, writes):
    receipts = store.add_all([make_prediction(n) for n in range(3)], "right", contributor="ann")
    gone = store.undo_all("ann", [receipt.id for receipt in receipts[:2]])
    assert [(entry.id, entry.state) for entry in gone] == [(1, "undone"), (2, "undone")]
    assert said(store) == [(3, "right", "accepted")]
    assert len(writes) == 2


def test_taking_back_brings_back_what_was_superseded(store):
    store.add(make_prediction(), "wrong", label=7, contributor="ann")
    (receipt,) = store.add_all([make_prediction()], "right", contributor="ann")
    store.undo_all("ann", [receipt.id])
    assert said(store) == [(1, "wrong", "accepted")]


def test_taking_back_passes_over_what_is_no_longer_in_force_or_somebody_elses(store):
    mine = store.add_all([make_prediction(n) for n in range(3)], "right", contributor="ann")
    theirs = store.add(make_prediction(), "right", contributor="bob")
    store.undo("ann", verdict_id=mine[0].id)
    store.add(make_prediction(1), "unsure", contributor="ann")
    gone = store.undo_all("ann", [receipt.id for receipt in (*mine, theirs)])
    assert [entry.id for entry in gone] == [mine[2].id]
    assert store.get(theirs.id).state == "accepted"


def test_taking_back_an_unknown_verdict_takes_none_back(store):
    (receipt,) = store.add_all([make_prediction()], "right", contributor="ann")
    with pytest.raises(FeedbackError, match="There is no verdict 99"):
        store.undo_all("ann", [receipt.id, 99])
    assert store.get(receipt.id).state == "accepted"


def test_nothing_at_all_changes_nothing(store):
    assert store.add_all([], "right", contributor="ann") == ()
    assert store.undo_all("ann", []) == []
