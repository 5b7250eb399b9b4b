"""The home of a checkout: the page and a Python process open the same one by default."""

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
from support.browser_page import (
    START_TIMEOUT_MS,
    choose_pictures,
    expect,
    expect_in_view,
    png_file,
    predicted_digit,
)
from support.live_server import STOP_TIMEOUT_S
from support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PRINT_FEEDBACK = """
import json, digitlab
lab = digitlab.open()
print(json.dumps([str(lab.settings.home), lab.settings.home_source,
                  [e.to_dict() | {"bytes": len(lab.feedback.pictures.get(e.picture_sha256))}
                   for e in lab.feedback.entries()]]))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy the checkout; like a fresh clone, the copy has no feedback."""
    folder = tmp_path / "checkout"
    for part in ("digitlab", "dashboards", "models/base"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_another_process_reads_a_correction_from_the_page(
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
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address
        browser_page.goto(address[0])
        browser_page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)
        picture = png_file("7")
        choose_pictures(browser_page, picture)
        expect_in_view(browser_page, 0)
        expect(predicted_digit(browser_page)).to_have_text("7")
        browser_page.get_by_test_id("judge-comment").fill("a one with a flag")
        browser_page.get_by_test_id("judge-wrong-1").click()
        expect(browser_page.get_by_test_id("receipt")).to_contain_text("this is a 1")
    finally:
        server.terminate()
        server.wait(STOP_TIMEOUT_S)
    done = subprocess.run(
        [sys.executable, "-c", PRINT_FEEDBACK],
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
