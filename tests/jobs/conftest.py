"""Homes, and runs of the stand-in notebook."""

import sys

import pytest
from support.fake_fine_tune import preview_module, something_new, write_notebook

from digitlab.jobs import launch
from digitlab.settings import Settings
from digitlab.store import RunLog


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def log(settings):
    with RunLog.open(settings) as log:
        yield log


@pytest.fixture
def set_preview(monkeypatch):
    """Return a function that replaces `preview_feedback` for the rest of the test."""

    def set_preview(preview_feedback):
        module = preview_module(preview_feedback)
        monkeypatch.setitem(sys.modules, "digitlab.learning.data.preview", module)

    return set_preview


@pytest.fixture
def without_tensorflow(tmp_path, monkeypatch):
    """Keep tensorflow out of the kernels of runs: it takes seconds, and the stand-in needs none."""
    folder = tmp_path / "no-tensorflow"
    folder.mkdir()
    (folder / "tensorflow.py").write_text("raise ImportError('not needed in this test')\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.fixture
def stand_in(tmp_path, set_preview, without_tensorflow, monkeypatch):
    """Let every run execute the stand-in notebook; return its path."""
    set_preview(something_new)
    notebook = write_notebook(tmp_path)
    monkeypatch.setattr(launch, "NOTEBOOK", notebook)
    return notebook
