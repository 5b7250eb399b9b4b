"""Start a fine-tune run: check for new feedback and for another run, then start a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from digitlab.errors import RunError, StoreError
from digitlab.jobs.environment import run_environment
from digitlab.jobs.follow import wait_until_over
from digitlab.private_files import create_file, make_folder
from digitlab.settings import Settings, bundled
from digitlab.store.database import LOCKED_PATIENCE_S
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.queries import busy_reason
from digitlab.store.runs.types import Run, new_name

NOTEBOOK = bundled("notebooks") / "fine_tune.ipynb"
"""The notebook that a run executes by default."""

REPORT_PARAMETER: Final = "evaluate_on"
"""The parameter that names a data set to report on. It does not change what a run learns."""

TIME_LIMIT_S: Final = 1800
"""Default time limit of a run, in seconds."""

_RELEASE_WAIT_S: Final = 5
"""How long a new run waits for the end of a run that lost one of its processes, in seconds."""


def start(
    settings: Settings,
    *,
    parameters: Mapping[str, Any],
    trigger: str,
    by: str,
    wait: bool = False,
    notebook: Path | None = None,
    limit_s: float = TIME_LIMIT_S,
) -> Run:
    """Start a fine-tune in a process that outlives this one.

    If there is no new feedback, or if another run of the home is under way, no process starts:
    the run ends at once as "nothing-new" or "busy".

    Args:
        settings: the settings of the home.
        parameters: the notebook's parameters that differ from their defaults. `evaluate_on`, a
            data set to report on, may be a path relative to the current directory.
        trigger: what starts the run: "page", "notebook", "cli" or "schedule".
        by: the person or scheduler that starts the run.
        wait: return when the run is over, instead of when its process has started.
        notebook: the notebook to execute; None for the fine-tune that ships with digitlab.
        limit_s: time limit of the run, in seconds.

    Returns:
        The run, with its outcome if it is over. Use `follow` for its progress.

    Raises:
        ParameterError: a parameter is unknown, of the wrong type or out of range.
        StoreError: the home cannot be written.
        RunError: the process cannot be started.
    """
    # It loads the feedback store and the models, which `follow` does not need.
    from digitlab.learning.data.preview import preview_feedback

    # As the database and papermill will read them.
    run_parameters: dict[str, Any] = json.loads(json.dumps(dict(parameters)))
    report_on = run_parameters.get(REPORT_PARAMETER)
    if isinstance(report_on, str) and Path(report_on).exists():
        # The notebook runs in another directory.
        run_parameters[REPORT_PARAMETER] = str(Path(report_on).resolve())
    name = new_name()
    request: Any = {"trigger": trigger, "by": by, "parameters": run_parameters}
    with RunLog.open(settings) as log:  # first, because a run writes
        log.database.check_writable(patience_s=LOCKED_PATIENCE_S)
        log.fail_dead_runs()
        preview = preview_feedback(
            settings,
            {key: value for key, value in run_parameters.items() if key != REPORT_PARAMETER},
        )
        if not preview.new:
            log.add_finished(
                name,
                "nothing-new",
                **request,
                inputs_fingerprint=preview.inputs_fingerprint,
                feedback_fingerprint=preview.feedback_fingerprint,
                reasons=preview.reasons,
            )
            return log.get(name)
        other = _run_under_way(log)
        if other is not None:
            log.add_finished(
                name,
                "busy",
                **request,
                inputs_fingerprint=preview.inputs_fingerprint,
                reasons=[busy_reason(other.name)],
            )
            return log.get(name)
        log.announce(name, **request)
        try:
            process = _start_worker(settings, name, notebook=notebook, limit_s=limit_s)
        except OSError as error:
            statement = "Its process could not be started"
            reason = str(StoreError.from_os_error(statement, error))
            log.finish(name, "failed", reasons=[reason])
            raise RunError(f"The run {name} failed. {reason}", run=name) from error
        except KeyboardInterrupt:
            log.request_cancel(name)
            raise
        # This process may end before the worker calls `supervise`.
        log.supervise(name, pid=process.pid)
        if not wait:
            return log.get(name)
    return wait_until_over(settings, name)


def run_folder(settings: Settings) -> Path:
    """Return the folder of a home's executed notebooks and run logs."""
    return settings.home / "notebooks" / "runs"


def _run_under_way(log: RunLog) -> Run | None:
    """Return the run that is under way, or None.

    A run that lost one of its two processes ends by itself within seconds: wait for that.
    """
    deadline = time.monotonic() + _RELEASE_WAIT_S
    while True:
        run = log.current()
        if run is None or log.is_healthy(run.name) or time.monotonic() > deadline:
            return run
        time.sleep(0.1)


def _start_worker(
    settings: Settings, name: str, *, notebook: Path | None, limit_s: float
) -> subprocess.Popen[bytes]:
    folder = run_folder(settings)
    make_folder(folder)
    source = notebook or NOTEBOOK
    command = [sys.executable, "-m", "digitlab.jobs.worker", "--home", str(settings.home)]
    command += ["--run", name, "--notebook", str(source.resolve()), "--limit", str(limit_s)]
    with open(create_file(folder / f"{name}.log"), "wb") as log_file:
        process = subprocess.Popen(  # noqa: S603 # our own module, by this Python
            command,
            cwd=folder,
            env=run_environment(os.environ, settings),
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            **_detached(),
        )
    # This process may live long: without `wait`, the ended worker would stay a zombie.
    threading.Thread(target=process.wait, name=f"run {name}", daemon=True).start()
    return process


def _detached() -> dict[str, Any]:
    """Return arguments of Popen that keep signals to this process group and terminal away."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
