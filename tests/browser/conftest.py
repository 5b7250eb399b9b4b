"""A real browser, a real server, and the pages that a test opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from support.browser_page import open_page
from support.chromium import DESKTOP, PHONE, checked_page, launch
from support.live_server import Server, start_server
from support.network_relay import NetworkRelay
from support.picture_input_view import open_picture_input

from digitlab.settings import Settings
from digitlab.store import RunLog

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Run a browser for all modules of this folder.

    Its scope is not the session: Playwright keeps an event loop in this thread, and no other test
    of the same process could use asyncio afterwards.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server for all modules of this folder that have no own `server`.

    Its tests share a home. They leave no runs there, and no corrections; see `retract_verdicts`.
    """
    server = start_server(tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


@pytest.fixture
def retract_verdicts(server: Server) -> Iterator[None]:
    """Retract the verdicts of a test, so that the next test's pages remember no correction."""
    yield
    server.retract_all_verdicts()


@pytest.fixture
def runs(server: Server) -> Iterator[RunLog]:
    """Yield the runs of the server's home; cancel a run that the test leaves open."""
    with RunLog.open(Settings.load(server.home)) as runs:
        yield runs
        for run in runs.recent(1):
            runs.finish(run.name, "cancelled")


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """Yield an empty page in its own context, with the checks of `checked_page`."""
    with checked_page(chromium, **DESKTOP) as page:
        yield page


@pytest.fixture
def page(browser_page: Page, server: Server) -> Page:
    """Return the page of `server`, ready for input."""
    return open_page(browser_page, server)


@pytest.fixture
def picture_input(browser_page: Page) -> Page:
    """Return a page with the picture input alone, without a kernel."""
    return open_picture_input(browser_page)


@pytest.fixture
def other_page(chromium: Browser) -> Iterator[Page]:
    """Yield the empty page of another visitor."""
    with checked_page(chromium, **DESKTOP) as page:
        yield page


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    """Yield the page of `server` on a phone, with animations."""
    with checked_page(chromium, **PHONE) as page:
        yield open_page(page, server)


@pytest.fixture
def relay(server: Server) -> Iterator[NetworkRelay]:
    """Yield a relay between the browser and the server, at first without latency."""
    relay = NetworkRelay(urlsplit(server.url).port or 0)
    yield relay
    relay.disconnect()
