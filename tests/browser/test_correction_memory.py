"""Remembered corrections on the page: a correction answers the next time at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from support.browser_page import drop_pictures, expect, expect_in_view, open_page, predicted_digit
from support.live_server import Server
from support.misread_digits import MisreadDigit, misread_digits
from support.stored_feedback import stored_verdicts

import digitlab
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from digitlab.model.runtime import Classifier

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("retract_verdicts")]

OWN = re.compile(r"^remembered from your correction of (\S+ )?\d\d:\d\d, not yet learned$")
FOREIGN = re.compile(r"^remembered from a correction of (\S+ )?\d\d:\d\d, not yet learned$")


@pytest.fixture
def reviewed(server: Server) -> Iterator[None]:
    """Hold all verdicts for review during a test."""
    with digitlab.open(server.home) as lab:
        lab.home_settings.set("review", True, by="curator")
        yield
        lab.home_settings.set("review", False, by="curator")


@pytest.fixture(scope="module")
def pictures(base: Classifier) -> Iterator[MisreadDigit]:
    """Yield pictures of different digits, so that no picture resembles another one."""
    by_label = {picture.label: picture for picture in misread_digits(base, 20)}
    assert len(by_label) > 4
    return iter(by_label.values())


@pytest.fixture
def picture(pictures: Iterator[MisreadDigit]) -> MisreadDigit:
    """Return a picture that no other test has shown."""
    return next(pictures)


def show(page: Page, picture: MisreadDigit, *, expected: int, number: int = 0) -> None:
    """Drop a picture, item `number` of the visit, and expect its prediction."""
    drop_pictures(page, picture.file)
    expect_in_view(page, number)
    expect(predicted_digit(page)).to_have_text(str(expected))


def correct(page: Page, picture: MisreadDigit) -> None:
    """Press the key of the true digit."""
    page.keyboard.press(str(picture.label))
    expect(page.get_by_test_id("receipt")).to_contain_text(f"this is a {picture.label}")


def expect_source(page: Page, text: re.Pattern[str]) -> None:
    """Expect what the page says about the source of a prediction."""
    expect(page.get_by_test_id("prediction-confidence")).to_have_text(text)


def test_a_corrected_picture_is_read_right_at_once_and_the_page_says_why(
    page: Page, picture: MisreadDigit
) -> None:
    show(page, picture, expected=picture.predicted)
    correct(page, picture)
    expect(page.get_by_test_id("receipt")).to_contain_text("It is remembered from now on")
    show(page, picture, expected=picture.label, number=1)
    expect_source(page, OWN)
    remembered = page.locator('.dl-cells > [data-remembered="true"]')
    expect(remembered).to_have_attribute("data-testid", "visit-item-1")


def test_a_session_that_was_open_before_remembers_it_too(
    page: Page, other_page: Page, server: Server, picture: MisreadDigit
) -> None:
    open_page(other_page, server)
    show(other_page, picture, expected=picture.predicted)
    show(page, picture, expected=picture.predicted)
    correct(page, picture)
    show(other_page, picture, expected=picture.label, number=1)
    expect_source(other_page, FOREIGN)


def test_undo_forgets_a_correction(page: Page, picture: MisreadDigit) -> None:
    show(page, picture, expected=picture.predicted)
    correct(page, picture)
    page.keyboard.press("Backspace")
    expect(page.get_by_test_id("receipt")).to_contain_text("taken back")
    show(page, picture, expected=picture.predicted, number=1)
    expect(page.locator('[data-remembered="true"]')).to_have_count(0)


@pytest.mark.usefixtures("reviewed")
def test_a_correction_held_for_review_is_remembered_only_for_its_contributor(
    page: Page, other_page: Page, server: Server, picture: MisreadDigit
) -> None:
    show(page, picture, expected=picture.predicted)
    correct(page, picture)
    expect(page.get_by_test_id("receipt")).to_contain_text("it is remembered for you alone")
    show(page, picture, expected=picture.label, number=1)
    expect_source(page, OWN)
    open_page(other_page, server)
    show(other_page, picture, expected=picture.predicted)

    (entry,) = stored_verdicts(page, server)
    with FeedbackStore.open(Settings.load(server.home)) as store:
        store.review([entry.id], "accepted", by="curator")
    show(other_page, picture, expected=picture.label, number=1)
    expect_source(other_page, FOREIGN)
