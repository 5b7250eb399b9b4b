"""The process of one run: executes the notebook, watches over it, and keeps how it ended.

Run as `python -m digitlab.jobs.worker --home DIR --run NAME --notebook FILE --limit SECONDS`.
The notebook's own process takes the lease and gives the outcome; this one gives the outcome
only when that one could not.
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

from digitlab.errors import DigitlabError, StoreError
from digitlab.jobs.environment import hide_modules, jupyter_environment
from digitlab.jobs.launch import run_folder
from digitlab.settings import Settings
from digitlab.store.runs.log import RunLog
from digitlab.store.runs.types import Run

log = logging.getLogger(__name__)

NICENESS: Final = 5
"""How far a run steps back behind pages and other programs, where the system has niceness."""

CANCEL_SECONDS: Final = 10
"""How long a notebook may take to end by itself when somebody asked it to."""

LOOK_SECONDS: Final = 0.5


def main(argv: Sequence[str] | None = None) -> None:
    """Execute the notebook of an announced run; returns when its outcome is kept."""
    parser = argparse.ArgumentParser(prog="digitlab.jobs.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--notebook", type=Path, required=True)
    parser.add_argument("--limit", type=float, required=True)
    called = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    work(Settings.load(called.home), called.run, notebook=called.notebook, limit_s=called.limit)


def work(settings: Settings, name: str, *, notebook: Path, limit_s: float) -> None:
    """Execute `notebook` for the run `name`, and keep how it ended."""
    output = run_folder(settings) / f"{name}.ipynb"
    with RunLog.open(settings) as runs:
        runs.watch(name)
        asked = runs.get(name).parameters
        threading.Thread(target=_draw, args=(settings, asked), name="draw", daemon=True).start()
        given = asked | {"home": str(settings.home), "run": name}
        guard = Guard(runs, name, limit_s=limit_s)
        with runs.beating(name), guard.watching():
            error = _execute(notebook, output, given)
        outcome, reason = "failed", guard.reason or error or "Its notebook ended without a outcome."
        if runs.is_cancelled(name) and not guard.timed_out:
            outcome, reason = "cancelled", "Somebody asked for its end."
        written = str(output) if output.is_file() else None
        runs.finish(name, outcome, reasons=[reason], notebook=written)
        _look_ahead(settings, runs.get(name))
        log.info("%s: %s", name, runs.get(name).outcome)


class Guard:
    """Ends a run's kernel when its time is over, or when it does not end though it was asked to.

    Attributes:
        reason: why the kernel was ended; empty when it was not.
        timed_out: whether the time was over.
    """

    def __init__(self, runs: RunLog, name: str, *, limit_s: float) -> None:
        self.reason = ""
        self.timed_out = False
        self._runs, self._name, self._limit_s = runs, name, limit_s
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look after the kernel while the block runs."""
        thread = threading.Thread(target=self._watch, name="guard", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        begun, asked = time.monotonic(), None
        while not self._ended.wait(LOOK_SECONDS):
            now = time.monotonic()
            try:
                run = self._runs.get(self._name)
            except StoreError as error:  # the next look may come through
                log.warning("%s", error)
                continue
            if run.cancel and not run.over and asked is None:
                asked = now
            if now - begun > self._limit_s:
                self.timed_out = True
                self.reason = f"It was ended after {self._limit_s:,.0f} seconds, its time limit."
            elif asked is not None and not run.over and now - asked > CANCEL_SECONDS:
                self.reason = "Somebody asked for its end."
            if self.reason:
                end_kernels()
                return


def end_kernels() -> None:
    """Kill what this process has started: the kernel, and whatever that has started."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:  # it was faster
            continue


def _execute(notebook: Path, output: Path, parameters: dict[str, object]) -> str:
    """Execute the notebook and write its copy, also of a failure; why it failed, or nothing."""
    with tempfile.TemporaryDirectory(prefix="digitlab-", ignore_cleanup_errors=True) as folder:
        os.environ.update(jupyter_environment(Path(folder)))  # before anything of Jupyter's loads
        hide_modules("rfc3987_syntax")  # jsonschema would compile its unused grammar: one second
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
                shutdown_kernel="immediate",  # all is written; to take tensorflow apart is slow
            )
        except papermill.PapermillExecutionError as error:
            log.warning("%s", error)
            return sentence(error.ename, error.evalue)
        except Exception as error:  # whatever it is, the run needs its outcome
            log.exception("the notebook could not be executed")
            return sentence(type(error).__name__, str(error))
    return ""


def _draw(settings: Settings, parameters: Mapping[str, Any]) -> None:
    """Draw what the notebook will want, while tensorflow loads in its kernel."""
    from digitlab.learning.data.cache import draw_ahead

    try:
        draw_ahead(settings, parameters)
    except Exception:  # the notebook draws it where it is needed
        log.exception("nothing was drawn ahead")


def _look_ahead(settings: Settings, run: Run) -> None:
    """Let the version that serves now see what a page's memory will compare with."""
    if run.outcome != "promoted" or run.version is None:
        return
    from digitlab.model.reference_embeddings import ReferenceEmbeddings
    from digitlab.store import ModelRegistry

    try:
        ReferenceEmbeddings.load(
            ModelRegistry(settings).load(run.version, threads=2), cache=settings.cache
        )
    except DigitlabError:  # the memory does it itself
        log.exception("%s was not prepared for the memory", run.version)


def sentence(kind: str, message: str) -> str:
    """The last line of an error; digitlab's own errors are sentences and need no class."""
    from digitlab import errors

    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    return last if last and hasattr(errors, kind) else f"{kind}: {last}".rstrip(": ")


if __name__ == "__main__":
    main()
