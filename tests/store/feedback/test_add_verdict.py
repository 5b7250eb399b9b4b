"""Repeated and changed verdicts, and how earlier reviews apply to them."""

import pytest
from support.feedback_rows import add_verdict, noise, prediction_of
from support.predictions import make_prediction

from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def reviewed_store(store):
    """The store of a home where verdicts wait for a reviewer."""
    HomeSettings(store.database).set("review", True, by="curator")
    return store


def ids(entries):
    return [entry.id for entry in entries]


def test_the_same_verdict_again_adds_nothing(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    repeated = store.add(make_prediction(), "wrong", label=7, contributor="ann ")
    assert not repeated.added
    assert repeated.id == first.id
    assert repeated.message == "You had said so before: this is a 7, not a 1."
    assert ids(store.entries(history=True)) == [first.id]


def test_another_verdict_supersedes_the_earlier_one(store):
    first = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    second = store.add(make_prediction(), "wrong", label=8, contributor="ann")
    assert second.added
    assert second.superseded == first.id
    assert second.message == "Changed: this is an 8, not a 1."
    assert ids(store.entries()) == [second.id]
    assert store.get(first.id).state == "superseded"


def test_changing_a_verdict_back_adds_a_row(store):
    for label in (7, 2, 7):
        receipt = store.add(make_prediction(), "wrong", label=label, contributor="ann")
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
def test_a_verdict_with_another_key_supersedes_nothing(store, prediction, contributor):
    store.add(make_prediction(0), "wrong", label=7, contributor="ann")
    receipt = store.add(prediction, "wrong", label=7, contributor=contributor)
    assert receipt.added
    assert receipt.superseded is None
    assert len(store.entries()) == 2


def test_confirming_a_learned_correction_leaves_it_in_force(store):
    correction = store.add(make_prediction(digit=1), "wrong", label=7, contributor="ann")
    learned = make_prediction(digit=7, model="v0001")
    receipt = store.add(learned, "right", contributor="ann")
    assert not receipt.added
    assert [(entry.id, entry.verdict) for entry in store.accepted()] == [(correction.id, "wrong")]


def test_confirming_with_a_comment_keeps_the_evidence_of_the_correction(store):
    store.add(make_prediction(digit=1), "wrong", label=7, contributor="ann")
    learned = make_prediction(digit=7, model="v0001")
    receipt = store.add(learned, "right", contributor="ann", comment="now it knows")
    entry = store.get(receipt.id)
    assert receipt.added
    assert (entry.verdict, entry.label, entry.predicted, entry.model) == ("wrong", 7, 1, "base")
    assert entry.comment == "now it knows"


def test_a_digit_that_a_later_version_misreads_is_a_new_correction(store):
    store.add(make_prediction(digit=7), "right", contributor="ann")
    receipt = store.add(
        make_prediction(digit=1, model="v0001"), "wrong", label=7, contributor="ann"
    )
    assert receipt.added
    assert store.get(receipt.id).is_correction


def test_only_corrections_keep_a_fingerprint(store):
    kinds = [("right", None), ("wrong", 7), ("not-a-digit", None), ("unsure", None)]
    for n, (verdict, label) in enumerate(kinds):
        prediction = make_prediction(n, fingerprint=b"fingerprint")
        store.add(prediction, verdict, label=label, contributor="ann")
    remembered = make_prediction(9, remembered=True, fingerprint=b"fingerprint")
    store.add(remembered, "right", contributor="ann")
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT verdict_id FROM fingerprints ORDER BY 1")
        assert rows.scalars().all() == [2, 3, 5]


def test_a_repeated_verdict_does_not_escape_its_review(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "rejected", by="curator", reason="it is a 1")
    same = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    with_comment = store.add(
        make_prediction(), "wrong", label=7, contributor="ann", comment="it really is"
    )
    assert not same.added
    assert with_comment.state == store.get(with_comment.id).state == "rejected"
    assert store.get(with_comment.id).reason == "it is a 1"


def give_another_verdict(store):
    store.add(make_prediction(), "unsure", contributor="ann")


def undo(store):
    store.undo("ann")


def retract(store):
    store.retract(contributor="ann", by="ann")


@pytest.mark.parametrize("between", [give_another_verdict, undo, retract])
@pytest.mark.parametrize(("verdict", "label"), [("wrong", 7), ("not-a-digit", None)])
@pytest.mark.parametrize("state", ["held", "rejected"])
def test_a_verdict_given_again_later_does_not_escape_its_review(
    store, between, verdict, label, state
):
    receipt = store.add(make_prediction(), verdict, label=label, contributor="ann")
    store.review([receipt.id], state, by="curator", reason="it is a 1")
    between(store)
    repeated = store.add(make_prediction(), verdict, label=label, contributor="ann")
    entry = store.get(repeated.id)
    assert repeated.added
    assert repeated.state == entry.state == state
    assert (entry.by, entry.reason) == ("curator", "it is a 1")
    assert store.accepted() == []


def test_a_verdict_that_was_accepted_in_the_end_is_accepted_again(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "rejected", by="curator")
    store.review([receipt.id], "accepted", by="curator")
    give_another_verdict(store)
    repeated = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    assert repeated.state == "accepted"
    assert ids(store.accepted()) == [repeated.id]


@pytest.mark.parametrize(
    ("prediction", "label", "contributor"),
    [
        (make_prediction(), 2, "ann"),
        (make_prediction(), 7, "bob"),
        (make_prediction(1), 7, "ann"),
    ],
    ids=["another label", "another person", "another picture"],
)
def test_a_review_applies_to_the_same_verdict_only(store, prediction, label, contributor):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "rejected", by="curator")
    other = store.add(prediction, "wrong", label=label, contributor=contributor)
    assert other.state == "accepted"


