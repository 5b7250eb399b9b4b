"""A connection that is lost and restored: the session continues."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from support.browser_page import (
    START_TIMEOUT_MS,
    choose_pictures,
    expect,
    expect_in_view,
    kernel_id,
    open_page,
    png_file,
    predicted_digit,
    visit_item,
)
from support.live_server import Server, wait_until
from support.network_relay import NetworkRelay
from support.stored_feedback import stored_verdicts

from digitlab.settings import Settings
from digitlab.store import Entry, FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser

DO_NOT_RETRY = "() => { window.jupyterapp.widgetManager.kernel._reconnectLimit = 0; }"
"""JupyterLab stops after seven attempts, which take two minutes; let it stop at once."""

RETRY = "() => { window.jupyterapp.widgetManager.kernel._reconnectLimit = 7; }"


@pytest.fixture
def page(browser_page: Page, server: Server, relay: NetworkRelay) -> Page:
    """Return a page behind the relay, with a judged 2 and a pending 3 in view."""
    open_page(browser_page, dataclasses.replace(server, url=f"http://127.0.0.1:{relay.port}/"))
    choose_pictures(browser_page, png_file("2"), png_file("3"))
    expect(visit_item(browser_page, 1)).to_be_visible()
    expect_in_view(browser_page, 0)
    browser_page.keyboard.press("Enter")
    expect_in_view(browser_page, 1)
    expect(visit_item(browser_page, 0)).to_have_attribute("data-state", "right")
    expect(predicted_digit(browser_page)).to_have_text("3")
    return browser_page


def lost_connection_line(page: Page) -> Locator:
    return page.get_by_text("No connection to the server")


def expect_both_judged(page: Page, server: Server) -> None:
    """Expect a working page with the verdicts from before and after the loss, also stored."""
    expect(page.locator(".dl-count")).to_have_text("2 pictures, 2 judged")
    expect(lost_connection_line(page)).to_be_hidden()
    expect(page.get_by_test_id("digitlab-sheet")).to_be_hidden()
    expect(page.locator(".dl-cells > li")).to_have_count(2)
    for number, state in enumerate(["right", "unsure"]):
        expect(visit_item(page, number)).to_have_attribute("data-state", state)
    assert verdicts(page, server) == [("right", 2), ("unsure", None)]


def verdicts(page: Page, server: Server) -> list[tuple[str, int | None]]:
    return [(entry.verdict, entry.label) for entry in stored_verdicts(page, server)]


def history(page: Page, server: Server) -> list[Entry]:
    """Return all rows of this page's visitor, also while the page waits for answers."""
    contributor = page.get_by_test_id("contributor").input_value()
    with FeedbackStore.open(Settings.load(server.home)) as store:
        return store.entries(contributor=contributor, history=True)


def expect_session_continues(page: Page, server: Server) -> None:
    """Expect the end of the loss, give a verdict, and expect it in the store."""
    expect(lost_connection_line(page)).to_be_hidden()
    page.keyboard.press("u")
    expect_both_judged(page, server)


def test_the_page_shows_a_lost_connection_and_continues_with_the_next_one(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    kernel = kernel_id(page)
    relay.disconnect()
    expect(lost_connection_line(page)).to_be_visible()
    relay.reconnect()
    expect_session_continues(page, server)
    choose_pictures(page, png_file("5"))
    expect(predicted_digit(page)).to_have_text("5")
    assert kernel_id(page) == kernel


def test_a_verdict_given_without_a_connection_is_stored_after_the_next_one(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    relay.disconnect()
    expect(lost_connection_line(page)).to_be_visible()
    page.keyboard.press("u")
    relay.reconnect()
    expect_both_judged(page, server)


def test_the_session_continues_although_the_old_connection_looks_open(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    relay.stall()
    expect(lost_connection_line(page)).to_be_visible()
    relay.reconnect()
    expect_session_continues(page, server)


def test_verdicts_that_were_sent_into_a_dead_connection_are_sent_again(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    relay.stall()
    page.keyboard.press("u")  # the connection still looks open
    expect(visit_item(page, 1)).to_have_attribute("data-state", "saving")
    expect(page.locator(".dl-count")).to_have_text("2 pictures, 1 judged, 1 being saved")
    expect(lost_connection_line(page)).to_be_visible()
    relay.reconnect()
    expect_both_judged(page, server)


def test_each_verdict_is_stored_once_although_its_answer_was_lost(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    relay.latency_s = 0.3
    page.keyboard.press("u")
    wait_until(lambda: len(history(page, server)) == 2, "the kernel has the verdict")
    relay.stall()  # before the answer has arrived
    expect(visit_item(page, 1)).to_have_attribute("data-state", "saving")
    relay.latency_s = 0
    expect(lost_connection_line(page)).to_be_visible()
    relay.reconnect()
    expect_both_judged(page, server)
    assert len(history(page, server)) == 2


def test_the_session_continues_although_jupyterlab_has_stopped_trying(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    page.evaluate(DO_NOT_RETRY)
    relay.disconnect()
    expect(lost_connection_line(page)).to_be_visible()
    page.evaluate(RETRY)
    relay.reconnect()
    expect_session_continues(page, server)


def test_the_page_says_how_many_verdicts_its_ended_session_has_not_saved(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    relay.disconnect()
    expect(lost_connection_line(page)).to_be_visible()
    page.keyboard.press("u")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    server.kernel_process(kernel_id(page)).kill()
    relay.reconnect()
    sheet = page.get_by_test_id("digitlab-sheet")
    expect(sheet).to_contain_text("Your last 2 verdicts were not saved; the others are.")
    with page.expect_navigation():
        sheet.get_by_role("button", name="Start a new session").click()


def test_the_page_shows_that_its_session_ended_meanwhile_and_starts_a_new_one(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    kernel = kernel_id(page)
    relay.disconnect()
    expect(lost_connection_line(page)).to_be_visible()
    server.kernel_process(kernel).kill()
    relay.reconnect()
    sheet = page.get_by_test_id("digitlab-sheet")
    expect(sheet.get_by_text("This session has ended")).to_be_visible()
    expect(lost_connection_line(page)).to_be_hidden()
    with page.expect_navigation():
        sheet.get_by_role("button", name="Start a new session").click()
    page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)
    assert kernel_id(page) != kernel
    assert verdicts(page, server) == [("right", 2)]
