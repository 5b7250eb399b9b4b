"""What the tests of the page do in a browser: open it, give it pictures, look."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from support.live_server import Server

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator, Page

DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, content] of files) {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
  }
  document.querySelector("h1").dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def ready(page: Page, server: Server) -> Page:
    page.goto(server.url)
    page.get_by_test_id("digitlab-ready").wait_for(timeout=90_000)
    return page


def see(locator: Locator) -> Any:
    """Playwright's assertions, which wait; imported late, as plain `pytest` has no browser."""
    from playwright.sync_api import expect

    return expect(locator)


def digit_picture(text: str, side: int = 200) -> Image.Image:
    """A printed digit in dark ink on white paper."""
    picture = Image.new("RGB", (side, side), "white")
    font = ImageFont.load_default(size=side * 0.6)
    ImageDraw.Draw(picture).text((side * 0.33, side * 0.15), text, "#223", font=font)
    return picture


def png(text: str, name: str | None = None) -> FilePayload:
    """A file for the page's file input."""
    out = io.BytesIO()
    digit_picture(text).save(out, "PNG")
    return {"name": name or f"{text}.png", "mimeType": "image/png", "buffer": out.getvalue()}


def choose(page: Page, *files: FilePayload | Path) -> None:
    page.get_by_test_id("picture-file-input").set_input_files(list(files))  # type: ignore[arg-type]


def drop(page: Page, *files: FilePayload) -> None:
    """Drop PNG files on the page, all at once."""
    named = [(file["name"], base64.b64encode(file["buffer"]).decode()) for file in files]
    page.evaluate(DROP, named)


def label(page: Page) -> Locator:
    return page.get_by_test_id("prediction-digit")
