"""A stand-in for the fine-tune notebook: it passes through a run's steps and learns nothing."""

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
ignores_cancel = False
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
if not runs.acquire_lease(run, by="papermill", parameters={"seed": seed}):
    raise RunError("Another run is in progress.", run=run)
""",
    """\
with runs.send_heartbeats(run, every_s=0.1):
    for step in range(1, steps + 1):
        if runs.is_cancel_requested(run) and not ignores_cancel:
            raise RunError("The run was cancelled.", run=run)
        runs.heartbeat(run, phase="training", step=step, steps=steps, loss=1 / step)
        time.sleep(step_s)
""",
    """\
if fails:
    raise ValueError(f"first line\\n{fails}")
if outcome:
    runs.finish(
        run,
        outcome,
        version="v0001",
        reasons=["It went through."],
        feedback_fingerprint=f"feedback_fingerprint {seed}",
    )
""",
]


def write_notebook(folder: Path) -> Path:
    """Write the stand-in notebook into `folder`; its parameters are `PARAMETERS`."""
    cells = [nbformat.v4.new_code_cell(source) for source in [PARAMETERS, *CELLS]]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "no-such-kernel", "language": "python", "display_name": "Other"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path = folder / "stand_in.ipynb"
    nbformat.write(notebook, path)
    return path


def preview_module(preview_feedback: Callable[..., Any]) -> ModuleType:
    """Return a stand-in for `digitlab.learning.data.preview` with this `preview_feedback`."""
    module = ModuleType("digitlab.learning.data.preview")
    module.preview_feedback = preview_feedback  # type: ignore[attr-defined] # set at run time
    return module


def something_new(settings: object, parameters: object) -> SimpleNamespace:
    """Return a preview with something new to learn."""
    return SimpleNamespace(
        new=True,
        feedback_fingerprint="feedback_fingerprint",
        inputs_fingerprint="inputs_fingerprint",
        reasons=(),
    )


def nothing_new(settings: object, parameters: object) -> SimpleNamespace:
    """Return a preview with nothing new to learn."""
    return SimpleNamespace(
        new=False,
        feedback_fingerprint="feedback_fingerprint",
        inputs_fingerprint="inputs_fingerprint",
        reasons=("Judged already.",),
    )


def new_until_judged(settings: Settings, parameters: object) -> SimpleNamespace:
    """Return a preview with something new until the stand-in notebook has judged it."""
    with RunLog.open(settings) as log:
        new = log.last_decided("feedback_fingerprint 1") is None
    return something_new(settings, parameters) if new else nothing_new(settings, parameters)
