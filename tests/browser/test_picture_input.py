"""The ways in, in a real Chromium: clipboard, camera, and photographs that are reduced."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from support.browser_page import choose, digit_picture, label, png, ready, see
from support.live_server import Server, wait_until

from digitlab.images.examples import examples
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Page

pytestmark = pytest.mark.browser

ORIENTATION = 0x0112
SIDE = 2048

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
"""Paste as the browser does; whether the page took it."""

COPY = """async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const picture = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}"""

KEEP_STREAMS = """
  window.streams = [];
  const ask = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (wish) {
    window.streams.push(await ask.call(this, wish));
    return window.streams.at(-1);
  };
"""

NO_CAMERA = """(name) => {
  MediaDevices.prototype.getUserMedia = async () => { throw new DOMException("no", name); };
}"""

INSECURE = """
  for (const name of ["mediaDevices", "clipboard"])
    Object.defineProperty(Navigator.prototype, name, { get: () => undefined });
"""
"""What plain http from another machine takes away from the page."""

COUNT_BITMAPS = """() => {
  const [make, close] = [window.createImageBitmap, ImageBitmap.prototype.close];
  window.bitmaps = { now: 0, most: 0, closed: 0 };
  window.createImageBitmap = async (...wish) => {
    window.bitmaps.most = Math.max(window.bitmaps.most, (window.bitmaps.now += 1));
    return make(...wish);
  };
  ImageBitmap.prototype.close = function () {
    window.bitmaps.now -= 1;
    window.bitmaps.closed += 1;
    close.call(this);
  };
}"""


@pytest.fixture
def clipboard(page: Page) -> Page:
    """A page that may read and write the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


@pytest.fixture
def camera(browser_page: Page, server: Server) -> Page:
    """A page that may use the camera."""
    browser_page.add_init_script(KEEP_STREAMS)
    browser_page.context.grant_permissions(["camera"])
    return ready(browser_page, server)


@pytest.fixture
def insecure(browser_page: Page, server: Server) -> Page:
    """A page to which the browser gives neither camera nor clipboard."""
    browser_page.add_init_script(INSECURE)
    return ready(browser_page, server)


def kept(page: Page, server: Server) -> bytes:
    """Judge the picture in view; its bytes as the storage has them."""
    page.get_by_test_id("judge-unsure").click()
    see(page.get_by_test_id("receipt")).not_to_be_empty()
    who = page.get_by_test_id("contributor").input_value()
    with FeedbackStore.open(Settings.load(server.home)) as store:
        (entry,) = store.entries(contributor=who)
        assert entry.picture_sha256 is not None
        return store.pictures.get(entry.picture_sha256)


def paste(page: Page, *files: FilePayload, text: str = "", into: str = "h1") -> bool:
    """Paste into an element; whether the page took it."""
    named = [[file["name"], base64.b64encode(file["buffer"]).decode()] for file in files]
    took: bool = page.locator(into).evaluate(PASTE, [named, text])
    return took


def copy(page: Page, text: str) -> None:
    """Put the picture of a digit into the clipboard."""
    page.evaluate(COPY, base64.b64encode(png(text)["buffer"]).decode())


def says(page: Page) -> Any:
    return see(page.get_by_test_id("input-says"))


def item(page: Page, number: int = 0) -> Any:
    return see(page.get_by_test_id(f"visit-item-{number}"))


def open_camera(page: Page) -> None:
    """With the keyboard; until it shows a picture."""
    page.get_by_test_id("camera").press("Enter")
    see(page.get_by_test_id("camera-view")).to_be_visible()
    see(page.get_by_test_id("camera-view")).to_have_js_property("readyState", 4, timeout=20_000)


def tracks(page: Page) -> list[str]:
    """The state of every camera that the page has had."""
    states: list[str] = page.evaluate(
        "window.streams.flatMap((stream) => stream.getTracks().map((one) => one.readyState))"
    )
    return states


