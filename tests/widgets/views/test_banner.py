"""The banner shows the session's error."""

from __future__ import annotations

from support.fake_lab import BROKEN_PICTURE
from support.page_messages import send_message, upload

from digitlab.widgets import Page


def test_the_person_can_close_the_error(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    assert page.banner.error != ""
    send_message(page.banner, {"type": "close"})
    assert page.banner.error == ""
