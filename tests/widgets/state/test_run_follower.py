"""The run follower polls the store, reports errors, and stops with the page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fine_tune_views import FakeFineTuneLab, begin_run, click_start, start_run
from support.page_messages import send_message

from digitlab.errors import StoreError
from digitlab.widgets import Page
from digitlab.widgets.state.error_guard import UNEXPECTED_ERROR

TIMEOUT_S = 30


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeFineTuneLab]:
    with FakeFineTuneLab(tmp_path / "home") as lab:
        yield lab


def test_nothing_changes_without_news_of_a_run(page: Page, lab: FakeFineTuneLab) -> None:
    changes: list[Any] = []
    page.run_follower.observe(changes.append)
    page.run_follower.poll()
    assert changes == []
    begin_run(lab)
    page.run_follower.poll()
    page.fine_tune_panel.observe(changes.append)
    page.run_follower.unobserve(changes.append)
    changes.clear()
    lab.runs.heartbeat("mine")
    page.run_follower.poll()
    assert changes == []


def test_a_poll_is_at_most_one_read_of_the_store(
    page: Page, lab: FakeFineTuneLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = lab.runs.database.read
    monkeypatch.setattr(lab.runs.database, "read", lambda: reads.append(1) or read())  # type: ignore[func-returns-value]
    page.run_follower.poll()
    assert len(reads) == 0  # SQLite's change counter is enough
    begin_run(lab)
    page.run_follower.poll()
    lab.runs.heartbeat("mine", phase="training")
    reads.clear()
    page.run_follower.poll()
    assert len(reads) == 1


def test_a_request_that_fails_is_an_error_and_enables_the_button(
    page: Page, lab: FakeFineTuneLab
) -> None:
    lab.start_error = StoreError("The disk is full.")
    start_run(page)
    assert (page.banner.error, page.fine_tune_panel.requested) == ("The disk is full.", False)


def test_a_store_that_keeps_failing_is_reported_once(
    page: Page, lab: FakeFineTuneLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "runs", None)
    lab.home_settings.set("review", True, by="ada")  # a change that the page notices
    page.run_follower.poll()
    assert page.banner.error == UNEXPECTED_ERROR
    page.session.dismiss_error()
    page.run_follower.poll()
    assert page.banner.error == ""


def test_a_page_in_a_browser_follows_runs_in_a_thread_until_it_closes(
    page: Page, lab: FakeFineTuneLab
) -> None:
    async def visit() -> None:
        changed = asyncio.Event()
        panel = page.fine_tune_panel
        panel.observe(lambda _: changed.set(), "active_run")
        send_message(panel, {"type": "ready"})
        assert panel.ready
        click_start(page)
        await asyncio.wait_for(changed.wait(), TIMEOUT_S)
        assert panel.active_run == "run-0"
        changed.clear()
        lab.runs.finish("run-0", "cancelled")
        await asyncio.wait_for(changed.wait(), TIMEOUT_S)
        page.close()

    asyncio.run(visit())
    thread = page.run_follower.thread
    assert thread is not None
    thread.join(TIMEOUT_S)
    assert not thread.is_alive()
    assert thread.daemon  # so that it never keeps a kernel alive
