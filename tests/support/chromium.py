"""The Chromium that browser tests drive, and the addresses that its pages may request."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

NO_BACKGROUND_REQUESTS = [  # no updates, fonts or experiments from the network
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]

FAKE_CAMERA = ["--use-fake-device-for-media-stream"]  # a page still needs the permission

TIMEOUT_MS = 60_000
"""Longest wait for an action or an expectation; a busy machine may need most of it."""

DESKTOP: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 800},
    "reduced_motion": "reduce",  # animations cost processor time
}

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}


def launch(playwright: Playwright) -> Browser:
    """Start an installed Chromium or Chrome, else Playwright's own."""
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandbox = ["--no-sandbox"] if as_root else []
    return playwright.chromium.launch(
        executable_path=installed, args=[*NO_BACKGROUND_REQUESTS, *FAKE_CAMERA, *sandbox]
    )


@contextmanager
def checked_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open an empty page in its own browser context, and check all pages of the context.

    Args:
        browser: the browser.
        options: options of the context.

    Raises:
        AssertionError: at the end, if a page had an uncaught JavaScript error, or if a request
            or websocket left 127.0.0.1.
    """
    errors: list[str] = []
    urls: list[str] = []
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT_MS)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda request: urls.append(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: urls.append(socket.url)))
    try:
        yield context.new_page()
    finally:
        context.close()
    assert errors == []
    assert foreign_urls(urls) == []


def foreign_urls(urls: list[str]) -> list[str]:
    """Return the URLs that are not on this machine."""
    return [
        url
        for url in urls
        if urlsplit(url).scheme not in {"data", "blob", "about"}
        and urlsplit(url).hostname != "127.0.0.1"
    ]
