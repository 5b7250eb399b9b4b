"""The fine-tune panel: progress, curve, outcome and thumbnails of runs that other tests simulate.

`test_whole_story.py` has a real run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from support.browser_page import (
    digit_picture,
    drop_pictures,
    expect,
    fits_window,
    open_page,
    png_file,
    predicted_digit,
    settle,
)
from support.chromium import DESKTOP, PHONE
from support.feedback_rows import add_verdict, noise
from support.live_server import Server, start_server
from support.model_versions import add_version
from support.simulated_runs import simulate_training

from digitlab.cli import main
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings, ModelRegistry, RunLog
from digitlab.store.home_settings import SHOW_CORRECTIONS

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

CURVE_TEXT = (
    "Loss fell from 2.00 to {} in {} of 80 steps; 95.0 % of the hard images were read right at "
    "step 40."
)
WINDOWS: tuple[Any, ...] = (DESKTOP["viewport"], PHONE["viewport"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with its own home, because these tests leave runs."""
    server = start_server(tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


def drawn_paths(page: Page) -> list[str | None]:
    """Return the paths of the loss and of the accuracy."""
    curve = page.get_by_test_id("fine-tune-curve")
    lines = [curve.locator(f".dl-plot path.{name}") for name in ("dl-loss", "dl-accuracy")]
    return [line.get_attribute("d") for line in lines]


def curve_boxes(page: Page) -> list[list[float]]:
    """Return position in its card and size of the curve, in pixels, for each window."""
    boxes: list[list[float]] = []
    for window in WINDOWS:
        page.set_viewport_size(window)
        settle(page)
        boxes.append(
            page.get_by_test_id("fine-tune-curve").evaluate(
                """element => {
                    const box = element.getBoundingClientRect();
                    const card = element.closest(".dl-fine-tune").getBoundingClientRect();
                    return [box.x - card.x, box.y - card.y, box.width, box.height].map(Math.round);
                }"""
            )
        )
    return boxes


def test_the_curve_grows_and_a_reloaded_page_shows_the_same_run(
    page: Page, server: Server, runs: RunLog
) -> None:
    curve = page.get_by_test_id("fine-tune-curve")
    expect(curve).to_be_hidden()
    simulate_training(runs, "grows")
    expect(curve).to_have_attribute("aria-label", CURVE_TEXT.format("0.50", 40))
    expect(page.get_by_test_id("fine-tune-bar")).to_be_visible()
    expect(page.get_by_test_id("fine-tune")).to_be_hidden()
    earlier_loss, earlier_accuracy = drawn_paths(page)
    runs.heartbeat("grows", step=50, loss=0.25, seconds_left=7.0)
    expect(curve).to_have_attribute("aria-label", CURVE_TEXT.format("0.25", 50))
    expect(page.get_by_test_id("fine-tune-left")).to_have_text("about 7 s left")
    loss, accuracy = drawn_paths(page)
    assert loss != earlier_loss
    assert accuracy == earlier_accuracy

    open_page(page, server)
    expect(curve).to_have_attribute("aria-label", CURVE_TEXT.format("0.25", 50))
    expect(page.get_by_test_id("fine-tune-says")).to_have_text("Training on the corrections")
    expect(page.get_by_test_id("fine-tune-bar")).to_be_visible()
    expect(page.get_by_test_id("fine-tune-left")).to_have_text("about 7 s left")
    expect(page.get_by_test_id("fine-tune")).to_be_hidden()
    assert drawn_paths(page) == [loss, accuracy]


def test_cancel_requests_the_end_of_the_run(page: Page, runs: RunLog) -> None:
    simulate_training(runs, "too-long")
    status = page.get_by_test_id("fine-tune-says")
    page.get_by_test_id("fine-tune-cancel").click()
    expect(status).to_have_text("Ending the run")
    assert runs.is_cancel_requested("too-long")
    runs.finish("too-long", "cancelled")
    expect(status).to_have_text("It was cancelled and changed nothing.")
    expect(page.get_by_test_id("fine-tune")).to_be_visible()
    expect(page.get_by_test_id("fine-tune-cancel")).to_be_hidden()


def test_the_curve_stays_in_its_place_from_the_start_to_the_thumbnails(
    page: Page, server: Server, runs: RunLog
) -> None:
    with FeedbackStore.open(Settings.load(server.home)) as store:
        verdict_ids = [add_verdict(store, noise(number), 8) for number in range(3)]
        HomeSettings(store.database).set(SHOW_CORRECTIONS, "all", by="ada")
    status = page.get_by_test_id("fine-tune-says")
    runs.acquire_lease("thumbnails", by="ada", parameters={}, trigger="cli")
    expect(status).to_have_text("Starting")
    expect(page.get_by_test_id("fine-tune-curve")).to_be_visible()
    empty = curve_boxes(page)
    simulate_training(runs, "thumbnails")
    expect(status).to_have_text("Training on the corrections")
    expect(page.locator(".dl-accuracy-line")).to_have_count(1)
    assert curve_boxes(page) == empty

    metrics = {"fixed": verdict_ids[:2], "still_wrong": verdict_ids[2:], "broken": []}
    counts = {"corrections": {"n": 3, "champion": 0}}
    runs.finish("thumbnails", "rejected", version="v0001", metrics=metrics | counts)
    expect(status).to_contain_text("did not prove better")
    fixed = page.get_by_test_id("fine-tune-fixed")
    expect(fixed.get_by_role("heading")).to_have_text("It would read right: 2 of 3 corrections")
    images = fixed.get_by_role("img", name="an 8")
    expect(images).to_have_count(2)
    for image in images.all():
        expect(image).to_have_js_property("naturalWidth", 28)
    expect(page.get_by_test_id("fine-tune-still_wrong").get_by_role("img")).to_have_count(1)
    assert curve_boxes(page) == empty
    assert fits_window(page)


def test_an_open_page_follows_a_promotion_and_a_rollback_by_the_command_line(
    page: Page, server: Server, runs: RunLog
) -> None:
    settings = Settings.load(server.home)
    with ModelRegistry(settings) as registry:
        version = add_version(registry)
    runs.acquire_lease("promoting", by="ada", parameters={}, trigger="cli")
    runs.finish("promoting", "promoted", version=version)
    call = ["--home", str(server.home), "models"]
    CliRunner().invoke(main, [*call, "promote", version, "--force", "--why", "a test"])
    expect(page.get_by_test_id("model-version")).to_have_text(version)
    status = page.get_by_test_id("fine-tune-says")
    expect(status).to_contain_text(f"the page answers with {version} now.")
    CliRunner().invoke(main, [*call, "rollback"])
    expect(page.get_by_test_id("model-version")).to_have_text("base")
    expect(status).to_contain_text("took over; by now the page answers with base.")


def test_a_visitor_sees_the_own_corrections_also_later_and_only_counts_of_others(
    page: Page, other_page: Page, server: Server, runs: RunLog
) -> None:
    with FeedbackStore.open(Settings.load(server.home)) as store:
        HomeSettings(store.database).set(SHOW_CORRECTIONS, "own", by="ada")
        drop_pictures(page, png_file(digit_picture("4"), "mine.png"))
        expect(predicted_digit(page)).to_have_text(re.compile(r"^\d$"))
        wrong = (int(predicted_digit(page).inner_text()) + 1) % 10
        page.keyboard.press(str(wrong))
        expect(page.get_by_test_id("receipt")).to_contain_text("mine.png")
        own = store.entries()[-1].id
        others = [add_verdict(store, noise(number), 8) for number in (10, 11)]
    runs.acquire_lease("class", by="ada", parameters={}, trigger="cli")
    metrics = {"fixed": [own, *others], "still_wrong": [], "broken": []}
    runs.finish("class", "rejected", version="v0001", metrics=metrics)
    group = page.get_by_test_id("fine-tune-fixed")
    for _ in range(2):
        expect(group.get_by_role("heading")).to_have_text("It would read right: 3")
        expect(group.get_by_role("img")).to_have_count(1)
        expect(group).to_contain_text("2 not given in this browser")
        open_page(page, server)
    open_page(other_page, server)
    theirs = other_page.get_by_test_id("fine-tune-fixed")
    expect(theirs).to_contain_text("3 not given in this browser")
    expect(theirs.get_by_role("img")).to_have_count(0)
