"""A connection that is lost and found again, in a real Chromium: the session goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from support.browser_page import choose, label, png, ready, see
from support.kernels import kernel_of
from support.live_server import Server
from support.network_relay import Relay
from support.stored_feedback import stored_verdicts

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

LOOK_MS = 30_000
GIVE_UP = "() => { window.jupyterapp.widgetManager.kernel._reconnectLimit = 0; }"
"""JupyterLab stops trying after seven times, some two minutes; now it does so at once."""

TRY_AGAIN = "() => { window.jupyterapp.widgetManager.kernel._reconnectLimit = 7; }"


@pytest.fixture
def line(server: Server) -> Iterator[Relay]:
    """Between the browser and the server."""
    relay = Relay(urlsplit(server.url).port or 0)
    yield relay
    relay.cut()


@pytest.fixture
def page(browser_page: Page, server: Server, line: Relay) -> Page:
    """A page on this line, with a 2 and a 3 of which the 2 is judged."""
    ready(browser_page, dataclasses.replace(server, url=f"http://127.0.0.1:{line.port}/"))
    choose(browser_page, png("2"), png("3"))
    see(browser_page.get_by_test_id("visit-item-1")).to_be_visible()
    browser_page.keyboard.press("Enter")
    see(label(browser_page)).to_have_text("3")
    return browser_page


def told(page: Page) -> Locator:
    return page.get_by_text("No connection to the server")


def states(page: Page) -> list[str | None]:
    """What was said of the digits of the visit, as the grid shows it."""
    cells: list[str | None] = page.locator(".dl-cells > li").evaluate_all(
        "cells => cells.map((cell) => cell.dataset.state)"
    )
    return cells


def verdicts(page: Page, server: Server) -> list[tuple[str, int | None]]:
    return [(entry.verdict, entry.label) for entry in stored_verdicts(page, server)]


def see_judged(page: Page) -> None:
    """The page works, and has all that was there before."""
    see(page.locator(".dl-count")).to_have_text("2 pictures, 2 judged", timeout=LOOK_MS)
    see(told(page)).to_be_hidden(timeout=LOOK_MS)
    see(page.get_by_test_id("digitlab-sheet")).to_be_hidden()
    assert states(page) == ["right", "unsure"]


def see_it_go_on(page: Page, server: Server) -> None:
    """The connection is back, and a verdict is kept."""
    see(told(page)).to_be_hidden(timeout=LOOK_MS)
    page.keyboard.press("u")
    see_judged(page)
    assert verdicts(page, server) == [("right", 2), ("unsure", None)]


def test_the_page_says_that_there_is_no_connection_and_goes_on_with_the_next_one(
    page: Page, server: Server, line: Relay
) -> None:
    kernel = kernel_of(page)
    line.cut()
    see(told(page)).to_be_visible(timeout=LOOK_MS)
    line.mend()
    see_it_go_on(page, server)
    choose(page, png("5"))
    see(label(page)).to_have_text("5", timeout=LOOK_MS)
    assert kernel_of(page) == kernel


def test_what_was_said_without_a_connection_is_kept_when_there_is_one(
    page: Page, server: Server, line: Relay
) -> None:
    line.cut()
    see(told(page)).to_be_visible(timeout=LOOK_MS)
    page.keyboard.press("u")
    line.mend()
    see_judged(page)
    assert verdicts(page, server) == [("right", 2), ("unsure", None)]


def test_it_goes_on_also_when_the_old_connection_looks_open(
    page: Page, server: Server, line: Relay
) -> None:
    line.mute()  # as when a phone leaves the house
    see(told(page)).to_be_visible(timeout=LOOK_MS)
    line.mend()
    see_it_go_on(page, server)


def test_it_goes_on_also_when_jupyterlab_has_given_up(
    page: Page, server: Server, line: Relay
) -> None:
    page.evaluate(GIVE_UP)
    line.cut()
    see(told(page)).to_be_visible(timeout=LOOK_MS)
    page.evaluate(TRY_AGAIN)
    line.mend()
    see_it_go_on(page, server)


def test_a_session_that_ended_meanwhile_is_told_and_a_button_starts_anew(
    page: Page, server: Server, line: Relay
) -> None:
    kernel = kernel_of(page)
    line.cut()
    see(told(page)).to_be_visible(timeout=LOOK_MS)
    (process,) = (p for p in server.kernel_processes() if kernel in " ".join(p.cmdline()))
    process.kill()
    line.mend()
    sheet = page.get_by_test_id("digitlab-sheet")
    see(sheet.get_by_text("This session has ended")).to_be_visible(timeout=LOOK_MS)
    see(told(page)).to_be_hidden()
    sheet.get_by_role("button", name="Start a new session").click()
    page.get_by_test_id("digitlab-ready").wait_for(timeout=90_000)
    assert kernel_of(page) != kernel
    assert verdicts(page, server) == [("right", 2)]
