"""Fixtures: the shipped base, a real browser, and a real server for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from support.chromium import PHONE, launch, strays

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from support.live_server import Server

    from digitlab.model.runtime import Classifier
    from digitlab.store import RunLog


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set TensorFlow's threads to those of a fine-tune before the first test that uses it.

    TensorFlow cannot change its number of threads once it has computed.
    """
    if item.get_closest_marker("tf") and "tensorflow" not in sys.modules:
        from digitlab.learning.config import FineTuneConfig
        from digitlab.model.finetuning import make_deterministic

        make_deterministic(threads=FineTuneConfig().threads)


@pytest.fixture(scope="session")
def base() -> Classifier:
    """The shipped version; tests do not change it."""
    from digitlab.model.runtime import Classifier
    from digitlab.settings import bundled

    return Classifier.load(bundled("models/base"), threads=2)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser, one for each module.

    Not one for the session: Playwright keeps an event loop in this thread, and no other test of
    the worker could use asyncio afterwards.
    """
    from playwright.sync_api import sync_playwright  # only browser tests need it

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Browser) -> Iterator[Page]:
    """A page in its own browser context.

    The test fails on an uncaught JavaScript error and on a request or websocket that leaves
    127.0.0.1, in this page or in another one of the context.
    """
    errors: list[str] = []
    visited: list[str] = []
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda request: visited.append(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: visited.append(socket.url)))
    yield context.new_page()
    context.close()
    assert errors == []
    assert strays(visited) == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server with its own home; one for each module."""
    from support.live_server import start_server

    server = start_server(tmp_path_factory.mktemp("home"))
    yield server
    server.stop()


@pytest.fixture
def runs(server: Server) -> Iterator[RunLog]:
    """The runs of the server's home; a run that a test leaves open is cancelled."""
    from digitlab import store
    from digitlab.settings import Settings

    with store.RunLog.open(Settings.load(server.home)) as runs:
        yield runs
        for run in runs.recent(1):
            runs.finish(run.name, "cancelled")


@pytest.fixture
def page(browser_page: Page, server: Server) -> Page:
    """The page of `server`, ready for input."""
    from support.browser_page import ready

    return ready(browser_page, server)


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    """The page on a phone, with the checks of `browser_page`."""
    from support.browser_page import ready

    context = chromium.new_context(**PHONE)
    errors: list[str] = []
    visited: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda request: visited.append(request.url))
    yield ready(context.new_page(), server)
    context.close()
    assert errors == []
    assert strays(visited) == []


@pytest.fixture
def forgetful(server: Server) -> Iterator[None]:
    """Forget a test's corrections before the next test."""
    yield
    server.forget()
