"""The kernel behind a page."""

from __future__ import annotations

from playwright.sync_api import Page


def kernel_of(page: Page) -> str:
    kernel: str = page.evaluate(
        "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    )
    return kernel
