"""The whole story: twenty corrections on the page, a real fine-tune, its outcome and a rollback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.browser_page import (
    drop_pictures,
    expect,
    expect_in_view,
    fits_window,
    open_page,
    predicted_digit,
    visit_item,
)
from support.chromium import PHONE
from support.live_server import Server, start_server, wait_until
from support.misread_digits import MisreadDigit, misread_digits

import digitlab
from digitlab.jobs import follow
from digitlab.lab import Lab
from digitlab.store import Run

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from digitlab.model.runtime import Classifier

pytestmark = [pytest.mark.browser, pytest.mark.tf, pytest.mark.notebook]

CORRECTIONS = 20
REMEMBERED = re.compile(r"^remembered from your correction of .*, not yet learned$")
STEPS = re.compile(r"in (\d+)(?: of \d+)? steps")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with its own home, because the test promotes a version."""
    server = start_server(tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


@pytest.fixture
def phone_page(other_page: Page, server: Server) -> Page:
    """Return another person's page in a narrow window, open from the beginning."""
    other_page.set_viewport_size(PHONE["viewport"])
    return open_page(other_page, server)


@pytest.fixture
def lab(server: Server) -> Iterator[Lab]:
    """Yield the home as a notebook opens it, without remembered corrections."""
    with digitlab.open(server.home, contributor="ada", memory=False) as lab:
        yield lab


def correct_all(page: Page, pictures: list[MisreadDigit]) -> None:
    """Drop pictures at once, and correct each with the key of its true digit."""
    drop_pictures(page, *(picture.file for picture in pictures))
    expect(visit_item(page, len(pictures) - 1)).to_be_visible()
    for number, picture in enumerate(pictures):
        expect_in_view(page, number)
        # A correction of a similar picture may answer already.
        possible = re.compile(f"^({picture.predicted}|{picture.label})$")
        expect(predicted_digit(page)).to_have_text(possible)
        page.keyboard.press(str(picture.label))
    count = f"{len(pictures)} pictures, {len(pictures)} judged"
    expect(page.locator(".dl-count")).to_have_text(count)


def show(page: Page, picture: MisreadDigit, *, remembered: bool) -> None:
    """Drop a picture, the first one of the visit, and expect its true digit."""
    drop_pictures(page, picture.file)
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text(str(picture.label))
    expect(visit_item(page, 0)).to_have_attribute("data-remembered", str(remembered).lower())


def read_right(lab: Lab, pictures: list[MisreadDigit]) -> set[str]:
    """Return the names of the pictures that the champion reads right, without corrections."""
    reader = lab.reader()
    predictions = {picture: reader.read(picture.data) for picture in pictures}
    return {
        picture.name
        for picture, prediction in predictions.items()
        if not prediction.refused and prediction.digit == picture.label
    }


def names_of(lab: Lab, run: Run, kind: str) -> set[str]:
    """Return the names of the pictures that a run lists as "fixed" or "still_wrong"."""
    return {lab.feedback.get(verdict_id).name for verdict_id in run.metrics[kind]}


def expect_promotion(page: Page, run: Run) -> None:
    """Expect the outcome of a promoting run, with curve, reasons and the new version."""
    status = f"{run.version} proved better and has taken over; the page answers with {run.version}"
    expect(page.get_by_test_id("fine-tune-says")).to_have_text(f"{status} now.")
    expect(page.get_by_test_id("fine-tune-bar")).to_be_hidden()
    expect(page.get_by_test_id("model-version")).to_have_text(str(run.version))
    expect(page.get_by_test_id("fine-tune-fixed").get_by_role("heading")).to_have_text(
        f"Now read right: {len(run.metrics['fixed'])} of {CORRECTIONS} corrections"
    )
    curve = page.get_by_test_id("fine-tune-curve")
    expect(curve).to_have_attribute("aria-label", STEPS)
    expect(curve.locator(".dl-plot path.dl-loss")).to_be_visible()
    page.get_by_text("Why", exact=True).click()
    reasons = page.get_by_test_id("fine-tune-reasons").locator("li")
    expect(reasons).to_have_text(list(run.reasons))
    assert fits_window(page)


def check_records(lab: Lab, run: Run, pictures: list[MisreadDigit]) -> None:
    """Check that feedback, model history, card and executed notebook agree on the run."""
    entries = {entry.name: entry for entry in lab.feedback.entries()}
    assert {name: entry.label for name, entry in entries.items()} == {
        picture.name: picture.label for picture in pictures
    }
    assert all(entry.is_correction for entry in entries.values())
    expected = {picture.name: ("wrong", picture.predicted) for picture in pictures}
    confirmed = {name for name, entry in entries.items() if entry.remembered}
    assert len(confirmed) < CORRECTIONS / 2
    for name in entries.keys() - confirmed:
        assert (entries[name].verdict, entries[name].predicted) == expected[name]
    champions = [move for move in lab.models.history() if move.alias == "champion"]
    assert [(move.action, move.version, move.run) for move in champions] == [
        ("promote", run.version, run.name),
        ("rollback", "base", ""),
    ]
    card = lab.models.card(str(run.version))
    assert card.feedback == sorted(entry.id for entry in lab.feedback.entries())
    wait_until(lambda: lab.runs.get(run.name).notebook, "the executed notebook is written")
    notebook = Path(str(lab.runs.get(run.name).notebook))
    assert notebook == lab.settings.home / str(card.notebook)
    last_cell = json.loads(notebook.read_text("utf-8"))["cells"][-1]
    assert f"promoted as {run.version}" in json.dumps(last_cell["outputs"])


@pytest.mark.timeout(1200)
def test_corrections_are_learned_on_the_page_and_still_remembered_after_a_rollback(
    page: Page, phone_page: Page, lab: Lab, base: Classifier
) -> None:
    pictures = misread_digits(base, CORRECTIONS)
    correct_all(page, pictures)
    assert read_right(lab, pictures) == set()

    status = page.get_by_test_id("fine-tune-says")
    page.get_by_test_id("fine-tune").click()
    expect(page.get_by_test_id("fine-tune-bar")).to_be_visible()
    expect(page.get_by_test_id("fine-tune-cancel")).to_be_visible()
    states = list(follow(lab.settings, lab.runs.recent(1)[0].name, every_s=0.1))
    assert any(state.seconds_left for state in states)
    run = states[-1]
    assert (run.outcome, run.trigger) == ("promoted", "page"), run.reasons
    for view in (page, phone_page):
        expect_promotion(view, run)
    fixed = names_of(lab, run, "fixed")
    assert read_right(lab, pictures) == fixed
    assert names_of(lab, run, "still_wrong") == {picture.name for picture in pictures} - fixed
    assert run.metrics["broken"] == []

    page.get_by_test_id("fine-tune").click()
    expect(status).to_have_text("There was nothing new to learn.")

    learned = next(picture for picture in pictures if picture.name in fixed)
    show(phone_page, learned, remembered=False)
    answer = phone_page.get_by_test_id("prediction-confidence")
    expect(answer).to_have_text(re.compile(f"; learned in {run.version}$"))

    lab.models.rollback(by="ada", why="to see the old predictions")
    assert read_right(lab, pictures) == set()
    drop_pictures(page, learned.file)
    expect_in_view(page, CORRECTIONS)
    expect(visit_item(page, CORRECTIONS)).to_have_attribute("data-remembered", "true")
    expect(predicted_digit(page)).to_have_text(str(learned.label))
    expect(page.get_by_test_id("prediction-confidence")).to_have_text(REMEMBERED)
    expect(page.get_by_test_id("model-version")).to_have_text("base")
    expect(page.get_by_test_id("receipt")).to_have_text("The page now reads with base.")

    check_records(lab, run, pictures)
