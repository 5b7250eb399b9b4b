"""The fine-tune panel shows a run of the store, without a kernel and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.fake_lab import png
from support.fine_tune_views import FakeFineTuneLab, begin_run, click_start, start_run
from support.page_messages import send_message

from digitlab.store.runs import types
from digitlab.store.runs.types import CHAMPION_MOVED
from digitlab.widgets import Page
from digitlab.widgets.state.run_follower import ALREADY_RUNNING
from digitlab.widgets.views.fine_tune_panel import OUTCOMES, PHASES, REQUESTED, TRIGGERS


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeFineTuneLab]:
    with FakeFineTuneLab(tmp_path / "home") as lab:
        yield lab


def test_a_home_without_runs_shows_only_the_button(page: Page) -> None:
    panel = page.fine_tune_panel
    assert (panel.active_run, panel.requested, panel.status, panel.outcome) == ("", False, "", "")


def test_the_button_starts_a_run_from_the_page(page: Page, lab: FakeFineTuneLab) -> None:
    panel = page.fine_tune_panel
    click_start(page)
    assert (panel.requested, panel.status) == (True, REQUESTED)
    assert lab.runs.recent() == []  # the click does not wait for the store
    page.run_follower.poll()
    assert (panel.requested, panel.active_run) == (False, "run-0")
    assert panel.status == "Starting"
    assert panel.trigger == "from the page"


def test_a_second_click_starts_no_second_run(page: Page, lab: FakeFineTuneLab) -> None:
    click_start(page)
    start_run(page)
    start_run(page)
    assert [run.name for run in lab.runs.recent()] == ["run-0"]


def test_the_status_follows_phase_steps_and_seconds(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    texts = []
    for values in (
        {"phase": "collecting"},
        {"phase": "training", "step": 10, "steps": 80, "seconds_left": 12.4},
        {"step": 60, "seconds_left": 3.2},
        {"phase": "comparing", "seconds_left": 1.0},
    ):
        lab.runs.heartbeat("mine", **values)
        page.run_follower.poll()
        texts.append((page.fine_tune_panel.status, page.fine_tune_panel.time_left))
    assert texts == [
        ("Gathering the corrections", ""),
        ("Training on the corrections", "about 12 s left"),
        ("Training on the corrections", "about 3 s left"),
        ("Comparing it with the version in use", "a few seconds left"),
    ]


def test_the_progress_only_grows(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    shares = []
    for phase in PHASES:
        for step in (0, 40, 80):
            lab.runs.heartbeat("mine", phase=phase, step=step, steps=80)
            page.run_follower.poll()
            shares.append(page.fine_tune_panel.progress)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_page_that_opens_during_a_run_shows_the_same_progress(
    page: Page, lab: FakeFineTuneLab
) -> None:
    begin_run(lab, trigger="schedule")
    lab.runs.heartbeat("mine", phase="training", step=20, steps=80, seconds_left=9.0)
    page.run_follower.poll()
    reloaded = Page(lab).fine_tune_panel
    for name in ("active_run", "status", "progress", "time_left", "trigger", "time"):
        assert getattr(reloaded, name) == getattr(page.fine_tune_panel, name)
    assert (reloaded.active_run, reloaded.trigger) == ("mine", "by the schedule")


def test_an_outcome_is_a_sentence_with_its_reasons(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    page.run_follower.poll()
    end = datetime(2025, 3, 1, tzinfo=UTC)
    lab.runs.finish("mine", "rejected", version="v0001", reasons=["Too few.", "Too slow."], now=end)
    page.run_follower.poll()
    panel = page.fine_tune_panel
    assert panel.status == "v0001 did not prove better, so it did not take over."
    assert panel.reasons == ["Too few.", "Too slow."]
    assert (panel.active_run, panel.outcome, panel.time) == ("", "rejected", end.timestamp())


def test_a_run_without_new_feedback_says_so(page: Page, lab: FakeFineTuneLab) -> None:
    lab.immediate_outcome = "nothing-new"
    start_run(page)
    panel = page.fine_tune_panel
    assert panel.status == "There was nothing new to learn."
    assert panel.reasons == ["For a reason."]
    assert (panel.requested, panel.active_run) == (False, "")


def test_a_page_that_requests_a_second_run_shows_the_first_one_with_a_notice(
    page: Page, lab: FakeFineTuneLab
) -> None:
    panel = page.fine_tune_panel
    begin_run(lab, "theirs")
    start_run(page)  # the page has not read the store since
    assert (panel.active_run, panel.notice) == ("theirs", ALREADY_RUNNING)
    lab.runs.finish("theirs", "rejected", version="v0001")
    page.run_follower.poll()
    assert (panel.outcome, panel.notice) == ("rejected", "")


def test_a_busy_run_hides_no_outcome(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab, "first")
    lab.fine_tune(trigger="cli")
    lab.runs.finish("first", "failed", reasons=["It broke."])
    assert lab.runs.recent(1)[0].outcome == "busy"
    assert Page(lab).fine_tune_panel.reasons == ["It broke."]


def test_cancel_ends_the_run_in_view(page: Page, lab: FakeFineTuneLab) -> None:
    panel = page.fine_tune_panel
    start_run(page)
    send_message(panel, {"type": "cancel", "run": panel.active_run})
    page.run_follower.poll()
    assert lab.runs.is_cancel_requested("run-0")
    assert (panel.cancelling, panel.status) == (True, "Ending the run")
    lab.runs.finish("run-0", "cancelled", reasons=["It was cancelled and changed nothing."])
    page.run_follower.poll()
    assert panel.status == "It was cancelled and changed nothing."
    assert panel.reasons == []  # the only reason repeats the status


def test_a_run_whose_process_died_has_failed(page: Page, lab: FakeFineTuneLab) -> None:
    start_run(page)
    lab.runs.supervise("run-0", pid=0)  # no process
    page.run_follower.poll()
    assert (page.fine_tune_panel.outcome, page.fine_tune_panel.active_run) == ("failed", "")
    assert page.fine_tune_panel.reasons == ["Its process ended before the outcome."]


def test_a_promotion_shows_the_new_version_with_a_notice(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    page.run_follower.poll()
    lab.champion = "v0001"  # type: ignore[assignment]
    lab.runs.finish("mine", "promoted", version="v0001")
    page.run_follower.poll()
    assert page.header.model_version == "v0001"
    assert page.verdict_buttons.receipt == "The page now reads with v0001."
    assert page.fine_tune_panel.status == (
        "v0001 proved better and has taken over; the page answers with v0001 now."
    )


def test_a_promotion_without_a_run_shows_a_notice_with_the_next_picture(
    page: Page, lab: FakeFineTuneLab
) -> None:
    page.session.open("a.png", png(1))
    assert page.verdict_buttons.receipt == ""
    lab.champion = "v0002"  # type: ignore[assignment]
    page.session.open("b.png", png(2))
    assert page.header.model_version == "v0002"
    assert page.verdict_buttons.receipt == "The page now reads with v0002."
    page.session.judge("right", item_id=0)
    page.session.open("c.png", png(3))
    assert "now reads with" not in page.verdict_buttons.receipt


def test_a_promoted_version_that_was_replaced_no_longer_answers(
    page: Page, lab: FakeFineTuneLab
) -> None:
    lab.champion = "v0001"  # type: ignore[assignment]
    begin_run(lab)
    lab.runs.finish("mine", "promoted", version="v0001")
    page.run_follower.poll()
    assert page.fine_tune_panel.status.endswith("the page answers with v0001 now.")
    lab.champion = "base"  # type: ignore[assignment]
    page.session.open("a.png", png(1))
    assert page.fine_tune_panel.status.endswith("took over; by now the page answers with base.")


def test_a_rejected_version_that_a_person_promoted_is_named(
    page: Page, lab: FakeFineTuneLab
) -> None:
    begin_run(lab)
    lab.runs.finish("mine", "rejected", version="v0001")
    page.run_follower.poll()
    page.session.set_model("v0001")
    assert page.fine_tune_panel.status == (
        "v0001 did not prove better; a person let it take over, and the page answers with it now."
    )


def test_a_comparison_with_a_former_champion_is_no_judgement(
    page: Page, lab: FakeFineTuneLab
) -> None:
    begin_run(lab)
    lab.runs.finish("mine", "rejected", version="v0001", metrics={CHAMPION_MOVED: True})
    page.run_follower.poll()
    assert page.fine_tune_panel.status == (
        "v0001 did not take over, because another version took over during the comparison."
    )


def test_an_estimate_of_hours_is_in_hours(page: Page, lab: FakeFineTuneLab) -> None:
    begin_run(lab)
    lab.runs.heartbeat("mine", phase="training", step=1, steps=80, seconds_left=5706.0)
    page.run_follower.poll()
    assert page.fine_tune_panel.time_left == "about 1 h 35 min left"


def test_every_phase_outcome_and_trigger_has_a_text() -> None:
    assert set(PHASES) == set(types.PHASES)
    assert set(OUTCOMES) == set(types.RUN_OUTCOMES) - {"busy"}
    assert set(TRIGGERS) == set(types.TRIGGERS)
