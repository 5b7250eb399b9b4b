"""The reading page with the shipped model: pictures, predictions, verdicts and layout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    digit_picture,
    expect,
    expect_in_view,
    fits_window,
    kernel_id,
    open_page,
    png_file,
    predicted_digit,
    settle,
    visit_item,
)
from support.live_server import Server
from support.number_sheets import write_sheet
from support.stored_feedback import stored_verdicts

from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("retract_verdicts")]

MAX_KERNEL_BYTES = 125_000_000
HOSTILE_NAME = '<img src=x onerror="document.title=1">.png'


def show(page: Page, digit: str) -> None:
    """Choose a picture of a digit, the first one of the visit, and expect its prediction."""
    choose_pictures(page, png_file(digit))
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text(digit)


def draw_with_mouse(page: Page, *points: tuple[float, float]) -> None:
    """Draw a stroke with the mouse; points are shares of the pad's sides."""
    start, *others = on_pad(page, *points)
    page.mouse.move(*start)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def draw_with_finger(page: Page, *points: tuple[float, float]) -> None:
    """Draw a stroke with a finger; points are shares of the pad's sides."""
    touch = page.context.new_cdp_session(page)
    start, *others = [dict(zip("xy", point, strict=True)) for point in on_pad(page, *points)]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [start]})
    for point in others:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def on_pad(page: Page, *points: tuple[float, float]) -> list[tuple[float, float]]:
    """Return positions in the window, in pixels, of shares of the pad's sides."""
    pad = page.get_by_test_id("draw-pad")
    pad.scroll_into_view_if_needed()
    (box,) = boxes(page, "draw-pad")
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def boxes(page: Page, *test_ids: str) -> list[Any]:
    """Return the bounding boxes of elements, in a layout that is at rest."""
    settle(page)
    return [page.get_by_test_id(test_id).bounding_box() for test_id in test_ids]


def test_a_correction_is_stored_with_its_comment_and_picture(page: Page, server: Server) -> None:
    file = png_file("2")
    choose_pictures(page, file)
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text("2")
    expect(page.get_by_test_id("prediction-confidence")).to_contain_text("%")
    page.get_by_test_id("judge-comment").fill("my own 3")
    page.get_by_test_id("judge-wrong-3").click()
    expect(page.get_by_test_id("receipt")).to_contain_text("this is a 3")
    (entry,) = stored_verdicts(page, server)
    assert (entry.verdict, entry.label, entry.predicted) == ("wrong", 3, 2)
    assert (entry.comment, entry.name) == ("my own 3", "2.png")
    with FeedbackStore.open(Settings.load(server.home)) as store:
        assert store.pictures.get(entry.picture_sha256) == file["buffer"]
    expect(page.get_by_test_id("judge-comment")).to_have_value("")


def test_a_comment_stays_until_it_is_stored(page: Page, server: Server) -> None:
    comment, right = page.get_by_test_id("judge-comment"), page.get_by_test_id("judge-right")
    show(page, "2")
    comment.evaluate("field => field.removeAttribute('maxlength')")
    comment.fill("x" * 2001)  # more than the store accepts
    right.click()
    expect(page.get_by_test_id("receipt")).to_contain_text("2,000 characters")
    expect(page.get_by_test_id("unsaved")).to_have_text("1 not saved")
    expect(visit_item(page, 0)).to_contain_text("not judged. Not saved: ")
    expect(comment).to_have_value("x" * 2001)
    comment.fill("mine")
    right.click()
    expect(comment).to_have_value("")
    assert [entry.comment for entry in stored_verdicts(page, server)] == ["mine"]
    comment.fill("mine")
    right.click()  # the same verdict is stored already
    expect(comment).to_have_value("")


def test_a_batch_is_judged_with_keys(page: Page, server: Server) -> None:
    choose_pictures(page, *map(png_file, "2357"))
    expect(visit_item(page, 3)).to_be_visible()
    for number, key in enumerate(["Enter", "8", "n", "u"]):
        expect_in_view(page, number)
        page.keyboard.press(key)
    expect(page.locator(".dl-count")).to_have_text("4 pictures, 4 judged")
    verdicts = [(entry.verdict, entry.label) for entry in stored_verdicts(page, server)]
    assert verdicts == [("right", 2), ("wrong", 8), ("not-a-digit", None), ("unsure", None)]


