"""Quick typing on a slow line: every verdict is stored for the picture that it was meant for."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    expect,
    expect_in_view,
    open_page,
    png_file,
    visit_item,
)
from support.clerk import Cell, Clerk
from support.live_server import Server
from support.network_relay import NetworkRelay
from support.stored_feedback import stored_verdicts, wait_until_saved

from digitlab.datasets import mnist
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("retract_verdicts")]

PICTURES = 90
KEYS = 100

WATCH = """() => {
  window.mismatches = [];
  const check = () => {
    const cell = document.querySelector(".dl-cells [aria-current]");
    const name = document.querySelector(".dl-result .dl-name")?.textContent;
    const item = `visit-item-${document.querySelector(".dl-result").dataset.item}`;
    if (item !== cell.dataset.testid || !cell.title.startsWith(`${name}:`))
      window.mismatches.push([cell.title, item, name]);
  };
  addEventListener("keydown", check, true);
  addEventListener("click", check, true);
}"""
"""Record each key and click at which the large prediction is not the one of the cell in view."""

HOLD_FOURTH_FILE = """() => {
  const read = Blob.prototype.arrayBuffer;
  let files = 0;
  Blob.prototype.arrayBuffer = async function () {
    files += 1;
    if (files === 4) await new Promise((resolve) => (window.release = resolve));
    return read.call(this);
  };
}"""
"""Hold the read of the fourth file until `release()`."""

PAUSE_MS = 900
"""Longer than the pause after which the page accepts keys again."""

CELLS = """() => [...document.querySelectorAll(".dl-cells > li")].map((cell) => [
  cell.title.split(":")[0], cell.querySelector(".dl-predicted").textContent[0]])"""


@pytest.fixture
def page(browser_page: Page, server: Server, relay: NetworkRelay) -> Page:
    """Return the page behind the relay."""
    url = f"http://127.0.0.1:{relay.port}/"
    return open_page(browser_page, dataclasses.replace(server, url=url))


def digit_files(count: int) -> list[FilePayload]:
    """Return small pictures of different handwritten digits, "000.png" and on."""
    x, _ = mnist.load("validation")
    return [
        png_file(Image.fromarray(255 - x[number]), f"{number:03d}.png") for number in range(count)
    ]


def clerk_of(page: Page) -> Clerk:
    """Return a clerk who looks at the page's pictures; none has a verdict."""
    cells = [
        Cell(name, int(predicted) if predicted.isdigit() else None)
        for name, predicted in page.evaluate(CELLS)
    ]
    return Clerk(cells)


def type_and_click(page: Page, clerk: Clerk, rng: random.Random) -> None:
    """Do one thing, on the page and in the clerk's intention."""

    def comment() -> None:
        text = f"note {rng.randrange(1000)}"
        page.get_by_test_id("judge-comment").click()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        clerk.type_comment(text)

    def comment_on_a_judged_picture() -> None:
        judged = [n for n, cell in enumerate(clerk.cells) if cell.verdict is not None]
        if judged:
            select(rng.choice(judged))
            comment()
            select(next(n for n, cell in enumerate(clerk.cells) if cell.verdict is None))

    def select(number: int) -> None:
        visit_item(page, number).click()
        clerk.select(number)

    def click_digit() -> None:
        digit = rng.randrange(10)
        page.get_by_test_id(f"judge-wrong-{digit}").click()
        clerk.press_digit(digit)

    def press_digit() -> None:
        digit = rng.randrange(10)
        page.keyboard.press(str(digit))
        clerk.press_digit(digit)

    def press_enter() -> None:
        page.keyboard.press("Enter")
        clerk.press_enter()

    def press_letter() -> None:
        letter = rng.choice("nu")
        page.keyboard.press(letter)
        clerk.press_letter(letter)

    def press_backspace() -> None:
        page.keyboard.press("Backspace")
        clerk.press_backspace()

    actions: dict[Callable[[], None], int] = {
        press_digit: 46,
        press_enter: 20,
        press_letter: 10,
        press_backspace: 10,
        click_digit: 6,
        lambda: select(rng.randrange(len(clerk.cells))): 3,
        comment: 3,
        comment_on_a_judged_picture: 2,
    }
    rng.choices([*actions], [*actions.values()])[0]()


