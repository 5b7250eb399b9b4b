"""RunSession: a run as the store knows it while it lasts: its lease, its progress, and its end."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Protocol, TypeVar

from digitlab.errors import RunError
from digitlab.learning.results import RunResult
from digitlab.store import RunLog

WAITS_S: Final = 1800.0
"""How long a run may wait between two steps, in seconds, before it makes room for others."""

CANCELLED: Final = "It was cancelled; nothing has changed."

_EVERY_S = 0.4  # between two signs of progress

T = TypeVar("T")


class OrderError(RunError):
    """A step was called before the one that it goes on from."""


class _OverError(Exception):
    """Somebody asked for the end of the run, or has ended it."""

    def __init__(self, outcome: str, reasons: Sequence[str]) -> None:
        super().__init__(outcome)
        self.outcome, self.reasons = outcome, tuple(reasons)


class RunSession:
    """A run's turn, from the lease to its outcome.

    Signs of life come from a thread of its own. A notebook that a person runs by hand may be
    left between two cells, with nobody to notice a cancellation and every other run "busy": such
    a run ends as cancelled.

    Args:
        runs: of the home.
        name: of the run.
        opened: what is closed when the run is over.
        waits_s: how long it may wait between two steps, in seconds.
        every_s: between two signs of life.

    Attributes:
        name: of the run.
        outcome: how it ended; None while it lasts.
    """

    def __init__(
        self,
        runs: RunLog,
        name: str,
        *,
        opened: ExitStack,
        waits_s: float = WAITS_S,
        every_s: float = 2.0,
    ) -> None:
        self.name = name
        self.result: RunResult | None = None
        self._runs, self._opened = runs, opened
        self._waits_s, self._every_s = waits_s, every_s
        self._last = 0.0
        self._lock = threading.Lock()  # a step and the end of a waiting run exclude each other
        self._since: float | None = time.monotonic()  # None while a step is at work

    def take(self, *, by: str, parameters: Mapping[str, Any]) -> None:
        """Take the lease; the outcome is "busy" where another run has it.

        Raises:
            RunError: the run is over already, or another process works on it.
        """
        if self._runs.take(self.name, by=by, parameters=parameters):
            beating = self._runs.beating(self.name, self._every_s, while_=self._goes_on)
            self._opened.enter_context(beating)
        else:
            reasons = tuple(self._runs.get(self.name).reasons)
            self.result = RunResult(run=self.name, outcome="busy", reasons=reasons)
            self._opened.close()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While the block runs, the run is not waiting; it ends where the block fails."""
        with self._lock:
            self._since = None
        try:
            yield
        except OrderError:  # the run goes on with the step that is due
            raise
        except _OverError as over:
            self.end(over.outcome, reasons=over.reasons)
        except BaseException as error:
            self.end("failed", reasons=(f"{type(error).__name__}: {error}",))
            raise
        finally:
            self._since = time.monotonic()

    def tell(self, **said: Any) -> None:
        """Say how far the run is, in keywords of `RunLog.beat`; ends it when that was asked."""
        run = self._runs.get(self.name)
        if run.over:
            raise _OverError(run.outcome or "failed", run.reasons)
        if run.cancel:
            raise _OverError("cancelled", (CANCELLED,))
        self._runs.beat(self.name, **said)

    def progress(self, **said: Any) -> None:
        """As `tell`, not too often."""
        now = time.monotonic()
        rare = "phase" in said or said.get("validation_accuracy") is not None  # and never left out
        if not rare and now - self._last < _EVERY_S:
            return
        self._last = now
        self.tell(**said)

    def end(
        self,
        outcome: str,
        *,
        version: str | None = None,
        inputs_fingerprint: str | None = None,
        feedback_fingerprint: str | None = None,
        reasons: tuple[str, ...] = (),
        metrics: dict[str, Any] | None = None,
    ) -> RunResult:
        """Keep the outcome, give the lease back, and close what was opened.

        What the run had done by then counts: the outcome is the outcome that was kept.
        """
        found: dict[str, Any] = {
            "version": version,
            "inputs_fingerprint": inputs_fingerprint,
            "reasons": reasons,
        }
        found["metrics"] = metrics or {}
        self.result = RunResult(run=self.name, outcome=outcome, **found)
        try:
            self._runs.finish(
                self.name, outcome, feedback_fingerprint=feedback_fingerprint, **found
            )
            kept = self._runs.get(self.name)
            if kept.outcome != outcome:
                found |= {"version": kept.version, "reasons": tuple(kept.reasons)}
                self.result = RunResult(run=self.name, outcome=str(kept.outcome), **found)
        finally:  # a run that cannot say how it ended is taken for dead when it is silent
            self._opened.close()
        return self.result

    def _goes_on(self) -> bool:
        """Whether somebody goes on with the run; one that waits in vain ends."""
        with self._lock:
            if self._since is None:
                return True
            run = self._runs.get(self.name)
            if run.over:  # somebody took it for dead, or began anew
                return False
            if run.cancel:
                why = CANCELLED
            elif time.monotonic() - self._since > self._waits_s:
                why = (
                    f"Its notebook waited {self._waits_s / 60:.0f} minutes between two steps, and "
                    "made room for other runs. Nothing has changed."
                )
            else:
                return True
            self._runs.finish(self.name, "cancelled", reasons=[why])
            return False


class Stepped(Protocol):
    """What goes through a run step by step."""

    turn: RunSession


S = TypeVar("S", bound=Stepped)


def step(phase: str) -> Callable[[Callable[[S], T]], Callable[[S], T | RunResult]]:
    """A step of a run: none after the run is over, which then gives its outcome."""

    def wrap(method: Callable[[S], T]) -> Callable[[S], T | RunResult]:
        @functools.wraps(method)
        def run(self: S) -> T | RunResult:
            turn = self.turn
            if turn.result is None:
                with turn.at_work():
                    turn.tell(phase=phase)
                    return method(self)
            assert turn.result is not None  # `at_work` ends it  # noqa: S101
            return turn.result

        return run

    return wrap
