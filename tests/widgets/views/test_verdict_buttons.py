"""The verdict buttons send verdicts and show the verdict in force."""

from __future__ import annotations

from support.fake_lab import BROKEN_PICTURE, FakeLab, png
from support.page_messages import send_label, send_message, send_undo, send_verdict, upload

from digitlab.widgets import Page


def test_a_label_and_a_comment_are_stored(page: Page, lab: FakeLab) -> None:
    upload(page, png())
    send_label(page, 1, comment="a one")
    assert (lab.entries[0].label, lab.entries[0].comment) == (1, "a one")
    buttons = page.verdict_buttons
    assert buttons.receipt.startswith("a.png: Kept: this is a 1, not a 7. It is remembered")
    assert (buttons.verdict, buttons.label, buttons.can_undo) == ("wrong", 1, True)
    assert page.visit_grid.rows[0]["verdict_text"] == "wrong, it is a 1"


def test_the_count_grows_with_each_stored_verdict_only(page: Page) -> None:
    upload(page, png())
    send_verdict(page, "right", comment="x" * 3000)
    assert page.verdict_buttons.saved_count == 0
    for count in (1, 2):  # the store has the second verdict already
        send_verdict(page, "right", comment="mine")
        assert page.verdict_buttons.saved_count == count


def test_the_count_grows_before_the_next_item_comes_into_view(page: Page) -> None:
    upload(page, png(1), upload_id="1")
    upload(page, png(2), upload_id="2", first_of_batch=False)
    changed: list[str] = []
    page.verdict_buttons.observe(
        lambda change: changed.append(change["name"]), ["saved_count", "item_id"]
    )
    send_verdict(page, "right", comment="mine")
    assert changed == ["saved_count", "item_id"]


def test_undo_makes_the_item_pending_again(page: Page, lab: FakeLab) -> None:
    upload(page, png())
    send_verdict(page, "unsure")
    send_undo(page)
    assert lab.entries == []
    assert (page.verdict_buttons.verdict, page.verdict_buttons.can_undo) == ("", False)


def test_no_item_can_be_judged_before_a_picture_is_read(page: Page) -> None:
    assert page.verdict_buttons.item_id == -1
    upload(page, BROKEN_PICTURE)
    assert page.verdict_buttons.item_id == -1


def test_a_refused_item_has_no_predicted_digit(page: Page, lab: FakeLab) -> None:
    lab.refused = True
    upload(page, png())
    assert (page.verdict_buttons.item_id, page.verdict_buttons.predicted) == (0, -1)


def test_the_position_is_shown_from_two_items_on(page: Page) -> None:
    upload(page, png(1), upload_id="1")
    assert page.verdict_buttons.position == ""
    upload(page, png(2), upload_id="2", first_of_batch=False)
    send_message(page.visit_grid, {"type": "select", "item_id": 1})
    assert page.verdict_buttons.position == "2 of 2"