@pytest.mark.parametrize("latency_ms", [50, 300, 1000])
def test_every_row_is_the_intended_one(
    page: Page, server: Server, relay: NetworkRelay, latency_ms: int
) -> None:
    choose_pictures(page, *digit_files(PICTURES))
    expect(visit_item(page, PICTURES - 1)).to_be_visible()
    expect_in_view(page, 0)
    clerk = clerk_of(page)
    page.evaluate(WATCH)
    rng = random.Random(latency_ms)
    relay.latency_s = latency_ms / 1000
    for _ in range(KEYS):
        due = time.monotonic() + rng.uniform(0.06, 0.4)
        type_and_click(page, clerk, rng)
        time.sleep(max(0.0, due - time.monotonic()))
    for cell in clerk.cells:
        cell.draft = ""  # a comment without a verdict stays in the browser
    wait_until_saved(page)
    assert page.evaluate("mismatches") == []
    expect(page.locator('.dl-cells [data-rejected="true"]')).to_have_count(0)
    expect(page.locator('.dl-cells [data-remembered="true"]')).to_have_count(0)
    contributor = page.get_by_test_id("contributor").input_value()
    with FeedbackStore.open(Settings.load(server.home)) as store:
        entries = store.entries(contributor=contributor, history=True)
    rows = [(entry.name, entry.verdict, entry.label, entry.comment) for entry in entries]
    assert rows == clerk.history
    undone = {index for index, entry in enumerate(entries) if entry.state == "undone"}
    assert undone == clerk.undone
    ledger = {
        entry.name: (entry.name, entry.verdict, entry.label, entry.comment)
        for entry in stored_verdicts(page, server)
    }
    assert ledger == clerk.ledger
    assert len(ledger) > KEYS / 2


def open_pictures(page: Page, count: int) -> Clerk:
    """Open pictures and return a clerk who looks at them; the first one is in view."""
    choose_pictures(page, *digit_files(count))
    expect(visit_item(page, count - 1)).to_be_visible()
    expect_in_view(page, 0)
    return clerk_of(page)


def ledger(page: Page, server: Server) -> dict[str, tuple[str, str, int | None, str]]:
    """Return name, verdict, label and comment of each stored verdict in force, by name."""
    return {
        entry.name: (entry.name, entry.verdict, entry.label, entry.comment)
        for entry in stored_verdicts(page, server)
    }


