"""Picture files and drawings: large pictures are reduced in the browser, small ones unchanged."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from support.browser_page import (
    choose_pictures,
    digit_picture,
    expect,
    expect_in_view,
    png_file,
    predicted_digit,
    settle,
    visit_item,
)
from support.live_server import Server
from support.picture_input_view import messages_of, wait_for_files
from support.stored_feedback import stored_verdicts

from digitlab.images.examples import examples
from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from digitlab.widgets.views.picture_input import MAX_SIDE

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = pytest.mark.browser

ORIENTATION = 0x0112  # the EXIF tag

COUNT_BITMAPS = """() => {
  const [create, close] = [window.createImageBitmap, ImageBitmap.prototype.close];
  window.bitmaps = { open: 0, mostOpen: 0, closed: 0 };
  window.createImageBitmap = async (...options) => {
    window.bitmaps.mostOpen = Math.max(window.bitmaps.mostOpen, (window.bitmaps.open += 1));
    return create(...options);
  };
  ImageBitmap.prototype.close = function () {
    window.bitmaps.open -= 1;
    window.bitmaps.closed += 1;
    close.call(this);
  };
}"""

HOLD_REDUCTION = """() => {
  const create = window.createImageBitmap;
  window.createImageBitmap = async (...options) => {
    window.createImageBitmap = create;
    await new Promise((resolve) => (window.release = resolve));
    return create(...options);
  };
}"""
"""Hold the next reduction until `release()`."""

HOLD_READING = """() => {
  const read = Blob.prototype.arrayBuffer;
  Blob.prototype.arrayBuffer = async function () {
    Blob.prototype.arrayBuffer = read;
    await new Promise((resolve) => (window.release = resolve));
    return read.call(this);
  };
}"""
"""Hold the next read of a file until `release()`."""

DRAG_AND_DROP = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
  for (const type of ["dragenter", "dragover", "drop"])
    document.querySelector("h1").dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def stored_picture(page: Page, server: Server) -> bytes:
    """Give the verdict "unsure" on the item in view; return its picture from the store."""
    page.get_by_test_id("judge-unsure").click()
    expect(page.get_by_test_id("receipt")).not_to_be_empty()
    (entry,) = stored_verdicts(page, server)
    with FeedbackStore.open(Settings.load(server.home)) as store:
        return store.pictures.get(str(entry.picture_sha256))


def photograph(orientation: int = 1) -> tuple[Image.Image, bytes]:
    """Return an upright photograph of a 6 with 12 megapixels, and a JPEG of it.

    Args:
        orientation: EXIF orientation of the JPEG: 1, or 6 as from a phone held upright.
    """
    (example,) = [example for example in examples() if example.label == 6]
    with Image.open(io.BytesIO(example.data)) as small:
        upright = small.convert("RGB").resize((3000, 4000), Image.Resampling.BICUBIC)
    stored = upright.transpose(Image.Transpose.ROTATE_90) if orientation == 6 else upright
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    out = io.BytesIO()
    stored.save(out, "JPEG", quality=90, exif=exif)
    return upright, out.getvalue()


def jpeg_file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def draw(page: Page, *points: tuple[float, float]) -> None:
    """Draw a stroke with the mouse; points are shares of the pad's sides."""
    settle(page)
    box = page.get_by_test_id("draw-pad").bounding_box()
    assert box is not None
    start, *others = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points
    ]
    page.mouse.move(*start)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def test_a_photograph_of_12_megapixels_arrives_upright_with_2048_pixels(
    page: Page, server: Server
) -> None:
    upright, data = photograph(orientation=6)
    choose_pictures(page, jpeg_file("IMG_1.JPG", data))
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text("6")
    expect(visit_item(page, 0)).to_contain_text("IMG_1.JPG")
    with Image.open(io.BytesIO(stored_picture(page, server))) as arrived:
        assert (arrived.format, arrived.size) == ("JPEG", (1536, MAX_SIDE))
        assert arrived.getexif().get(ORIENTATION, 1) == 1
        expected, actual = (
            np.asarray(image.convert("L").resize((150, 200)), float) for image in (upright, arrived)
        )
    assert np.abs(expected - actual).mean() < 2


def test_a_heic_file_which_the_browser_cannot_decode_arrives_unchanged(
    page: Page, server: Server, tmp_path: Path
) -> None:
    import pillow_heif

    path = tmp_path / "two.heic"
    pillow_heif.from_pillow(digit_picture("2", side=2200)).save(path, quality=80)
    choose_pictures(page, path)
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text("2")
    expect(visit_item(page, 0)).to_contain_text(path.name)
    assert stored_picture(page, server) == path.read_bytes()


def test_a_tiff_file_which_the_browser_cannot_decode_is_sent_unchanged(
    picture_input: Page, tmp_path: Path
) -> None:
    path = tmp_path / "two.tiff"
    digit_picture("2", side=2200).save(path)
    choose_pictures(picture_input, path)
    assert wait_for_files(picture_input, 1) == [(path.name, path.read_bytes())]


def test_a_picture_of_1000_pixels_is_sent_unchanged(picture_input: Page) -> None:
    file = png_file(digit_picture("2", side=1000), "two.png")
    choose_pictures(picture_input, file)
    assert wait_for_files(picture_input, 1) == [("two.png", file["buffer"])]


