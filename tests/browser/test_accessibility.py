"""Accessibility of the page: axe-core finds no serious violation, light or dark, narrow or wide."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    expect,
    expect_in_view,
    kernel_id,
    open_page,
    png_file,
    predicted_digit,
    settle,
    visit_item,
)
from support.feedback_rows import add_verdict, noise
from support.live_server import Server, start_server
from support.number_sheets import write_sheet
from support.simulated_runs import simulate_training

import digitlab
from digitlab.datasets import mnist
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings, RunLog
from digitlab.store.home_settings import SHOW_CORRECTIONS

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = pytest.mark.browser

TOKEN = "s3cret"  # noqa: S105 # of a server that lives for a test
SCHEMES: tuple[Any, ...] = ("light", "dark")
WIDTHS = (360, 1280)

RUN_AXE = """async (appearance) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => {
      const data = any.map((check) => check.data).filter(Boolean);
      return `${appearance}: ${id}: ${target.join(" ")} ${JSON.stringify(data)}`;
    }));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server that requires a token; its URL contains the token."""
    server = start_server(tmp_path_factory.mktemp("home"), token=TOKEN)
    yield dataclasses.replace(server, url=f"{server.url}?token={TOKEN}")
    server.stop()


@pytest.fixture(scope="module")
def unsure_picture(server: Server) -> FilePayload:
    """Return a picture of a digit of which the base model is unsure."""
    x, _ = mnist.load("validation")
    with digitlab.open(server.home) as lab:
        reader = lab.reader()
    sheets = (255 - image.repeat(7, axis=0).repeat(7, axis=1) for image in x)
    sheet = next(sheet for sheet in sheets if 0.5 < reader.read(sheet).confidence < 0.6)
    return png_file(Image.fromarray(sheet), "unsure.png")


def violations(page: Page) -> list[str]:
    """Return the serious and critical violations in each colour scheme and width."""
    if not page.evaluate("'axe' in window"):
        axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
        page.add_script_tag(content=axe)  # from the installed package, not from the network
    lines: list[str] = []
    for scheme in SCHEMES:
        for width in WIDTHS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 800})
            settle(page)
            lines += page.evaluate(RUN_AXE, f"{scheme}, {width} px")
    return lines


def test_the_empty_page_and_a_prediction_have_no_violation(page: Page) -> None:
    assert violations(page) == []
    choose_pictures(page, png_file("2"))
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text("2")
    expect(page.get_by_test_id("bars")).to_be_visible()
    assert violations(page) == []


def test_the_offer_to_read_all_digits_is_spoken_and_has_no_violation(page: Page) -> None:
    choose_pictures(page, png_file(Image.fromarray(write_sheet("2748", "31", seed=5)), "row.png"))
    offer = "This looks like 6 digits: read them all?"
    expect(page.get_by_test_id("several")).to_contain_text(offer)
    expect(page.get_by_role("status").filter(has_text=offer)).to_have_count(1)
    assert violations(page) == []
    page.get_by_role("button", name="Read all digits").press("Enter")
    expect(page.get_by_test_id("number-text")).to_have_text("2748\n31")
    assert violations(page) == []
    page.keyboard.press("2")  # the button has gone, and the keys work
    expect(visit_item(page, 1)).to_contain_text("right")


def test_a_batch_with_cells_of_every_state_has_no_violation(
    page: Page, unsure_picture: FilePayload
) -> None:
    blank = png_file(Image.new("L", (120, 90), 235), "blank.png")
    unreadable: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"}
    choose_pictures(page, *map(png_file, "23570"), blank, unsure_picture, png_file("7"))
    expect(visit_item(page, 7)).to_be_visible()
    for number, key in enumerate(["Enter", "8", "n", "u"]):
        expect_in_view(page, number)
        page.keyboard.press(key)
    expect(page.locator(".dl-count")).to_have_text("8 pictures, 4 judged")
    expect(page.get_by_test_id("receipt")).not_to_be_empty()
    expect(page.locator('[data-state="pending"][data-uncertainty="unsure"]')).to_have_count(1)
    expect(page.locator('[data-state="pending"][data-uncertainty="refused"]')).to_have_count(1)
    choose_pictures(page, unreadable)
    expect(page.get_by_test_id("error-banner")).to_be_visible()
    assert violations(page) == []


def test_verdicts_on_their_way_and_rejected_ones_have_no_violation(page: Page) -> None:
    choose_pictures(page, *map(png_file, "235701"))
    expect(visit_item(page, 5)).to_be_visible()
    comment = page.get_by_test_id("judge-comment")
    comment.evaluate("field => field.removeAttribute('maxlength')")
    comment.fill("x" * 2001)  # more than the store accepts
    page.get_by_test_id("judge-unsure").click()
    expect(page.get_by_test_id("unsaved")).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text("No connection to the server")).to_be_visible()
    for key in ["Enter", "8", "n", "u"]:
        page.keyboard.press(key)
    expect(page.locator('.dl-cells > [data-state="saving"]')).to_have_count(4)
    assert violations(page) == []
    page.get_by_test_id("unsaved").click()
    expect_in_view(page, 0)
    assert violations(page) == []


def test_the_open_camera_has_no_violation(browser_page: Page, server: Server) -> None:
    browser_page.context.grant_permissions(["camera"])
    page = open_page(browser_page, server)
    page.get_by_test_id("camera").click()
    expect(page.get_by_test_id("camera-view")).to_have_js_property("readyState", 4)
    assert violations(page) == []


def test_a_fine_tune_and_its_outcomes_have_no_violation(
    page: Page, server: Server, runs: RunLog
) -> None:
    with FeedbackStore.open(Settings.load(server.home)) as store:
        fixed, wrong, broken = ([add_verdict(store, noise(number), 8)] for number in range(3))
        HomeSettings(store.database).set(SHOW_CORRECTIONS, "all", by="ada")
    metrics = {"fixed": fixed, "still_wrong": wrong, "broken": broken}
    status = page.get_by_test_id("fine-tune-says")
    simulate_training(runs, "training")
    expect(status).to_have_text("Training on the corrections")
    assert violations(page) == []
    runs.finish("training", "cancelled")

    simulate_training(runs, "promoted")
    runs.finish("promoted", "promoted", version="v0001", reasons=["It is better."], metrics=metrics)
    expect(status).to_contain_text("took over")
    page.get_by_text("Why", exact=True).click()
    expect(page.get_by_text("It is better.")).to_be_visible()
    assert violations(page) == []

    simulate_training(runs, "rejected")
    runs.finish("rejected", "rejected", version="v0002", reasons=["It is worse."], metrics=metrics)
    expect(status).to_contain_text("did not prove better")
    expect(page.get_by_text("It is worse.")).to_be_visible()
    assert violations(page) == []

    simulate_training(runs, "failed")
    runs.finish("failed", "failed", reasons=["The disk is full."])
    expect(status).to_contain_text("It failed")
    expect(page.get_by_text("The disk is full.")).to_be_visible()
    assert violations(page) == []


def test_the_login_has_no_violation(browser_page: Page, server: Server) -> None:
    browser_page.goto(server.url.partition("?")[0])
    field = browser_page.get_by_label("Token")
    expect(field).to_be_visible()
    assert violations(browser_page) == []
    field.fill("wrong")
    field.press("Enter")
    expect(browser_page.get_by_role("alert")).to_be_visible()
    expect(field).to_be_visible()
    assert violations(browser_page) == []


def test_a_lost_connection_and_an_ended_session_have_no_violation(
    page: Page, server: Server
) -> None:
    page.context.set_offline(True)
    expect(page.get_by_text("No connection to the server")).to_be_visible()
    assert violations(page) == []
    page.context.set_offline(False)
    expect(page.get_by_text("No connection to the server")).to_be_hidden()
    server.kernel_process(kernel_id(page)).kill()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert violations(page) == []
