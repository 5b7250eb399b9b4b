"""The reading page in a real Chromium on a real server, with the shipped model."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from support.browser_page import choose, digit_picture, label, png, ready, see
from support.live_server import Server
from support.number_sheets import write_sheet
from support.stored_feedback import stored_verdicts

from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("forgetful")]

KERNEL_BYTES = 125_000_000
HOSTILE = '<img src=x onerror="document.title=1">.png'


def stroke(page: Page, *points: tuple[float, float]) -> None:
    """A stroke with the mouse; points are shares of the pad."""
    x, y = _on_pad(page, points[0])
    page.mouse.move(x, y)
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*_on_pad(page, point), steps=8)
    page.mouse.up()


def finger(page: Page, *points: tuple[float, float]) -> None:
    """A stroke with a finger."""
    touch = page.context.new_cdp_session(page)
    places = [dict(zip("xy", _on_pad(page, point), strict=True)) for point in points]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [places[0]]})
    for place in places[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def _boxes(page: Page, prefix: str) -> list[Any]:
    """Where the elements stand whose test id begins with `prefix`."""
    return [found.bounding_box() for found in page.locator(f'[data-testid^="{prefix}"]').all()]


def _on_pad(page: Page, point: tuple[float, float]) -> tuple[float, float]:
    box = page.get_by_test_id("draw-pad").bounding_box()
    assert box is not None
    return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]


def test_a_wrong_digit_is_corrected_with_a_comment(page: Page, server: Server) -> None:
    file = png("2")
    choose(page, file)
    see(label(page)).to_have_text("2")
    see(page.get_by_test_id("prediction-confidence")).to_contain_text("%")
    page.get_by_test_id("judge-comment").fill("my own 3")
    page.get_by_test_id("judge-wrong-3").click()
    see(page.get_by_test_id("receipt")).to_contain_text("this is a 3")
    (entry,) = stored_verdicts(page, server)
    assert (entry.verdict, entry.label, entry.predicted) == ("wrong", 3, 2)
    assert (entry.comment, entry.name) == ("my own 3", "2.png")
    with FeedbackStore.open(Settings.load(server.home)) as store:
        assert store.pictures.get(entry.picture_sha256) == file["buffer"]
    see(page.get_by_test_id("judge-comment")).to_have_value("")


def test_a_comment_stays_until_the_ledger_has_it(page: Page, server: Server) -> None:
    comment = page.get_by_test_id("judge-comment")
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    comment.evaluate("field => field.removeAttribute('maxlength')")
    comment.fill("x" * 2001)  # more than the ledger takes
    page.get_by_test_id("judge-right").click()
    see(page.get_by_test_id("error-banner")).to_contain_text("2,000 characters")
    see(comment).to_have_value("x" * 2001)
    comment.fill("mine")
    page.get_by_test_id("judge-right").click()
    see(comment).to_have_value("")
    assert [entry.comment for entry in stored_verdicts(page, server)] == ["mine"]
    comment.fill("mine")
    page.get_by_test_id("judge-right").click()  # says nothing new, and the ledger has it
    see(comment).to_have_value("")


def test_a_batch_is_judged_with_keys(page: Page, server: Server) -> None:
    choose(page, png("2"), png("3"), png("5"), png("7"))
    see(page.get_by_test_id("visit-item-3")).to_be_visible()
    for number, key in enumerate(["Enter", "8", "n", "u"]):
        see(page.get_by_test_id(f"visit-item-{number}")).to_have_attribute("aria-current", "true")
        page.keyboard.press(key)
    see(page.locator(".dl-count")).to_have_text("4 pictures, 4 judged")
    said = [(entry.verdict, entry.label) for entry in stored_verdicts(page, server)]
    assert said == [("right", 2), ("wrong", 8), ("not-a-digit", None), ("unsure", None)]


def test_undo_after_pressing_right_twice_takes_one_verdict_back(page: Page, server: Server) -> None:
    right = page.get_by_test_id("judge-right")
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    right.click()
    see(right).to_have_attribute("aria-pressed", "true")
    right.click()
    see(page.get_by_test_id("receipt")).to_contain_text("You had said so before")
    page.get_by_test_id("judge-undo").click()
    see(right).to_have_attribute("aria-pressed", "false")
    see(page.get_by_test_id("judge-undo")).to_be_disabled()
    assert stored_verdicts(page, server) == []


def test_undo_takes_the_last_verdict_back(page: Page, server: Server) -> None:
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    page.keyboard.press("4")
    see(page.get_by_test_id("judge-wrong-4")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Backspace")
    see(page.get_by_test_id("receipt")).to_contain_text("taken back")
    assert stored_verdicts(page, server) == []
    see(page.get_by_test_id("judge-undo")).to_be_disabled()


def test_keys_are_text_while_somebody_types(page: Page, server: Server) -> None:
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    page.get_by_test_id("judge-comment").press_sequentially("n 7 u")
    see(page.get_by_test_id("judge-comment")).to_have_value("n 7 u")
    page.keyboard.press("Enter")  # leaves the field
    page.keyboard.press("Enter")  # says "right"
    see(page.get_by_test_id("receipt")).not_to_be_empty()
    (entry,) = stored_verdicts(page, server)
    assert (entry.verdict, entry.comment) == ("right", "n 7 u")


def test_a_key_after_a_click_does_not_click_again(page: Page, server: Server) -> None:
    choose(page, png("2"), png("3"))
    see(page.get_by_test_id("visit-item-1")).to_be_visible()
    page.get_by_test_id("judge-unsure").click()
    see(page.get_by_test_id("visit-item-1")).to_have_attribute("aria-current", "true")
    page.keyboard.press("Enter")
    see(page.locator(".dl-count")).to_have_text("2 pictures, 2 judged")
    assert [entry.verdict for entry in stored_verdicts(page, server)] == ["unsure", "right"]


def test_a_drawing_with_the_mouse_is_read(page: Page) -> None:
    stroke(page, (0.3, 0.2), (0.7, 0.2), (0.45, 0.85))
    page.get_by_test_id("draw-read").click()
    see(label(page)).to_have_text("7")
    see(page.get_by_test_id("visit-item-0")).to_contain_text("drawing 1.png")


def test_strokes_can_be_undone_and_cleared(page: Page) -> None:
    read, undo = page.get_by_test_id("draw-read"), page.get_by_test_id("draw-undo")
    see(read).to_be_disabled()
    stroke(page, (0.5, 0.2), (0.5, 0.8))
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    undo.click()
    page.get_by_test_id("draw-read").click()
    see(label(page)).to_have_text("1")
    page.get_by_test_id("draw-clear").click()
    see(read).to_be_disabled()
    undo.click()  # brings the cleared drawing back
    see(read).to_be_enabled()


def test_a_drawing_with_a_finger_is_read_and_comes_into_sight(phone: Page) -> None:
    phone.get_by_test_id("draw-pad").scroll_into_view_if_needed()
    finger(phone, (0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.45), (0.45, 0.85))
    # Chromium loses a synthetic tap right after a layout change, on any page; a click it keeps.
    phone.get_by_test_id("draw-read").click()
    see(label(phone)).to_have_text("7")
    see(label(phone)).to_be_in_viewport()


def test_the_same_file_twice_in_a_row_is_read_twice(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "two.png"
    digit_picture("2").save(path)
    choose(page, path)
    see(page.get_by_test_id("visit-item-0")).to_be_visible()
    choose(page, path)
    see(page.get_by_test_id("visit-item-1")).to_contain_text("two.png")


def test_a_broken_file_gives_one_sentence_and_the_next_is_read(page: Page) -> None:
    broken: FilePayload = {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"}
    choose(page, broken, png("2"))
    see(label(page)).to_have_text("2")
    see(page.get_by_test_id("error-banner")).to_contain_text(
        "notes.png: This file is not a picture"
    )
    see(page.get_by_role("alert")).to_have_count(1)
    page.get_by_role("button", name="Close this message").click()
    see(page.get_by_test_id("error-banner")).to_have_count(0)


def test_a_picture_without_a_digit_says_so(page: Page) -> None:
    out = io.BytesIO()
    Image.new("L", (120, 90), 235).save(out, "PNG")
    choose(page, {"name": "blank.png", "mimeType": "image/png", "buffer": out.getvalue()})
    see(label(page)).to_have_text("I see no digit here")
    see(page.get_by_test_id("judge-right")).to_be_disabled()


def test_files_can_be_dropped_anywhere(page: Page) -> None:
    page.evaluate(
        """(base64) => {
          const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
          const drop = (kind) => document.querySelector("h1").dispatchEvent(
            new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          ["dragenter", "dragover", "drop"].forEach(drop);
        }""",
        base64.b64encode(png("2")["buffer"]).decode("ascii"),
    )
    see(label(page)).to_have_text("2")
    see(page.get_by_test_id("visit-item-0")).to_contain_text("dropped.png")


def test_an_example_is_read_with_one_click(page: Page) -> None:
    page.get_by_test_id("example-0").click()
    see(page.get_by_test_id("digit-image")).to_be_visible()
    see(page.get_by_test_id("bars")).to_be_visible()


def test_the_digits_of_a_row_are_judged_one_after_the_other_with_keys(
    page: Page, server: Server
) -> None:
    out = io.BytesIO()
    Image.fromarray(write_sheet("207", "51")).save(out, "PNG")
    file: FilePayload = {"name": "row.png", "mimeType": "image/png", "buffer": out.getvalue()}
    switch = page.get_by_role("switch", name="Several digits in one picture")
    switch.focus()
    page.keyboard.press("Space")
    see(switch).to_be_checked()
    choose(page, file)
    see(page.locator(".dl-count")).to_have_text("1 picture with 5 digits, 0 judged")
    for number, (digit, key) in enumerate(
        zip("20751", ["Enter", "Enter", "n", "5", "4"], strict=True)
    ):
        see(page.get_by_test_id(f"visit-item-{number}")).to_have_attribute("aria-current", "true")
        see(label(page)).to_have_text(digit)
        see(page.locator(".dl-result .dl-other")).to_have_count(4)
        page.keyboard.press(key)
    see(page.locator(".dl-count")).to_have_text("1 picture with 5 digits, 5 judged")
    kept = stored_verdicts(page, server)
    assert [entry.verdict for entry in kept] == ["right", "right", "not-a-digit", "right", "wrong"]
    assert len({entry.box for entry in kept}) == 5
    with FeedbackStore.open(Settings.load(server.home)) as store:
        assert store.pictures.get(kept[0].picture_sha256) == file["buffer"]


def test_a_drawing_of_two_digits_is_read_as_two(page: Page) -> None:
    page.get_by_text("Several digits in one picture").click()
    stroke(page, (0.25, 0.2), (0.25, 0.8))
    stroke(page, (0.5, 0.2), (0.85, 0.2), (0.65, 0.8))
    page.get_by_test_id("draw-read").click()
    see(page.get_by_test_id("visit-item-0")).to_contain_text("drawing 1.png · 1 of 2")
    see(page.get_by_test_id("visit-item-0")).to_contain_text("1, ")
    see(page.get_by_test_id("visit-item-1")).to_contain_text("7, ")


def test_a_file_of_19_megabytes_arrives(page: Page, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.tiff"  # which Chromium cannot decode, and so does not reduce
    digit_picture("2", side=2516).save(path)
    assert 18.9e6 < path.stat().st_size < 19.1e6
    choose(page, path)
    see(label(page)).to_have_text("2", timeout=30_000)
    page.keyboard.press("Enter")
    see(page.get_by_test_id("receipt")).not_to_be_empty()
    (entry,) = stored_verdicts(page, server)
    with FeedbackStore.open(Settings.load(server.home)) as store:
        assert store.pictures.get(entry.picture_sha256) == path.read_bytes()


def test_stop_holds_also_while_the_browser_reads_the_file(page: Page) -> None:
    page.evaluate(
        """() => {
          const read = Blob.prototype.arrayBuffer;
          Blob.prototype.arrayBuffer = async function () {
            Blob.prototype.arrayBuffer = read;
            await new Promise((resolve) => (window.goOn = resolve));
            return read.call(this);
          };
        }"""
    )
    choose(page, png("2"))
    page.get_by_role("button", name="Stop").click()
    page.evaluate("window.goOn()")
    see(page.get_by_role("button", name="Stop")).to_be_hidden()
    choose(page, png("3"))
    see(label(page)).to_have_text("3")
    see(page.get_by_test_id("visit-item-0")).to_contain_text("3.png")


def test_a_file_over_the_limit_gives_a_sentence_and_is_not_sent(
    page: Page, tmp_path: Path, server: Server
) -> None:
    path = tmp_path / "huge.bmp"
    path.write_bytes(bytes(21_000_000))
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda f: sent.append(len(f))))
    ready(page, server)
    choose(page, path)
    see(page.get_by_test_id("error-banner")).to_contain_text(
        "huge.bmp: This file has 21 MB; pictures of up to 20 MB can be read."
    )
    assert sum(sent) < 100_000


def test_a_hostile_file_name_is_only_text(page: Page) -> None:
    choose(page, png("2", HOSTILE))
    see(page.get_by_test_id("visit-item-0")).to_contain_text("onerror")
    see(page.locator(".dl-name")).to_contain_text("<img src=x")
    see(page.locator('img[src="x"]')).to_have_count(0)


def test_the_visitor_keeps_the_name_over_a_reload(page: Page, server: Server) -> None:
    field = page.get_by_test_id("contributor")
    assert field.input_value().startswith("visitor-")
    field.fill("Ada")
    field.press("Enter")
    ready(page, server)
    see(field).to_have_value("Ada")


def test_two_visitors_do_not_see_each_other(page: Page, phone: Page) -> None:
    choose(page, png("2"))
    see(page.get_by_test_id("visit-item-0")).to_be_visible()
    see(phone.get_by_test_id("visit-item-0")).to_have_count(0)
    names = {view.get_by_test_id("contributor").input_value() for view in (page, phone)}
    assert len(names) == 2


def test_nothing_moves_when_the_prediction_arrives(page: Page) -> None:
    def places() -> list[object]:
        return [
            page.get_by_test_id(name).bounding_box()
            for name in ("judge-right", "judge-wrong-9", "judge-undo", "draw-pad")
        ]

    before = places()
    choose(page, png("2"))
    see(label(page)).to_have_text("2")
    assert places() == before


@pytest.mark.parametrize(("width", "rows"), [(360, [10]), (820, [5, 5]), (1280, [5, 5])])
def test_the_examples_stand_in_even_rows(page: Page, width: int, rows: list[int]) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    tops = [round(example["y"]) for example in _boxes(page, "example-")]
    assert [tops.count(top) for top in sorted(set(tops))] == rows


@pytest.mark.parametrize("width", [360, 820, 1600])
def test_the_page_fits_every_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    choose(page, png("2", "a very long name of a picture file that goes on and on.png"))
    see(label(page)).to_have_text("2")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_targets_are_large_enough_for_fingers(phone: Page) -> None:
    choose(phone, png("2"))
    see(label(phone)).to_have_text("2")
    small = phone.evaluate(
        """() => [...document.querySelectorAll(".digitlab-page :is(button, input, label)")]
          .map((e) => [e.dataset.testid ?? e.textContent, e.getBoundingClientRect()])
          .filter(([, r]) => r.height && (r.height < 44 || r.width < 44)).map(([name]) => name)"""
    )
    assert small == []


def test_a_kernel_stays_small_and_loads_no_tensorflow(page: Page, server: Server) -> None:
    page.get_by_test_id("example-0").click()  # a JPEG photograph: all that a reading needs
    see(label(page)).to_have_text("3")
    kernels = server.kernel_processes()
    assert max(kernel.memory_info().rss for kernel in kernels) <= KERNEL_BYTES
    native = {mapped.path for kernel in kernels for mapped in kernel.memory_maps()}
    assert any("ai_edge_litert" in path for path in native)
    unwanted = ("/tensorflow/", "/pandas/", "/matplotlib/", "/debugpy/")
    assert [path for path in native if any(name in path for name in unwanted)] == []