def photograph(turn: int = 1) -> tuple[Image.Image, bytes]:
    """An upright photograph of a 2 with 12 megapixels, and a JPEG of it.

    Args:
        turn: EXIF orientation of the JPEG: 1, or 6 as phones that are held upright write it.
    """
    (example,) = [one for one in examples() if one.label == 2]
    with Image.open(io.BytesIO(example.data)) as small:
        upright = small.convert("RGB").resize((3000, 4000), Image.Resampling.BICUBIC)
    stored = upright.transpose(Image.Transpose.ROTATE_90) if turn == 6 else upright
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    out = io.BytesIO()
    stored.save(out, "JPEG", quality=90, exif=exif)
    return upright, out.getvalue()


def jpeg(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def test_pictures_pasted_anywhere_are_read(page: Page) -> None:
    assert paste(page, png("2", "image.png"), png("3", "three.png"))
    see(label(page)).to_have_text("2")
    item(page, 0).to_contain_text("pasted 1.png")
    item(page, 1).to_contain_text("three.png")


def test_a_picture_pasted_while_somebody_types_is_read(page: Page) -> None:
    choose(page, png("3"))
    see(label(page)).to_have_text("3")
    assert paste(page, png("2", "image.png"), into='[data-testid="judge-comment"]')
    see(label(page)).to_have_text("2")


def test_text_pasted_while_somebody_types_is_text_though_a_picture_of_it_comes_along(
    page: Page,
) -> None:
    field = '[data-testid="contributor"]'
    assert not paste(page, text="Ada", into=field)
    assert not paste(page, png("2", "image.png"), text="Ada", into=field)
    item(page).to_have_count(0)


def test_pasted_text_gives_a_sentence_that_the_next_picture_takes_away(page: Page) -> None:
    assert paste(page, text="hello")
    says(page).to_have_text("There is no picture in the clipboard; copy one, then press Ctrl+V.")
    paste(page, png("2", "image.png"))
    see(label(page)).to_have_text("2")
    says(page).to_be_empty()


def test_the_paste_button_reads_the_clipboard(clipboard: Page) -> None:
    copy(clipboard, "2")
    clipboard.get_by_role("button", name="Paste").click()
    see(label(clipboard)).to_have_text("2")
    item(clipboard).to_contain_text("pasted 1.png")


def test_the_paste_button_says_what_to_do_when_there_is_no_picture(clipboard: Page) -> None:
    clipboard.evaluate("navigator.clipboard.writeText('hello')")
    clipboard.get_by_test_id("paste").click()
    says(clipboard).to_contain_text("There is no picture in the clipboard")


def test_the_paste_button_says_what_to_do_when_the_browser_refuses(page: Page) -> None:
    page.context.grant_permissions(["geolocation"])  # and no other
    page.get_by_test_id("paste").click()
    says(page).to_have_text("The browser did not allow it; press Ctrl+V to paste.")
    see(page.get_by_role("status").filter(has_text="Ctrl+V")).to_be_visible()


def test_a_picture_is_taken_with_the_camera_at_its_full_size(camera: Page, server: Server) -> None:
    open_camera(camera)
    see(camera.get_by_test_id("camera-take")).to_be_focused()
    size = camera.get_by_test_id("camera-view").evaluate("(v) => [v.videoWidth, v.videoHeight]")
    camera.keyboard.press("Enter")
    item(camera).to_contain_text("photo 1.jpg")
    see(camera.get_by_test_id("camera-view")).to_be_hidden()
    assert tracks(camera) == ["ended"]
    with Image.open(io.BytesIO(kept(camera, server))) as taken:
        assert (taken.format, list(taken.size)) == ("JPEG", size)
        assert max(size) >= 1280


def test_a_second_picture_gets_the_next_number(camera: Page) -> None:
    for number in (1, 2):
        open_camera(camera)
        camera.get_by_test_id("camera-take").click()
        item(camera, number - 1).to_contain_text(f"photo {number}.jpg")
    assert tracks(camera) == ["ended", "ended"]


def test_escape_closes_the_camera_and_gives_the_focus_back(camera: Page) -> None:
    open_camera(camera)
    assert tracks(camera) == ["live"]
    camera.keyboard.press("Escape")
    see(camera.get_by_test_id("camera-view")).to_be_hidden()
    see(camera.get_by_test_id("camera")).to_be_focused()
    assert tracks(camera) == ["ended"]
    item(camera).to_have_count(0)


@pytest.mark.parametrize(
    "end",
    [
        "document.querySelector('[data-testid=camera-close]').click()",
        "dispatchEvent(new PageTransitionEvent('pagehide'))",
        """(async () => {
          for (const found of Object.values(window.jupyterapp.widgetManager._models)) {
            const model = await found;
            if (model.get("max_side")) await model.close(true);
          }
        })()""",
    ],
    ids=["close", "pagehide", "view removed"],
)
def test_the_camera_is_let_go(camera: Page, end: str) -> None:
    open_camera(camera)
    camera.evaluate(end)
    wait_until(lambda: tracks(camera) == ["ended"], "the camera is let go")
    see(camera.get_by_test_id("camera-view")).to_be_hidden()


def test_keys_judge_nothing_while_the_camera_is_open(camera: Page) -> None:
    choose(camera, png("2"))
    see(label(camera)).to_have_text("2")
    open_camera(camera)
    camera.keyboard.press("3")
    camera.keyboard.press("Escape")
    see(camera.get_by_test_id("camera-view")).to_be_hidden()
    see(camera.locator(".dl-count")).to_have_text("1 picture, 0 judged")


def test_a_refused_camera_gives_a_sentence_and_a_file_input(page: Page) -> None:
    page.context.grant_permissions(["geolocation"])  # and no other
    page.get_by_test_id("camera").press("Enter")
    says(page).to_have_text("The camera was not allowed; choose a picture instead.")
    instead = page.get_by_test_id("camera-file-input")
    see(instead).to_be_focused()
    instead.set_input_files(png("2"))
    see(label(page)).to_have_text("2")


@pytest.mark.parametrize(
    ("reason", "sentence", "buttons"),
    [
        ("NotFoundError", "No camera was found here; choose a picture instead.", 0),
        ("NotReadableError", "The camera is in use elsewhere; close it there and try again.", 1),
        ("AbortError", "The camera did not start; choose a picture instead.", 0),
    ],
)
def test_a_camera_that_does_not_start_gives_a_sentence(
    page: Page, reason: str, sentence: str, buttons: int
) -> None:
    page.evaluate(NO_CAMERA, reason)
    page.get_by_test_id("camera").click()
    says(page).to_have_text(sentence)
    see(page.get_by_test_id("camera")).to_have_count(buttons)
    see(page.get_by_test_id("camera-file-input")).to_have_count(1 - buttons)


def test_a_phone_over_plain_http_gets_its_own_camera_through_a_file_input(insecure: Page) -> None:
    see(insecure.get_by_test_id("camera")).to_have_count(0)
    see(insecure.get_by_test_id("paste")).to_have_count(0)
    see(insecure.get_by_text("Take a picture")).to_be_visible()
    instead = insecure.get_by_label("Take a picture")
    see(instead).to_have_attribute("capture", "environment")
    see(instead).to_have_attribute("accept", "image/*")
    instead.set_input_files(png("2", "image.jpg"))
    see(label(insecure)).to_have_text("2")


def test_a_photograph_of_12_megapixels_arrives_upright_with_2048_pixels(
    page: Page, server: Server
) -> None:
    upright, data = photograph(turn=6)
    choose(page, jpeg("IMG_1.JPG", data))
    see(label(page)).to_have_text("2", timeout=30_000)
    item(page).to_contain_text("IMG_1.JPG")
    with Image.open(io.BytesIO(kept(page, server))) as arrived:
        assert (arrived.format, arrived.size) == ("JPEG", (1536, SIDE))
        assert arrived.getexif().get(ORIENTATION, 1) == 1
        there, here = (
            np.asarray(one.convert("L").resize((150, 200)), float) for one in (upright, arrived)
        )
    assert np.abs(there - here).mean() < 2


def test_a_picture_of_1000_pixels_arrives_as_it_is(page: Page, server: Server) -> None:
    out = io.BytesIO()
    digit_picture("2", side=1000).save(out, "PNG")
    choose(page, {"name": "two.png", "mimeType": "image/png", "buffer": out.getvalue()})
    see(label(page)).to_have_text("2")
    assert kept(page, server) == out.getvalue()


def test_a_large_drawing_stays_a_png_and_transparent(page: Page, server: Server) -> None:
    ink = digit_picture("2", side=2500).convert("L").point(lambda shade: 255 - shade)
    drawing = Image.new("RGBA", ink.size, "white")  # white ink, which white paper would hide
    drawing.putalpha(ink)
    out = io.BytesIO()
    drawing.save(out, "PNG")
    choose(page, {"name": "two.png", "mimeType": "image/png", "buffer": out.getvalue()})
    see(label(page)).to_have_text("2")
    with Image.open(io.BytesIO(kept(page, server))) as arrived:
        assert (arrived.format, arrived.mode, arrived.size) == ("PNG", "RGBA", (SIDE, SIDE))


def test_a_photograph_kept_as_png_becomes_a_jpeg(page: Page, server: Server) -> None:
    noise = np.random.default_rng(1).integers(0, 60, (2100, 2100, 1), np.uint8)
    grainy = np.asarray(digit_picture("2", side=2100)) - np.minimum(noise, 30)
    out = io.BytesIO()
    Image.fromarray(grainy.astype(np.uint8)).save(out, "PNG", compress_level=1)
    choose(page, {"name": "scan.png", "mimeType": "image/png", "buffer": out.getvalue()})
    item(page).to_contain_text("scan.jpg", timeout=30_000)
    with Image.open(io.BytesIO(kept(page, server))) as arrived:
        assert (arrived.format, arrived.size) == ("JPEG", (SIDE, SIDE))


@pytest.mark.parametrize("ending", ["tiff", "heic"])
def test_what_the_browser_cannot_decode_travels_as_it_is(
    page: Page, server: Server, tmp_path: Path, ending: str
) -> None:
    import pillow_heif

    path = tmp_path / f"two.{ending}"
    picture = digit_picture("2", side=2200)
    if ending == "heic":
        pillow_heif.from_pillow(picture).save(path, quality=80)
    else:
        picture.save(path)
    choose(page, path)
    see(label(page)).to_have_text("2", timeout=30_000)
    item(page).to_contain_text(path.name)
    assert kept(page, server) == path.read_bytes()


def test_the_limit_in_bytes_is_for_what_travels(page: Page, server: Server, tmp_path: Path) -> None:
    path = tmp_path / "large.bmp"
    digit_picture("2", side=2700).save(path)
    assert path.stat().st_size > Settings.load(server.home).max_bytes
    choose(page, path)
    see(label(page)).to_have_text("2", timeout=30_000)
    item(page).to_contain_text("large.jpg")


def test_a_batch_is_reduced_one_at_a_time_and_keeps_its_order(page: Page) -> None:
    page.evaluate(COUNT_BITMAPS)
    _, data = photograph()
    choose(page, *(jpeg(f"{number}.jpg", data) for number in (1, 2, 3)))
    for number in (1, 2, 3):
        item(page, number - 1).to_contain_text(f"{number}.jpg", timeout=30_000)
    assert page.evaluate("window.bitmaps") == {"now": 0, "most": 1, "closed": 3}


def test_stop_holds_also_while_a_picture_is_reduced(page: Page) -> None:
    page.evaluate(
        """() => {
          const make = window.createImageBitmap;
          window.createImageBitmap = async (...wish) => {
            window.createImageBitmap = make;
            await new Promise((resolve) => (window.goOn = resolve));
            return make(...wish);
          };
        }"""
    )
    choose(page, png("2"))
    see(page.get_by_text("Preparing 2.png")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    see(page.get_by_role("button", name="Stop")).to_be_hidden()
    choose(page, png("3"))
    page.evaluate("window.goOn()")
    see(label(page)).to_have_text("3")
    item(page).to_contain_text("3.png")