def test_the_receipt_of_a_held_verdict_says_that_it_waits(store):
    receipt = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    store.review([receipt.id], "held", by="digitlab")
    repeated = store.add(make_prediction(), "wrong", label=7, contributor="ann")
    assert repeated.state == "held"
    assert repeated.message.endswith("it waits for review.")


def test_verdicts_count_at_once_by_default(store):
    assert store.get(add_verdict(store, noise(1), 4)).state == "accepted"


def test_in_a_reviewed_home_a_verdict_waits_with_the_reason(reviewed_store):
    entry = reviewed_store.get(add_verdict(reviewed_store, noise(1), 4))
    assert (entry.state, entry.by) == ("held", "digitlab")
    assert entry.reason == "In this home verdicts count once a reviewer has accepted them."
    assert reviewed_store.accepted() == []


def test_in_a_reviewed_home_the_receipt_is_that_of_a_held_verdict(reviewed_store):
    receipt = reviewed_store.add(prediction_of(noise(1)), "wrong", label=4, contributor="ann")
    assert receipt.state == "held"


def test_in_a_reviewed_home_a_confirmation_waits_too(reviewed_store):
    assert reviewed_store.get(add_verdict(reviewed_store, noise(1), 4, predicted=4)).state == "held"


def test_a_verdict_that_the_reviewer_accepts_counts(reviewed_store):
    verdict_id = add_verdict(reviewed_store, noise(1), 4)
    reviewed_store.review([verdict_id], "accepted", by="curator")
    assert [entry.id for entry in reviewed_store.accepted()] == [verdict_id]


def test_a_verdict_accepted_once_does_not_wait_again(reviewed_store):
    verdict_id = add_verdict(reviewed_store, noise(1), 4)
    reviewed_store.review([verdict_id], "accepted", by="curator")
    add_verdict(reviewed_store, noise(1), 5)
    repeated = reviewed_store.get(add_verdict(reviewed_store, noise(1), 4))
    assert (repeated.state, repeated.by) == ("accepted", "curator")


def test_a_verdict_rejected_once_stays_rejected(reviewed_store):
    verdict_id = add_verdict(reviewed_store, noise(1), 4)
    reviewed_store.review([verdict_id], "rejected", by="curator", reason="a scribble")
    add_verdict(reviewed_store, noise(1), 5)
    repeated = reviewed_store.get(add_verdict(reviewed_store, noise(1), 4))
    assert (repeated.state, repeated.by, repeated.reason) == ("rejected", "curator", "a scribble")


def test_the_same_verdict_of_another_person_waits_for_its_own_review(reviewed_store):
    reviewed_store.review([add_verdict(reviewed_store, noise(1), 4)], "accepted", by="curator")
    verdict_id = add_verdict(reviewed_store, noise(1), 4, contributor="bob")
    assert reviewed_store.get(verdict_id).state == "held"


def test_undo_takes_back_a_held_verdict(reviewed_store):
    add_verdict(reviewed_store, noise(1), 4)
    reviewed_store.undo("ann")
    assert reviewed_store.pending() == []


def test_verdicts_from_before_the_setting_still_count(store):
    verdict_id = add_verdict(store, noise(1), 4)
    HomeSettings(store.database).set("review", True, by="curator")
    assert [entry.id for entry in store.accepted()] == [verdict_id]


def test_clearing_the_setting_affects_new_verdicts_only(reviewed_store):
    held = add_verdict(reviewed_store, noise(1), 4)
    HomeSettings(reviewed_store.database).set("review", False, by="curator")
    assert reviewed_store.get(add_verdict(reviewed_store, noise(2), 4)).state == "accepted"
    assert reviewed_store.get(held).state == "held"
