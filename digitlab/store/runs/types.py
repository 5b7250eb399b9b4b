"""Run: one fine-tune in the store, from its announcement to its outcome."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa

from digitlab.phrases import duration_text

RunOutcome = Literal["promoted", "rejected", "nothing-new", "busy", "cancelled", "failed"]
Phase = Literal[
    "starting", "collecting", "loading", "training", "choosing", "comparing", "registering", "done"
]
Trigger = Literal["page", "notebook", "cli", "schedule", "papermill"]

RUN_OUTCOMES: Final[tuple[RunOutcome, ...]] = get_args(RunOutcome)

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
"""The phases in the order in which a run passes through them."""

TRIGGERS: Final[tuple[Trigger, ...]] = get_args(Trigger)

CHAMPION_MOVED: Final = "champion_moved"
"""Metric of a run that was rejected only because its comparison was with a former champion."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One fine-tune.

    Attributes:
        id: number of its row; grows with time.
        name: "<UTC time>-<six hex digits>", or the name given to papermill.
        trigger: what started it: "page", "notebook", "cli", "schedule" or "papermill".
        by: the person, or the name of the schedule.
        started: time of the announcement.
        heartbeat_at: time of the last heartbeat.
        finished: time of the outcome; None before.
        host: the machine that it runs on.
        pid: the process that supervises the run; 0 if there is none.
        phase: one of `PHASES`.
        step: the last finished training step.
        steps: number of training steps; 0 before it is known.
        loss: loss of the last batches; None before the first.
        validation_accuracy: accuracy on the validation split, 0-1; None before it is measured.
        seconds_left: estimated time to the outcome; None before there is an estimate.
        curve: points (step, loss, validation accuracy), with None for a value that was not
            measured at that step; at most about 80 points.
        cancel: whether its cancellation was requested.
        parameters: the notebook's parameters as given.
        inputs_fingerprint: hash of base, feedback, parameters and seed; None before it is known.
        feedback_fingerprint: hash of the feedback that a run may learn from; equal hashes mean
            that there is nothing new.
        outcome: one of `RUN_OUTCOMES`; None before the end.
        version: the model version that it made; None if it made none.
        reasons: of the outcome, as sentences.
        metrics: measurements with their counts.
        notebook: path of the executed notebook; None before it is written.
    """

    id: int
    name: str
    trigger: str
    by: str
    started: datetime
    heartbeat_at: datetime
    finished: datetime | None
    host: str
    pid: int
    phase: str
    step: int
    steps: int
    loss: float | None
    validation_accuracy: float | None
    seconds_left: float | None
    curve: tuple[tuple[int, float | None, float | None], ...] = field(repr=False)
    cancel: bool
    parameters: dict[str, Any]
    inputs_fingerprint: str | None
    feedback_fingerprint: str | None
    outcome: str | None
    version: str | None
    reasons: tuple[str, ...]
    metrics: dict[str, Any] = field(repr=False)
    notebook: str | None

    @property
    def over(self) -> bool:
        """Whether the run has an outcome."""
        return self.outcome is not None

    @property
    def seconds(self) -> float:
        """Time from the announcement to the outcome, or to the last heartbeat before it."""
        return ((self.finished or self.heartbeat_at) - self.started).total_seconds()

    @property
    def status(self) -> str:
        """The outcome; before it the phase, and the step in a training."""
        if self.outcome is not None:
            return self.outcome
        return f"{self.phase}, step {self.step} of {self.steps}" if self.steps else self.phase

    def _repr_html_(self) -> str:
        from digitlab.html.render import render  # loads Jinja2

        accuracy = self.validation_accuracy
        rows = [
            ("status", self.status),
            ("version", self.version),
            ("reasons", " ".join(self.reasons)),
            ("started", f"{self.started:%Y-%m-%d %H:%M} UTC by {self.by} ({self.trigger})"),
            ("time", duration_text(self.seconds)),
            ("loss", None if self.loss is None else f"{self.loss:.3g}"),
            ("validation accuracy", None if accuracy is None else f"{accuracy:.2%}"),
            ("notebook", self.notebook),
        ]
        known = [(name, value) for name, value in rows if value]
        return render("table.html.j2", caption=f"Run {self.name}", columns=(), rows=known)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `digitlab fine-tune --json` prints it."""
        return {
            "run": self.name,
            "outcome": self.outcome,
            "version": self.version,
            "inputs_fingerprint": self.inputs_fingerprint,
            "reasons": list(self.reasons),
            "metrics": self.metrics,
            "notebook": self.notebook,
            "seconds": round(self.seconds, 3),
        }


def new_name(now: datetime | None = None) -> str:
    """Return an unused name for a run; names sort by time and are valid file names."""
    time = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{time:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def to_run(row: sa.Row[Any]) -> Run:
    """Convert a row of the table `runs`."""
    values = dict(row._mapping)
    curve = tuple(tuple(point) for point in values.pop("curve"))
    return Run(curve=curve, reasons=tuple(values.pop("reasons")), **values)
