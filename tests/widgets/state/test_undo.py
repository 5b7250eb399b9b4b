"""Undo on the page takes back the verdicts of this visit only, in a real feedback store.

The tests span session, items and bulk confirmation, so no single module has them.
"""

from __future__ import annotations

import pytest
from support.fake_lab import FakeLab, png

from digitlab.widgets import Session
from digitlab.widgets.state.session import NOTHING_TO_UNDO, STEP_ADDED_NOTHING

NOT_IN_FORCE = "This verdict is no longer in force; there is nothing to take back."


@pytest.fixture
def session(lab: FakeLab) -> Session:
    return visit(lab, png(1), png(2))


def visit(lab: FakeLab, *pictures: bytes) -> Session:
    """Open a visit with these pictures; the first one is in view."""
    session = Session(lab)
    for number, picture in enumerate(pictures):
        session.open(f"{number}.png", picture, first_of_batch=number == 0)
    return session


def shown(session: Session) -> list[str]:
    """Return the text of each item's verdict on the page; empty for none."""
    return ["" if item.verdict is None else item.verdict.text for item in session.items]


def stored(lab: FakeLab) -> list[tuple[str, int | None]]:
    """Return verdict and label of each entry in the feedback store."""
    return [(entry.verdict, entry.label) for entry in lab.entries]


def test_undo_takes_the_last_verdict_back(session: Session, lab: FakeLab) -> None:
    session.judge("right", item_id=0)
    session.undo()
    assert (lab.entries, shown(session)) == ([], ["", ""])
    assert session.notice == "0.png: your verdict was taken back."


def test_undo_takes_a_repeated_verdict_back_once(session: Session, lab: FakeLab) -> None:
    for _ in range(2):
        session.judge("right", item_id=0)
    assert session.notice == "0.png: You had said so before: this is a 7."
    session.undo()
    assert (lab.entries, shown(session)) == ([], ["", ""])
    session.undo()
    assert session.notice == NOTHING_TO_UNDO


def test_undo_of_a_changed_verdict_restores_the_verdict_before(
    session: Session, lab: FakeLab
) -> None:
    session.judge("wrong", 3, item_id=0)
    session.judge("unsure", item_id=0)
    session.undo()
    assert (shown(session)[0], stored(lab)) == ("wrong, it is a 3", [("wrong", 3)])


def test_undo_of_a_verdict_that_was_changed_back_goes_one_step_at_a_time(
    session: Session, lab: FakeLab
) -> None:
    session.judge("right", item_id=0)
    session.judge("wrong", 3, item_id=0)
    session.judge("right", item_id=0)
    steps = []
    for _ in range(3):
        session.undo()
        steps.append((shown(session)[0], stored(lab)))
    assert steps == [("wrong, it is a 3", [("wrong", 3)]), ("right", [("right", 7)]), ("", [])]


def test_a_repeated_verdict_is_not_the_last_one(session: Session, lab: FakeLab) -> None:
    session.judge("right", item_id=0)
    session.judge("wrong", 3, item_id=1)
    session.judge("right", item_id=0)
    session.undo()
    assert (shown(session), stored(lab)) == (["right", ""], [("right", 7)])


def test_undo_of_a_new_comment_keeps_the_verdict(session: Session, lab: FakeLab) -> None:
    session.judge("right", item_id=0)
    session.judge("right", comment="a hasty one", item_id=0)
    session.undo()
    assert shown(session)[0] == "right"
    assert [entry.comment for entry in lab.entries] == [""]


def test_undo_reaches_both_items_of_the_same_file(lab: FakeLab) -> None:
    session = visit(lab, png(), png())
    for item_id in (0, 1):
        session.judge("wrong", 1, item_id=item_id)
    session.undo()
    assert (lab.entries, shown(session)) == ([], ["", ""])


def test_undo_leaves_verdicts_of_earlier_visits_alone(lab: FakeLab) -> None:
    visit(lab, png(1)).judge("right", item_id=0)
    session = visit(lab, png(1))
    session.undo()
    session.judge("right", item_id=0)
    session.undo()
    assert session.notice == NOTHING_TO_UNDO
    assert (shown(session), stored(lab)) == (["right"], [("right", 7)])


