"""The verdict buttons show the receipt; verdicts reach the kernel through the grid."""

from __future__ import annotations

from support.fake_lab import FakeLab, png
from support.page_messages import send_undo, send_verdict, upload

from digitlab.widgets import Page


def test_a_label_and_a_comment_are_stored(page: Page, lab: FakeLab) -> None:
    upload(page, png())
    send_verdict(page, 1, comment="a one")
    assert (lab.entries[0].label, lab.entries[0].comment) == (1, "a one")
    buttons = page.verdict_buttons
    assert buttons.receipt.startswith("a.png: Kept: this is a 1, not a 7. It is remembered")
    assert buttons.can_undo is True
    assert page.visit_grid.rows[0]["verdict_text"] == "wrong, it is a 1"
    assert page.visit_grid.rows[0]["comment"] == "a one"


def test_undo_makes_the_item_pending_again(page: Page, lab: FakeLab) -> None:
    upload(page, png())
    send_verdict(page, "unsure")
    send_undo(page)
    assert lab.entries == []
    assert page.verdict_buttons.can_undo is False
    assert page.visit_grid.rows[0]["state"] == "pending"
