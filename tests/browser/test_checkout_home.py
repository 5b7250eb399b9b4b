"""In a checkout, with no home named anywhere, every trigger opens the same home."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.browser_page import choose, label, png, see
from support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

READ = """
import json, digitlab
lab = digitlab.open()
print(json.dumps([str(lab.settings.home), lab.settings.home_source,
                  [e.to_dict() | {"bytes": len(lab.feedback.pictures.get(e.picture_sha256))}
                   for e in lab.feedback.entries()]]))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout with a home as empty as a fresh clone's."""
    folder = tmp_path / "checkout"
    for part in ("digitlab", "dashboards", "models/base"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_a_correction_on_the_page_is_read_by_another_process(
    checkout: Path, tmp_path: Path, browser_page: Page
) -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DIGITLAB")}
    environ["PYTHONPATH"] = str(checkout)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "digitlab", "serve", "--port", "0", "--no-open"],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
        cwd=elsewhere,
    )
    try:
        assert server.stdout is not None
        said = re.search(r"http://\S+", server.stdout.readline())
        assert said
        browser_page.goto(said[0])
        browser_page.get_by_test_id("digitlab-ready").wait_for(state="attached", timeout=90_000)
        picture = png("7")
        choose(browser_page, picture)
        see(label(browser_page)).to_have_text("7")
        browser_page.get_by_test_id("judge-comment").fill("a one with a flag")
        browser_page.get_by_test_id("judge-wrong-1").click()
        see(browser_page.get_by_test_id("receipt")).to_contain_text("1")
    finally:
        server.terminate()
        server.wait(30)
    done = subprocess.run(
        [sys.executable, "-c", READ],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
        cwd=tmp_path,
    )
    home, source, (entry,) = json.loads(done.stdout)
    assert (home, source) == (str(checkout), "checkout")
    assert (entry["predicted"], entry["label"], entry["comment"]) == (7, 1, "a one with a flag")
    assert entry["bytes"] == len(picture["buffer"])