def test_quick_clicks_a_bulk_confirmation_and_undos_on_a_slow_line(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    clerk = open_pictures(page, 9)
    relay.latency_s = 1
    for digit in (8, 8, 3):
        page.get_by_test_id(f"judge-wrong-{digit}").click()
        clerk.press_digit(digit)
    page.get_by_test_id("judge-unsure").dblclick()  # counts once
    clerk.press_letter("u")
    expect_in_view(page, 4)
    page.keyboard.press("n")
    clerk.press_letter("n")
    page.get_by_test_id("judge-undo").click()
    clerk.press_backspace()
    page.keyboard.press("1")
    clerk.press_digit(1)
    others = page.get_by_test_id("judge-others")
    expect(others).to_have_text("The other 4 are right")
    expect(page.locator('.dl-cells > [data-state="saving"]')).to_have_count(5)
    others.dblclick()
    clerk.confirm_all()
    expect(page.locator('.dl-cells > [data-state="saving"]')).to_have_count(9)
    expect(others).to_be_hidden()
    page.keyboard.press("Backspace")  # the bulk confirmation, which is still on its way
    clerk.press_backspace()
    page.keyboard.press("Backspace")
    clerk.press_backspace()
    expect_in_view(page, 4)
    page.keyboard.press("6")
    clerk.press_digit(6)
    assert ledger(page, server) == clerk.ledger
    with FeedbackStore.open(Settings.load(server.home)) as store:
        contributor = page.get_by_test_id("contributor").input_value()
        entries = store.entries(contributor=contributor, history=True)
    rows = [(entry.name, entry.verdict, entry.label, entry.comment) for entry in entries]
    assert rows == clerk.history


def test_a_key_is_refused_while_the_next_picture_is_still_being_read(
    page: Page, server: Server
) -> None:
    page.evaluate(HOLD_FOURTH_FILE)
    choose_pictures(page, *digit_files(5))
    expect(visit_item(page, 2)).to_be_visible()
    page.wait_for_function("'release' in window")
    for key in ("8", "n", "u", "1", "2", "Backspace"):
        page.keyboard.press(key)
    receipt = page.get_by_test_id("receipt")
    expect(receipt).to_have_text("The next picture is still being read; 3 keys were not used.")
    expect(page.get_by_text("Reading the next picture…")).to_be_visible()
    page.evaluate("window.release()")
    expect_in_view(page, 3)
    expect(visit_item(page, 4)).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(PAUSE_MS)
    page.keyboard.press("u")
    expect_in_view(page, 3)
    verdicts = [(entry.name, entry.verdict) for entry in stored_verdicts(page, server)]
    assert [name for name, _ in verdicts] == ["000.png", "001.png", "002.png", "004.png"]
    assert [verdict for _, verdict in verdicts][1:] == ["not-a-digit", "unsure", "unsure"]


def test_a_key_after_the_last_verdict_changes_none(page: Page, server: Server) -> None:
    clerk = open_pictures(page, 3)
    for key in "nnn8":
        page.keyboard.press(key)
    for _ in range(3):
        clerk.press_letter("n")
    expect(page.get_by_test_id("receipt")).to_contain_text("Every digit has a verdict")
    assert ledger(page, server) == clerk.ledger
    page.wait_for_timeout(PAUSE_MS)
    page.keyboard.press("ArrowLeft")  # chooses a cell
    page.keyboard.press("u")
    assert ledger(page, server)["001.png"][1] == "unsure"


def test_a_rejected_verdict_comes_back_with_its_reason(
    page: Page, server: Server, relay: NetworkRelay
) -> None:
    open_pictures(page, 4)
    relay.latency_s = 0.3
    comment = page.get_by_test_id("judge-comment")
    comment.evaluate("field => field.removeAttribute('maxlength')")
    comment.fill("x" * 2001)  # more than the store accepts
    page.keyboard.press("Enter")
    for key in "888":
        page.keyboard.press(key)
    expect_in_view(page, 3)
    unsaved = page.get_by_test_id("unsaved")
    expect(unsaved).to_have_text("1 not saved")
    expect(page.get_by_role("alert")).to_contain_text("000.png: Not saved: Expected a comment")
    expect(visit_item(page, 0)).to_have_attribute("data-rejected", "true")
    expect(visit_item(page, 0)).to_contain_text("not judged. Not saved: Expected a comment")
    expect_in_view(page, 3)  # the person stays there
    expect(page.get_by_test_id("judge-others")).to_have_text("The other one is right")
    assert [*ledger(page, server)] == ["001.png", "002.png"]
    unsaved.click()
    expect_in_view(page, 0)
    expect(page.get_by_test_id("receipt")).to_contain_text("Not saved: Expected a comment")
    expect(comment).to_have_value("x" * 2001)
    comment.fill("short")
    page.keyboard.press("Enter")
    page.keyboard.press("8")
    expect(visit_item(page, 0)).to_have_attribute("data-state", "wrong")
    expect(unsaved).to_be_hidden()
    assert ledger(page, server)["000.png"] == ("000.png", "wrong", 8, "short")


def test_a_comment_is_stored_with_the_picture_for_which_it_was_typed(
    page: Page, server: Server
) -> None:
    open_pictures(page, 4)
    comment = page.get_by_test_id("judge-comment")
    comment.fill("first")
    comment.press("Escape")
    page.keyboard.press("ArrowRight")  # without a verdict
    expect(comment).to_have_value("")
    comment.fill("second")
    page.get_by_test_id("judge-wrong-8").click()  # the click takes the comment with it
    expect_in_view(page, 2)
    expect(comment).to_have_value("")
    visit_item(page, 0).click()
    expect(comment).to_have_value("first")
    page.keyboard.press("u")
    page.keyboard.press("n")  # 002.png
    for number, text in [(1, "second again"), (2, "typed later")]:
        visit_item(page, number).click()
        comment.fill(text)
    visit_item(page, 3).click()  # leaves the field and the picture
    comment.fill("fourth")
    choose_pictures(page, png_file("7", "late.png"))
    comment.focus()
    expect(visit_item(page, 4)).to_be_visible()
    expect_in_view(page, 3)  # the rest of the comment would go to another picture
    comment.press_sequentially("!")
    page.get_by_test_id("judge-right").click()
    assert {name: row[3] for name, row in ledger(page, server).items()} == {
        "000.png": "first",
        "001.png": "second again",
        "002.png": "typed later",
        "003.png": "fourth!",
    }
    visit_item(page, 1).click()
    expect(comment).to_have_attribute("placeholder", "Saved: second again")
    page.keyboard.press("3")  # a corrected verdict keeps the comment
    assert ledger(page, server)["001.png"] == ("001.png", "wrong", 3, "second again")
