"""One click says "right" of many: what it keeps, what it leaves, what one undo takes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png

from digitlab.errors import StoreError
from digitlab.store import HomeSettings
from digitlab.widgets import Page, Session


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeLab]:
    with FakeLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def page(lab: FakeLab) -> Page:
    return Page(lab)


def show(page: Page, lab: FakeLab, *kinds: str) -> Session:
    """Show a picture of each kind: "sure", "refused" or "broken"; the session."""
    for number, kind in enumerate(kinds):
        lab.refused = kind == "refused"
        data = BROKEN_PICTURE if kind == "broken" else png(len(page.session.items))
        page.session.open(f"{len(page.session.items)}.png", data, first=number == 0)
    return page.session


def click_others(page: Page, shown: int | None = None) -> None:
    """The browser's message when somebody clicks on the button."""
    count = len(page.session.items) if shown is None else shown
    page.visit._handle_custom_msg({"type": "others", "shown": count}, [])


def kept(lab: FakeLab) -> list[tuple[str, str]]:
    return [(entry.name, entry.verdict) for entry in lab.entries]


def states(page: Page) -> list[Any]:
    return [row["state"] for row in page.visit.rows]


def test_all_that_wait_are_kept_as_right(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "sure", "sure")
    session.judge("wrong", 1)
    click_others(page)
    assert kept(lab) == [("0.png", "wrong"), ("1.png", "right"), ("2.png", "right")]
    assert states(page) == ["wrong", "right", "right"]
    assert session.notice == "2 pictures kept as right."
    assert session.kept == 3


def test_what_has_no_digit_or_is_broken_is_left_and_told(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "refused", "sure", "broken", "refused")
    click_others(page)
    assert states(page) == ["right", "waiting", "right", "broken", "waiting"]
    assert session.notice == (
        "2 pictures kept as right; 2 without a digit still wait; 1 could not be read."
    )
    assert session.index == 1


def test_what_is_in_view_and_still_waits_stays_in_view(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "refused", "sure", "sure", "refused")
    click_others(page)
    assert session.index == 0
    assert session.notice == "2 pictures kept as right; 2 without a digit still wait."


@pytest.mark.parametrize(
    ("kinds", "judged", "words"),
    [
        ([], 0, ""),
        (["sure"], 0, ""),
        (["sure", "sure", "sure"], 0, "All 3 are right"),
        (["sure", "sure", "sure"], 1, "The other 2 are right"),
        (["sure", "sure", "sure"], 2, "The other one is right"),
        (["sure", "sure"], 2, ""),
        (["sure", "sure", "refused"], 0, "The other 2 are right"),
        (["refused", "refused"], 0, ""),
    ],
)
def test_the_button_says_how_many(
    page: Page, lab: FakeLab, kinds: list[str], judged: int, words: str
) -> None:
    session = show(page, lab, *kinds)
    for _ in range(judged):
        session.judge("unsure")
    assert page.visit.others == words


def test_a_second_click_judges_nothing_again(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "sure")
    click_others(page)
    click_others(page)
    assert len(lab.feedback.entries(history=True)) == 2
    assert (session.notice, session.error) == ("2 pictures kept as right.", "")


def test_a_picture_that_came_after_the_click_is_left(page: Page, lab: FakeLab) -> None:
    show(page, lab, "sure", "sure", "sure")
    click_others(page, shown=2)
    assert states(page) == ["right", "right", "waiting"]


def test_one_undo_takes_the_whole_batch_back(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "sure", "sure")
    session.judge("wrong", 1)
    click_others(page)
    session.undo()
    assert kept(lab) == [("0.png", "wrong")]
    assert states(page) == ["wrong", "waiting", "waiting"]
    assert session.notice == "2 verdicts were taken back."
    assert session.index == 1
    session.undo()
    assert session.notice == "0.png: your verdict was taken back."
    assert lab.entries == []


def test_a_mind_changed_after_the_batch_is_undone_first_and_alone(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "sure")
    click_others(page)
    session.judge("wrong", 3, item=1)
    session.undo()
    assert kept(lab) == [("0.png", "right"), ("1.png", "right")]
    session.undo()
    assert (lab.entries, states(page)) == ([], ["waiting", "waiting"])


