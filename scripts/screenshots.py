"""Take the README's screenshots of the real page, in a real Chromium on a real server.

    .venv/bin/python scripts/screenshots.py

Writes `docs/screenshots/page-WIDTH.png` for a phone and a desktop; look at them before you
commit them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from digitlab.images.examples import examples

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from conftest import launch  # noqa: E402 # the browser that the tests use

OUT = ROOT / "docs" / "screenshots"
SIZES = {1280: 860, 360: 740}
EXAMPLE = 0


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        server = subprocess.Popen(
            [sys.executable, "-m", "digitlab", "--home", home, "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            said = re.search(r"http://\S+", server.stdout.readline())
            assert said
            shoot(said[0])
        finally:
            server.terminate()
            server.wait(30)


def shoot(url: str) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for width, height in SIZES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(url)
            page.get_by_test_id("digitlab-ready").wait_for(state="attached", timeout=90_000)
            page.get_by_test_id(f"example-{EXAMPLE}").click()
            page.get_by_test_id("prediction-confidence").wait_for()
            page.get_by_test_id("prediction-label").get_by_text(
                str(examples()[EXAMPLE].label), exact=True
            ).wait_for()
            page.mouse.move(1, 1)
            page.screenshot(path=OUT / f"page-{width}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
