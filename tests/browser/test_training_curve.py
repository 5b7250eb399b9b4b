"""The curve and the pictures of a fine-tune in a real Chromium; the run is only told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.browser_page import ready, see
from support.feedback_rows import add_verdict, noise
from support.live_server import Server
from support.told_runs import train

from digitlab.settings import Settings
from digitlab.store import FeedbackStore, RunLog

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LOOK_MS = 30_000
PHONE: Any = {"width": 360, "height": 740}


def drawn(page: Page) -> list[str | None]:
    """The paths of loss and of the share read right."""
    curve = page.get_by_test_id("fine-tune-curve")
    lines = [curve.locator(f".dl-plot path.{name}") for name in ("dl-loss", "dl-accuracy")]
    return [line.get_attribute("d") for line in lines]


def place(page: Page) -> list[float]:
    """Where the curve stands in its card, and how large it is, in pixels."""
    found: list[float] = page.get_by_test_id("fine-tune-curve").evaluate(
        """element => {
            const box = element.getBoundingClientRect();
            const card = element.closest(".dl-fine-tune").getBoundingClientRect();
            return [box.x - card.x, box.y - card.y, box.width, box.height].map(Math.round);
        }"""
    )
    return found


def test_the_curve_grows_and_a_reload_draws_the_same(
    browser_page: Page, server: Server, runs: RunLog
) -> None:
    page = ready(browser_page, server)
    curve = page.get_by_test_id("fine-tune-curve")
    see(curve).to_be_hidden()
    train(runs, "grows")
    told = "Loss fell from 2.00 to {} in {} of 80 steps; 95.0 % of the hard images are read right."
    see(curve).to_have_attribute("aria-label", told.format("0.50", 40), timeout=LOOK_MS)
    before = drawn(page)
    runs.heartbeat("grows", step=50, loss=0.25)
    see(curve).to_have_attribute("aria-label", told.format("0.25", 50), timeout=LOOK_MS)
    loss, share = drawn(page)
    assert (loss != before[0], share) == (True, before[1])
    ready(page, server)
    see(curve).to_have_attribute("aria-label", told.format("0.25", 50), timeout=LOOK_MS)
    assert drawn(page) == [loss, share]


@pytest.mark.parametrize("window", [{"width": 1280, "height": 800}, PHONE], ids=["wide", "phone"])
def test_the_curve_stays_in_its_place_from_the_first_step_to_the_pictures(
    browser_page: Page, server: Server, runs: RunLog, window: Any
) -> None:
    with FeedbackStore.open(Settings.load(server.home)) as store:
        numbers = [add_verdict(store, noise(number), 8) for number in range(3)]
    browser_page.set_viewport_size(window)
    name = f"moves-{window['width']}"
    runs.acquire_lease(name, by="ada", parameters={}, trigger="cli")
    page = ready(browser_page, server)
    see(page.get_by_test_id("fine-tune-curve")).to_be_visible(timeout=LOOK_MS)
    empty = place(page)
    train(runs, name)
    says = page.get_by_test_id("fine-tune-says")
    see(says).to_have_text("Training on the corrections", timeout=LOOK_MS)
    see(page.locator(".dl-accuracy-line")).to_have_count(1, timeout=LOOK_MS)
    assert place(page) == empty

    metrics = {"fixed": numbers[:2], "still_wrong": numbers[2:], "broken": []}
    counts = {"corrections": {"n": 3, "champion": 0}}
    runs.finish(name, "rejected", version="v0001", metrics=metrics | counts)
    see(says).to_contain_text("did not prove better", timeout=LOOK_MS)
    fixed = page.get_by_test_id("fine-tune-fixed")
    see(fixed.get_by_role("heading")).to_have_text("It would read right: 2 of 3 corrections")
    images = fixed.get_by_role("img", name="an 8")
    see(images).to_have_count(2)
    assert images.evaluate_all("found => found.map(one => one.naturalWidth)") == [28, 28]
    see(page.get_by_test_id("fine-tune-still_wrong").get_by_role("img")).to_have_count(1)
    assert place(page) == empty
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
