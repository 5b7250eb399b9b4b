"""A correction answers at once on the page, in a real Chromium on a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from support.browser_page import drop, label, ready, see
from support.live_server import Server, start_server
from support.misread_digits import MisreadDigit, misread_digits
from support.stored_feedback import stored_verdicts

import digitlab
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from digitlab.model.runtime import Classifier

pytestmark = pytest.mark.browser

LOOK_MS = 30_000
YOURS = re.compile(r"^remembered from your correction of (\S+ )?\d\d:\d\d, not yet learned$")
ANOTHERS = re.compile(r"^remembered from a correction of (\S+ )?\d\d:\d\d, not yet learned$")


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose home has every correction reviewed."""
    home = tmp_path_factory.mktemp("reviewed")
    with digitlab.open(home) as lab:
        lab.home_settings.set("review", True, by="curator")
    server = start_server(home)
    yield server
    server.stop()


@pytest.fixture
def other(chromium: Browser) -> Iterator[Page]:
    """Another visitor's page, still empty."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def pictures(base: Classifier) -> Iterator[MisreadDigit]:
    """Pictures of different digits: what is remembered of one says nothing of the next."""
    some = {picture.label: picture for picture in misread_digits(base, 20)}
    assert len(some) > 4
    return iter(some.values())


@pytest.fixture
def picture(pictures: Iterator[MisreadDigit]) -> MisreadDigit:
    """A picture that no other test has shown."""
    return next(pictures)


def show(page: Page, picture: MisreadDigit, *, reads: int, number: int = 0) -> None:
    """Drop a picture, the `number`th of the visit, and see what it reads as."""
    drop(page, picture.file)
    cell = page.get_by_test_id(f"visit-item-{number}")
    see(cell).to_have_attribute("aria-current", "true", timeout=LOOK_MS)
    see(label(page)).to_have_text(str(reads))


def correct(page: Page, picture: MisreadDigit) -> None:
    page.keyboard.press(str(picture.label))
    receipt = page.get_by_test_id("receipt")
    see(receipt).to_contain_text(f"this is a {picture.label}", timeout=LOOK_MS)


def see_said(page: Page, words: re.Pattern[str] | str) -> None:
    see(page.get_by_test_id("prediction-confidence")).to_have_text(words)


def test_a_corrected_picture_reads_right_at_once_and_the_page_says_why(
    page: Page, picture: MisreadDigit
) -> None:
    show(page, picture, reads=picture.predicted)
    correct(page, picture)
    see(page.get_by_test_id("receipt")).to_contain_text("It is remembered from now on")
    show(page, picture, reads=picture.label, number=1)
    see_said(page, YOURS)
    remembered = page.locator('.dl-cells > [data-remembered="true"]')
    see(remembered).to_have_attribute("data-testid", "visit-item-1")


def test_a_session_that_was_open_before_sees_it_too(
    page: Page, other: Page, server: Server, picture: MisreadDigit
) -> None:
    ready(other, server)
    show(other, picture, reads=picture.predicted)
    show(page, picture, reads=picture.predicted)
    correct(page, picture)
    show(other, picture, reads=picture.label, number=1)
    see_said(other, ANOTHERS)


def test_undo_forgets_it(page: Page, picture: MisreadDigit) -> None:
    show(page, picture, reads=picture.predicted)
    correct(page, picture)
    page.keyboard.press("Backspace")
    see(page.get_by_test_id("receipt")).to_contain_text("taken back")
    show(page, picture, reads=picture.predicted, number=1)
    see(page.locator('[data-remembered="true"]')).to_have_count(0)


def test_in_a_reviewed_home_it_counts_in_ones_own_session_until_it_is_accepted(
    browser_page: Page, other: Page, reviewed: Server, picture: MisreadDigit
) -> None:
    page = ready(browser_page, reviewed)
    show(page, picture, reads=picture.predicted)
    correct(page, picture)
    see(page.get_by_test_id("receipt")).to_contain_text("it is remembered for you alone")
    show(page, picture, reads=picture.label, number=1)
    see_said(page, YOURS)
    ready(other, reviewed)
    show(other, picture, reads=picture.predicted)

    (entry,) = stored_verdicts(page, reviewed)
    with FeedbackStore.open(Settings.load(reviewed.home)) as store:
        store.review([entry.id], "accepted", by="curator")
    show(other, picture, reads=picture.label, number=1)
    see_said(other, ANOTHERS)
