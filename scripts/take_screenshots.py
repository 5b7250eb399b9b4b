"""Take the screenshots of the documentation, from a real server in a real Chromium.

    .venv/bin/python scripts/take_screenshots.py

The script writes `docs/screenshots/*.png`: a prediction on a phone and on a desktop, light and
dark; a batch of which half has verdicts; and the outcome of a fine-tune. The fine-tune is a real
one, so the script takes two minutes. Look at the pictures before you commit them.
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
# `tests` must be on the path.
from support.browser_page import choose_pictures, predicted_digit  # noqa: E402
from support.chromium import launch  # noqa: E402
from support.misread_digits import SCALE, misread_digits  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
}
EXAMPLE = 0  # shown in the screenshots of a prediction
PAIRS = 12  # of an upright and a mirrored digit in the batch
FINE_TUNE_TIMEOUT_MS = 540_000


def main() -> None:
    """Take all screenshots."""
    OUT.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        served(Path(home)) as url,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        for scheme in ("light", "dark"):
            for window in (DESKTOP, PHONE):
                take_prediction(open_page(browser, url, color_scheme=scheme, **window))
        take_batch_and_fine_tune(open_page(browser, url, color_scheme="light", **DESKTOP))
        browser.close()


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve a home and yield the page's address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "digitlab", "--home", str(home), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address
        yield address[0]
    finally:
        server.terminate()
        server.wait(30)


def open_page(browser: Browser, url: str, **context: Any) -> Page:
    """Open the page in a new browser context and enter a contributor."""
    page = browser.new_context(**context).new_page()
    page.goto(url)
    page.get_by_test_id("digitlab-ready").wait_for(state="attached", timeout=90_000)
    page.get_by_test_id("contributor").fill("Ada")
    page.get_by_test_id("contributor").press("Enter")
    return page


def take_prediction(page: Page) -> None:
    """Predict an example picture; the file's name has the window's width."""
    page.get_by_test_id(f"example-{EXAMPLE}").click()
    expect(predicted_digit(page)).to_have_text(str(examples()[EXAMPLE].label))
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    width = page.viewport_size and page.viewport_size["width"]
    take(page, f"page-{width}{'-dark' if dark else ''}")
    page.context.close()


def take_batch_and_fine_tune(page: Page) -> None:
    """Label a batch of upright and mirrored digits by keyboard, then fine-tune."""
    digits = list(upright_and_mirrored())
    choose_pictures(page, *(file for file, _ in digits))
    expect(page.get_by_test_id(f"visit-item-{len(digits) - 1}")).to_be_visible(timeout=60_000)
    for number, (_, digit) in enumerate(digits):
        expect(page.get_by_test_id(f"visit-item-{number}")).to_have_attribute(
            "aria-current", "true"
        )
        if number == len(digits) // 2:
            expect(page.locator(".dl-count")).not_to_contain_text("being saved")
            expect(page.locator(".dl-picture image")).to_be_visible()
            take(page, "grid-1280")
        page.keyboard.press(str(digit))
    expect(page.locator(".dl-count")).to_contain_text(f"{len(digits)} judged")
    page.get_by_test_id("fine-tune").click()
    outcome = page.get_by_test_id("fine-tune-says")
    expect(outcome).to_contain_text("proved better", timeout=FINE_TUNE_TIMEOUT_MS)
    page.locator(".dl-fine-tune").screenshot(path=OUT / "learn-1280.png")


def upright_and_mirrored() -> Iterator[tuple[FilePayload, int]]:
    """Yield picture files with their labels: an upright digit, a mirrored digit, and so on."""
    base = Classifier.load(bundled("models/base"))
    mirrored = ((picture.file, picture.label) for picture in misread_digits(base, PAIRS))
    return chain.from_iterable(zip(upright(), mirrored, strict=False))


def upright() -> Iterator[tuple[FilePayload, int]]:
    """Yield picture files of MNIST's digits with their labels."""
    digits = zip(*mnist.load("validation"), strict=True)
    for number, (image, digit) in enumerate(islice(digits, PAIRS)):
        sheet = (255 - image).repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        buffer = io.BytesIO()
        Image.fromarray(sheet).save(buffer, "PNG")
        name = f"sheet {number}.png"
        yield {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}, int(digit)


def take(page: Page, name: str) -> None:
    """Write a screenshot of the whole page, without the mouse pointer on it."""
    page.mouse.move(1, 1)
    page.screenshot(path=OUT / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()