def test_undo_leaves_verdicts_of_the_same_person_in_another_tab_alone(lab: FakeLab) -> None:
    first_tab, second_tab = visit(lab, png(1)), visit(lab, png(2))
    for session in (first_tab, second_tab):
        session.set_contributor("Ada")
    first_tab.judge("wrong", 1, item_id=0)
    second_tab.judge("wrong", 2, item_id=0)
    first_tab.undo()
    assert (shown(first_tab), shown(second_tab)) == ([""], ["wrong, it is a 2"])
    assert stored(lab) == [("wrong", 2)]


def test_a_verdict_that_was_undone_elsewhere_is_an_error_and_disappears(
    session: Session, lab: FakeLab
) -> None:
    session.judge("right", item_id=0)
    session.judge("wrong", 3, item_id=1)
    lab.undo()
    assert session.undo() == {1: NOT_IN_FORCE}
    assert (shown(session), stored(lab)) == (["right", ""], [("right", 7)])
    assert session.undo() == {}
    assert (shown(session), stored(lab)) == (["", ""], [])


def test_a_verdict_that_another_tab_changed_is_not_taken_back(lab: FakeLab) -> None:
    first_tab, second_tab = visit(lab, png(1)), visit(lab, png(1))
    first_tab.judge("right", item_id=0)
    second_tab.judge("wrong", 3, item_id=0)
    assert first_tab.undo() == {0: NOT_IN_FORCE}
    assert (shown(first_tab), stored(lab)) == ([""], [("wrong", 3)])


def test_undo_of_a_confirmed_correction_with_a_comment_keeps_the_correction(
    lab: FakeLab,
) -> None:
    lab.refused = True
    visit(lab, png(1)).judge("wrong", 7, item_id=0)
    lab.refused = False
    session = visit(lab, png(1))
    session.judge("right", comment="now it sees it", item_id=0)
    session.undo()
    assert shown(session) == [""]
    assert [(entry.verdict, entry.comment) for entry in lab.entries] == [("wrong", "")]


def test_a_verdict_can_be_given_again_after_an_undo(session: Session, lab: FakeLab) -> None:
    session.judge("wrong", 1, item_id=0)
    session.undo()
    session.judge("wrong", 1, item_id=0)
    assert (shown(session)[0], stored(lab)) == ("wrong, it is a 1", [("wrong", 1)])


def test_undo_acts_for_the_contributor_who_judged_also_after_a_new_name(
    session: Session, lab: FakeLab
) -> None:
    session.set_contributor("Ada")
    session.judge("wrong", 1, item_id=0)
    session.set_contributor("Ben")
    session.undo()
    assert (session.error, lab.entries) == ("", [])


def test_undo_of_a_named_step_takes_that_one_back(session: Session, lab: FakeLab) -> None:
    session.judge("right", item_id=0, step="first")
    session.judge("wrong", 3, item_id=1, step="second")
    session.undo("first")
    assert (shown(session), stored(lab)) == (["", "wrong, it is a 3"], [("wrong", 3)])


def test_undo_of_a_step_that_added_nothing_takes_nothing_back(lab: FakeLab) -> None:
    visit(lab, png(1)).judge("right", item_id=0)
    session = visit(lab, png(1), png(2))
    session.judge("wrong", 3, item_id=1, step="first")
    session.judge("right", item_id=0, step="repeated")
    session.undo("repeated")
    assert session.notice == STEP_ADDED_NOTHING
    assert shown(session) == ["right", "wrong, it is a 3"]


def test_undo_of_a_comment_restores_the_verdict_without_it(session: Session, lab: FakeLab) -> None:
    session.judge("wrong", 3, item_id=0)
    session.add_comment("mine", item_id=0)
    session.undo()
    assert (shown(session)[0], [entry.comment for entry in lab.entries]) == (
        "wrong, it is a 3",
        [""],
    )
