"""The banner shows the session's error."""

from __future__ import annotations

from support.fake_lab import BROKEN_PICTURE
from support.page_messages import send_message, upload

from digitlab.widgets import Page


def test_the_person_can_close_the_error(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    assert page.banner.error != ""
    send_message(page.banner, {"type": "close", "error": page.banner.error})
    assert page.banner.error == ""


def test_an_error_that_came_meanwhile_stays(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    seen = page.banner.error
    upload(page, BROKEN_PICTURE, upload_id="2", first_of_batch=False)
    send_message(page.banner, {"type": "close", "error": seen})
    assert page.banner.error == "2 pictures could not be read; choose one below to see why."
