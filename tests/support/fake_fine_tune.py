"""A stand-in for the fine-tune's notebook: it goes through a run's steps and learns nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import nbformat

from digitlab.settings import Settings
from digitlab.store import RunLog

PARAMETERS = """\
home = ""
run = ""
seed = 1
steps = 3
step_s = 0.01
deaf = False  # whether it never asks if it was cancelled
outcome = "rejected"
fails = ""
evaluate_on = None
"""

CELLS = [
    """\
import time

from digitlab.errors import RunError
from digitlab.settings import Settings
from digitlab.store import RunLog

runs = RunLog.open(Settings.load(home))
if not runs.take(run, by="papermill", parameters={"seed": seed}):
    raise RunError("Another run is under way.", run=run)
""",
    """\
with runs.beating(run, every_s=0.1):
    for step in range(1, steps + 1):
        if runs.is_cancelled(run) and not deaf:
            raise RunError("Somebody asked for its end.", run=run)
        runs.beat(run, phase="training", step=step, steps=steps, loss=1 / step)
        time.sleep(step_s)
""",
    """\
if fails:
    raise ValueError(f"first line\\n{fails}")
if outcome:
    runs.finish(run, outcome, version="v0001", reasons=["It went through."], feedback_fingerprint=f"feedback_fingerprint {seed}")
""",
]


def stand_in(folder: Path) -> Path:
    """Write the notebook into `folder`; its parameters are those above."""
    cells = [nbformat.v4.new_code_cell(source) for source in [PARAMETERS, *CELLS]]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "nobody-has-this-one", "language": "python", "display_name": "Other"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path = folder / "stand_in.ipynb"
    nbformat.write(notebook, path)
    return path


def stand_in_module(preview_feedback: Callable[..., Any]) -> ModuleType:
    """A module for `digitlab.learning.data.preview` with this `preview_feedback` in it."""
    module = ModuleType("digitlab.learning.data.preview")
    module.preview_feedback = preview_feedback  # type: ignore[attr-defined] # a module made at run time
    return module


def something_new(settings: object, parameters: object) -> SimpleNamespace:
    """A look-up that always finds something to learn."""
    return SimpleNamespace(
        new=True,
        feedback_fingerprint="feedback_fingerprint",
        inputs_fingerprint="inputs_fingerprint",
        reasons=(),
    )


def nothing_new(settings: object, parameters: object) -> SimpleNamespace:
    """A look-up that never finds anything to learn."""
    return SimpleNamespace(
        new=False,
        feedback_fingerprint="feedback_fingerprint",
        inputs_fingerprint="inputs_fingerprint",
        reasons=("Judged already.",),
    )


def new_until_judged(settings: Settings, parameters: object) -> SimpleNamespace:
    """A look-up that finds something to learn until the stand-in has judged it."""
    with RunLog.open(settings) as log:
        new = log.judged("feedback_fingerprint 1") is None
    return something_new(settings, parameters) if new else nothing_new(settings, parameters)
