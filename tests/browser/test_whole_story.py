"""The whole story, once: twenty corrections on the page, a real fine-tune, and all the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.browser_page import drop, label, ready, see
from support.live_server import Server, wait_until
from support.misread_digits import MisreadDigit, misread_digits

import digitlab
from digitlab.lab import Lab
from digitlab.store import Run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from digitlab.model.runtime import Classifier

pytestmark = [pytest.mark.browser, pytest.mark.tf, pytest.mark.notebook]

CORRECTIONS = 20
RUN_MS = 540_000  # 20 s on an idle machine; a busy one with many workers takes its time
LOOK_MS = 60_000
REMEMBERED = re.compile(r"^remembered from your correction of .*, not yet learned$")


@pytest.fixture
def other(chromium: Browser, server: Server) -> Iterator[Page]:
    """Another person's page, open from the beginning and never reloaded."""
    context = chromium.new_context()
    yield ready(context.new_page(), server)
    context.close()


@pytest.fixture
def lab(server: Server) -> Iterator[Lab]:
    """The home as a notebook sees it; its versions answer alone."""
    with digitlab.open(server.home, contributor="ada", memory=False) as lab:
        yield lab


def judge_in_the_grid(page: Page, pictures: list[MisreadDigit]) -> None:
    """Drop pictures in one go, and correct each with the key of its digit."""
    drop(page, *(picture.file for picture in pictures))
    see(cell(page, len(pictures) - 1)).to_be_visible(timeout=LOOK_MS)
    for number, picture in enumerate(pictures):
        see(cell(page, number)).to_have_attribute("aria-current", "true", timeout=LOOK_MS)
        # As it was read, or as a correction of another picture like it has it by now.
        see(label(page)).to_have_text(re.compile(f"^({picture.predicted}|{picture.label})$"))
        page.keyboard.press(str(picture.label))
    count = f"{len(pictures)} pictures, {len(pictures)} judged"
    see(page.locator(".dl-count")).to_have_text(count, timeout=LOOK_MS)


def show(page: Page, picture: MisreadDigit) -> Locator:
    """Drop a picture on a page that has none yet; its cell."""
    drop(page, picture.file)
    see(cell(page, 0)).to_have_attribute("aria-current", "true", timeout=LOOK_MS)
    return cell(page, 0)


def cell(page: Page, number: int) -> Locator:
    return page.get_by_test_id(f"visit-item-{number}")


def steps_drawn(page: Page) -> int:
    """How far the curve goes, once it is drawn."""
    curve = page.get_by_test_id("fine-tune-curve")
    told = re.compile(r"in (\d+)(?: of \d+)? steps")
    see(curve).to_have_attribute("aria-label", told, timeout=RUN_MS)
    see(curve.locator(".dl-plot path.dl-loss")).to_be_visible()
    found = told.search(curve.get_attribute("aria-label") or "")
    assert found
    return int(found[1])


def see_verdict(page: Page, run: Run) -> None:
    """The page shows the verdict, and answers with the new version."""
    says = page.get_by_test_id("fine-tune-says")
    told = f"{run.version} proved better and has taken over; the page answers with {run.version}"
    see(says).to_have_text(f"{told} now.", timeout=LOOK_MS)
    see(page.get_by_test_id("model-version")).to_have_text(str(run.version))
    fixed = page.get_by_test_id("fine-tune-fixed").get_by_role("heading")
    see(fixed).to_have_text(
        f"Now read right: {len(run.metrics['fixed'])} of {CORRECTIONS} corrections"
    )


def read_right(lab: Lab, pictures: list[MisreadDigit]) -> set[str]:
    """Names of the pictures that the version which serves reads right by itself."""
    reader = lab.reader()
    reads = {picture: reader.read(picture.data) for picture in pictures}
    return {
        picture.name
        for picture, read in reads.items()
        if not read.refused and read.digit == picture.label
    }


def names_of(lab: Lab, run: Run, kind: str) -> set[str]:
    """Names of the pictures that a run lists as "fixed" or "still_wrong"."""
    return {lab.feedback.get(number).name for number in run.metrics[kind]}


def see_one_story(lab: Lab, run: Run, pictures: list[MisreadDigit]) -> None:
    """Ledger, registry and the executed notebook say the same of the run."""
    entries = {entry.name: entry for entry in lab.feedback.entries()}
    assert {name: entry.label for name, entry in entries.items()} == {
        picture.name: picture.label for picture in pictures
    }
    assert all(entry.is_correction for entry in entries.values())
    said = {picture.name: ("wrong", picture.predicted) for picture in pictures}
    confirmed = {name for name, entry in entries.items() if entry.remembered}
    assert len(confirmed) < CORRECTIONS / 2
    for name in entries.keys() - confirmed:
        assert (entries[name].verdict, entries[name].predicted) == said[name]
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
    last = json.loads(notebook.read_text("utf-8"))["cells"][-1]
    assert f"promoted as {run.version}" in json.dumps(last["outputs"])


@pytest.mark.timeout(1200)
def test_twenty_corrections_are_learned_on_the_page_and_a_rollback_leaves_them_remembered(
    page: Page, other: Page, server: Server, lab: Lab, base: Classifier
) -> None:
    pictures = misread_digits(base, CORRECTIONS)
    judge_in_the_grid(page, pictures)
    assert read_right(lab, pictures) == set()

    page.get_by_test_id("fine-tune").click()
    for view in (page, other):
        see(view.get_by_test_id("fine-tune-bar")).to_be_visible(timeout=LOOK_MS)
    drawn = steps_drawn(page)
    ready(page, server)  # loses nothing
    see(page.get_by_test_id("fine-tune-bar")).to_be_visible(timeout=LOOK_MS)
    assert steps_drawn(page) >= drawn
    steps_drawn(other)

    see(page.get_by_test_id("fine-tune-bar")).to_be_hidden(timeout=RUN_MS)
    run = lab.runs.recent(1)[0]
    assert (run.verdict, run.trigger) == ("promoted", "page"), run.reasons
    for view in (page, other):
        see_verdict(view, run)
    fixed = names_of(lab, run, "fixed")
    assert read_right(lab, pictures) == fixed
    assert names_of(lab, run, "still_wrong") == {picture.name for picture in pictures} - fixed
    assert run.metrics["broken"] == []

    learned = next(picture for picture in pictures if picture.name in fixed)
    see(show(other, learned)).to_have_attribute("data-remembered", "false")
    see(label(other)).to_have_text(str(learned.label))
    answer = other.get_by_test_id("prediction-confidence")
    see(answer).to_have_text(re.compile(f"; learned in {run.version}$"))

    lab.models.rollback(by="ada", why="to see the old answers")
    assert read_right(lab, pictures) == set()
    see(show(page, learned)).to_have_attribute("data-remembered", "true")
    see(label(page)).to_have_text(str(learned.label))
    see(page.get_by_test_id("prediction-confidence")).to_have_text(REMEMBERED)
    see(page.get_by_test_id("model-version")).to_have_text("base")
    see(page.get_by_test_id("receipt")).to_have_text("The page now reads with base.")

    see_one_story(lab, run, pictures)
