"""The page is for everybody: axe-core finds nothing serious, light or dark, narrow or wide."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from support.browser_page import choose, label, png, ready, see
from support.feedback_rows import add_verdict, noise
from support.live_server import Server, start_server
from support.told_runs import train

import digitlab
from digitlab.datasets import mnist
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, RunLog

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

    from digitlab.store.runs.types import RunOutcome

pytestmark = pytest.mark.browser

TOKEN = "s3cret"  # noqa: S105 # of a server that lives for a test
LOOK_MS = 30_000
SCHEMES: tuple[Any, ...] = ("light", "dark")
WIDTHS = (360, 1280)

AXE = """async (look) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ target, any }) => {
      const data = any.map((check) => check.data).filter(Boolean);
      return `${look}: ${id}: ${target.join(" ")} ${JSON.stringify(data)}`;
    }));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for a token; its URL carries it."""
    server = start_server(tmp_path_factory.mktemp("home"), token=TOKEN)
    yield dataclasses.replace(server, url=f"{server.url}?token={TOKEN}")
    server.stop()


@pytest.fixture(scope="module")
def doubtful(server: Server) -> FilePayload:
    """A picture of a digit of which the base is unsure."""
    x, _ = mnist.load("validation")
    with digitlab.open(server.home) as lab:
        reader = lab.reader()
    sheets = (255 - image.repeat(7, axis=0).repeat(7, axis=1) for image in x)
    sheet = next(sheet for sheet in sheets if 0.5 < reader.read(sheet).confidence < 0.6)
    return picture("doubtful.png", Image.fromarray(sheet))


def picture(name: str, image: Image.Image) -> FilePayload:
    out = io.BytesIO()
    image.save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}


def faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical, in every look of the page."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    page.add_script_tag(content=axe)  # from the installed package; the page may ask nobody
    found: list[str] = []
    for scheme in SCHEMES:
        for width in WIDTHS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 800})
            found += page.evaluate(AXE, f"{scheme}, {width} px")
    return found


def test_the_empty_page_has_no_fault(page: Page) -> None:
    assert faults(page) == []


def test_a_prediction_has_no_fault(page: Page) -> None:
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    see(page.get_by_test_id("bars")).to_be_visible()
    assert faults(page) == []


def test_a_batch_with_all_that_a_cell_can_say_has_no_fault(
    page: Page, doubtful: FilePayload
) -> None:
    blank = picture("blank.png", Image.new("L", (120, 90), 235))
    broken: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"}
    choose(page, *map(png, "23570"), blank, doubtful, png("7"))
    see(page.get_by_test_id("visit-item-7")).to_be_visible(timeout=LOOK_MS)
    for number, key in enumerate(["Enter", "8", "n", "u"]):
        see(page.get_by_test_id(f"visit-item-{number}")).to_have_attribute("aria-current", "true")
        page.keyboard.press(key)
    see(page.get_by_test_id("receipt")).not_to_be_empty()
    see(page.locator('[data-state="pending"][data-uncertainty="unsure"]')).to_have_count(1)
    see(page.locator('[data-state="pending"][data-uncertainty="refused"]')).to_have_count(1)
    choose(page, broken)
    see(page.get_by_test_id("error-banner")).to_be_visible()
    assert faults(page) == []


def test_the_open_camera_has_no_fault(browser_page: Page, server: Server) -> None:
    browser_page.context.grant_permissions(["camera"])
    page = ready(browser_page, server)
    page.get_by_test_id("camera").click()
    see(page.get_by_test_id("camera-view")).to_have_js_property("readyState", 4, timeout=LOOK_MS)
    assert faults(page) == []


def test_a_fine_tune_under_way_has_no_fault(page: Page, runs: RunLog) -> None:
    train(runs, "under way")
    says = page.get_by_test_id("fine-tune-says")
    see(says).to_have_text("Training on the corrections", timeout=LOOK_MS)
    assert faults(page) == []


@pytest.mark.parametrize("verdict", ["promoted", "rejected", "failed"])
def test_the_verdict_of_a_fine_tune_has_no_fault(
    page: Page, server: Server, runs: RunLog, verdict: RunOutcome
) -> None:
    with FeedbackStore.open(Settings.load(server.home)) as store:
        fixed, wrong, broken = ([add_verdict(store, noise(number), 8)] for number in range(3))
    metrics = {"fixed": fixed, "still_wrong": wrong, "broken": broken}
    train(runs, verdict)
    runs.finish(verdict, verdict, version="v0001", reasons=["It went so."], metrics=metrics)
    says = page.get_by_test_id("fine-tune-says")
    told = {"promoted": "took over", "rejected": "did not prove better", "failed": "It failed"}
    see(says).to_contain_text(told[verdict], timeout=LOOK_MS)
    page.get_by_text("Why", exact=True).click()
    see(page.get_by_text("It went so.")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("token", ["", "wrong"])
def test_the_login_has_no_fault(browser_page: Page, server: Server, token: str) -> None:
    browser_page.goto(server.url.partition("?")[0])
    field = browser_page.get_by_label("Token")
    if token:
        field.fill(token)
        field.press("Enter")
        see(browser_page.get_by_role("alert")).to_be_visible()
    see(field).to_be_visible()
    assert faults(browser_page) == []


def test_the_sheet_of_a_session_that_has_ended_has_no_fault(page: Page, server: Server) -> None:
    for kernel in server.kernel_processes():
        kernel.kill()
    see(page.get_by_role("alertdialog")).to_be_visible(timeout=LOOK_MS)
    assert faults(page) == []


def test_the_line_about_a_lost_connection_has_no_fault(page: Page) -> None:
    page.context.set_offline(True)
    see(page.get_by_text("No connection to the server")).to_be_visible(timeout=LOOK_MS)
    assert faults(page) == []
