"""The fine-tune on the page: a real Chromium, a real server, the real notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.browser_page import choose, label, png, ready, see
from support.live_server import Server, start_server
from support.model_versions import add_version, fine_tuned

import digitlab
from digitlab.datasets import mnist
from digitlab.store import Run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.tf, pytest.mark.notebook]

CORRECTIONS = 12
RUN_MS = 540_000  # 20 s on an idle machine; a busy one with many workers takes its time
LOOK_MS = 30_000
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose home has corrections of mirrored digits, which the base misreads."""
    home = tmp_path_factory.mktemp("home")
    x, y = mnist.load("validation")
    with digitlab.open(home, contributor="ada", screening=False) as lab:
        mirrored = (
            (lab.predict(np.ascontiguousarray(image[:, ::-1])), int(digit))
            for image, digit in zip(x, y, strict=True)
            if digit not in (0, 1, 8)
        )
        wrong = ((read, digit) for read, digit in mirrored if read.refused or read.digit != digit)
        for (read, digit), _ in zip(wrong, range(CORRECTIONS), strict=False):
            lab.correct(read, digit)
    server = start_server(home)
    yield server
    server.stop()


def start(page: Page) -> None:
    page.get_by_test_id("fine-tune").click()
    see(page.get_by_test_id("fine-tune-cancel")).to_be_visible(timeout=2 * LOOK_MS)


def last_run(server: Server) -> Run:
    with digitlab.open(server.home) as lab:
        return lab.runs.recent(1)[0]


def test_a_run_can_be_cancelled(browser_page: Page, server: Server) -> None:
    page = ready(browser_page, server)
    start(page)
    page.get_by_test_id("fine-tune-cancel").click()
    says = page.get_by_test_id("fine-tune-says")
    see(says).to_have_text(re.compile("Ending|cancelled"), timeout=LOOK_MS)
    see(says).to_have_text("It was cancelled; nothing has changed.", timeout=RUN_MS)
    see(page.get_by_test_id("fine-tune")).to_be_visible()
    assert last_run(server).outcome == "cancelled"


@pytest.mark.timeout(1200)
def test_every_page_shows_the_run_from_its_start_to_its_verdict(
    browser_page: Page, server: Server
) -> None:
    page = ready(browser_page, server)
    start(page)
    other = ready(page.context.new_page(), server)
    other.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for view in (page, other):
        see(view.get_by_test_id("fine-tune-bar")).to_be_visible(timeout=LOOK_MS)
        see(view.get_by_test_id("fine-tune")).to_be_hidden()
    says = page.get_by_test_id("fine-tune-says")
    see(says).to_have_text("Training on the corrections", timeout=RUN_MS)
    see(page.get_by_test_id("fine-tune-left")).to_contain_text("left", timeout=RUN_MS)
    ready(page, server)  # a reload loses nothing
    see(page.get_by_test_id("fine-tune-bar")).to_be_visible(timeout=LOOK_MS)

    see(says).to_have_text(re.compile(r"^v\d{4} (proved|did not prove) better"), timeout=RUN_MS)
    see(other.get_by_test_id("fine-tune-says")).to_have_text(says.inner_text(), timeout=LOOK_MS)
    run = last_run(server)
    assert run.trigger == "page"
    for view in (page, other):
        see(view.get_by_test_id("fine-tune-bar")).to_be_hidden()
        view.get_by_text("Why", exact=True).click()
        see(view.get_by_test_id("fine-tune-reasons").locator("li")).to_have_text(list(run.reasons))
        served = run.version if run.outcome == "promoted" else "base"
        see(view.get_by_test_id("model-version")).to_have_text(served)
        assert view.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_test_id("fine-tune").click()
    see(says).to_have_text(
        "There is nothing new to learn; nothing has changed.", timeout=2 * LOOK_MS
    )


def test_an_open_page_reads_with_what_was_promoted_meanwhile(
    browser_page: Page, server: Server
) -> None:
    page = ready(browser_page, server)
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    with digitlab.open(server.home) as lab:
        version = add_version(lab.models, **fine_tuned())
        lab.models.promote(version, by="ada")
    choose(page, png("5"))
    see(label(page)).to_have_text("5")
    see(page.get_by_test_id("model-version")).to_have_text(version)
    see(page.get_by_test_id("receipt")).to_have_text(f"The page now reads with {version}.")
