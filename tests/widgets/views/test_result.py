"""The result shows the prediction of the item in view."""

from __future__ import annotations

from support.fake_lab import BROKEN_PICTURE, FakeLab, png
from support.page_messages import send_message, upload

from digitlab.widgets import Page


def test_a_refused_prediction_shows_its_best_guess(page: Page, lab: FakeLab) -> None:
    lab.refused = True
    upload(page, png())
    assert "I see no digit here" in page.result.value
    assert "best guess 7, 97 %" in page.result.value


def test_an_earlier_item_can_be_shown_again(page: Page) -> None:
    upload(page, png(1), "a.png")
    upload(page, png(2), "b.png")
    assert "b.png" in page.result.value
    send_message(page.visit_grid, {"type": "select", "item_id": 0})
    assert "a.png" in page.result.value


def test_an_unreadable_picture_shows_the_reason(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    send_message(page.visit_grid, {"type": "select", "item_id": 0})
    assert "This file is damaged" in page.result.value
