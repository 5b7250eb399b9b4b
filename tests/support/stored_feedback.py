"""The verdicts that a served home has stored."""

from __future__ import annotations

from playwright.sync_api import Page

from digitlab.settings import Settings
from digitlab.store import Entry, FeedbackStore
from support.live_server import Server


def stored_verdicts(page: Page, server: Server) -> list[Entry]:
    """Return the verdicts in force of this page's visitor, oldest first, once all are saved."""
    wait_until_saved(page)
    contributor = page.get_by_test_id("contributor").input_value()
    with FeedbackStore.open(Settings.load(server.home)) as store:
        return store.entries(contributor=contributor)


def wait_until_saved(page: Page) -> None:
    """Wait until the kernel has answered all verdicts of the page."""
    page.locator("body:not([data-unsaved-verdicts])").wait_for(state="attached")
