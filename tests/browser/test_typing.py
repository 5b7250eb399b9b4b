"""Quick typing on a slow line: every verdict is stored for the picture that it was meant for."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    expect,
    expect_in_view,
    open_page,
    png_file,
    visit_item,
)
from support.clerk import Cell, Clerk
from support.live_server import Server
from support.network_relay import NetworkRelay
from support.stored_feedback import stored_verdicts, wait_until_saved

from digitlab.datasets import mnist
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("retract_verdicts")]

PICTURES = 90
KEYS = 100

WATCH = """() => {
  window.mismatches = [];
  const check = () => {
    const cell = document.querySelector(".dl-cells [aria-current]");
    const name = document.querySelector(".dl-result .dl-name")?.textContent;
    const item = `visit-item-${document.querySelector(".dl-result").dataset.item}`;
    if (item !== cell.dataset.testid || !cell.title.startsWith(`${name}:`))
      window.mismatches.push([cell.title, item, name]);
  };
  addEventListener("keydown", check, true);
  addEventListener("click", check, true);
}"""
"""Record each key and click at which the large prediction is not the one of the cell in view."""

CELLS = """() => [...document.querySelectorAll(".dl-cells > li")].map((cell) => [
  cell.title.split(":")[0], cell.querySelector(".dl-predicted").textContent[0]])"""


@pytest.fixture
def relay(server: Server) -> Iterator[NetworkRelay]:
    """Yield a relay between the browser and the server, at first without latency."""
    relay = NetworkRelay(urlsplit(server.url).port or 0)
    yield relay
    relay.disconnect()


@pytest.fixture
def page(browser_page: Page, server: Server, relay: NetworkRelay) -> Page:
    """Return the page behind the relay."""
    url = f"http://127.0.0.1:{relay.port}/"
    return open_page(browser_page, dataclasses.replace(server, url=url))


def digit_files(count: int) -> list[FilePayload]:
    """Return small pictures of different handwritten digits, "000.png" and on."""
    x, _ = mnist.load("validation")
    return [
        png_file(Image.fromarray(255 - x[number]), f"{number:03d}.png") for number in range(count)
    ]


def clerk_of(page: Page) -> Clerk:
    """Return a clerk who looks at the page's pictures; none has a verdict."""
    cells = [
        Cell(name, int(predicted) if predicted.isdigit() else None)
        for name, predicted in page.evaluate(CELLS)
    ]
    return Clerk(cells)


def type_and_click(page: Page, clerk: Clerk, rng: random.Random) -> None:
    """Do one thing, on the page and in the clerk's intention."""

    def comment() -> None:
        text = f"note {rng.randrange(1000)}"
        page.get_by_test_id("judge-comment").click()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        clerk.type_comment(text)

    def comment_on_a_judged_picture() -> None:
        judged = [n for n, cell in enumerate(clerk.cells) if cell.verdict is not None]
        if judged:
            select(rng.choice(judged))
            comment()
            select(next(n for n, cell in enumerate(clerk.cells) if cell.verdict is None))

    def select(number: int) -> None:
        visit_item(page, number).click()
        clerk.select(number)

    def click_digit() -> None:
        digit = rng.randrange(10)
        page.get_by_test_id(f"judge-wrong-{digit}").click()
        clerk.press_digit(digit)

    def press_digit() -> None:
        digit = rng.randrange(10)
        page.keyboard.press(str(digit))
        clerk.press_digit(digit)

    def press_enter() -> None:
        page.keyboard.press("Enter")
        clerk.press_enter()

    def press_letter() -> None:
        letter = rng.choice("nu")
        page.keyboard.press(letter)
        clerk.press_letter(letter)

    def press_backspace() -> None:
        page.keyboard.press("Backspace")
        clerk.press_backspace()

    actions: dict[Callable[[], None], int] = {
        press_digit: 46,
        press_enter: 20,
        press_letter: 10,
        press_backspace: 10,
        click_digit: 6,
        lambda: select(rng.randrange(len(clerk.cells))): 3,
        comment: 3,
        comment_on_a_judged_picture: 2,
    }
    rng.choices([*actions], [*actions.values()])[0]()


@pytest.mark.parametrize("latency_ms", [50, 300, 1000])
def test_every_row_is_the_intended_one(
    page: Page, server: Server, relay: NetworkRelay, latency_ms: int
) -> None:
    choose_pictures(page, *digit_files(PICTURES))
    expect(visit_item(page, PICTURES - 1)).to_be_visible()
    expect_in_view(page, 0)
    clerk = clerk_of(page)
    page.evaluate(WATCH)
    rng = random.Random(latency_ms)
    relay.latency_s = latency_ms / 1000
    for _ in range(KEYS):
        due = time.monotonic() + rng.uniform(0.06, 0.4)
        type_and_click(page, clerk, rng)
        time.sleep(max(0.0, due - time.monotonic()))
    for cell in clerk.cells:
        cell.draft = ""  # a comment without a verdict stays in the browser
    wait_until_saved(page)
    assert page.evaluate("mismatches") == []
    expect(page.locator('.dl-cells [data-rejected="true"]')).to_have_count(0)
    expect(page.locator('.dl-cells [data-remembered="true"]')).to_have_count(0)
    contributor = page.get_by_test_id("contributor").input_value()
    with FeedbackStore.open(Settings.load(server.home)) as store:
        entries = store.entries(contributor=contributor, history=True)
    rows = [(entry.name, entry.verdict, entry.label, entry.comment) for entry in entries]
    assert rows == clerk.history
    undone = {index for index, entry in enumerate(entries) if entry.state == "undone"}
    assert undone == clerk.undone
    ledger = {
        entry.name: (entry.name, entry.verdict, entry.label, entry.comment)
        for entry in stored_verdicts(page, server)
    }
    assert ledger == clerk.ledger
    assert len(ledger) > KEYS / 2
