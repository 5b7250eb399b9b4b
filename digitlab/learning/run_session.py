"""RunSession: a run while it lasts: its lease, heartbeat, progress, cancellation and outcome."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Protocol, TypeVar

from digitlab.errors import RunError
from digitlab.learning.results import RunResult
from digitlab.phrases import duration_text
from digitlab.store import RunLog

MAX_IDLE_S: Final = 1800.0
"""Maximum idle time between two steps of a run, in seconds; then the run is cancelled."""

CANCELLED: Final = "It was cancelled and changed nothing."

_PROGRESS_INTERVAL_S = 0.4  # minimum time between two progress reports of a training

T = TypeVar("T")


class StepOrderError(RunError):
    """A step was called before the step that it depends on."""


class _RunEndedError(Exception):
    """The run was cancelled, or another process ended it."""

    def __init__(self, outcome: str, reasons: Sequence[str]) -> None:
        super().__init__(outcome)
        self.outcome, self.reasons = outcome, tuple(reasons)


class RunSession:
    """A run from its lease to its outcome.

    A thread sends the heartbeat. A person who runs a notebook by hand may stop between two cells.
    Nothing would then notice a cancellation, and every other run would be "busy". So the thread
    ends an idle run as cancelled.

    Args:
        log: the home's runs.
        name: the run's name.
        resources: closed when the run ends.
        max_idle_s: maximum idle time between two steps, in seconds.
        heartbeat_s: time between two heartbeats, in seconds.

    Attributes:
        name: the run's name.
        result: how the run ended; None while it lasts.
    """

    def __init__(
        self,
        log: RunLog,
        name: str,
        *,
        resources: ExitStack,
        max_idle_s: float = MAX_IDLE_S,
        heartbeat_s: float = 2.0,
    ) -> None:
        self.name = name
        self.result: RunResult | None = None
        self._log, self._resources = log, resources
        self._max_idle_s, self._heartbeat_s = max_idle_s, heartbeat_s
        self._last_progress = 0.0
        # A step cannot start while the heartbeat thread ends the idle run.
        self._lock = threading.Lock()
        self._idle_since: float | None = time.monotonic()  # None while a step works

    def start(self, *, by: str, parameters: Mapping[str, Any]) -> None:
        """Take the lease; the result's outcome is "busy" if another run has it.

        Args:
            by: the person or schedule that started the run.
            parameters: the run's parameters.

        Raises:
            RunError: the run is over already, or another process works on it.
        """
        if self._log.acquire_lease(self.name, by=by, parameters=parameters):
            heartbeat = self._log.send_heartbeats(
                self.name, self._heartbeat_s, while_=self._continues_or_ends_when_idle
            )
            self._resources.enter_context(heartbeat)
        else:
            reasons = tuple(self._log.get(self.name).reasons)
            self.result = RunResult(run=self.name, outcome="busy", reasons=reasons)
            self._resources.close()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Mark the run as not idle while the block runs; end the run if the block fails."""
        with self._lock:
            self._idle_since = None
        try:
            yield
        except StepOrderError:  # the run continues with the right step
            raise
        except _RunEndedError as ended:
            self.end(ended.outcome, reasons=ended.reasons)
        except BaseException as error:
            self.end("failed", reasons=(f"{type(error).__name__}: {error}",))
            raise
        finally:
            self._idle_since = time.monotonic()

    def report(self, **progress: Any) -> None:
        """Store the progress; end the run if it was cancelled.

        Args:
            progress: keywords of `RunLog.heartbeat`.
        """
        run = self._log.get(self.name)
        if run.over:
            raise _RunEndedError(run.outcome or "failed", run.reasons)
        if run.cancel:
            raise _RunEndedError("cancelled", (CANCELLED,))
        self._log.heartbeat(self.name, **progress)

    def report_step(self, **progress: Any) -> None:
        """Like `report`, but skip most reports of a fast training.

        A new phase and an accuracy are never skipped.
        """
        now = time.monotonic()
        required = "phase" in progress or progress.get("validation_accuracy") is not None
        if not required and now - self._last_progress < _PROGRESS_INTERVAL_S:
            return
        self._last_progress = now
        self.report(**progress)

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
        """Store the outcome, release the lease and close the resources.

        The stored outcome wins: a run that fails after its version began to serve has promoted it.

        Args:
            outcome: promoted, rejected, nothing-new, cancelled or failed.
            version: the version that the run trained.
            inputs_fingerprint: fingerprint of base, feedback, parameters and seed.
            feedback_fingerprint: the same without confirmations; None if the feedback was not
                judged.
            reasons: sentences.
            metrics: metrics with their counts.
        """
        values: dict[str, Any] = {
            "version": version,
            "inputs_fingerprint": inputs_fingerprint,
            "reasons": reasons,
            "metrics": metrics or {},
        }
        self.result = RunResult(run=self.name, outcome=outcome, **values)
        try:
            self._log.finish(
                self.name, outcome, feedback_fingerprint=feedback_fingerprint, **values
            )
            stored = self._log.get(self.name)
            if stored.outcome != outcome:
                values |= {"version": stored.version, "reasons": tuple(stored.reasons)}
                self.result = RunResult(run=self.name, outcome=str(stored.outcome), **values)
        finally:  # without a stored outcome, the missing heartbeat marks the run as failed
            self._resources.close()
        return self.result

    def _continues_or_ends_when_idle(self) -> bool:
        """Return whether the heartbeat continues; end a run that is cancelled or idle too long."""
        with self._lock:
            if self._idle_since is None:
                return True
            run = self._log.get(self.name)
            if run.over:  # another process ended it
                return False
            if run.cancel:
                reason = CANCELLED
            elif time.monotonic() - self._idle_since > self._max_idle_s:
                reason = (
                    f"Its notebook waited {duration_text(self._max_idle_s)} between two steps, "
                    "so it made room for other runs. Nothing has changed."
                )
            else:
                return True
            self._log.finish(self.name, "cancelled", reasons=[reason])
            return False


class HasSession(Protocol):
    """An object whose methods are the steps of a run."""

    session: RunSession


S = TypeVar("S", bound=HasSession)


def step(phase: str) -> Callable[[Callable[[S], T]], Callable[[S], T | RunResult]]:
    """Make a method a step of a run.

    After the end of the run, the step does nothing and returns the run's result.

    Args:
        phase: the run's phase during the step.
    """

    def decorate(method: Callable[[S], T]) -> Callable[[S], T | RunResult]:
        @functools.wraps(method)
        def run_step(self: S) -> T | RunResult:
            session = self.session
            if session.result is None:
                with session.working():
                    session.report(phase=phase)
                    return method(self)
            assert session.result is not None  # `working` sets it  # noqa: S101
            return session.result

        return run_step

    return decorate
