"""A batch of pictures as a grid in a real Chromium: by keyboard, and by touch on a phone."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from support.browser_page import choose, digit_picture, drop, label, png, see
from support.live_server import Server
from support.stored_feedback import stored_verdicts

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("forgetful")]

PRESS = """(keys) => keys.forEach((key) => document.body.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""

SECOND_VIEW = """async () => {
  const manager = window.jupyterapp.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const view = await manager.create_view(models.find((model) => model.get("changes")));
  view.el.id = "second";
  document.body.append(view.el);
  view.trigger("displayed");
}"""


@pytest.fixture(scope="module")
def twenty() -> list[FilePayload]:
    """Twenty different pictures of 2, 3, 5 and 7."""
    return [printed(number) for number in range(20)]


def printed(number: int) -> FilePayload:
    out = io.BytesIO()
    digit_picture("2357"[number % 4], side=180 + 2 * number).save(out, "PNG")
    return {"name": f"form {number}.png", "mimeType": "image/png", "buffer": out.getvalue()}


def cell(page: Page, number: int) -> Locator:
    return page.get_by_test_id(f"visit-item-{number}")


def see_in_view(page: Page, number: int) -> None:
    """Grid and answer show the picture of this number."""
    see(cell(page, number)).to_have_attribute("aria-current", "true")
    see(page.locator(".dl-cells [aria-current]")).to_have_count(1)
    see(page.locator(".dl-name")).to_have_text(f"form {number}.png")


def columns(page: Page) -> int:
    """How many cells the grid has in a row."""
    tops = page.locator(".dl-cells > li").evaluate_all("cells => cells.map(c => c.offsetTop)")
    return tops.count(tops[0])


def test_twenty_dropped_pictures_are_gone_through_by_keyboard(
    page: Page, server: Server, twenty: list[FilePayload]
) -> None:
    drop(page, *twenty)
    see(cell(page, 19)).to_be_visible(timeout=60_000)
    see(page.get_by_test_id("judge-others")).to_have_text("All 20 are right")
    see_in_view(page, 0)
    wide = columns(page)
    assert 8 <= wide < 20
    page.get_by_test_id("visit-list").evaluate("grid => grid.scrollIntoView({block: 'center'})")
    scrolled = page.evaluate("scrollY")
    for key, number in [
        ("ArrowRight", 1),
        ("ArrowDown", 1 + wide),
        ("ArrowUp", 1),
        ("ArrowUp", 1),
        ("ArrowLeft", 0),
        ("End", 19),
        ("ArrowDown", 19),
        ("Home", 0),
        ("ArrowDown", wide),
    ]:
        page.keyboard.press(key)
        see_in_view(page, number)
    assert page.evaluate("scrollY") == scrolled

    page.keyboard.press("8")
    see_in_view(page, wide + 1)
    see(cell(page, wide)).to_contain_text("wrong, it is an 8")
    page.keyboard.press("Backspace")
    see_in_view(page, wide)
    see(cell(page, wide)).to_contain_text("not judged")
    assert stored_verdicts(page, server) == []
    page.keyboard.press("8")
    see_in_view(page, wide + 1)

    others = page.get_by_test_id("judge-others")
    see(others).to_have_text("The other 19 are right")
    others.dblclick()
    see(page.get_by_test_id("receipt")).to_have_text("19 pictures kept as right.")
    see(page.locator('.dl-cells > [data-state="right"]')).to_have_count(19)
    see(others).to_be_hidden()
    kept = {entry.name: (entry.verdict, entry.label) for entry in stored_verdicts(page, server)}
    assert kept.pop(f"form {wide}.png") == ("wrong", 8)
    assert kept == {
        f"form {number}.png": ("right", int("2357"[number % 4]))
        for number in range(20)
        if number != wide
    }

    page.keyboard.press("Backspace")
    see(page.get_by_test_id("receipt")).to_have_text("19 verdicts were taken back.")
    assert [entry.verdict for entry in stored_verdicts(page, server)] == ["wrong"]


def test_twenty_pictures_are_gone_through_by_touch(
    phone: Page, server: Server, twenty: list[FilePayload]
) -> None:
    blank: FilePayload = {**png("1", "form 20.png"), "buffer": _blank()}
    choose(phone, *twenty, blank)
    see(cell(phone, 20)).to_be_visible(timeout=60_000)
    see(label(phone)).to_be_in_viewport()
    assert columns(phone) == 4
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = phone.locator(".dl-cells > li").evaluate_all(
        "cells => cells.map(c => Math.min(c.offsetWidth, c.offsetHeight))"
    )
    assert min(sizes) >= 72
    see(phone.get_by_text("Arrows move")).to_be_hidden()

    cell(phone, 6).click()  # brings the buttons beside the grid
    see_in_view(phone, 6)
    for name in ("judge-right", "judge-wrong-0", "judge-wrong-9"):
        see(phone.get_by_test_id(name)).to_be_in_viewport(ratio=1)
    see(cell(phone, 6)).to_be_in_viewport(ratio=1)
    phone.get_by_test_id("judge-wrong-8").click()
    see_in_view(phone, 7)
    phone.get_by_test_id("judge-undo").click()
    see_in_view(phone, 6)
    phone.get_by_test_id("judge-wrong-8").click()
    see_in_view(phone, 7)

    phone.get_by_test_id("judge-others").click()
    see(phone.get_by_test_id("receipt")).to_have_text(
        "19 pictures kept as right; 1 without a digit still waits."
    )
    see_in_view(phone, 20)
    kept = {entry.name: entry.verdict for entry in stored_verdicts(phone, server)}
    assert kept.pop("form 6.png") == "wrong"
    assert list(kept.values()) == ["right"] * 19
    phone.get_by_test_id("judge-undo").click()
    see(phone.get_by_test_id("receipt")).to_have_text("19 verdicts were taken back.")


def test_a_screen_reader_finds_a_list_with_one_stop(page: Page, twenty: list[FilePayload]) -> None:
    choose(page, *twenty[:3])
    see(cell(page, 2)).to_be_visible()
    option = page.get_by_role("listbox", name="Digits of this visit").get_by_role("option")
    see(option).to_have_count(3)
    see(cell(page, 0)).to_have_accessible_name(re.compile(r"^form 0\.png: 2, .*%, not judged$"))
    page.get_by_role("button", name="1 of 3").click()
    see(cell(page, 0)).to_be_focused()
    page.keyboard.press("Enter")  # judges; it is no button
    see(cell(page, 1)).to_be_focused()
    see(page.get_by_role("option", selected=True)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    see(cell(page, 2)).to_be_focused()
    see(page.locator(".dl-cells [tabindex='0']")).to_have_count(1)


def test_a_digit_pressed_right_after_an_arrow_is_meant_for_the_cell_it_went_to(
    page: Page, server: Server, twenty: list[FilePayload]
) -> None:
    choose(page, *twenty[:4])
    see(cell(page, 3)).to_be_visible()
    page.evaluate(PRESS, ["ArrowRight", "ArrowRight", "8"])
    see(cell(page, 2)).to_contain_text("wrong, it is an 8")
    see_in_view(page, 3)
    assert [entry.name for entry in stored_verdicts(page, server)] == ["form 2.png"]


def test_arrows_are_the_text_fields_while_somebody_types(
    page: Page, twenty: list[FilePayload]
) -> None:
    choose(page, *twenty[:2])
    see(cell(page, 1)).to_be_visible()
    comment = page.get_by_test_id("judge-comment")
    comment.press_sequentially("ac")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("b")
    see(comment).to_have_value("abc")
    see_in_view(page, 0)


def test_one_goes_through_the_grid_while_pictures_still_arrive(
    page: Page, server: Server, twenty: list[FilePayload]
) -> None:
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          let files = 0;
          Blob.prototype.arrayBuffer = async function () {
            files += 1;
            if (files === 4) await new Promise((resolve) => (window.goOn = resolve));
            return read.call(this);
          };
        }"""
    )
    choose(page, *twenty[:6])
    see(cell(page, 2)).to_be_visible()
    page.keyboard.press("ArrowRight")
    see_in_view(page, 1)
    page.keyboard.press("8")
    see_in_view(page, 2)
    see(page.get_by_test_id("judge-others")).to_have_text("The other 2 are right")
    box = cell(page, 2).bounding_box()
    page.evaluate("window.goOn()")
    see(cell(page, 5)).to_be_visible()
    see_in_view(page, 2)
    assert cell(page, 2).bounding_box() == box
    assert [entry.name for entry in stored_verdicts(page, server)] == ["form 1.png"]


def test_a_second_view_of_the_grid_shows_all_of_it_and_follows(
    page: Page, twenty: list[FilePayload]
) -> None:
    choose(page, *twenty[:3])
    see(cell(page, 2)).to_be_visible()
    page.keyboard.press("8")
    see_in_view(page, 1)
    page.evaluate(SECOND_VIEW)
    second = page.locator("#second .dl-cells > li")
    see(second).to_have_count(3)
    see(second.first).to_have_attribute("data-state", "wrong")
    page.keyboard.press("Enter")
    see(second.nth(1)).to_have_attribute("data-state", "right")


def _blank() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("L", (120, 90), 235).save(out, "PNG")
    return out.getvalue()