def test_two_batches_are_two_steps(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "sure")
    click_others(page)
    show(page, lab, "sure", "sure", "sure")
    click_others(page)
    session.undo()
    assert session.notice == "3 verdicts were taken back."
    assert states(page) == ["right", "right", "waiting", "waiting", "waiting"]


def test_a_batch_of_one_is_undone_by_its_name(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "refused")
    click_others(page)
    assert session.notice == "1 picture kept as right; 1 without a digit still waits."
    session.undo()
    assert session.notice == "0.png: your verdict was taken back."


def test_undo_leaves_what_an_earlier_visit_had_said(page: Page, lab: FakeLab) -> None:
    show(page, lab, "sure")
    page.session.judge("right")
    later = Page(lab)
    session = show(later, lab, "sure", "sure", "sure")
    click_others(later)
    session.undo()
    assert session.notice == "2 verdicts were taken back."
    assert kept(lab) == [("0.png", "right")]
    assert states(later) == ["right", "waiting", "waiting"]


def test_the_same_file_twice_is_one_verdict_and_both_are_shown(page: Page, lab: FakeLab) -> None:
    for number in range(2):
        page.session.open("a.png", png(), first=number == 0)
    click_others(page)
    assert (len(lab.entries), states(page)) == (1, ["right", "right"])
    page.session.undo()
    assert (lab.entries, states(page)) == ([], ["waiting", "waiting"])


def test_what_was_changed_elsewhere_is_told_and_the_rest_taken_back(
    page: Page, lab: FakeLab
) -> None:
    session = show(page, lab, "sure", "sure", "sure")
    click_others(page)
    elsewhere = Page(lab)
    show(elsewhere, lab, "sure").judge("wrong", 4)
    session.undo()
    assert session.notice == "2 verdicts were taken back."
    assert session.error == "1 verdict had been changed elsewhere."
    assert (kept(lab), states(page)) == ([("0.png", "wrong")], ["waiting"] * 3)


def test_undo_asks_for_the_one_who_clicked_though_the_name_has_changed(
    page: Page, lab: FakeLab
) -> None:
    session = show(page, lab, "sure", "sure")
    session.name_contributor("Ada")
    click_others(page)
    assert {entry.contributor for entry in lab.entries} == {"Ada"}
    session.name_contributor("Ben")
    session.undo()
    assert (session.error, lab.entries) == ("", [])


def test_when_one_cannot_be_kept_none_is_and_none_is_shown_as_kept(
    page: Page, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = show(page, lab, "sure", "sure")
    put = lab.feedback.pictures.put

    def full(data: bytes) -> str:
        if data == png(1):
            raise StoreError("A picture cannot be kept: the disk is full.", place="x")
        return put(data)

    monkeypatch.setattr(lab.feedback.pictures, "put", full)
    click_others(page)
    assert session.error == "A picture cannot be kept: the disk is full."
    assert (lab.entries, states(page), session.kept) == ([], ["waiting", "waiting"], 0)


def test_the_originals_are_kept_and_one_for_all_digits_of_a_picture(
    page: Page, lab: FakeLab
) -> None:
    page.session.read_several(True)
    show(page, lab, "sure", "sure")
    click_others(page)
    assert page.session.notice == "6 digits kept as right."
    assert len({entry.picture_sha256 for entry in lab.entries}) == 2
    assert [lab.feedback.pictures.get(entry.picture_sha256) for entry in lab.entries] == [
        *[png(0)] * 3,
        *[png(3)] * 3,
    ]


def test_in_a_reviewed_home_the_sentence_says_that_they_wait(page: Page, lab: FakeLab) -> None:
    HomeSettings(lab.feedback.database).set("review", True, by="curator")
    session = show(page, lab, "sure", "sure")
    click_others(page)
    assert session.notice == "2 pictures kept as right; 2 wait for review."


def test_what_a_reviewer_set_aside_is_told(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "sure", "sure")
    session.judge("right")
    lab.feedback.review([lab.entries[0].id], "rejected", by="curator")
    session.undo()
    click_others(page)
    assert session.notice == "2 pictures kept as right; a reviewer has set 1 aside."


def test_where_no_digit_was_seen_right_is_no_answer(page: Page, lab: FakeLab) -> None:
    session = show(page, lab, "refused")
    session.judge("right")
    assert session.error == "I saw no digit there; say which one it is."
    assert lab.entries == []
