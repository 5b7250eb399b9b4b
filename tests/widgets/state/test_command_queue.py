"""The kernel carries out the browser's commands in order, each exactly once."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png
from support.page_messages import send_commands, send_undo, send_verdict, verdict_command

from digitlab.errors import StoreError
from digitlab.widgets import Page
from digitlab.widgets.state.command_queue import UNEXPECTED_REJECTION
from digitlab.widgets.state.session import NO_PICTURE, NO_VERDICT

FULL_DISK = "A picture cannot be kept: the disk is full."


@pytest.fixture
def page(lab: FakeLab) -> Page:
    page = Page(lab)
    for number in range(4):
        page.session.open(f"{number}.png", png(number), first_of_batch=number == 0)
    return page


@pytest.fixture
def full_disk(lab: FakeLab, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the disk be full for the picture 1.png until `undo()`."""
    put = lab.feedback.pictures.put

    def put_unless_full(data: bytes) -> str:
        if data == png(1):
            raise StoreError(FULL_DISK, place="x")
        return put(data)

    monkeypatch.setattr(lab.feedback.pictures, "put", put_unless_full)
    return monkeypatch


def stored(lab: FakeLab, *, history: bool = False) -> list[tuple[str, str, int | None]]:
    """Return name, verdict and label of each stored verdict."""
    return [
        (entry.name, entry.verdict, entry.label) for entry in lab.feedback.entries(history=history)
    ]


def test_commands_are_carried_out_in_order_on_the_items_that_they_name(
    page: Page, lab: FakeLab
) -> None:
    answer = send_commands(
        page,
        verdict_command(3, item_id=2),
        verdict_command(7, item_id=0),
        verdict_command("unsure", item_id=1),
    )
    assert (answer["done"], answer["missing"], answer["rejected"]) == (3, False, [])
    assert stored(lab) == [("2.png", "wrong", 3), ("0.png", "right", 7), ("1.png", "unsure", None)]


def test_a_command_that_arrives_twice_is_carried_out_once(page: Page, lab: FakeLab) -> None:
    commands = [verdict_command(3), verdict_command(4), verdict_command(3)]
    first = send_commands(page, *commands, first_seq=1)
    history = stored(lab, history=True)
    assert [label for _, _, label in history] == [3, 4, 3]
    assert send_commands(page, *commands, first_seq=1) == first
    assert send_commands(page, commands[1], first_seq=2)["done"] == 3
    assert stored(lab, history=True) == history


def test_an_undo_that_arrives_twice_takes_one_verdict_back(page: Page, lab: FakeLab) -> None:
    send_commands(page, verdict_command(3), verdict_command(4, item_id=1), first_seq=1)
    undo = {"type": "undo", "target": 2}
    for _ in range(2):
        send_commands(page, undo, first_seq=3)
    assert stored(lab) == [("0.png", "wrong", 3)]


def test_a_command_after_a_lost_one_waits_until_the_browser_sends_both(
    page: Page, lab: FakeLab
) -> None:
    lost, later = verdict_command(3, item_id=0), verdict_command(4, item_id=1)
    answer = send_commands(page, later, first_seq=2)
    assert (answer["done"], answer["missing"], stored(lab)) == (0, True, [])
    answer = send_commands(page, lost, later, first_seq=1)
    assert (answer["done"], answer["missing"]) == (2, False)
    assert stored(lab) == [("0.png", "wrong", 3), ("1.png", "wrong", 4)]


def test_two_open_pages_count_their_commands_apart(page: Page, lab: FakeLab) -> None:
    send_commands(page, verdict_command(3, item_id=0), client="one", first_seq=1)
    send_commands(page, verdict_command(4, item_id=1), client="two", first_seq=1)
    send_commands(page, {"type": "undo", "target": 1}, client="one", first_seq=2)
    assert stored(lab) == [("1.png", "wrong", 4)]


