"""The actions of a visitor on the page in a browser, and the waits that they need."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from support.chromium import TIMEOUT_MS
from support.live_server import Server

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page

START_TIMEOUT_MS = 120_000
"""Longest wait for a page to start; its server may have no warm kernel."""

SETTLE = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const boxes = () => [scrollX, scrollY, ...[...document.querySelectorAll("body, body *")].flatMap(
    (element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height];
    })].join();
  const ends = (animation) => animation.effect.getComputedTiming().endTime !== Infinity;
  const deadline = performance.now() + 30_000;
  let earlier;
  do {
    if (performance.now() > deadline) throw new Error("the layout does not come to rest");
    await document.fonts.ready;
    await Promise.allSettled([...document.images].map((image) => image.decode()));
    await Promise.allSettled(document.getAnimations().filter(ends).map(({ finished }) => finished));
    await frame();
    earlier = boxes();
    await frame();
  } while (earlier !== boxes());
}"""

DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
  }
  document.querySelector("h1").dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def open_page(page: Page, server: Server) -> Page:
    """Go to the page of a server and wait until all of its views are ready."""
    page.goto(server.url)
    page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)
    return page


def expect(subject: Locator | Page) -> Any:
    """Return Playwright's expectations of a locator or page; they wait for up to `TIMEOUT_MS`."""
    # Imported late, because the quick tests run without a browser.
    from playwright.sync_api import expect as playwright_expect

    playwright_expect.set_options(timeout=TIMEOUT_MS)
    return playwright_expect(subject)


def settle(page: Page) -> None:
    """Wait until fonts and images have loaded and no box moves between two frames.

    Call it before positions, sizes or pixels are measured. It does not wait for the kernel: first
    expect the state that the test is about.
    """
    page.evaluate(SETTLE)


def fits_window(page: Page) -> bool:
    """Return whether the page is no wider than its window."""
    settle(page)
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def digit_picture(text: str, side: int = 200) -> Image.Image:
    """Draw a printed digit in dark ink on white paper."""
    picture = Image.new("RGB", (side, side), "white")
    font = ImageFont.load_default(size=side * 0.6)
    ImageDraw.Draw(picture).text((side * 0.33, side * 0.15), text, "#223", font=font)
    return picture


def png_file(picture: str | Image.Image, name: str | None = None) -> FilePayload:
    """Return a PNG file for the page's file input.

    Args:
        picture: the picture, or the digit that it shows.
        name: name of the file; None for the digit's name, such as "2.png".
    """
    out = io.BytesIO()
    image = digit_picture(picture) if isinstance(picture, str) else picture
    image.save(out, "PNG")
    return {"name": name or f"{picture}.png", "mimeType": "image/png", "buffer": out.getvalue()}


def choose_pictures(page: Page, *files: FilePayload | Path) -> None:
    """Choose files with the page's file input, all at once."""
    page.get_by_test_id("picture-file-input").set_input_files(list(files))  # type: ignore[arg-type]


def drop_pictures(page: Page, *files: FilePayload) -> None:
    """Drop PNG files on the page, all at once."""
    named = [(file["name"], base64.b64encode(file["buffer"]).decode()) for file in files]
    page.evaluate(DROP, named)


def predicted_digit(page: Page) -> Locator:
    """Return the headline of the prediction in view."""
    return page.get_by_test_id("prediction-digit")


def visit_item(page: Page, number: int) -> Locator:
    """Return the grid's cell of the item with this number, from 0."""
    return page.get_by_test_id(f"visit-item-{number}")


def expect_in_view(page: Page, number: int) -> None:
    """Wait until the page shows an item; the next key acts on it.

    The grid is the last view that the kernel updates: when it marks the item, the prediction and
    the verdict buttons show it too.
    """
    expect(visit_item(page, number)).to_have_attribute("aria-current", "true")


def kernel_id(page: Page) -> str:
    """Return the id of the kernel behind the page."""
    value: str = page.evaluate(
        "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    )
    return value
