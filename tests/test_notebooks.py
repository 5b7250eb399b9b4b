"""Each notebook is thin, committed without outputs, and runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill import inspect_notebook
from support.paths import ROOT

from digitlab.learning.config import PARAMETER_TYPES, FineTuneConfig
from digitlab.settings import Settings, bundled
from digitlab.store import RunLog

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
            parameters = "parameters" in cell.metadata.get("tags", ())  # a line for each
            assert parameters or len(cell.source.splitlines()) <= 10


@pytest.mark.notebook
def test_the_quickstart_runs_and_stores_its_verdict(home, tmp_path):
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


def test_the_fine_tune_notebook_has_the_parameters_of_its_configuration():
    """With the same defaults, and those that do not change the version."""
    notebook = nbformat.read(bundled("notebooks") / "fine_tune.ipynb", as_version=4)
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", ())]
    names: dict[str, object] = {}
    exec(cell.source, names)  # noqa: S102  # our own
    del names["__builtins__"], names["__annotations__"]
    place = {"home": None, "run": None, "evaluate_on": None}
    assert names == place | FineTuneConfig().to_dict()


def test_each_parameter_of_the_fine_tune_notebook_has_a_comment():
    shown = inspect_notebook(bundled("notebooks") / "fine_tune.ipynb")
    assert [name for name, said in shown.items() if not said["help"]] == []
    assert len(shown) == len(PARAMETER_TYPES) + 3


@pytest.mark.notebook
def test_the_fine_tune_notebook_reports_nothing_new(home, tmp_path):
    done = execute("fine_tune", tmp_path, home=str(home), run="monday")
    shown = [o["data"]["text/html"] for c in done.cells for o in c.get("outputs", ())]
    assert "There was no accepted correction to learn from." in shown[0]
    assert ["nothing-new" in html for html in shown[1:]] == [True] * 4
    with RunLog.open(Settings.load(home, environ={})) as log:
        assert (log.get("monday").outcome, log.get("monday").trigger) == (
            "nothing-new",
            "papermill",
        )


@pytest.mark.notebook
def test_papermill_with_an_unknown_parameter_fails_in_the_first_cell(home, tmp_path):
    notebook = bundled("notebooks") / "fine_tune.ipynb"
    command = [sys.executable, "-m", "papermill", str(notebook), "out.ipynb", "-p", "sed", "1"]
    failed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "There is no parameter 'sed'; did you mean 'seed'?" in failed.stderr
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    sources = [c.source for c in done.cells if c.get("execution_count")]
    assert "FineTune.from_notebook(globals())" in sources[-1]  # the cell after the parameters
    assert not home.exists()


def execute(name: str, folder: Path, **parameters: object) -> nbformat.NotebookNode:
    return papermill.execute_notebook(
        bundled("notebooks") / f"{name}.ipynb",
        folder / f"{name}.ipynb",
        parameters=parameters,
        cwd=folder,
        progress_bar=False,
    )
