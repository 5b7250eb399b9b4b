"""The header shows the model version and sends the contributor's name."""

from __future__ import annotations

from support.fake_lab import FakeLab, png
from support.page_messages import send_message, send_verdict, upload

from digitlab.widgets import Page


def test_the_contributor_comes_from_the_browser(page: Page, lab: FakeLab) -> None:
    send_message(page.header, {"type": "contributor", "name": "visitor-12ab34"})
    assert page.header.contributor == "visitor-12ab34"
    upload(page, png())
    send_verdict(page, "right")
    assert lab.entries[0].contributor == "visitor-12ab34"


def test_the_header_shows_the_version_that_answered_last(page: Page, lab: FakeLab) -> None:
    assert page.header.model_version == "base"
    lab.champion = "v0002"  # type: ignore[assignment]
    upload(page, png())
    assert page.header.model_version == "v0002"