def test_undo_after_a_repeated_verdict_takes_one_verdict_back(page: Page, server: Server) -> None:
    right = page.get_by_test_id("judge-right")
    show(page, "2")
    right.click()
    expect(right).to_have_attribute("aria-pressed", "true")
    right.click()
    expect(page.get_by_test_id("receipt")).to_contain_text("You had said so before")
    page.get_by_test_id("judge-undo").click()
    expect(right).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_test_id("judge-undo")).to_be_disabled()
    assert stored_verdicts(page, server) == []


def test_keys_are_text_in_a_text_field(page: Page, server: Server) -> None:
    comment = page.get_by_test_id("judge-comment")
    choose_pictures(page, png_file("2"), png_file("3"))
    expect(visit_item(page, 1)).to_be_visible()
    expect_in_view(page, 0)
    comment.press_sequentially("n 7 ")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("u")
    expect(comment).to_have_value("n 7u ")
    expect_in_view(page, 0)
    page.keyboard.press("Enter")  # leaves the field
    page.keyboard.press("Enter")  # judges the item as right
    expect_in_view(page, 1)
    (entry,) = stored_verdicts(page, server)
    assert (entry.name, entry.verdict, entry.comment) == ("2.png", "right", "n 7u")


def test_a_key_after_a_click_does_not_click_again(page: Page, server: Server) -> None:
    choose_pictures(page, png_file("2"), png_file("3"))
    expect(visit_item(page, 1)).to_be_visible()
    page.get_by_test_id("judge-unsure").click()
    expect_in_view(page, 1)
    page.keyboard.press("Enter")
    expect(page.locator(".dl-count")).to_have_text("2 pictures, 2 judged")
    assert [entry.verdict for entry in stored_verdicts(page, server)] == ["unsure", "right"]


def test_a_mouse_drawing_is_read(page: Page) -> None:
    draw_with_mouse(page, (0.3, 0.2), (0.7, 0.2), (0.45, 0.85))
    page.get_by_test_id("draw-read").click()
    expect(predicted_digit(page)).to_have_text("7")
    expect(visit_item(page, 0)).to_contain_text("drawing 1.png")


def test_a_finger_drawing_is_read_and_its_prediction_scrolls_into_view(phone: Page) -> None:
    draw_with_finger(phone, (0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.45), (0.45, 0.85))
    # Chromium loses a synthetic tap right after a change of the layout, but not a click.
    phone.get_by_test_id("draw-read").click()
    expect(predicted_digit(phone)).to_have_text("7")
    expect(predicted_digit(phone)).to_be_in_viewport()


def test_an_unreadable_file_gives_one_error_and_the_next_file_is_read(page: Page) -> None:
    unreadable: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"}
    choose_pictures(page, unreadable, png_file("2"))
    expect(predicted_digit(page)).to_have_text("2")
    expect(page.get_by_test_id("error-banner")).to_contain_text(
        "notes.png: This file is not a picture"
    )
    expect(page.get_by_role("alert")).to_have_count(1)
    page.get_by_role("button", name="Close this message").click()
    expect(page.get_by_test_id("error-banner")).to_have_count(0)


