"""The curve of a run as points and as a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fine_tune_views import FakeFineTuneLab, begin_run, start_run

from digitlab.widgets import Page
from digitlab.widgets.views.training_curve import EMPTY_TEXT, curve_text

CURVE_TRAITS = ("points", "steps", "last_loss", "last_accuracy", "curve_text")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeFineTuneLab]:
    with FakeFineTuneLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def training_page(page: Page, lab: FakeFineTuneLab) -> Page:
    """A page whose run is in the middle of its training."""
    begin_run(lab)
    lab.runs.heartbeat("mine", phase="training", step=0, steps=80)
    lab.runs.heartbeat("mine", step=10, steps=80, loss=2.314)
    lab.runs.heartbeat("mine", step=20, steps=80, loss=0.5, validation_accuracy=0.985)
    page.run_follower.poll()
    return page


def curve_of(page: Page) -> dict[str, Any]:
    return {name: getattr(page.fine_tune_panel, name) for name in CURVE_TRAITS}


def test_the_curve_is_empty_without_a_run(page: Page) -> None:
    assert curve_of(page) == {
        "points": [],
        "steps": 0,
        "last_loss": "",
        "last_accuracy": "",
        "curve_text": EMPTY_TEXT,
    }


def test_the_curve_grows_with_each_heartbeat(training_page: Page, lab: FakeFineTuneLab) -> None:
    panel = training_page.fine_tune_panel
    assert panel.points == [[10, 2.314, None], [20, 0.5, 0.985]]
    assert (panel.last_loss, panel.last_accuracy) == ("0.50", "98.5 %")
    lab.runs.heartbeat("mine", step=30, loss=0.25)
    training_page.run_follower.poll()
    assert panel.points[2:] == [[30, 0.25, None]]
    assert (panel.last_loss, panel.last_accuracy) == ("0.25", "98.5 %")


def test_a_page_that_opens_during_training_shows_the_same_curve(
    training_page: Page, lab: FakeFineTuneLab
) -> None:
    assert curve_of(Page(lab)) == curve_of(training_page)


def test_the_curve_stays_after_the_outcome(training_page: Page, lab: FakeFineTuneLab) -> None:
    before = curve_of(training_page)
    lab.runs.finish("mine", "rejected", version="v0001")
    training_page.run_follower.poll()
    assert curve_of(training_page) == curve_of(Page(lab)) == before


def test_the_next_run_begins_with_an_empty_curve(training_page: Page, lab: FakeFineTuneLab) -> None:
    panel = training_page.fine_tune_panel
    lab.runs.finish("mine", "rejected", version="v0001")
    training_page.run_follower.poll()
    training_page.run_follower.start_run()
    assert panel.points == []
    start_run(training_page)
    assert (panel.active_run, panel.points) == ("run-1", [])


def test_a_loss_that_is_not_a_number_is_not_drawn(
    training_page: Page, lab: FakeFineTuneLab
) -> None:
    lab.runs.heartbeat("mine", step=30, loss=math.nan)
    training_page.run_follower.poll()
    assert training_page.fine_tune_panel.points[2:] == [[30, None, None]]
    assert training_page.fine_tune_panel.last_loss == "0.50"


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ([], EMPTY_TEXT),
        ([[1, None, 0.9]], EMPTY_TEXT),
        ([[8, 2.314, None]], "Loss stayed at 2.31 in 8 of 120 steps."),
        ([[8, 2.3, None], [60, 0.5, None]], "Loss fell from 2.30 to 0.50 in 60 of 120 steps."),
        (
            [[8, 2.314, 0.9], [120, 0.42, 0.991]],
            "Loss fell from 2.31 to 0.42 in 120 steps; 99.1 % of the hard images were read right "
            "at step 120.",
        ),
        ([[8, 0.4, None], [120, 0.6, None]], "Loss rose from 0.40 to 0.60 in 120 steps."),
    ],
)
def test_a_sentence_describes_the_curve(points: Any, sentence: str) -> None:
    assert curve_text(points, 120) == sentence
