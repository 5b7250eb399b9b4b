"""The fine-tune on the page: what a run in the store shows, with no kernel and no browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.fake_lab import png
from support.fine_tune_views import FakeFineTuneLab, begin_run, press_start, send_message

from digitlab.errors import StoreError
from digitlab.store.runs.types import PHASES, RUN_OUTCOMES
from digitlab.widgets import Page
from digitlab.widgets.state.error_guard import SORRY
from digitlab.widgets.state.run_follower import OTHER
from digitlab.widgets.views.fine_tune_panel import LOOKING, OUTCOMES, TRIGGERS
from digitlab.widgets.views.fine_tune_panel import PHASES as PHASES_IN_WORDS

PATIENCE_S = 30


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeFineTuneLab]:
    with FakeFineTuneLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def page(lab: FakeFineTuneLab) -> Page:
    return Page(lab)


def test_a_home_without_runs_offers_one_and_says_nothing(page: Page) -> None:
    learn = page.learn
    assert (learn.running, learn.asked, learn.says, learn.outcome) == ("", False, "", "")


def test_the_button_starts_a_run_from_the_page(page: Page, lab: FakeFineTuneLab) -> None:
    send_message(page, type="start")
    assert (page.learn.asked, page.learn.says) == (True, LOOKING)
    assert lab.runs.recent() == []  # the answer does not wait for the store
    page.learning.turn()
    assert (page.learn.asked, page.learn.running) == (False, "run-0")
    assert page.learn.says == "Starting"
    assert page.learn.origin == "from the page"


def test_a_second_press_starts_no_second_run(page: Page, lab: FakeFineTuneLab) -> None:
    send_message(page, type="start")
    press_start(page)
    press_start(page)
    assert [run.name for run in lab.runs.recent()] == ["run-0"]


def test_progress_follows_phase_steps_and_seconds(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    seen = []
    for said in (
        {"phase": "collecting"},
        {"phase": "training", "step": 10, "steps": 80, "seconds_left": 12.4},
        {"step": 60, "seconds_left": 3.2},
        {"phase": "comparing", "seconds_left": 1.0},
    ):
        lab.runs.heartbeat("mine", **said)
        page.learning.turn()
        seen.append((page.learn.says, page.learn.left))
    assert seen == [
        ("Gathering the corrections", ""),
        ("Training on the corrections", "about 12 s left"),
        ("Training on the corrections", "about 3 s left"),
        ("Comparing it with the version that reads now", "a few seconds left"),
    ]


def test_the_bar_only_grows(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    shares = []
    for phase in PHASES_IN_WORDS:
        for step in (0, 40, 80):
            lab.runs.heartbeat("mine", phase=phase, step=step, steps=80)
            page.learning.turn()
            shares.append(page.learn.share)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_page_made_during_a_run_shows_it_at_the_same_place(
    page: Page, lab: FakeFineTuneLab
) -> None:
    begin_run(lab, trigger="schedule")
    lab.runs.heartbeat("mine", phase="training", step=20, steps=80, seconds_left=9.0)
    page.learning.turn()
    reloaded = Page(lab).learn
    for name in ("running", "says", "share", "left", "origin", "at"):
        assert getattr(reloaded, name) == getattr(page.learn, name)
    assert (reloaded.running, reloaded.origin) == ("mine", "by the schedule")


def test_a_verdict_is_a_sentence_with_its_reasons(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    page.learning.turn()
    at = datetime(2025, 3, 1, tzinfo=UTC)
    lab.runs.finish("mine", "rejected", version="v0001", reasons=["Too few.", "Too slow."], now=at)
    page.learning.turn()
    learn = page.learn
    assert learn.says == "v0001 did not prove better; nothing has changed."
    assert learn.reasons == ["Too few.", "Too slow."]
    assert (learn.running, learn.outcome, learn.at) == ("", "rejected", at.timestamp())


def test_nothing_new_is_said_plainly(page: Page, lab: FakeFineTuneLab) -> None:
    lab.immediate_outcome = "nothing-new"
    press_start(page)
    assert page.learn.says == "There is nothing new to learn; nothing has changed."
    assert page.learn.reasons == ["For a reason."]
    assert (page.learn.asked, page.learn.running) == (False, "")


def test_a_page_that_comes_second_is_told_so_and_shows_the_first_ones_run(
    page: Page, lab: FakeFineTuneLab
) -> None:
    begin_run(lab, "theirs")
    press_start(page)  # it has not looked since
    assert (page.learn.running, page.learn.told) == ("theirs", OTHER)
    lab.runs.finish("theirs", "rejected", version="v0001")
    page.learning.turn()
    assert (page.learn.outcome, page.learn.told) == ("rejected", "")


def test_a_run_that_came_second_hides_no_verdict(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab, "first")
    lab.fine_tune(trigger="cli")
    lab.runs.finish("first", "failed", reasons=["It broke."])
    assert lab.runs.recent(1)[0].outcome == "busy"
    assert Page(lab).learn.reasons == ["It broke."]


def test_cancel_asks_the_run_in_view_to_end(page: Page, lab: FakeFineTuneLab) -> None:
    press_start(page)
    send_message(page, type="cancel", run=page.learn.running)
    page.learning.turn()
    assert lab.runs.is_cancel_requested("run-0")
    assert (page.learn.cancelling, page.learn.says) == (True, "Ending it")
    lab.runs.finish("run-0", "cancelled", reasons=["It was cancelled; nothing has changed."])
    page.learning.turn()
    assert page.learn.says == "It was cancelled; nothing has changed."
    assert page.learn.reasons == []  # said once


def test_a_run_that_died_has_failed(page: Page, lab: FakeFineTuneLab) -> None:
    press_start(page)
    lab.runs.supervise("run-0", pid=0)  # no process
    page.learning.turn()
    assert (page.learn.outcome, page.learn.running) == ("failed", "")
    assert page.learn.reasons == ["Its process ended before the outcome."]


def test_a_promotion_shows_the_new_version_and_says_so(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    page.learning.turn()
    lab.champion = "v0001"  # type: ignore[assignment]
    lab.runs.finish("mine", "promoted", version="v0001")
    page.learning.turn()
    assert page.header.model_version == "v0001"
    assert page.judge.receipt == "v0001 reads from now on."
    assert page.learn.says == (
        "v0001 proved better and has taken over; the page answers with v0001 now."
    )


def test_a_promotion_that_no_run_made_is_told_with_the_next_picture(
    page: Page, lab: FakeFineTuneLab
) -> None:
    page.session.open("a.png", png(1))
    assert page.judge.receipt == ""
    lab.champion = "v0002"  # type: ignore[assignment]
    page.session.open("b.png", png(2))
    assert (page.header.model_version, page.judge.receipt) == ("v0002", "v0002 reads from now on.")
    page.session.judge("right")
    page.session.open("c.png", png(3))
    assert "from now on" not in page.judge.receipt


def test_an_idle_page_and_one_whose_run_only_lives_send_nothing(
    page: Page, lab: FakeFineTuneLab
) -> None:
    sent: list[Any] = []
    page.learning.observe(sent.append)
    page.learning.turn()
    assert sent == []
    begin_run(lab)
    page.learning.turn()
    page.learn.observe(sent.append)
    page.learning.unobserve(sent.append)
    sent.clear()
    lab.runs.heartbeat("mine")
    page.learning.turn()
    assert sent == []


def test_a_look_is_one_read(
    page: Page, lab: FakeFineTuneLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = lab.runs.database.read
    monkeypatch.setattr(lab.runs.database, "read", lambda: reads.append(1) or read())  # type: ignore[func-returns-value]
    page.learning.turn()
    assert len(reads) == 1
    begin_run(lab)
    page.learning.turn()
    lab.runs.heartbeat("mine", phase="training")
    reads.clear()
    page.learning.turn()
    assert len(reads) == 1


def test_a_question_that_fails_gives_a_sentence_and_the_button_back(
    page: Page, lab: FakeFineTuneLab
) -> None:
    lab.start_error = StoreError("The disk is full.")
    press_start(page)
    assert (page.banner.error, page.learn.asked) == ("The disk is full.", False)


def test_a_store_that_fails_is_told_once(
    page: Page, lab: FakeFineTuneLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab, "runs", None)
    page.learning.turn()
    assert page.banner.error == SORRY
    page.session.dismiss()
    page.learning.turn()
    assert page.banner.error == ""


def test_a_watched_page_follows_by_itself_and_stops_with_the_page(
    page: Page, lab: FakeFineTuneLab
) -> None:
    async def visit() -> None:
        changed = asyncio.Event()
        page.learn.observe(lambda _: changed.set(), "running")
        send_message(page, type="ready")
        assert page.learn.ready
        send_message(page, type="start")
        await asyncio.wait_for(changed.wait(), PATIENCE_S)
        assert page.learn.running == "run-0"
        changed.clear()
        lab.runs.finish("run-0", "cancelled")
        await asyncio.wait_for(changed.wait(), PATIENCE_S)
        page.close()

    asyncio.run(visit())
    thread = page.learning.thread
    assert thread is not None
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert thread.daemon  # and never keeps a kernel from ending


def test_every_phase_verdict_and_door_has_its_words() -> None:
    assert set(PHASES_IN_WORDS) == set(PHASES)
    assert set(OUTCOMES) == set(RUN_OUTCOMES) - {"busy"}
    assert set(TRIGGERS) == {"page", "notebook", "cli", "schedule", "papermill"}
