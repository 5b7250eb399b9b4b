"""`lab.page()` in a real JupyterLab: the same page, and the notebook's own keys unharmed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.browser_page import choose, label, png, see
from support.live_server import environment, fetch, wait_until

from digitlab.settings import Settings, bundled
from digitlab.store import FeedbackStore

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

OPTIONS = {
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.port_retries": "0",
    "ServerApp.open_browser": "False",
    "IdentityProvider.token": "",
    "LabApp.news_url": "None",
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    "LabApp.extension_manager": "readonly",
}


@pytest.fixture
def jupyterlab(tmp_path: Path) -> Iterator[str]:
    """Address of a JupyterLab of its own, without a person's configuration, on tmp_path."""
    shutil.copy(bundled("dashboards") / "digits.ipynb", tmp_path)
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environ = environment(
        DIGITLAB_HOME=str(tmp_path / "home"),
        JUPYTERLAB_SETTINGS_DIR=str(tmp_path / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(tmp_path / "workspaces"),
        **{name: str(tmp_path / name.lower()) for name in folders},
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--{name}={value}" for name, value in OPTIONS.items()]
    options += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={tmp_path}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    url = f"http://127.0.0.1:{port}/"
    with (tmp_path / "jupyterlab.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            stdout=log,
            stderr=log,
            env=environ,
            cwd=tmp_path,
        )
    try:
        wait_until(lambda: _answers(url), "JupyterLab answers", timeout=120)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def test_the_page_works_in_jupyterlab_and_leaves_its_keys_alone(
    browser_page: Page, jupyterlab: str, tmp_path: Path
) -> None:
    page = browser_page
    page.goto(f"{jupyterlab}lab/tree/digits.ipynb")
    editor = page.locator(".jp-Notebook .jp-InputArea-editor").first
    editor.click(timeout=90_000)
    see(page.locator('[data-status="idle"]').first).to_be_attached(timeout=60_000)
    for _ in range(3):
        page.keyboard.press("Shift+Enter")
    page.get_by_test_id("digitlab-ready").wait_for(timeout=60_000)
    cells = page.locator(".jp-Notebook .jp-Cell").count()

    choose(page, png("2"), png("5"))
    see(label(page)).to_have_text("2")
    see(page.get_by_test_id("visit-item-1")).to_be_visible()
    page.keyboard.press("3")
    see(label(page)).to_have_text("5")
    page.get_by_test_id("judge-comment").press_sequentially("a b d d")  # each is a notebook key
    see(page.get_by_test_id("judge-comment")).to_have_value("a b d d")
    page.get_by_test_id("judge-right").click()
    see(page.locator(".dl-count")).to_have_text("2 pictures, 2 judged")
    page.keyboard.press("b")  # within the page: no new cell
    editor.click()
    page.keyboard.press("Escape")
    page.keyboard.press("u")  # outside the page: no verdict
    see(page.locator(".jp-Notebook .jp-Cell")).to_have_count(cells)

    with FeedbackStore.open(Settings.load(tmp_path / "home")) as store:
        said = [(entry.verdict, entry.label, entry.comment) for entry in store.entries()]
    assert said == [("wrong", 3, ""), ("right", 5, "a b d d")]


def _answers(url: str) -> bool:
    try:
        return fetch(f"{url}api/status").status == 200
    except OSError:
        return False
