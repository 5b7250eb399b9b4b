"""Take the documents' screenshots of the real page, in a real Chromium on a real server.

    .venv/bin/python scripts/screenshots.py

Writes `docs/screenshots/*.png`: a prediction on a phone and on a desktop, light and dark; a batch
that is half judged; and a fine-tune's verdict. The fine-tune is a real one, so this takes two
minutes. Look at the pictures before you commit them.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect, sync_playwright

from digitlab.datasets import mnist
from digitlab.images.examples import examples
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from support.browser_page import choose, label  # noqa: E402 # what the tests of the page do in a browser
from support.chromium import launch  # noqa: E402 # the browser that the tests use
from support.misread_digits import SCALE, misread  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
EXAMPLE = 0
PAIRS = 12
RUN_MS = 540_000


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, served(Path(home)) as url, sync_playwright() as run:
        browser = launch(run)
        for scheme in ("light", "dark"):
            for window in (DESKTOP, PHONE):
                shoot_prediction(open_page(browser, url, color_scheme=scheme, **window))
        shoot_batch(open_page(browser, url, color_scheme="light", **DESKTOP))
        browser.close()


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of a server of this home."""
    server = subprocess.Popen(
        [sys.executable, "-m", "digitlab", "--home", str(home), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        said = re.search(r"http://\S+", server.stdout.readline())
        assert said
        yield said[0]
    finally:
        server.terminate()
        server.wait(30)


def open_page(browser: Browser, url: str, **look: Any) -> Page:
    page = browser.new_context(**look).new_page()
    page.goto(url)
    page.get_by_test_id("digitlab-ready").wait_for(state="attached", timeout=90_000)
    page.get_by_test_id("contributor").fill("Ada")
    page.get_by_test_id("contributor").press("Enter")
    return page


def shoot_prediction(page: Page) -> None:
    page.get_by_test_id(f"example-{EXAMPLE}").click()
    expect(label(page)).to_have_text(str(examples()[EXAMPLE].label))
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    width = page.viewport_size and page.viewport_size["width"]
    shoot(page, f"page-{width}{'-dark' if dark else ''}")
    page.context.close()


def shoot_batch(page: Page) -> None:
    """Plain digits and digits in a mirror, gone through by keyboard; then what is learned."""
    digits = list(pictures())
    choose(page, *(file for file, _ in digits))
    expect(page.get_by_test_id(f"visit-item-{len(digits) - 1}")).to_be_visible(timeout=60_000)
    for number, (_, digit) in enumerate(digits):
        expect(page.get_by_test_id(f"visit-item-{number}")).to_have_attribute(
            "aria-current", "true"
        )
        if number == len(digits) // 2:
            shoot(page, "grid-1280")
        page.keyboard.press(str(digit))
    expect(page.locator(".dl-count")).to_contain_text(f"{len(digits)} judged")
    page.get_by_test_id("fine-tune").click()
    verdict = page.get_by_test_id("fine-tune-says")
    expect(verdict).to_contain_text("proved better", timeout=RUN_MS)
    page.locator(".dl-learn").screenshot(path=OUT / "learn-1280.png")


def pictures() -> Iterator[tuple[FilePayload, int]]:
    """In turns a digit as it is and one in a mirror, with the right digits."""
    base = Classifier.load(bundled("models/base"))
    mirrored = ((picture.file, picture.digit) for picture in misread(base, PAIRS))
    return chain.from_iterable(zip(plain(), mirrored, strict=False))


def plain() -> Iterator[tuple[FilePayload, int]]:
    for number, (image, digit) in enumerate(islice(zip(*mnist.load("tune"), strict=True), PAIRS)):
        sheet = (255 - image).repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        out = io.BytesIO()
        Image.fromarray(sheet).save(out, "PNG")
        name = f"sheet {number}.png"
        yield {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}, int(digit)


def shoot(page: Page, name: str) -> None:
    page.mouse.move(1, 1)
    page.screenshot(path=OUT / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