def test_the_digits_of_two_rows_are_judged_one_after_the_other_with_keys(
    page: Page, server: Server
) -> None:
    file = png_file(Image.fromarray(write_sheet("207", "51")), "rows.png")
    switch = page.get_by_role("switch", name="Several digits in one picture")
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    choose_pictures(page, file)
    expect(page.locator(".dl-count")).to_have_text("1 picture with 5 digits, 0 judged")
    for number, (digit, key) in enumerate(
        zip("20751", ["Enter", "Enter", "n", "5", "4"], strict=True)
    ):
        expect_in_view(page, number)
        expect(predicted_digit(page)).to_have_text(digit)
        expect(page.locator(".dl-result .dl-other")).to_have_count(4)
        page.keyboard.press(key)
    expect(page.locator(".dl-count")).to_have_text("1 picture with 5 digits, 5 judged")
    entries = stored_verdicts(page, server)
    verdicts = [entry.verdict for entry in entries]
    assert verdicts == ["right", "right", "not-a-digit", "right", "wrong"]
    assert len({entry.box for entry in entries}) == 5
    with FeedbackStore.open(Settings.load(server.home)) as store:
        assert store.pictures.get(entries[0].picture_sha256) == file["buffer"]


def test_a_drawing_of_two_digits_is_read_as_two(page: Page) -> None:
    page.get_by_text("Several digits in one picture").click()
    draw_with_mouse(page, (0.25, 0.2), (0.25, 0.8))
    draw_with_mouse(page, (0.5, 0.2), (0.85, 0.2), (0.65, 0.8))
    page.get_by_test_id("draw-read").click()
    expect(visit_item(page, 0)).to_contain_text("drawing 1.png · 1 of 2")
    expect(visit_item(page, 0)).to_contain_text("1, ")
    expect(visit_item(page, 1)).to_contain_text("7, ")


def test_a_file_of_19_megabytes_arrives_unchanged(
    page: Page, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "large.tiff"  # Chromium cannot decode it, and so does not reduce it
    digit_picture("2", side=2516).save(path)
    assert 18.9e6 < path.stat().st_size < 19.1e6
    choose_pictures(page, path)
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text("2")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("receipt")).not_to_be_empty()
    (entry,) = stored_verdicts(page, server)
    with FeedbackStore.open(Settings.load(server.home)) as store:
        assert store.pictures.get(entry.picture_sha256) == path.read_bytes()


