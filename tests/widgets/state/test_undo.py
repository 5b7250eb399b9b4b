"""Undo on the page: what it takes back, and what it leaves alone, on a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_lab import PaperDesk, png

from digitlab.widgets import Session

GONE = "This verdict is no longer in force; there is nothing to take back."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PaperDesk]:
    with PaperDesk(tmp_path / "home") as desk:
        yield desk


@pytest.fixture
def session(desk: PaperDesk) -> Session:
    return visit(desk, png(1), png(2))


def visit(desk: PaperDesk, *pictures: bytes) -> Session:
    """A visit with these pictures; the first one is in view."""
    session = Session(desk)
    for number, picture in enumerate(pictures):
        session.open(f"{number}.png", picture, first=number == 0)
    return session


def shown(session: Session) -> list[str]:
    """What the page shows as said of each picture; empty where nothing was."""
    said = [item.judgement for item in session.items]
    return ["" if judgement is None else judgement.in_words() for judgement in said]


def kept(desk: PaperDesk) -> list[tuple[str, int | None]]:
    return [(entry.verdict, entry.label) for entry in desk.ledger]


def test_undo_takes_the_verdict_back_and_shows_its_picture(
    session: Session, desk: PaperDesk
) -> None:
    session.judge("right")
    assert session.index == 1
    session.undo()
    assert desk.ledger == []
    assert (session.index, shown(session)) == (0, ["", ""])
    assert session.notice == "0.png: your verdict was taken back."


def test_undo_after_saying_the_same_twice_leaves_page_and_ledger_at_one(
    session: Session, desk: PaperDesk
) -> None:
    for _ in range(2):
        session.judge("right", item=0)
    assert session.notice == "0.png: You had said so before: this is a 7."
    session.undo()
    assert (desk.ledger, shown(session)) == ([], ["", ""])
    session.undo()
    assert session.notice == "There is nothing to undo in this visit."


def test_undo_of_a_changed_mind_restores_the_verdict_before(
    session: Session, desk: PaperDesk
) -> None:
    session.judge("wrong", 3, item=0)
    session.judge("unsure", item=0)
    session.undo()
    assert (shown(session)[0], kept(desk)) == ("wrong, it is a 3", [("wrong", 3)])


def test_undo_of_a_mind_changed_back_goes_one_step_at_a_time(
    session: Session, desk: PaperDesk
) -> None:
    session.judge("right", item=0)
    session.judge("wrong", 3, item=0)
    session.judge("right", item=0)
    steps = []
    for _ in range(3):
        session.undo()
        steps.append((shown(session)[0], kept(desk)))
    assert steps == [("wrong, it is a 3", [("wrong", 3)]), ("right", [("right", 7)]), ("", [])]


def test_a_verdict_said_again_is_not_the_last_one(session: Session, desk: PaperDesk) -> None:
    session.judge("right", item=0)
    session.judge("wrong", 3, item=1)
    session.judge("right", item=0)
    session.undo()
    assert (shown(session), kept(desk)) == (["right", ""], [("right", 7)])


def test_a_new_comment_is_undone_alone(session: Session, desk: PaperDesk) -> None:
    session.judge("right", item=0)
    session.judge("right", comment="a hasty one", item=0)
    session.undo()
    assert shown(session)[0] == "right"
    assert [entry.comment for entry in desk.ledger] == [""]


def test_undo_reaches_both_items_of_a_file_that_was_shown_twice(desk: PaperDesk) -> None:
    session = visit(desk, png(), png())
    for item in (0, 1):
        session.judge("wrong", 1, item=item)
    session.undo()
    assert (desk.ledger, shown(session)) == ([], ["", ""])


def test_undo_leaves_verdicts_of_earlier_visits_alone(desk: PaperDesk) -> None:
    visit(desk, png(1)).judge("right")
    now = visit(desk, png(1))
    now.undo()
    now.judge("right")
    now.undo()
    assert now.notice == "There is nothing to undo in this visit."
    assert (shown(now), kept(desk)) == (["right"], [("right", 7)])


def test_undo_leaves_verdicts_of_the_same_person_in_another_tab_alone(desk: PaperDesk) -> None:
    here, there = visit(desk, png(1)), visit(desk, png(2))
    for session in (here, there):
        session.name_contributor("Ada")
    here.judge("wrong", 1)
    there.judge("wrong", 2)
    here.undo()
    assert (shown(here), shown(there)) == ([""], ["wrong, it is a 2"])
    assert kept(desk) == [("wrong", 2)]


def test_what_was_taken_back_elsewhere_is_told_and_shown(session: Session, desk: PaperDesk) -> None:
    session.judge("right", item=0)
    session.judge("wrong", 3, item=1)
    desk.undo()
    session.undo()
    assert (session.error, session.notice) == (f"1.png: {GONE}", "")
    assert (session.index, shown(session), kept(desk)) == (1, ["right", ""], [("right", 7)])
    session.undo()
    assert (session.error, shown(session), kept(desk)) == ("", ["", ""], [])


def test_what_was_changed_in_another_tab_is_not_taken_back(desk: PaperDesk) -> None:
    here, there = visit(desk, png(1)), visit(desk, png(1))
    here.judge("right")
    there.judge("wrong", 3)
    here.undo()
    assert here.error == f"0.png: {GONE}"
    assert (shown(here), kept(desk)) == ([""], [("wrong", 3)])


def test_undo_of_a_confirmed_correction_with_a_comment_leaves_the_correction(
    desk: PaperDesk,
) -> None:
    desk.refused = True
    visit(desk, png(1)).judge("wrong", 7)
    desk.refused = False
    session = visit(desk, png(1))
    session.judge("right", comment="now it sees it")
    session.undo()
    assert shown(session) == [""]
    assert [(entry.verdict, entry.comment) for entry in desk.ledger] == [("wrong", "")]


def test_a_verdict_may_be_given_again_after_an_undo(session: Session, desk: PaperDesk) -> None:
    session.judge("wrong", 1, item=0)
    session.undo()
    session.judge("wrong", 1, item=0)
    assert (shown(session)[0], kept(desk)) == ("wrong, it is a 1", [("wrong", 1)])


def test_undo_asks_for_the_one_who_judged_though_the_name_has_changed(
    session: Session, desk: PaperDesk
) -> None:
    session.name_contributor("Ada")
    session.judge("wrong", 1, item=0)
    session.name_contributor("Ben")
    session.undo()
    assert (session.error, desk.ledger) == ("", [])
