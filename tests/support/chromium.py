"""The Chromium that browser tests drive, and what its pages may ask for."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

QUIET = [  # a Chromium that asks nobody for updates, fonts or experiments
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]

CAMERA = ["--use-fake-device-for-media-stream"]  # moving shapes; a page still has to be allowed

PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}


def launch(playwright: Playwright) -> Browser:
    """Start an installed Chromium or Chrome, else Playwright's own."""
    installed = next(filter(None, map(shutil.which, BROWSERS)), None)
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return playwright.chromium.launch(
        executable_path=installed, args=[*QUIET, *CAMERA, *(["--no-sandbox"] if as_root else [])]
    )


def strays(urls: list[str]) -> list[str]:
    """Those addresses that are not on this machine."""
    return [
        url
        for url in urls
        if urlsplit(url).scheme not in {"data", "blob", "about"}
        and urlsplit(url).hostname != "127.0.0.1"
    ]
