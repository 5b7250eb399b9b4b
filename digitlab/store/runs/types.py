"""Run: one fine-tune as the store knows it, from its announcement to its outcome."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa

RunOutcome = Literal["promoted", "rejected", "nothing-new", "busy", "cancelled", "failed"]
Phase = Literal[
    "starting", "collecting", "loading", "training", "choosing", "comparing", "registering", "done"
]
Trigger = Literal["page", "notebook", "cli", "schedule", "papermill"]

RUN_OUTCOMES: Final[tuple[RunOutcome, ...]] = get_args(RunOutcome)

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
"""The phases in the order in which a run goes through them."""

TRIGGERS: Final[tuple[Trigger, ...]] = get_args(Trigger)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One fine-tune.

    Attributes:
        id: its row; grows with time.
        name: "<UTC time>-<six hex digits>", or what raw papermill was given.
        trigger: who asked for it: "page", "notebook", "cli", "schedule" or "papermill".
        by: the person, or the name of the schedule.
        started: when it was announced.
        heartbeat_at: its last sign of life.
        finished: when its outcome came; None before.
        host: the machine it runs on.
        pid: the process that watches over it; 0 when there is none.
        phase: one of `PHASES`.
        step: the step of the training that was done last.
        steps: how many there are; 0 before it is known.
        loss: of the last batches; None before there is one.
        validation_accuracy: accuracy on `validation_accuracy`, 0-1; None before it is measured.
        seconds_left: until the outcome, as estimated; None before there is an estimate.
        curve: (step, loss, validation_accuracy) as they came, loss or validation_accuracy None where it was not measured;
            at most about 80 points.
        cancel: whether somebody asked for its end.
        parameters: of the notebook, as they were given.
        inputs_fingerprint: of the version: base, feedback, parameters and seed; None before it is known.
        feedback_fingerprint: hash of what a run may learn from, by which "nothing new" is told.
        outcome: one of `RUN_OUTCOMES`; None before there is one.
        version: the version that it made; None when it made none.
        reasons: of the outcome: sentences.
        metrics: what was measured.
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
        """Whether there is a outcome."""
        return self.outcome is not None

    @property
    def seconds(self) -> float:
        """From the announcement to the outcome, or to the last sign of life before it."""
        return ((self.finished or self.heartbeat_at) - self.started).total_seconds()

    def _repr_html_(self) -> str:
        from html import escape  # only a notebook needs it

        told = self.outcome or f"{self.phase}, step {self.step} of {self.steps}"
        version = f" as {escape(self.version)}" if self.version else ""
        reasons = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        name = escape(self.name)
        return f"<p>{name}: <strong>{escape(told)}</strong>{version}</p><ul>{reasons}</ul>"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as `digitlab fine-tune --json` prints it."""
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
    """A name for a run that nobody has: names sort by time, and are good file names."""
    time = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{time:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def to_run(row: sa.Row[Any]) -> Run:
    """A row of `runs` as plain data."""
    values = dict(row._mapping)
    curve = tuple(tuple(point) for point in values.pop("curve"))
    return Run(curve=curve, reasons=tuple(values.pop("reasons")), **values)