def test_a_file_over_the_limit_gives_an_error_and_is_not_sent(
    browser_page: Page, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "huge.bmp"
    path.write_bytes(bytes(21_000_000))
    sent: list[int] = []
    browser_page.on(
        "websocket",
        lambda socket: socket.on("framesent", lambda frame: sent.append(len(frame))),
    )
    page = open_page(browser_page, server)
    choose_pictures(page, path)
    expect(page.get_by_test_id("error-banner")).to_contain_text(
        "huge.bmp: This file has 21 MB; pictures of up to 20 MB can be read."
    )
    assert 0 < sum(sent) < 100_000


def test_a_hostile_file_name_is_only_text(page: Page) -> None:
    choose_pictures(page, png_file("2", HOSTILE_NAME))
    expect(visit_item(page, 0)).to_contain_text("onerror")
    expect(page.locator(".dl-name")).to_contain_text("<img src=x")
    expect(page.locator('img[src="x"]')).to_have_count(0)


def test_a_visitor_keeps_the_name_after_a_reload(page: Page, server: Server) -> None:
    field = page.get_by_test_id("contributor")
    expect(field).to_have_value(re.compile("^visitor-"))
    field.fill("Ada")
    field.press("Enter")
    open_page(page, server)
    expect(field).to_have_value("Ada")


def test_two_visitors_do_not_see_each_others_pictures(page: Page, phone: Page) -> None:
    show(page, "2")
    show(phone, "3")
    for view in (page, phone):
        expect(view.locator(".dl-cells > li")).to_have_count(1)
    names = {view.get_by_test_id("contributor").input_value() for view in (page, phone)}
    assert len(names) == 2
    assert kernel_id(page) != kernel_id(phone)


def test_nothing_moves_when_the_prediction_arrives(page: Page) -> None:
    controls = ("judge-right", "judge-wrong-9", "judge-undo", "draw-pad")
    before = boxes(page, *controls)
    show(page, "2")
    assert boxes(page, *controls) == before


def test_the_examples_stand_in_even_rows(page: Page) -> None:
    expect(page.locator('[data-testid^="example-"]')).to_have_count(10)
    for width, rows in [(360, [10]), (820, [5, 5]), (1280, [5, 5])]:
        page.set_viewport_size({"width": width, "height": 800})
        examples = boxes(page, *(f"example-{number}" for number in range(10)))
        tops = [round(box["y"]) for box in examples]
        assert [tops.count(top) for top in sorted(set(tops))] == rows, width


def test_the_page_fits_every_width(page: Page) -> None:
    choose_pictures(
        page, png_file("2", "a very long name of a picture file that goes on and on.png")
    )
    expect(predicted_digit(page)).to_have_text("2")
    for width in (360, 820, 1600):
        page.set_viewport_size({"width": width, "height": 740})
        assert fits_window(page), width


def test_targets_are_large_enough_for_fingers(phone: Page) -> None:
    show(phone, "2")
    settle(phone)
    small = phone.evaluate(
        """() => [...document.querySelectorAll(".digitlab-page :is(button, input, label)")]
          .map((e) => [e.dataset.testid ?? e.textContent, e.getBoundingClientRect()])
          .filter(([, r]) => r.height && (r.height < 44 || r.width < 44)).map(([name]) => name)"""
    )
    assert small == []


def test_an_example_is_read_by_a_small_kernel_without_tensorflow(
    page: Page, server: Server
) -> None:
    page.get_by_test_id("example-0").click()  # a JPEG photograph, which uses all decoders
    expect(predicted_digit(page)).to_have_text("3")
    expect(page.get_by_test_id("digit-image")).to_be_visible()
    expect(page.get_by_test_id("bars")).to_be_visible()
    kernel = server.kernel_process(kernel_id(page))
    assert kernel.memory_info().rss <= MAX_KERNEL_BYTES
    libraries = {mapped.path for mapped in kernel.memory_maps()}
    assert any("ai_edge_litert" in path for path in libraries)
    unwanted = ("/tensorflow/", "/pandas/", "/matplotlib/", "/debugpy/")
    assert [path for path in libraries if any(name in path for name in unwanted)] == []


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_a_picture_that_looks_like_several_digits_is_read_again_on_request(
    page: Page, server: Server, how: str
) -> None:
    row = png_file(Image.fromarray(write_sheet("2748", seed=5)), "row.png")
    choose_pictures(page, png_file("2"), row, png_file("3"))
    expect(visit_item(page, 2)).to_be_visible()
    offer, button = page.get_by_test_id("several"), page.get_by_role("button", name="Read all")
    expect_in_view(page, 0)
    expect(offer).to_be_hidden()
    page.keyboard.press("Enter")
    expect_in_view(page, 1)
    expect(offer).to_contain_text("This looks like 4 digits: read them all?")
    if how == "mouse":
        button.click()
    else:
        button.focus()
        page.keyboard.press("Enter")
    expect_in_view(page, 3)
    expect(offer).to_be_hidden()
    expect(visit_item(page, 1)).to_be_hidden()
    expect(page.get_by_test_id("receipt")).to_have_text("row.png: read as 4 digits.")
    expect(page.get_by_test_id("number-text")).to_have_text("2748")
    expect(page.locator(".dl-count")).to_have_text("3 pictures with 6 digits, 1 judged")
    expect(page.get_by_test_id("judge-place")).to_have_text("3 of 6")
    for key, number in (("ArrowLeft", 2), ("ArrowLeft", 0), ("End", 6), ("Home", 0)):
        page.keyboard.press(key)
        expect_in_view(page, number)
    visit_item(page, 3).click()
    page.keyboard.press("Enter")
    expect_in_view(page, 4)
    page.keyboard.press("Backspace")
    expect_in_view(page, 3)
    page.get_by_test_id("judge-others").click()
    expect(page.locator(".dl-count")).to_have_text("3 pictures with 6 digits, 6 judged")
    entries = stored_verdicts(page, server)
    verdicts = [(entry.name, entry.predicted) for entry in entries]
    assert sorted(verdicts) == [("2.png", 2), ("3.png", 3), *(("row.png", n) for n in (2, 4, 7, 8))]
    assert {entry.verdict for entry in entries} == {"right"}
