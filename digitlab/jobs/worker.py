"""Main program of a run: execute the notebook, enforce its limits and record its outcome.

Run as `python -m digitlab.jobs.worker --home DIR --run NAME --notebook FILE --limit SECONDS`.
The notebook runs in a kernel, another process, which takes the lease and records the outcome.
The worker records the outcome only if the kernel did not.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from digitlab.errors import NO_SPACE_TEXT, DigitlabError, StoreError, is_storage_error
from digitlab.jobs.environment import hide_modules, jupyter_environment
from digitlab.jobs.launch import run_folder
from digitlab.phrases import duration_text
from digitlab.private_files import umask_for
from digitlab.settings import Settings
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.types import Run

log = logging.getLogger(__name__)

NICENESS: Final = 5
"""Niceness of a run, so that pages and other programs come first; POSIX only."""

CANCEL_GRACE_S: Final = 10
"""Time in which a cancelled notebook may end by itself, in seconds."""

CHECK_INTERVAL_S: Final = 0.5
"""Time between two checks of a run's limits, in seconds."""

DISK_FULL: Final = "The disk is full; the run wrote nothing more."

_CANCELLED: Final = "The run was cancelled."


def main(argv: Sequence[str] | None = None) -> None:
    """Execute the notebook of an announced run; return when the outcome is recorded."""
    parser = argparse.ArgumentParser(prog="digitlab.jobs.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--notebook", type=Path, required=True)
    parser.add_argument("--limit", type=float, required=True)
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    settings = Settings.load(options.home)
    os.umask(umask_for(run_folder(settings)))  # also of the kernel: what a run writes is private
    execute_run(settings, options.run, notebook=options.notebook, limit_s=options.limit)


def execute_run(settings: Settings, name: str, *, notebook: Path, limit_s: float) -> None:
    """Execute the notebook of a run and record the run's outcome.

    Args:
        settings: the settings of the home.
        name: the run's name; `RunLog.announce` has created the run.
        notebook: the notebook to execute.
        limit_s: time limit of the run, in seconds.
    """
    output = run_folder(settings) / f"{name}.ipynb"
    with RunLog.open(settings) as runs:
        runs.supervise(name)
        parameters = runs.get(name).parameters
        threading.Thread(
            target=_prepare_cache, args=(settings, parameters), name="cache", daemon=True
        ).start()
        notebook_parameters = parameters | {"home": str(settings.home), "run": name}
        guard = KernelGuard(runs, name, limit_s=limit_s)
        with runs.send_heartbeats(name), guard.watching():
            error = _execute_notebook(notebook, output, notebook_parameters)
        outcome = "failed"
        reason = guard.reason or error or "Its notebook ended without an outcome."
        if runs.is_cancel_requested(name) and not guard.timed_out:
            outcome, reason = "cancelled", _CANCELLED
        executed = str(output) if output.is_file() else None
        runs.finish(name, outcome, reasons=[reason], notebook=executed)
        _prepare_reference_embeddings(settings, runs.get(name))
        log.info("%s: %s", name, runs.get(name).outcome)


class KernelGuard:
    """Kill a run's kernel at the time limit, or when it does not end after a cancellation.

    Attributes:
        reason: why the kernel was killed; empty if it was not.
        timed_out: whether the run reached its time limit.
    """

    def __init__(self, runs: RunLog, name: str, *, limit_s: float) -> None:
        self.reason = ""
        self.timed_out = False
        self._runs, self._name, self._limit_s = runs, name, limit_s
        self._stop = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Check the run's limits from a thread while the block runs."""
        thread = threading.Thread(target=self._watch, name="guard", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _watch(self) -> None:
        started, cancelled = time.monotonic(), None
        while not self._stop.wait(CHECK_INTERVAL_S):
            now = time.monotonic()
            try:
                run = self._runs.get(self._name)
            except StoreError as error:  # the next check may succeed
                log.warning("%s", error)
                continue
            if run.cancel and not run.over and cancelled is None:
                cancelled = now
            if now - started > self._limit_s:
                self.timed_out = True
                self.reason = f"The run reached its time limit of {duration_text(self._limit_s)}."
            elif cancelled is not None and not run.over and now - cancelled > CANCEL_GRACE_S:
                self.reason = _CANCELLED
            if self.reason:
                kill_child_processes()
                return


def kill_child_processes() -> None:
    """Kill all descendants of this process: the kernel and the processes that it started."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def _execute_notebook(notebook: Path, output: Path, parameters: dict[str, object]) -> str:
    """Execute the notebook and write its copy with outputs, also after a failure.

    Returns:
        Why the notebook failed; empty if it did not.
    """
    with tempfile.TemporaryDirectory(prefix="digitlab-", ignore_cleanup_errors=True) as folder:
        os.environ.update(jupyter_environment(Path(folder)))  # before Jupyter is imported
        # jsonschema would compile a grammar that it does not use here, which takes a second.
        hide_modules("rfc3987_syntax")
        import papermill

        from digitlab.jobs.run_kernel import RunKernel

        try:
            papermill.execute_notebook(
                notebook,
                output,
                parameters=parameters,
                progress_bar=False,
                cwd=output.parent,
                kernel_manager_class=RunKernel,
                shutdown_kernel="immediate",  # all is written, and tensorflow shuts down slowly
            )
        except papermill.PapermillExecutionError as error:
            log.warning("%s", error)
            return error_summary(error.ename, error.evalue)
        except Exception as error:  # the run needs an outcome after every error
            log.exception("the notebook could not be executed")
            if isinstance(error, OSError) and is_storage_error(error):
                output.unlink(missing_ok=True)  # half of it, and the outcome needs the space
            return error_summary(type(error).__name__, str(error))
    return ""


def _prepare_cache(settings: Settings, parameters: Mapping[str, Any]) -> None:
    """Compute the replay for the notebook while its kernel loads tensorflow."""
    from digitlab.learning.data.cache import prepare_cache

    try:
        prepare_cache(settings, parameters)
    except Exception:  # the notebook computes it when it needs it
        log.exception("the replay was not computed in advance")


def _prepare_reference_embeddings(settings: Settings, run: Run) -> None:
    """Cache the reference embeddings of a promoted version for the memory of the pages."""
    if run.outcome != "promoted" or run.version is None:
        return
    from digitlab.model.reference_embeddings import ReferenceEmbeddings
    from digitlab.store import ModelRegistry

    try:
        ReferenceEmbeddings.load(
            ModelRegistry(settings).load(run.version, threads=2), cache=settings.cache
        )
    except DigitlabError:  # a page computes them when it needs them
        log.exception("the reference embeddings of %s were not cached", run.version)


def error_summary(name: str, message: str) -> str:
    """Return the last line of an error's message, with the name of its class where needed.

    The messages of digitlab's own errors are sentences and need no class name.

    Args:
        name: name of the error's class.
        message: the error's message.
    """
    from digitlab import errors

    if name in {"OSError", "BlockingIOError"} and NO_SPACE_TEXT in message:
        return DISK_FULL
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return last if last and hasattr(errors, name) else f"{name}: {last}".rstrip(": ")


if __name__ == "__main__":
    main()