def test_a_large_drawing_stays_a_png_and_transparent(picture_input: Page) -> None:
    ink = digit_picture("2", side=2500).convert("L").point(lambda shade: 255 - shade)
    drawing = Image.new("RGBA", ink.size, "white")  # white ink, which white paper would hide
    drawing.putalpha(ink)
    choose_pictures(picture_input, png_file(drawing, "two.png"))
    ((name, data),) = wait_for_files(picture_input, 1)
    assert name == "two.png"
    with Image.open(io.BytesIO(data)) as sent:
        assert (sent.format, sent.mode, sent.size) == ("PNG", "RGBA", (MAX_SIDE, MAX_SIDE))
        assert sent.getchannel("A").getextrema()[0] == 0


def test_a_large_photograph_in_a_png_becomes_a_jpeg(picture_input: Page) -> None:
    noise = np.random.default_rng(1).integers(0, 60, (2100, 2100, 1), np.uint8)
    grainy = np.asarray(digit_picture("2", side=2100)) - np.minimum(noise, 30)
    out = io.BytesIO()
    Image.fromarray(grainy.astype(np.uint8)).save(out, "PNG", compress_level=1)
    file: FilePayload = {"name": "scan.png", "mimeType": "image/png", "buffer": out.getvalue()}
    choose_pictures(picture_input, file)
    ((name, data),) = wait_for_files(picture_input, 1)
    assert name == "scan.jpg"
    with Image.open(io.BytesIO(data)) as sent:
        assert (sent.format, sent.size) == ("JPEG", (MAX_SIDE, MAX_SIDE))


def test_the_limit_in_bytes_applies_to_the_reduced_picture(
    picture_input: Page, tmp_path: Path
) -> None:
    path = tmp_path / "large.bmp"
    digit_picture("2", side=2700).save(path)
    assert path.stat().st_size > Settings.max_upload_bytes
    choose_pictures(picture_input, path)
    ((name, data),) = wait_for_files(picture_input, 1)
    assert name == "large.jpg"
    assert len(data) < Settings.max_upload_bytes


def test_a_batch_is_reduced_one_picture_at_a_time_in_its_order(picture_input: Page) -> None:
    picture_input.evaluate(COUNT_BITMAPS)
    _, data = photograph()
    choose_pictures(picture_input, *(jpeg_file(f"{number}.jpg", data) for number in (1, 2, 3)))
    files = wait_for_files(picture_input, 3)
    assert [name for name, _ in files] == ["1.jpg", "2.jpg", "3.jpg"]
    assert picture_input.evaluate("window.bitmaps") == {"open": 0, "mostOpen": 1, "closed": 3}


@pytest.mark.parametrize(
    "hold", [HOLD_REDUCTION, HOLD_READING], ids=["while it is reduced", "while it is read"]
)
def test_a_stopped_picture_is_not_sent(picture_input: Page, hold: str) -> None:
    picture_input.evaluate(hold)
    choose_pictures(picture_input, png_file("2"))
    picture_input.wait_for_function("'release' in window")
    expect(picture_input.get_by_text("2.png")).to_be_visible()
    picture_input.get_by_role("button", name="Stop").click()
    expect(picture_input.get_by_role("button", name="Stop")).to_be_hidden()
    choose_pictures(picture_input, png_file("3"))
    picture_input.evaluate("window.release()")
    assert [name for name, _ in wait_for_files(picture_input, 1)] == ["3.png"]
    chunks = [message for message in messages_of(picture_input) if message["type"] == "chunk"]
    assert {chunk["name"] for chunk in chunks} == {"3.png"}


def test_the_same_file_can_be_chosen_twice_in_a_row(picture_input: Page, tmp_path: Path) -> None:
    path = tmp_path / "two.png"
    digit_picture("2").save(path)
    for count in (1, 2):
        choose_pictures(picture_input, path)
        files = wait_for_files(picture_input, count)
    assert [name for name, _ in files] == ["two.png", "two.png"]


def test_a_file_can_be_dragged_and_dropped_anywhere(picture_input: Page) -> None:
    file = png_file("2")
    picture_input.evaluate(DRAG_AND_DROP, base64.b64encode(file["buffer"]).decode("ascii"))
    assert wait_for_files(picture_input, 1) == [("dropped.png", file["buffer"])]


def test_strokes_can_be_undone_and_cleared(picture_input: Page) -> None:
    read, undo, clear = (
        picture_input.get_by_test_id(f"draw-{name}") for name in ("read", "undo", "clear")
    )
    expect(read).to_be_disabled()
    draw(picture_input, (0.5, 0.2), (0.5, 0.8))
    draw(picture_input, (0.2, 0.5), (0.8, 0.5))
    undo.click()
    read.click()
    ((name, data),) = wait_for_files(picture_input, 1)
    assert name == "drawing 1.png"
    with Image.open(io.BytesIO(data)) as drawing:
        ink = np.argwhere(np.asarray(drawing.convert("L")) < 128) / drawing.width
    (top, left), (bottom, right) = ink.min(0), ink.max(0)
    assert bottom - top > 0.6  # the vertical stroke
    assert right - left < 0.1  # without the horizontal one
    clear.click()
    expect(read).to_be_disabled()
    undo.click()  # restores the cleared drawing
    expect(read).to_be_enabled()
