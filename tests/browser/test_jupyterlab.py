"""`lab.page()` in a real JupyterLab: the page works, and so do the keys of the notebook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
    visit_item,
)
from support.live_server import STOP_TIMEOUT_S, environment, fetch, wait_until

from digitlab.settings import Settings, bundled
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

OPTIONS = {
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.port": "0",
    "ServerApp.open_browser": "False",
    "IdentityProvider.token": "",
    "LabApp.news_url": "None",
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    "LabApp.extension_manager": "readonly",
}


@pytest.fixture
def jupyterlab(tmp_path: Path) -> Iterator[str]:
    """Run a JupyterLab on `tmp_path` without a person's configuration; yield its address."""
    shutil.copy(bundled("dashboards") / "digits.ipynb", tmp_path)
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environ = environment(
        DIGITLAB_HOME=str(tmp_path / "home"),
        JUPYTERLAB_SETTINGS_DIR=str(tmp_path / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(tmp_path / "workspaces"),
        **{name: str(tmp_path / name.lower()) for name in folders},
    )
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    options.append(f"--ServerApp.root_dir={tmp_path}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    with (tmp_path / "jupyterlab.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            stdout=log,
            stderr=log,
            env=environ,
            cwd=tmp_path,
        )
    info = tmp_path / "jupyter_runtime_dir" / f"jpserver-{process.pid}.json"
    try:
        wait_until(lambda: responds(info), "JupyterLab responds", timeout=120)
        yield json.loads(info.read_text())["url"]
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)


def responds(info: Path) -> bool:
    """Return whether the server that writes the file `info` responds."""
    try:
        return fetch(f"{json.loads(info.read_text())['url']}api/status").status == 200
    except (OSError, ValueError):  # not written, or written in part
        return False


def test_the_page_works_in_jupyterlab_without_using_the_notebooks_keys(
    browser_page: Page, jupyterlab: str, tmp_path: Path
) -> None:
    page = browser_page
    page.goto(f"{jupyterlab}lab/tree/digits.ipynb")
    editor = page.locator(".jp-Notebook .jp-InputArea-editor").first
    editor.click(timeout=START_TIMEOUT_MS)
    expect(page.locator('[data-status="idle"]').first).to_be_attached()
    for _ in range(3):
        page.keyboard.press("Shift+Enter")
    page.get_by_test_id("digitlab-ready").wait_for(timeout=START_TIMEOUT_MS)
    cells = page.locator(".jp-Notebook .jp-Cell").count()

    choose_pictures(page, png_file("2"), png_file("5"))
    expect(visit_item(page, 1)).to_be_visible()
    expect_in_view(page, 0)
    expect(predicted_digit(page)).to_have_text("2")
    page.keyboard.press("3")
    expect_in_view(page, 1)
    expect(predicted_digit(page)).to_have_text("5")
    page.get_by_test_id("judge-comment").press_sequentially("a b d d")  # keys of the notebook
    expect(page.get_by_test_id("judge-comment")).to_have_value("a b d d")
    page.get_by_test_id("judge-right").click()
    expect(page.locator(".dl-count")).to_have_text("2 pictures, 2 judged")
    page.keyboard.press("b")  # within the page: adds no cell
    editor.click()
    page.keyboard.press("Escape")
    page.keyboard.press("u")  # outside the page: gives no verdict
    expect(page.locator(".jp-Notebook .jp-Cell")).to_have_count(cells)

    with FeedbackStore.open(Settings.load(tmp_path / "home")) as store:
        verdicts = [(entry.verdict, entry.label, entry.comment) for entry in store.entries()]
    assert verdicts == [("wrong", 3, ""), ("right", 5, "a b d d")]
