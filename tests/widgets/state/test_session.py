"""The session opens pictures and stores verdicts, without a kernel and a browser."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from support.fake_lab import BROKEN_PICTURE, BUG_PICTURE, FakeLab, png, prediction

from digitlab.errors import FeedbackError, StoreError
from digitlab.store import Verdict
from digitlab.widgets import Session
from digitlab.widgets.state.error_guard import UNEXPECTED_ERROR
from digitlab.widgets.state.session import MAX_CONTRIBUTOR_LENGTH, MAX_ITEMS
from digitlab.widgets.state.visit_items import VisitItem


@pytest.fixture
def session(lab: FakeLab) -> Session:
    clock = iter(datetime(2025, 3, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(1000))
    return Session(lab, now=lambda: next(clock))


def open_batch(session: Session, *pictures: bytes) -> None:
    for number, picture in enumerate(pictures):
        session.open(f"{number}.png", picture, first_of_batch=number == 0)


def test_a_picture_arrives_with_its_prediction(session: Session) -> None:
    session.open("seven.png", png())
    prediction = session.prediction(session.items[session.arrived_id])
    assert prediction is not None
    assert (prediction.digit, prediction.name) == (7, "seven.png")
    assert prediction.picture == png()
    assert session.error == ""


def test_the_items_do_not_hold_the_bytes_of_pictures(session: Session) -> None:
    session.open("seven.png", png())
    prediction = session.items[0].prediction
    assert prediction is not None
    assert (prediction.picture, prediction.preview) == (b"", b"")


def test_the_first_picture_of_a_batch_comes_into_view_and_all_are_pending(
    session: Session,
) -> None:
    open_batch(session, png(1), png(2), png(3))
    assert session.arrived_id == 0
    assert [item.pending for item in session.items] == [True, True, True]


def test_a_new_batch_comes_into_view_although_the_last_one_is_pending(session: Session) -> None:
    open_batch(session, png(1), png(2))
    open_batch(session, png(3), png(4))
    assert session.arrived_id == 2


def test_the_same_file_twice_makes_two_items(session: Session) -> None:
    session.open("a.png", png())
    session.open("a.png", png())
    assert [item.name for item in session.items] == ["a.png", "a.png"]
    assert session.arrived_id == 1


def test_a_broken_picture_is_one_error_and_the_others_are_read(session: Session) -> None:
    open_batch(session, BROKEN_PICTURE, png(1), png(2))
    assert session.error == "0.png: This file is damaged; please send it again."
    assert session.arrived_id == 1
    assert [bool(item.error) for item in session.items] == [True, False, False]


def test_a_broken_picture_does_not_replace_the_item_in_view(session: Session) -> None:
    session.open("a.png", png())
    session.open("b.png", BROKEN_PICTURE)
    assert session.arrived_id == 0


def test_one_error_counts_several_broken_pictures(session: Session) -> None:
    open_batch(session, BROKEN_PICTURE, png(1), BROKEN_PICTURE + b"2")
    assert session.error == "2 pictures could not be read; choose one below to see why."


def test_the_next_batch_clears_the_error(session: Session) -> None:
    session.open("a.png", BROKEN_PICTURE)
    session.open("b.png", png())
    assert session.error == ""


def test_a_bug_becomes_a_plain_sentence_and_a_traceback_in_the_log(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    session.open("a.png", BUG_PICTURE)
    assert session.error == f"a.png: {UNEXPECTED_ERROR}"
    assert "RuntimeError: a bug" in caplog.text


def test_a_page_opens_although_the_examples_are_broken(
    lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "examples", None)
    session = Session(lab)
    assert (session.error, session.model) == (UNEXPECTED_ERROR, "base")


def test_a_prediction_is_made_for_the_contributor(session: Session, lab: FakeLab) -> None:
    session.set_contributor("ann")
    session.open("seven.png", png())
    assert lab.last_contributor == "ann"


def test_a_verdict_is_stored_with_comment_contributor_and_picture(
    session: Session, lab: FakeLab
) -> None:
    session.set_contributor("  Ada \n L. ")
    session.open("seven.png", png())
    session.judge("wrong", 1, "  my one ", item_id=0)
    (entry,) = lab.entries
    assert (entry.verdict, entry.label, entry.comment) == ("wrong", 1, "my one")
    assert (entry.contributor, entry.name) == ("Ada L.", "seven.png")
    assert lab.feedback.pictures.get(entry.picture_sha256) == png()
    assert session.notice.startswith("seven.png: Kept: this is a 1, not a 7. It is remembered")


def test_the_predicted_digit_as_label_counts_as_right(session: Session, lab: FakeLab) -> None:
    session.open("a.png", png())
    session.judge_by_label(7, item_id=0)
    assert lab.entries[0].verdict == "right"


def test_another_label_counts_as_wrong(session: Session, lab: FakeLab) -> None:
    session.open("a.png", png())
    session.judge_by_label(1, item_id=0)
    assert (lab.entries[0].verdict, lab.entries[0].label) == ("wrong", 1)


def test_a_label_on_a_refused_prediction_is_a_correction_also_of_its_best_guess(
    session: Session, lab: FakeLab
) -> None:
    lab.refused = True
    session.open("a.png", png())
    session.judge_by_label(7, item_id=0)
    assert (lab.entries[0].verdict, lab.entries[0].label) == ("wrong", 7)


def test_a_verdict_that_the_store_refuses_is_not_shown_as_stored(
    session: Session, lab: FakeLab
) -> None:
    session.open("a.png", png())
    with pytest.raises(FeedbackError, match="2,000 characters"):
        session.judge("right", comment="x" * 3000, item_id=0)
    assert (session.items[0].verdict, lab.entries) == (None, [])


def test_a_stored_verdict_stays_although_the_other_items_cannot_be_predicted_again(
    session: Session, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_batch(session, png(1), png(2))

    def fail(*_: object, **__: object) -> None:
        raise StoreError("The database is locked.")

    monkeypatch.setattr(lab, "reconsider", fail)
    session.judge("wrong", 1, item_id=0)
    assert session.items[0].verdict is not None
    assert (len(lab.entries), session.error) == (1, "The database is locked.")


def test_a_repeated_verdict_of_an_earlier_visit_is_shown(lab: FakeLab) -> None:
    for session in (Session(lab), Session(lab)):
        open_batch(session, png(1), png(2))
        session.judge("right", item_id=0)
        assert session.items[0].verdict is not None
    assert session.notice == "0.png: You had said so before: this is a 7."


def test_a_verdict_without_a_picture_is_an_error(session: Session, lab: FakeLab) -> None:
    session.open("a.png", BROKEN_PICTURE)
    with pytest.raises(FeedbackError, match="no picture here to judge"):
        session.judge("right", item_id=0)
    assert lab.entries == []


def test_a_verdict_belongs_to_the_prediction_that_the_person_saw(
    session: Session, lab: FakeLab
) -> None:
    """Another correction may replace the prediction while the verdict is on its way."""
    session.open("a.png", png())
    remembered = prediction(3, remembered=True, name="a.png")
    session.items = (session.items[0].with_prediction(remembered),)
    session.judge_by_label(7, item_id=0, revision=0)
    (entry,) = lab.entries
    assert (entry.verdict, entry.label, entry.predicted) == ("right", 7, 7)
    shown = session.items[0].prediction
    assert shown is not None
    assert (shown.digit, session.items[0].revision) == (7, 2)


def test_a_verdict_on_the_new_prediction_is_compared_with_it(
    session: Session, lab: FakeLab
) -> None:
    session.open("a.png", png())
    picture = session.prediction(session.items[0])
    assert picture is not None
    replaced = dataclasses.replace(picture, digit=3, remembered=True, picture=b"", preview=b"")
    session.items = (session.items[0].with_prediction(replaced),)
    session.judge_by_label(7, item_id=0, revision=1)
    assert [(entry.verdict, entry.label) for entry in lab.entries] == [("wrong", 7)]


@pytest.mark.parametrize(
    ("verdict", "label"), [("right", 7), ("wrong", 1), ("not-a-digit", None), ("unsure", None)]
)
def test_a_comment_after_the_verdict_is_stored_with_the_same_verdict(
    session: Session, lab: FakeLab, verdict: Verdict, label: int | None
) -> None:
    session.open("a.png", png())
    session.judge(verdict, label if verdict == "wrong" else None, item_id=0)
    session.add_comment("a hasty one", item_id=0)
    history = lab.feedback.entries(history=True)
    assert [(entry.verdict, entry.label, entry.comment) for entry in history] == [
        (verdict, label, ""),
        (verdict, label, "a hasty one"),
    ]
    (entry,) = lab.entries
    assert entry.comment == "a hasty one"


def test_a_comment_without_a_verdict_is_an_error(session: Session, lab: FakeLab) -> None:
    session.open("a.png", png())
    with pytest.raises(FeedbackError, match="saved with a verdict"):
        session.add_comment("a hasty one", item_id=0)
    assert lab.entries == []


def test_the_items_are_replaced_and_not_changed(session: Session) -> None:
    session.open("a.png", png())
    before = session.items
    session.judge("right", item_id=0)
    assert session.items is not before
    assert before[0].verdict is None


def test_an_example_is_read_like_any_picture(session: Session) -> None:
    session.open_example(1)
    assert [item.name for item in session.items] == ["two.png"]


def test_the_session_names_the_version_that_answered(session: Session, lab: FakeLab) -> None:
    lab.champion = "v0003"  # type: ignore[assignment]
    session.open("a.png", png())
    assert session.model == "v0003"


def test_a_visit_has_a_largest_number_of_items(session: Session) -> None:
    session.items = tuple(VisitItem(id=n, name="x", error="x") for n in range(MAX_ITEMS))
    session.open("a.png", png())
    assert len(session.items) == MAX_ITEMS
    assert "reload the page" in session.error


def test_a_contributor_is_one_short_line(session: Session) -> None:
    session.set_contributor("x" * 1000)
    assert len(session.contributor) == MAX_CONTRIBUTOR_LENGTH
