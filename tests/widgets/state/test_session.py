"""The session: what a visit does, with no kernel and no browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.fake_lab import BROKEN_PICTURE, BUG_PICTURE, FakeLab, png

from digitlab.widgets import Session
from digitlab.widgets.state.error_guard import SORRY
from digitlab.widgets.state.session import MAX_CONTRIBUTOR, MAX_ITEMS
from digitlab.widgets.state.visit_items import MAX_NAME, tidy_name


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeLab]:
    with FakeLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def session(lab: FakeLab) -> Session:
    clock = iter(datetime(2025, 3, 1, tzinfo=UTC) + timedelta(minutes=n) for n in range(1000))
    return Session(lab, now=lambda: next(clock))


def open_batch(session: Session, *pictures: bytes) -> None:
    for number, picture in enumerate(pictures):
        session.open(f"{number}.png", picture, first=number == 0)


def test_a_picture_comes_into_view_with_its_prediction(session: Session) -> None:
    session.open("seven.png", png())
    assert session.current is not None
    shown = session.prediction(session.current)
    assert shown is not None
    assert (shown.digit, shown.name, shown.picture) == (7, "seven.png", png())
    assert session.error == ""


def test_the_bytes_of_pictures_are_not_held_in_the_items(session: Session) -> None:
    session.open("seven.png", png())
    held = session.items[0].prediction
    assert held is not None
    assert (held.picture, held.preview) == (b"", b"")


def test_the_first_picture_of_a_batch_comes_into_view_and_the_others_wait(session: Session) -> None:
    open_batch(session, png(1), png(2), png(3))
    assert session.index == 0
    assert [item.waiting for item in session.items] == [True, True, True]


def test_a_new_batch_comes_into_view_though_the_last_one_waits(session: Session) -> None:
    open_batch(session, png(1), png(2))
    open_batch(session, png(3), png(4))
    assert session.index == 2


def test_the_same_file_twice_makes_two_items(session: Session) -> None:
    session.open("a.png", png())
    session.open("a.png", png())
    assert [item.name for item in session.items] == ["a.png", "a.png"]
    assert session.index == 1


def test_a_broken_picture_gives_one_sentence_and_the_others_go_on(session: Session) -> None:
    open_batch(session, BROKEN_PICTURE, png(1), png(2))
    assert session.error == "0.png: This file is damaged; please send it again."
    assert session.index == 1
    assert [bool(item.error) for item in session.items] == [True, False, False]


def test_a_broken_picture_leaves_the_one_in_view_in_view(session: Session) -> None:
    session.open("a.png", png())
    session.open("b.png", BROKEN_PICTURE)
    assert session.index == 0


def test_several_broken_pictures_are_counted_in_one_sentence(session: Session) -> None:
    open_batch(session, BROKEN_PICTURE, png(1), BROKEN_PICTURE + b"2")
    assert session.error == "2 pictures could not be read; choose one below to see why."


def test_the_next_batch_takes_the_sentence_away(session: Session) -> None:
    session.open("a.png", BROKEN_PICTURE)
    session.open("b.png", png())
    assert session.error == ""


def test_a_bug_becomes_a_plain_sentence_and_a_traceback_in_the_log(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    session.open("a.png", BUG_PICTURE)
    assert session.error == f"a.png: {SORRY}"
    assert "RuntimeError: a bug" in caplog.text


def test_a_page_opens_although_the_examples_are_broken(
    lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "examples", None)
    session = Session(lab)
    assert (session.error, session.model) == (SORRY, "base")


def test_the_memory_is_asked_for_the_one_who_judges(session: Session, lab: FakeLab) -> None:
    session.name_contributor("ann")
    session.open("seven.png", png())
    assert lab.last_contributor == "ann"


def test_a_verdict_reaches_the_ledger_with_comment_contributor_and_bytes(
    session: Session, lab: FakeLab
) -> None:
    session.name_contributor("  Ada \n L. ")
    session.open("seven.png", png())
    session.judge("wrong", 1, "  my one ")
    (entry,) = lab.entries
    assert (entry.verdict, entry.label, entry.comment) == ("wrong", 1, "my one")
    assert (entry.contributor, entry.name) == ("Ada L.", "seven.png")
    assert lab.feedback.pictures.get(entry.picture_sha256) == png()
    assert session.notice.startswith("seven.png: Kept: this is a 1, not a 7. It is remembered")


def test_after_a_verdict_the_next_waiting_picture_comes_into_view(session: Session) -> None:
    open_batch(session, png(1), BROKEN_PICTURE, png(2))
    session.judge("right")
    assert session.index == 2
    session.judge("right")
    assert session.index == 2


def test_the_next_waiting_picture_may_stand_before_the_one_in_view(session: Session) -> None:
    open_batch(session, png(1), png(2))
    session.select(1)
    session.judge("unsure")
    assert session.index == 0


def test_a_second_click_on_a_picture_does_not_fall_on_the_next(
    session: Session, lab: FakeLab
) -> None:
    open_batch(session, png(1), png(2))
    session.answer(3, item=0)
    session.answer(3, item=0)
    assert session.items[1].judgement is None
    assert len(lab.entries) == 1


def test_the_digit_that_was_read_counts_as_right(session: Session, lab: FakeLab) -> None:
    session.open("a.png", png())
    session.answer(7)
    assert lab.entries[0].verdict == "right"


def test_another_digit_counts_as_wrong(session: Session, lab: FakeLab) -> None:
    session.open("a.png", png())
    session.answer(1)
    assert (lab.entries[0].verdict, lab.entries[0].label) == ("wrong", 1)


def test_a_digit_where_none_was_seen_is_a_correction_whatever_the_best_guess(
    session: Session, lab: FakeLab
) -> None:
    lab.refused = True
    session.open("a.png", png())
    session.answer(7)
    assert (lab.entries[0].verdict, lab.entries[0].label) == ("wrong", 7)


def test_a_verdict_that_the_ledger_refuses_is_not_shown_as_kept(
    session: Session, lab: FakeLab
) -> None:
    session.open("a.png", png())
    session.judge("right", comment="x" * 3000)
    assert "2,000 characters" in session.error
    assert (session.kept, session.items[0].judgement, lab.entries) == (0, None, [])


def test_a_verdict_of_an_earlier_visit_given_again_is_shown(lab: FakeLab) -> None:
    for session in (Session(lab), Session(lab)):
        open_batch(session, png(1), png(2))
        session.judge("right")
        assert session.items[0].judgement is not None
        assert (session.kept, session.index) == (1, 1)
    assert session.notice == "0.png: You had said so before: this is a 7."


def test_a_verdict_without_a_picture_is_answered_by_a_sentence(
    session: Session, lab: FakeLab
) -> None:
    session.judge("right")
    assert session.error == "There is no picture here to judge; show one first."
    session.open("a.png", BROKEN_PICTURE)
    session.judge("right", item=0)
    assert session.error == "There is no picture here to judge; show one first."
    assert lab.entries == []


def test_a_verdict_on_a_picture_that_is_not_there_is_guarded(session: Session) -> None:
    session.judge("right", item=99)
    assert session.error == SORRY


def test_lists_in_traits_are_replaced(session: Session) -> None:
    session.open("a.png", png())
    before = session.items
    session.judge("right")
    assert session.items is not before
    assert before[0].judgement is None


def test_an_example_is_read_like_any_picture(session: Session) -> None:
    session.open_example(1)
    assert [item.name for item in session.items] == ["two.png"]


def test_the_version_that_answered_is_shown(session: Session, lab: FakeLab) -> None:
    lab.champion = "v0003"
    session.open("a.png", png())
    assert session.model == "v0003"


def test_a_visit_holds_a_bounded_number_of_pictures(session: Session) -> None:
    session.items = tuple(session.items) + tuple(
        item for _ in range(MAX_ITEMS) for item in [_broken(_)]
    )
    session.open("a.png", png())
    assert len(session.items) == MAX_ITEMS
    assert "reload the page" in session.error


def test_a_contributor_is_one_line_of_bounded_length(session: Session) -> None:
    session.name_contributor("x" * 1000)
    assert len(session.contributor) == MAX_CONTRIBUTOR


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\fakepath\\a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("a\u202egnp.exe\n", "agnp.exe"),
        ("", "picture"),
        ("   ", "picture"),
    ],
)
def test_names_are_tidied(given: str, kept: str) -> None:
    assert tidy_name(given) == kept


def test_long_names_keep_their_end() -> None:
    name = tidy_name("x" * 500 + ".png")
    assert len(name) == MAX_NAME
    assert name.endswith(".png")


def _broken(number: int) -> object:
    from digitlab.widgets.state.visit_items import Item

    return Item(id=number, name="x", error="x")
