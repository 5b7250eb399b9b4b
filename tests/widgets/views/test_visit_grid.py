"""The grid describes each item in a row and sends only what changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png
from support.page_messages import (
    send_confirm,
    send_message,
    send_undo,
    send_verdict,
    upload,
    verdict_command,
)

from digitlab.widgets import Page


@pytest.fixture
def sent(page: Page, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The states that the grid sends to the browser."""
    states: list[dict[str, Any]] = []
    monkeypatch.setattr(
        page.visit_grid, "_send", lambda message, buffers=None: states.append(message["state"])
    )
    return states


def test_a_row_tells_the_uncertainty_of_the_prediction(page: Page, lab: FakeLab) -> None:
    for number, changes in enumerate(
        [{}, {"confidence": 0.59}, {"refused": True}, {"confidence": 0.59, "remembered": True}]
    ):
        lab.confidence, lab.refused, lab.remembered = 0.97, False, False
        for name, value in changes.items():
            setattr(lab, name, value)
        upload(page, png(number), upload_id=str(number))
    names = ("predicted", "uncertainty", "remembered")
    assert [tuple(row[name] for name in names) for row in page.visit_grid.rows] == [
        ("7", "", False),
        ("7", "unsure", False),
        ("", "refused", False),
        ("7", "", True),
    ]


def test_a_row_tells_the_verdict_in_force(page: Page) -> None:
    names = ("state", "verdict_text", "label", "judged_at")
    upload(page, png())
    row = page.visit_grid.rows[0]
    assert tuple(row[name] for name in names) == ("pending", "not judged", "", 0)
    send_verdict(page, 8)
    row = page.visit_grid.rows[0]
    assert tuple(row[name] for name in names[:3]) == ("wrong", "wrong, it is an 8", "8")
    assert row["judged_at"] > 0


def test_a_row_tells_why_a_picture_could_not_be_read(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    row = page.visit_grid.rows[0]
    assert row["prediction_text"] == "This file is damaged; please send it again."
    assert row["state"] == "unreadable"


def test_an_open_grid_gets_only_the_changed_values(page: Page, sent: list[dict[str, Any]]) -> None:
    for number in range(3):
        upload(page, png(number), upload_id=str(number), first_of_batch=number == 0)
    sent.clear()
    send_verdict(page, 1, item_id=1)
    (changed,) = [state["changes"]["rows"] for state in sent if "changes" in state]
    assert [sorted(row) for row in changed] == [
        ["id", "judged_at", "label", "state", "verdict_text"]
    ]
    assert all("rows" not in state for state in sent)


def test_a_verdict_sends_few_bytes_with_many_digits(
    page: Page, lab: FakeLab, sent: list[dict[str, Any]]
) -> None:
    lab.digit_count = 200
    page.session.set_several_digits(True)
    upload(page, png())
    sent.clear()
    send_verdict(page, 1)
    assert sum(len(json.dumps(state)) for state in sent) < 1_000


def test_all_changes_in_order_give_the_rows(page: Page, sent: list[dict[str, Any]]) -> None:
    upload(page, png(1), upload_id="1")
    upload(page, BROKEN_PICTURE, upload_id="2", first_of_batch=False)
    page.session.set_several_digits(True)
    upload(page, png(2), upload_id="3")
    send_verdict(page, 1, item_id=2)
    send_confirm(page, 0, 3, 4)
    send_undo(page)
    rows: dict[int, dict[str, Any]] = {}
    changes = [state["changes"] for state in sent if "changes" in state]
    for change in changes:
        for row in change["rows"]:
            rows[row["id"]] = rows.get(row["id"], {}) | row
    assert list(rows.values()) == page.visit_grid.rows
    revisions = [change["revision"] for change in changes]
    assert revisions == [*range(1, page.visit_grid.revision + 1)]


def test_a_grid_that_opens_late_gets_all_rows(page: Page) -> None:
    upload(page, png())
    state = page.visit_grid.get_state()
    assert (state["rows"], state["revision"]) == (page.visit_grid.rows, 1)
    assert state["changes"]["revision"] == 1


def test_a_grid_that_missed_a_change_can_request_all_rows(
    page: Page, sent: list[dict[str, Any]]
) -> None:
    upload(page, png())
    sent.clear()
    send_message(page.visit_grid, {"type": "get-rows"})
    assert sent == [{"rows": page.visit_grid.rows, "revision": 1}]


def test_the_rows_are_sent_before_the_answer(
    page: Page, sent: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(page, png())
    sent.clear()
    answers: list[dict[str, Any]] = []
    monkeypatch.setattr(
        page.visit_grid,
        "send",
        lambda content, buffers=None: answers.append(content | {"sent_before": len(sent)}),
    )
    command = {"seq": 1, **verdict_command(1)}
    send_message(page.visit_grid, {"type": "commands", "client": "x", "commands": [command]})
    (answer,) = answers
    assert (answer["type"], answer["sent_before"]) == ("answer", len(sent))
    assert answer["revision"] == page.visit_grid.revision == 2
