"""A reviewed home: verdicts wait until a reviewer has accepted them."""

import pytest
from support.feedback_rows import add_verdict, noise, prediction_of

from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def reviewed(store):
    HomeSettings(store.database).set("review", True, by="curator")
    return store


def test_in_a_home_that_says_nothing_verdicts_count_at_once(store):
    assert store.get(add_verdict(store, noise(1), 4)).state == "accepted"


def test_a_verdict_waits_and_says_why(reviewed):
    entry = reviewed.get(add_verdict(reviewed, noise(1), 4))
    assert (entry.state, entry.by) == ("held", "digitlab")
    assert entry.reason == "In this home verdicts count once a reviewer has accepted them."
    assert reviewed.accepted() == []


def test_the_receipt_says_that_it_waits(reviewed):
    receipt = reviewed.add(prediction_of(noise(1)), "wrong", label=4, contributor="ann")
    assert receipt.state == "held"


def test_a_confirmation_waits_too(reviewed):
    assert reviewed.get(add_verdict(reviewed, noise(1), 4, predicted=4)).state == "held"


def test_what_a_reviewer_accepts_counts(reviewed):
    number = add_verdict(reviewed, noise(1), 4)
    reviewed.review([number], "accepted", by="curator")
    assert [entry.id for entry in reviewed.accepted()] == [number]


def test_what_was_accepted_once_does_not_wait_again(reviewed):
    number = add_verdict(reviewed, noise(1), 4)
    reviewed.review([number], "accepted", by="curator")
    add_verdict(reviewed, noise(1), 5)
    again = reviewed.get(add_verdict(reviewed, noise(1), 4))
    assert (again.state, again.by) == ("accepted", "curator")


def test_what_was_rejected_once_stays_rejected(reviewed):
    number = add_verdict(reviewed, noise(1), 4)
    reviewed.review([number], "rejected", by="curator", reason="a scribble")
    add_verdict(reviewed, noise(1), 5)
    again = reviewed.get(add_verdict(reviewed, noise(1), 4))
    assert (again.state, again.by, again.reason) == ("rejected", "curator", "a scribble")


def test_another_persons_verdict_waits_for_itself(reviewed):
    reviewed.review([add_verdict(reviewed, noise(1), 4)], "accepted", by="curator")
    assert reviewed.get(add_verdict(reviewed, noise(1), 4, contributor="bob")).state == "held"


def test_an_undo_takes_back_what_waits(reviewed):
    add_verdict(reviewed, noise(1), 4)
    reviewed.undo("ann")
    assert reviewed.pending() == []


def test_what_was_said_before_the_switch_counts_on(store):
    number = add_verdict(store, noise(1), 4)
    HomeSettings(store.database).set("review", True, by="curator")
    assert [entry.id for entry in store.accepted()] == [number]


def test_the_switch_goes_back_for_what_comes_after_it(reviewed):
    waiting = add_verdict(reviewed, noise(1), 4)
    HomeSettings(reviewed.database).set("review", False, by="curator")
    assert reviewed.get(add_verdict(reviewed, noise(2), 4)).state == "accepted"
    assert reviewed.get(waiting).state == "held"
