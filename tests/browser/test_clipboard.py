"""Pictures from the clipboard: pasted on the page, or read with the button "Paste"."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from support.browser_page import choose_pictures, expect, png_file, predicted_digit, visit_item
from support.picture_input_view import wait_for_files

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = pytest.mark.browser

TEXT_FIELD = '[data-testid="text-field"]'

PASTE = """(target, [files, text]) => {
  const transfer = new DataTransfer();
  for (const [name, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
  }
  if (text) transfer.setData("text/plain", text);
  const paste = { clipboardData: transfer, bubbles: true, cancelable: true };
  return !target.dispatchEvent(new ClipboardEvent("paste", paste));
}"""

COPY = """async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const picture = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}"""


@pytest.fixture
def clipboard(picture_input: Page) -> Page:
    """Return a picture input that may read and write the clipboard."""
    picture_input.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return picture_input


def paste(page: Page, *files: FilePayload, text: str = "", into: str = "h1") -> bool:
    """Paste files and text into an element; return whether the page handled the event."""
    named = [[file["name"], base64.b64encode(file["buffer"]).decode()] for file in files]
    handled: bool = page.locator(into).evaluate(PASTE, [named, text])
    return handled


def copy(page: Page, digit: str) -> None:
    """Write the picture of a digit to the clipboard."""
    page.evaluate(COPY, base64.b64encode(png_file(digit)["buffer"]).decode())


def expect_note(page: Page) -> Any:
    return expect(page.get_by_test_id("input-says"))


def test_pasted_pictures_are_read(page: Page) -> None:
    assert paste(page, png_file("2", "image.png"), png_file("3", "three.png"))
    expect(predicted_digit(page)).to_have_text("2")
    expect(visit_item(page, 0)).to_contain_text("pasted 1.png")
    expect(visit_item(page, 1)).to_contain_text("three.png")


def test_a_picture_pasted_into_a_text_field_is_sent(picture_input: Page) -> None:
    choose_pictures(picture_input, png_file("3"))
    assert paste(picture_input, png_file("2", "image.png"), into=TEXT_FIELD)
    names = [name for name, _ in wait_for_files(picture_input, 2)]
    assert names == ["3.png", "pasted 1.png"]


def test_a_text_field_gets_pasted_text_also_with_a_picture_of_it(picture_input: Page) -> None:
    assert not paste(picture_input, text="Ada", into=TEXT_FIELD)
    assert not paste(picture_input, png_file("2", "image.png"), text="Ada", into=TEXT_FIELD)
    choose_pictures(picture_input, png_file("3"))
    assert [name for name, _ in wait_for_files(picture_input, 1)] == ["3.png"]


def test_pasted_text_gives_a_note_until_the_next_picture(picture_input: Page) -> None:
    assert paste(picture_input, text="hello")
    expect_note(picture_input).to_have_text(
        "There is no picture in the clipboard; copy one, then press Ctrl+V."
    )
    paste(picture_input, png_file("2", "image.png"))
    wait_for_files(picture_input, 1)
    expect_note(picture_input).to_be_empty()


def test_the_paste_button_sends_the_picture_in_the_clipboard(clipboard: Page) -> None:
    copy(clipboard, "2")
    clipboard.get_by_role("button", name="Paste").click()
    ((name, data),) = wait_for_files(clipboard, 1)
    assert name == "pasted 1.png"
    assert data.startswith(b"\x89PNG")


def test_the_paste_button_gives_a_note_without_a_picture(clipboard: Page) -> None:
    clipboard.evaluate("navigator.clipboard.writeText('hello')")
    clipboard.get_by_test_id("paste").click()
    expect_note(clipboard).to_contain_text("There is no picture in the clipboard")


def test_the_paste_button_gives_a_note_without_permission(picture_input: Page) -> None:
    picture_input.context.grant_permissions(["geolocation"])  # and no other one
    picture_input.get_by_test_id("paste").click()
    expect_note(picture_input).to_have_text("The browser did not allow it; press Ctrl+V to paste.")
    expect(picture_input.get_by_role("status").filter(has_text="Ctrl+V")).to_be_visible()