def test_a_rejected_verdict_is_answered_with_its_item_and_reason(
    page: Page, lab: FakeLab, full_disk: pytest.MonkeyPatch
) -> None:
    commands = [verdict_command(3, item_id=number) for number in range(3)]
    answer = send_commands(page, *commands, first_seq=1)
    assert answer["rejected"] == [[2, 1, FULL_DISK]]
    assert stored(lab) == [("0.png", "wrong", 3), ("2.png", "wrong", 3)]
    assert [row["state"] for row in page.visit_grid.rows] == [
        "wrong",
        "pending",
        "wrong",
        "pending",
    ]
    assert page.session.error == ""
    # The answer was lost: the same one comes again, and nothing is tried again.
    full_disk.undo()
    assert send_commands(page, *commands, first_seq=1)["rejected"] == [[2, 1, FULL_DISK]]
    assert len(stored(lab)) == 2


def test_a_rejected_verdict_can_be_given_again(
    page: Page, lab: FakeLab, full_disk: pytest.MonkeyPatch
) -> None:
    send_verdict(page, 3, item_id=1)
    full_disk.undo()
    assert send_verdict(page, 3, item_id=1)["rejected"] == []
    assert stored(lab) == [("1.png", "wrong", 3)]


def test_undo_of_a_rejected_verdict_takes_no_other_verdict_back(
    page: Page, lab: FakeLab, full_disk: pytest.MonkeyPatch
) -> None:
    answer = send_commands(
        page,
        verdict_command(3, item_id=0),
        verdict_command(3, item_id=1),
        {"type": "undo", "target": 2},
        first_seq=1,
    )
    assert [seq for seq, *_ in answer["rejected"]] == [2]
    assert stored(lab) == [("0.png", "wrong", 3)]


def test_undo_of_a_verdict_in_the_same_message_takes_it_back(page: Page, lab: FakeLab) -> None:
    send_commands(
        page,
        verdict_command(3, item_id=0),
        verdict_command(4, item_id=1),
        {"type": "undo", "target": 2},
        verdict_command(5, item_id=1),
        first_seq=1,
    )
    assert stored(lab) == [("0.png", "wrong", 3), ("1.png", "wrong", 5)]


def test_undo_that_fails_leaves_the_verdict_and_says_why(
    page: Page, lab: FakeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("The database is locked.")

    send_verdict(page, 3)
    monkeypatch.setattr(lab, "undo", fail)
    assert send_undo(page, 1)["rejected"] == [[2, 0, "The database is locked."]]
    assert page.visit_grid.rows[0]["state"] == "wrong"
    assert stored(lab) == [("0.png", "wrong", 3)]


def test_a_comment_without_a_verdict_is_rejected(page: Page) -> None:
    comment = {"type": "comment", "item_id": 0, "comment": "mine"}
    assert send_commands(page, comment)["rejected"] == [[1, 0, NO_VERDICT]]


def test_a_verdict_on_an_unreadable_picture_is_rejected(page: Page, lab: FakeLab) -> None:
    page.session.open("broken.png", BROKEN_PICTURE)
    assert send_verdict(page, 3, item_id=4)["rejected"] == [[1, 4, NO_PICTURE]]
    assert stored(lab) == []


def test_a_bug_rejects_one_command_and_the_next_one_is_carried_out(
    page: Page, lab: FakeLab, caplog: pytest.LogCaptureFixture
) -> None:
    answer = send_commands(page, verdict_command(3, item_id=99), verdict_command(3, item_id=1))
    assert answer["rejected"] == [[1, 99, UNEXPECTED_REJECTION]]
    assert "IndexError" in caplog.text
    assert stored(lab) == [("1.png", "wrong", 3)]


def test_a_command_without_an_item_becomes_the_error_of_the_page(page: Page) -> None:
    assert send_commands(page, {"type": "dance"})["done"] == 1
    assert page.session.error == UNEXPECTED_REJECTION
