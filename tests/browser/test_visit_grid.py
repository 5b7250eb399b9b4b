"""A batch of pictures in the visit's grid: by keyboard, and by touch on a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    digit_picture,
    drop_pictures,
    expect,
    expect_in_view,
    fits_window,
    png_file,
    predicted_digit,
    settle,
    visit_item,
)
from support.live_server import Server
from support.stored_feedback import stored_verdicts

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("retract_verdicts")]

PRESS_AT_ONCE = """(keys) => keys.forEach((key) => document.body.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""

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

ADD_SECOND_VIEW = """async () => {
  const manager = window.jupyterapp.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const view = await manager.create_view(models.find((model) => model.get("changes")));
  view.el.id = "second";
  document.body.append(view.el);
  view.trigger("displayed");
}"""


@pytest.fixture(scope="module")
def twenty_files() -> list[FilePayload]:
    """Return twenty different pictures of 2, 3, 5 and 7."""
    return [
        png_file(digit_picture(digit_of(number), side=180 + 2 * number), f"form {number}.png")
        for number in range(20)
    ]


def digit_of(number: int) -> str:
    return "2357"[number % 4]


def expect_form_in_view(page: Page, number: int) -> None:
    """Expect the picture with this number in the grid and in the prediction, and no other."""
    expect_in_view(page, number)
    expect(page.locator(".dl-cells [aria-current]")).to_have_count(1)
    expect(page.locator(".dl-name")).to_have_text(f"form {number}.png")


def column_count(page: Page) -> int:
    """Return how many cells the grid has in a row."""
    settle(page)
    tops = page.locator(".dl-cells > li").evaluate_all("cells => cells.map(c => c.offsetTop)")
    return tops.count(tops[0])


def test_twenty_dropped_pictures_are_judged_by_keyboard(
    page: Page, server: Server, twenty_files: list[FilePayload]
) -> None:
    drop_pictures(page, *twenty_files)
    expect(visit_item(page, 19)).to_be_visible()
    expect(page.get_by_test_id("judge-others")).to_have_text("All 20 are right")
    expect_form_in_view(page, 0)
    columns = column_count(page)
    assert 8 <= columns < 20
    page.get_by_test_id("visit-list").evaluate("grid => grid.scrollIntoView({block: 'center'})")
    settle(page)
    scroll_position = page.evaluate("scrollY")
    for key, number in [
        ("ArrowRight", 1),
        ("ArrowDown", 1 + columns),
        ("ArrowUp", 1),
        ("ArrowUp", 1),
        ("ArrowLeft", 0),
        ("End", 19),
        ("ArrowDown", 19),
        ("Home", 0),
        ("ArrowDown", columns),
    ]:
        page.keyboard.press(key)
        expect_form_in_view(page, number)
    settle(page)
    assert page.evaluate("scrollY") == scroll_position

    page.keyboard.press("8")
    expect_form_in_view(page, columns + 1)
    expect(visit_item(page, columns)).to_contain_text("wrong, it is an 8")
    page.keyboard.press("Backspace")
    expect_form_in_view(page, columns)
    expect(visit_item(page, columns)).to_contain_text("not judged")
    assert stored_verdicts(page, server) == []
    page.keyboard.press("8")
    expect_form_in_view(page, columns + 1)

    others = page.get_by_test_id("judge-others")
    expect(others).to_have_text("The other 19 are right")
    others.dblclick()
    expect(page.get_by_test_id("receipt")).to_have_text("19 pictures kept as right.")
    expect(page.locator('.dl-cells > [data-state="right"]')).to_have_count(19)
    expect(others).to_be_hidden()
    verdicts = {entry.name: (entry.verdict, entry.label) for entry in stored_verdicts(page, server)}
    assert verdicts.pop(f"form {columns}.png") == ("wrong", 8)
    assert verdicts == {
        f"form {number}.png": ("right", int(digit_of(number)))
        for number in range(20)
        if number != columns
    }

    page.keyboard.press("Backspace")
    expect(page.get_by_test_id("receipt")).to_have_text("19 verdicts were taken back.")
    assert [entry.verdict for entry in stored_verdicts(page, server)] == ["wrong"]


def test_twenty_pictures_and_a_blank_one_are_judged_by_touch(
    phone: Page, server: Server, twenty_files: list[FilePayload]
) -> None:
    blank = png_file(Image.new("L", (120, 90), 235), "form 20.png")
    choose_pictures(phone, *twenty_files, blank)
    expect(visit_item(phone, 20)).to_be_visible()
    expect(predicted_digit(phone)).to_be_in_viewport()
    assert column_count(phone) == 4
    assert fits_window(phone)
    sizes = phone.locator(".dl-cells > li").evaluate_all(
        "cells => cells.map(c => Math.min(c.offsetWidth, c.offsetHeight))"
    )
    assert min(sizes) >= 72
    expect(phone.get_by_text("Arrows move")).to_be_hidden()

    visit_item(phone, 6).click()  # scrolls the buttons into view beside the grid
    expect_form_in_view(phone, 6)
    for name in ("judge-right", "judge-wrong-0", "judge-wrong-9"):
        expect(phone.get_by_test_id(name)).to_be_in_viewport(ratio=1)
    expect(visit_item(phone, 6)).to_be_in_viewport(ratio=1)
    phone.get_by_test_id("judge-wrong-8").click()
    expect_form_in_view(phone, 7)
    phone.get_by_test_id("judge-undo").click()
    expect_form_in_view(phone, 6)
    phone.get_by_test_id("judge-wrong-8").click()
    expect_form_in_view(phone, 7)

    phone.get_by_test_id("judge-others").click()
    expect(phone.get_by_test_id("receipt")).to_have_text(
        "19 pictures kept as right; 1 without a digit still waits."
    )
    expect_form_in_view(phone, 20)
    expect(predicted_digit(phone)).to_have_text("I see no digit here")
    expect(phone.get_by_test_id("judge-right")).to_be_disabled()
    verdicts = {entry.name: entry.verdict for entry in stored_verdicts(phone, server)}
    assert verdicts.pop("form 6.png") == "wrong"
    assert list(verdicts.values()) == ["right"] * 19
    phone.get_by_test_id("judge-undo").click()
    expect(phone.get_by_test_id("receipt")).to_have_text("19 verdicts were taken back.")


def test_a_screen_reader_finds_a_list_with_one_tab_stop(
    page: Page, twenty_files: list[FilePayload]
) -> None:
    choose_pictures(page, *twenty_files[:3])
    expect(visit_item(page, 2)).to_be_visible()
    options = page.get_by_role("listbox", name="Digits of this visit").get_by_role("option")
    expect(options).to_have_count(3)
    expect(visit_item(page, 0)).to_have_accessible_name(
        re.compile(r"^form 0\.png: 2, .*%, not judged$")
    )
    page.get_by_role("button", name="1 of 3").click()
    expect(visit_item(page, 0)).to_be_focused()
    page.keyboard.press("Enter")  # judges, because a cell is no button
    expect(visit_item(page, 1)).to_be_focused()
    expect(page.get_by_role("option", selected=True)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(visit_item(page, 2)).to_be_focused()
    expect(page.locator(".dl-cells [tabindex='0']")).to_have_count(1)


def test_a_digit_key_right_after_an_arrow_judges_the_cell_that_the_arrow_selected(
    page: Page, server: Server, twenty_files: list[FilePayload]
) -> None:
    choose_pictures(page, *twenty_files[:4])
    expect(visit_item(page, 3)).to_be_visible()
    expect_form_in_view(page, 0)
    page.evaluate(PRESS_AT_ONCE, ["ArrowRight", "ArrowRight", "8"])
    expect(visit_item(page, 2)).to_contain_text("wrong, it is an 8")
    expect_form_in_view(page, 3)
    assert [entry.name for entry in stored_verdicts(page, server)] == ["form 2.png"]


def test_pictures_can_be_judged_while_others_still_arrive(
    page: Page, server: Server, twenty_files: list[FilePayload]
) -> None:
    page.evaluate(HOLD_FOURTH_FILE)
    choose_pictures(page, *twenty_files[:6])
    expect(visit_item(page, 2)).to_be_visible()
    expect_form_in_view(page, 0)
    page.keyboard.press("ArrowRight")
    expect_form_in_view(page, 1)
    page.keyboard.press("8")
    expect_form_in_view(page, 2)
    expect(page.get_by_test_id("judge-others")).to_have_text("The other 2 are right")
    page.wait_for_function("'release' in window")
    settle(page)
    box = visit_item(page, 2).bounding_box()
    page.evaluate("window.release()")
    expect(visit_item(page, 5)).to_be_visible()
    expect_form_in_view(page, 2)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    settle(page)
    assert visit_item(page, 2).bounding_box() == box
    assert [entry.name for entry in stored_verdicts(page, server)] == ["form 1.png"]


def test_a_second_view_of_the_grid_shows_all_rows_and_their_changes(
    page: Page, twenty_files: list[FilePayload]
) -> None:
    choose_pictures(page, *twenty_files[:3])
    expect(visit_item(page, 2)).to_be_visible()
    expect_form_in_view(page, 0)
    page.keyboard.press("8")
    expect_form_in_view(page, 1)
    page.evaluate(ADD_SECOND_VIEW)
    second = page.locator("#second .dl-cells > li")
    expect(second).to_have_count(3)
    expect(second.first).to_have_attribute("data-state", "wrong")
    page.keyboard.press("Enter")
    expect(second.nth(1)).to_have_attribute("data-state", "right")
