"""Undo on the page: what it takes back, and what it leaves alone, on a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_lab import FakeLab, png

from digitlab.widgets import Session

GONE = "This verdict is no longer in force; there is nothing to take back."


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeLab]:
    with FakeLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def session(lab: FakeLab) -> Session:
    return visit(lab, png(1), png(2))


def visit(lab: FakeLab, *pictures: bytes) -> Session:
    """A visit with these pictures; the first one is in view."""
    session = Session(lab)
    for number, picture in enumerate(pictures):
        session.open(f"{number}.png", picture, first=number == 0)
    return session


def shown(session: Session) -> list[str]:
    """What the page shows as said of each picture; empty where nothing was."""
    said = [item.judgement for item in session.items]
    return ["" if judgement is None else judgement.in_words() for judgement in said]


def kept(lab: FakeLab) -> list[tuple[str, int | None]]:
    return [(entry.verdict, entry.label) for entry in lab.entries]


def test_undo_takes_the_verdict_back_and_shows_its_picture(session: Session, lab: FakeLab) -> None:
    session.judge("right")
    assert session.index == 1
    session.undo()
    assert lab.entries == []
    assert (session.index, shown(session)) == (0, ["", ""])
    assert session.notice == "0.png: your verdict was taken back."


def test_undo_after_saying_the_same_twice_leaves_page_and_ledger_at_one(
    session: Session, lab: FakeLab
) -> None:
    for _ in range(2):
        session.judge("right", item=0)
    assert session.notice == "0.png: You had said so before: this is a 7."
    session.undo()
    assert (lab.entries, shown(session)) == ([], ["", ""])
    session.undo()
    assert session.notice == "There is nothing to undo in this visit."


def test_undo_of_a_changed_mind_restores_the_verdict_before(session: Session, lab: FakeLab) -> None:
    session.judge("wrong", 3, item=0)
    session.judge("unsure", item=0)
    session.undo()
    assert (shown(session)[0], kept(lab)) == ("wrong, it is a 3", [("wrong", 3)])


def test_undo_of_a_mind_changed_back_goes_one_step_at_a_time(
    session: Session, lab: FakeLab
) -> None:
    session.judge("right", item=0)
    session.judge("wrong", 3, item=0)
    session.judge("right", item=0)
    steps = []
    for _ in range(3):
        session.undo()
        steps.append((shown(session)[0], kept(lab)))
    assert steps == [("wrong, it is a 3", [("wrong", 3)]), ("right", [("right", 7)]), ("", [])]


def test_a_verdict_said_again_is_not_the_last_one(session: Session, lab: FakeLab) -> None:
    session.judge("right", item=0)
    session.judge("wrong", 3, item=1)
    session.judge("right", item=0)
    session.undo()
    assert (shown(session), kept(lab)) == (["right", ""], [("right", 7)])


def test_a_new_comment_is_undone_alone(session: Session, lab: FakeLab) -> None:
    session.judge("right", item=0)
    session.judge("right", comment="a hasty one", item=0)
    session.undo()
    assert shown(session)[0] == "right"
    assert [entry.comment for entry in lab.entries] == [""]


def test_undo_reaches_both_items_of_a_file_that_was_shown_twice(lab: FakeLab) -> None:
    session = visit(lab, png(), png())
    for item in (0, 1):
        session.judge("wrong", 1, item=item)
    session.undo()
    assert (lab.entries, shown(session)) == ([], ["", ""])


def test_undo_leaves_verdicts_of_earlier_visits_alone(lab: FakeLab) -> None:
    visit(lab, png(1)).judge("right")
    now = visit(lab, png(1))
    now.undo()
    now.judge("right")
    now.undo()
    assert now.notice == "There is nothing to undo in this visit."
    assert (shown(now), kept(lab)) == (["right"], [("right", 7)])


def test_undo_leaves_verdicts_of_the_same_person_in_another_tab_alone(lab: FakeLab) -> None:
    here, there = visit(lab, png(1)), visit(lab, png(2))
    for session in (here, there):
        session.name_contributor("Ada")
    here.judge("wrong", 1)
    there.judge("wrong", 2)
    here.undo()
    assert (shown(here), shown(there)) == ([""], ["wrong, it is a 2"])
    assert kept(lab) == [("wrong", 2)]


def test_what_was_taken_back_elsewhere_is_told_and_shown(session: Session, lab: FakeLab) -> None:
    session.judge("right", item=0)
    session.judge("wrong", 3, item=1)
    lab.undo()
    session.undo()
    assert (session.error, session.notice) == (f"1.png: {GONE}", "")
    assert (session.index, shown(session), kept(lab)) == (1, ["right", ""], [("right", 7)])
    session.undo()
    assert (session.error, shown(session), kept(lab)) == ("", ["", ""], [])


def test_what_was_changed_in_another_tab_is_not_taken_back(lab: FakeLab) -> None:
    here, there = visit(lab, png(1)), visit(lab, png(1))
    here.judge("right")
    there.judge("wrong", 3)
    here.undo()
    assert here.error == f"0.png: {GONE}"
    assert (shown(here), kept(lab)) == ([""], [("wrong", 3)])


def test_undo_of_a_confirmed_correction_with_a_comment_leaves_the_correction(
    lab: FakeLab,
) -> None:
    lab.refused = True
    visit(lab, png(1)).judge("wrong", 7)
    lab.refused = False
    session = visit(lab, png(1))
    session.judge("right", comment="now it sees it")
    session.undo()
    assert shown(session) == [""]
    assert [(entry.verdict, entry.comment) for entry in lab.entries] == [("wrong", "")]


def test_a_verdict_may_be_given_again_after_an_undo(session: Session, lab: FakeLab) -> None:
    session.judge("wrong", 1, item=0)
    session.undo()
    session.judge("wrong", 1, item=0)
    assert (shown(session)[0], kept(lab)) == ("wrong, it is a 1", [("wrong", 1)])


def test_undo_asks_for_the_one_who_judged_though_the_name_has_changed(
    session: Session, lab: FakeLab
) -> None:
    session.name_contributor("Ada")
    session.judge("wrong", 1, item=0)
    session.name_contributor("Ben")
    session.undo()
    assert (session.error, lab.entries) == ("", [])
