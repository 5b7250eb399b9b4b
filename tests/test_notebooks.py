"""Each notebook is thin, committed without outputs, and runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from digitlab.settings import bundled

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("dashboards/*.ipynb")])


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_thin_and_has_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert "def " not in cell.source
            assert len(cell.source.splitlines()) <= 10


@pytest.mark.notebook
def test_the_quickstart_runs_and_leaves_its_verdict_in_the_ledger(home, tmp_path):
    done = execute("quickstart", tmp_path)
    shown = [o for cell in done.cells for o in cell.get("outputs", ())]
    assert any("text/html" in o.get("data", {}) for o in shown)
    environ = {**os.environ, "DIGITLAB_HOME": str(home)}
    listed = subprocess.run(
        [sys.executable, "-m", "digitlab", "feedback", "list", "--json"],
        env=environ,
        capture_output=True,
        check=True,
    )
    assert [json.loads(line)["verdict"] for line in listed.stdout.splitlines()] == ["right"]


@pytest.mark.notebook
@pytest.mark.tf
def test_the_training_notebook_runs_with_tiny_parameters(home, tmp_path):
    done = execute("train", tmp_path, epochs=1, images=256, home=str(home))
    pictures = [
        o
        for cell in done.cells
        for o in cell.get("outputs", ())
        if "image/png" in o.get("data", {})
    ]
    assert len(pictures) == 3
    assert (home / "models" / "v0001" / "card.json").is_file()


def execute(name: str, folder: Path, **parameters: object) -> nbformat.NotebookNode:
    return papermill.execute_notebook(
        bundled("notebooks") / f"{name}.ipynb",
        folder / f"{name}.ipynb",
        parameters=parameters,
        cwd=folder,
        progress_bar=False,
    )
