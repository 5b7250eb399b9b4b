"""One click confirms many digits, and one undo takes the click back."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png
from support.page_messages import send_commands, send_confirm, send_verdict, verdict_command

from digitlab.errors import StoreError
from digitlab.store import HomeSettings
from digitlab.widgets import Page, Session
from digitlab.widgets.state.session import CHANGED_ELSEWHERE, NO_DIGIT


def open_pictures(page: Page, lab: FakeLab, *kinds: str) -> Session:
    """Open a picture of each kind, "sure", "refused" or "broken", and return the session."""
    for number, kind in enumerate(kinds):
        lab.refused = kind == "refused"
        item_count = len(page.session.items)
        data = BROKEN_PICTURE if kind == "broken" else png(item_count)
        page.session.open(f"{item_count}.png", data, first_of_batch=number == 0)
    return page.session


def click_confirm(page: Page, *commented: tuple[int, str]) -> dict[str, Any]:
    """Confirm the items that the page shows without a verdict, and return the answer."""
    comments = dict(commented)
    items = [
        [row["id"], row["revision"], comments.get(row["id"], "")]
        for row in page.visit_grid.rows
        if row["state"] == "pending" and row["predicted"]
    ]
    return send_commands(page, {"type": "confirm", "items": items})


def stored(lab: FakeLab) -> list[tuple[str, str]]:
    """Return name and verdict of each entry in the feedback store."""
    return [(entry.name, entry.verdict) for entry in lab.entries]


def states(page: Page) -> list[Any]:
    return [row["state"] for row in page.visit_grid.rows]


def test_all_pending_items_are_stored_as_right(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure", "sure")
    session.judge("wrong", 1, item_id=0)
    click_confirm(page)
    assert stored(lab) == [("0.png", "wrong"), ("1.png", "right"), ("2.png", "right")]
    assert states(page) == ["wrong", "right", "right"]
    assert session.notice == "2 pictures kept as right."


def test_refused_and_broken_pictures_are_left_and_counted(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "refused", "sure", "broken", "refused")
    click_confirm(page)
    assert states(page) == ["right", "pending", "right", "unreadable", "pending"]
    assert session.notice == (
        "2 pictures kept as right; 2 without a digit still wait; 1 could not be read."
    )


def test_a_second_click_judges_nothing(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure")
    click = {"type": "confirm", "items": [[0, 0, ""], [1, 0, ""]]}
    send_commands(page, click, click)
    assert len(lab.feedback.entries(history=True)) == 2
    assert (session.notice, session.error) == ("2 pictures kept as right.", "")


def test_a_picture_that_arrives_after_the_click_is_left(page: Page, lab: FakeLab) -> None:
    open_pictures(page, lab, "sure", "sure", "sure")
    send_confirm(page, 0, 1)
    assert states(page) == ["right", "right", "pending"]


def test_a_verdict_that_was_typed_before_the_click_stays(page: Page, lab: FakeLab) -> None:
    """The kernel gets both at once; the browser does not count the judged item any more."""
    open_pictures(page, lab, "sure", "sure", "sure")
    send_commands(
        page,
        verdict_command(3, item_id=1),
        {"type": "confirm", "items": [[0, 0, ""], [2, 0, ""]]},
    )
    assert states(page) == ["right", "wrong", "right"]


def test_an_item_that_another_view_has_judged_keeps_its_verdict(page: Page, lab: FakeLab) -> None:
    open_pictures(page, lab, "sure", "sure")
    send_commands(page, verdict_command(3, item_id=1), client="another view")
    send_confirm(page, 0, 1)
    assert states(page) == ["right", "wrong"]


def test_a_comment_that_was_typed_before_the_click_is_stored(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure", "sure")
    click_confirm(page, (1, "a hasty one"))
    assert {entry.name: entry.comment for entry in lab.entries} == {
        "0.png": "",
        "1.png": "a hasty one",
        "2.png": "",
    }
    assert session.notice == "3 pictures kept as right."
    session.undo()
    assert (lab.entries, states(page)) == ([], ["pending"] * 3)


def test_one_undo_takes_the_whole_click_back(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure", "sure")
    session.judge("wrong", 1, item_id=0)
    click_confirm(page)
    session.undo()
    assert stored(lab) == [("0.png", "wrong")]
    assert states(page) == ["wrong", "pending", "pending"]
    assert session.notice == "2 verdicts were taken back."
    session.undo()
    assert session.notice == "0.png: your verdict was taken back."
    assert lab.entries == []


def test_a_verdict_changed_after_the_click_is_undone_first_and_alone(
    page: Page, lab: FakeLab
) -> None:
    session = open_pictures(page, lab, "sure", "sure")
    click_confirm(page)
    session.judge("wrong", 3, item_id=1)
    session.undo()
    assert stored(lab) == [("0.png", "right"), ("1.png", "right")]
    session.undo()
    assert (lab.entries, states(page)) == ([], ["pending", "pending"])


def test_two_clicks_are_two_steps(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure")
    click_confirm(page)
    open_pictures(page, lab, "sure", "sure", "sure")
    click_confirm(page)
    session.undo()
    assert session.notice == "3 verdicts were taken back."
    assert states(page) == ["right", "right", "pending", "pending", "pending"]


def test_undo_of_a_click_on_one_item_names_the_item(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "refused")
    click_confirm(page)
    assert session.notice == "1 picture kept as right; 1 without a digit still waits."
    session.undo()
    assert session.notice == "0.png: your verdict was taken back."


def test_undo_keeps_the_verdicts_of_an_earlier_visit(page: Page, lab: FakeLab) -> None:
    open_pictures(page, lab, "sure")
    page.session.judge("right", item_id=0)
    later_page = Page(lab)
    session = open_pictures(later_page, lab, "sure", "sure", "sure")
    click_confirm(later_page)
    session.undo()
    assert session.notice == "2 verdicts were taken back."
    assert stored(lab) == [("0.png", "right")]
    assert states(later_page) == ["right", "pending", "pending"]


def test_the_same_file_twice_is_one_verdict_on_both_items(page: Page, lab: FakeLab) -> None:
    for number in range(2):
        page.session.open("a.png", png(), first_of_batch=number == 0)
    click_confirm(page)
    assert (len(lab.entries), states(page)) == (1, ["right", "right"])
    page.session.undo()
    assert (lab.entries, states(page)) == ([], ["pending", "pending"])


def test_undo_reports_verdicts_that_were_changed_elsewhere(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure", "sure")
    click_confirm(page)
    open_pictures(Page(lab), lab, "sure").judge("wrong", 4, item_id=0)
    assert session.undo() == {0: CHANGED_ELSEWHERE}
    assert session.notice == "2 verdicts were taken back."
    assert (stored(lab), states(page)) == ([("0.png", "wrong")], ["pending"] * 3)


def test_undo_acts_for_the_contributor_who_clicked_also_after_a_new_name(
    page: Page, lab: FakeLab
) -> None:
    session = open_pictures(page, lab, "sure", "sure")
    session.set_contributor("Ada")
    click_confirm(page)
    assert {entry.contributor for entry in lab.entries} == {"Ada"}
    session.set_contributor("Ben")
    session.undo()
    assert (session.error, lab.entries) == ("", [])


def test_no_verdict_is_stored_or_shown_when_one_cannot_be_stored(
    page: Page, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_pictures(page, lab, "sure", "sure")
    put = lab.feedback.pictures.put

    def put_on_a_full_disk(data: bytes) -> str:
        if data == png(1):
            raise StoreError("A picture cannot be kept: the disk is full.", place="x")
        return put(data)

    monkeypatch.setattr(lab.feedback.pictures, "put", put_on_a_full_disk)
    reason = "A picture cannot be kept: the disk is full."
    assert click_confirm(page)["rejected"] == [[1, 0, reason], [1, 1, reason]]
    assert (lab.entries, states(page), session.error) == ([], ["pending", "pending"], "")


def test_the_store_gets_each_picture_once_for_all_its_digits(page: Page, lab: FakeLab) -> None:
    page.session.set_several_digits(True)
    open_pictures(page, lab, "sure", "sure")
    click_confirm(page)
    assert page.session.notice == "6 digits kept as right."
    assert len({entry.picture_sha256 for entry in lab.entries}) == 2
    assert [lab.feedback.pictures.get(entry.picture_sha256) for entry in lab.entries] == [
        *[png(0)] * 3,
        *[png(3)] * 3,
    ]


def test_the_notice_of_a_reviewed_home_counts_the_held_verdicts(page: Page, lab: FakeLab) -> None:
    HomeSettings(lab.feedback.database).set("review", True, by="curator")
    session = open_pictures(page, lab, "sure", "sure")
    click_confirm(page)
    assert session.notice == "2 pictures kept as right; 2 wait for review."


def test_the_notice_counts_the_verdicts_that_a_reviewer_rejected(page: Page, lab: FakeLab) -> None:
    session = open_pictures(page, lab, "sure", "sure")
    session.judge("right", item_id=0)
    lab.feedback.review([lab.entries[0].id], "rejected", by="curator")
    session.undo()
    click_confirm(page)
    assert session.notice == "2 pictures kept as right; a reviewer has set 1 aside."


def test_a_refused_prediction_cannot_be_confirmed(page: Page, lab: FakeLab) -> None:
    open_pictures(page, lab, "refused", "sure")
    assert send_verdict(page, "right")["rejected"] == [[1, 0, NO_DIGIT]]
    assert send_confirm(page, 0, 1)["rejected"] == [[2, 0, NO_DIGIT], [2, 1, NO_DIGIT]]
    assert lab.entries == []
