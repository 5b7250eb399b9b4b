"""The result renders the items that the browser requests."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png, prediction
from support.page_messages import send_message, upload

from digitlab.widgets import Page


@pytest.fixture
def sent(page: Page) -> list[dict[str, Any]]:
    """The messages that the result sends to the browser."""
    messages: list[dict[str, Any]] = []
    page.result.send = lambda content, buffers=None: messages.append(content)
    return messages


def test_a_refused_prediction_shows_its_best_guess(page: Page, lab: FakeLab) -> None:
    lab.refused = True
    upload(page, png())
    assert "I see no digit here" in page.result.html(0)
    assert "best guess 7, 97 %" in page.result.html(0)


def test_the_browser_gets_the_items_that_it_requests(
    page: Page, sent: list[dict[str, Any]]
) -> None:
    for number, name in enumerate(["a.png", "b.png", "c.png"]):
        upload(page, png(number), name, upload_id=name, first_of_batch=number == 0)
    send_message(page.result, {"type": "get", "item_ids": [2, 0]})
    (message,) = sent
    results = [(result["item_id"], result["revision"]) for result in message["results"]]
    assert results == [(2, 0), (0, 0)]
    assert "c.png" in message["results"][0]["html"]
    assert "a.png" in message["results"][1]["html"]


def test_a_new_prediction_has_another_revision(page: Page, sent: list[dict[str, Any]]) -> None:
    upload(page, png())
    (item,) = page.session.items
    page.session.items = (item.with_prediction(prediction(3)),)
    send_message(page.result, {"type": "get", "item_ids": [0]})
    (result,) = sent[0]["results"]
    assert result["revision"] == page.visit_grid.rows[0]["revision"] == 1
    assert 'data-testid="prediction-digit">3<' in result["html"]


def test_an_unreadable_picture_has_no_rendering(page: Page, sent: list[dict[str, Any]]) -> None:
    upload(page, BROKEN_PICTURE)
    send_message(page.result, {"type": "get", "item_ids": [0]})
    assert sent[0]["results"] == [{"item_id": 0, "revision": 0, "html": ""}]
