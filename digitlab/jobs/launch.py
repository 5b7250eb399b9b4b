"""start: a fine-tune, from the question whether there is anything new to its own process."""

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

from digitlab.errors import RunError
from digitlab.jobs.environment import run_environment
from digitlab.jobs.follow import last_of
from digitlab.settings import Settings, bundled
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.queries import busy_reason
from digitlab.store.runs.types import Run, new_name

NOTEBOOK = bundled("notebooks") / "fine_tune.ipynb"
"""The notebook that a run executes, unless its caller says otherwise."""

REPORTED: Final = "evaluate_on"
"""The parameter that says what else to report on: it makes no difference to what is learned."""

LIMIT_S: Final = 1800
"""Seconds after which a run is ended, unless its caller says otherwise."""

NOTICE_SECONDS: Final = 5
"""How long a run's processes may take to notice that the other one was killed."""


def start(
    settings: Settings,
    *,
    parameters: Mapping[str, Any],
    trigger: str,
    by: str,
    wait: bool = False,
    notebook: Path | None = None,
    limit_s: float = LIMIT_S,
) -> Run:
    """Fine-tune in a process of its own, which outlives this one.

    Nothing is started when there is nothing new to learn, or while another run of the home is
    under way; the run's outcome says so at once.

    Args:
        settings: of the home.
        parameters: of the notebook, those that differ from their defaults; `evaluate_on`, a
            data set to report on besides, may be a path relative to here.
        trigger: who asks: "page", "notebook", "cli" or "schedule".
        by: the person, for the record.
        wait: return when the run is over, instead of when it has begun.
        notebook: what to run; None for the fine-tune that ships.
        limit_s: seconds after which the run is ended.

    Returns:
        The run, with its outcome if it has one. `follow` tells how it goes on.

    Raises:
        ParameterError: a parameter is unknown, of another type, or out of range.
        StoreError: the home cannot be written.
        RunError: no process can be started.
    """
    from digitlab.learning.data.preview import (
        preview_feedback,  # the ledger and the models: not for `follow`
    )

    given = json.loads(json.dumps(dict(parameters)))  # as the database and papermill take them
    if isinstance(given.get(REPORTED), str) and Path(given[REPORTED]).exists():
        given[REPORTED] = str(Path(given[REPORTED]).resolve())  # the notebook runs elsewhere
    found = preview_feedback(settings, {name: given[name] for name in given if name != REPORTED})
    name = new_name()
    asked: Any = {"trigger": trigger, "by": by, "parameters": given}
    with RunLog.open(settings) as log:
        log.sweep()
        if not found.new:
            asked |= {
                "inputs_fingerprint": found.inputs_fingerprint,
                "feedback_fingerprint": found.feedback_fingerprint,
                "reasons": found.reasons,
            }
            log.settle(name, "nothing-new", **asked)
            return log.get(name)
        other = _under_way(log)
        if other is not None:
            log.settle(
                name,
                "busy",
                **asked,
                inputs_fingerprint=found.inputs_fingerprint,
                reasons=[busy_reason(other.name)],
            )
            return log.get(name)
        log.announce(name, **asked)
        try:
            process = _spawn(settings, name, notebook=notebook, limit_s=limit_s)
        except OSError as error:
            reason = f"No process could be started for it: {error}."
            log.finish(name, "failed", reasons=[reason])
            raise RunError(f"The run {name} failed. {reason}", run=name) from error
        except KeyboardInterrupt:
            log.ask_cancel(name)
            raise
        log.watch(name, pid=process.pid)  # this process may end before the other has begun
        if not wait:
            return log.get(name)
    return last_of(settings, name)


def run_folder(settings: Settings) -> Path:
    """Where the executed notebooks and the logs of a home's runs are."""
    return settings.home / "notebooks" / "runs"


def _under_way(log: RunLog) -> Run | None:
    """The run that is under way; one that lost a process has a while to come to its end."""
    deadline = time.monotonic() + NOTICE_SECONDS
    while True:
        run = log.current()
        if run is None or log.is_sound(run.name) or time.monotonic() > deadline:
            return run
        time.sleep(0.1)


def _spawn(
    settings: Settings, name: str, *, notebook: Path | None, limit_s: float
) -> subprocess.Popen[bytes]:
    folder = run_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    source = notebook or NOTEBOOK
    call = [sys.executable, "-m", "digitlab.jobs.worker", "--home", str(settings.home)]
    call += ["--run", name, "--notebook", str(source.resolve()), "--limit", str(limit_s)]
    with (folder / f"{name}.log").open("ab") as said:
        process = subprocess.Popen(  # noqa: S603 # our own module, by this Python
            call,
            cwd=folder,
            env=run_environment(os.environ, settings),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            **_detached(),
        )
    # Whoever started it may live long: without this the ended process would stay as a zombie.
    threading.Thread(target=process.wait, name=f"run {name}", daemon=True).start()
    return process


def _detached() -> dict[str, Any]:
    """Arguments of Popen for a process that no signal to this one's group or terminal reaches."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
