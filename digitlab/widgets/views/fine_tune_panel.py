"""FineTunePanel: the button that starts a fine-tune, the run's progress and its outcome."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import anywidget
import traitlets

from digitlab.phrases import time_left_text
from digitlab.store import Run
from digitlab.store.runs.types import CHAMPION_MOVED
from digitlab.widgets.state.browser_messages import Content, listen
from digitlab.widgets.state.run_follower import RunFollower
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets, correction_gallery, training_curve

PHASES: Final = {
    "starting": ("Starting", 0.0, 0.1),
    "collecting": ("Gathering the corrections", 0.1, 0.12),
    "loading": ("Getting ready to train", 0.12, 0.27),
    "training": ("Training on the corrections", 0.27, 0.55),
    "choosing": ("Choosing how far to go", 0.55, 0.67),
    "comparing": ("Comparing it with the version in use", 0.67, 0.96),
    "registering": ("Saving the new version", 0.96, 1.0),
    "done": ("Done", 1.0, 1.0),
}
"""Text of a run's phase, and the shares of the run's time at which the phase begins and ends."""

CANCELLING: Final = "Ending the run"
REQUESTED: Final = "Looking for new corrections"

OUTCOMES: Final = {
    "promoted": "{version} proved better and has taken over; the page answers with {version} now.",
    "rejected": "{version} did not prove better, so it did not take over.",
    "nothing-new": "There was nothing new to learn.",
    "cancelled": "It was cancelled and changed nothing.",
    "failed": "It failed and changed nothing.",
}
"""Texts of a run that is over. They stay true later, when feedback and versions have changed."""

REPLACED_SINCE: Final = (
    "{version} proved better and took over; by now the page answers with {model}."
)
"""Text of a promoted version that another version has replaced."""

PROMOTED_SINCE: Final = (
    "{version} did not prove better; a person let it take over, and the page answers with it now."
)
"""Text of a rejected version that serves nevertheless."""

OUTDATED_COMPARISON: Final = (
    "{version} did not take over, because another version took over during the comparison."
)
"""Text of a version that was compared with a former champion."""

TRIGGERS: Final = {
    "page": "from the page",
    "notebook": "from a notebook",
    "cli": "from the command line",
    "schedule": "by the schedule",
    "papermill": "by papermill",
}


class FineTunePanel(anywidget.AnyWidget):
    """The fine-tune on the page.

    Messages from the browser: "start", "cancel" (run), "own-verdicts" (codes of verdicts that
    this browser gave at earlier visits), "ready". Message to the browser: "own-verdicts" (codes
    of this visit's verdicts, which the browser keeps).

    Attributes:
        active_run: name of the run that is under way; empty when there is none.
        requested: True until the run that this page requested exists.
        cancelling: True when a person has requested the end of the run.
        status: the run's phase or, when it is over, its outcome, in a sentence.
        notice: says that another run was under way when this page requested one.
        outcome: outcome of the last run, for its looks; empty during a run.
        reasons: reasons of the outcome, in sentences.
        progress: share of the run's time that has passed, 0-1.
        time_left: how long the run may take, in words; empty when unknown.
        trigger: what started the run, in words.
        time: when the run was started or, when it is over, ended; seconds since 1970, 0 for no
            run.
        points: points of the run's curve: step, loss and accuracy, None where not measured.
        steps: number of steps of the whole training; 0 when unknown.
        last_loss: last loss as text; empty before there is one.
        last_accuracy: last accuracy on hard images as text; empty before there is one.
        curve_text: the curve in a sentence.
        groups: corrections that the run changed; see `correction_gallery.groups_of`.
        ready: True when the view is in a browser.
    """

    _esm = assets.script("training_curve", "correction_gallery", "fine_tune_panel")
    _css = assets.style("fine_tune_panel", "training_curve", "correction_gallery")

    active_run = traitlets.Unicode().tag(sync=True)
    requested = traitlets.Bool(False).tag(sync=True)
    cancelling = traitlets.Bool(False).tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)
    outcome = traitlets.Unicode().tag(sync=True)
    reasons = traitlets.List(traitlets.Unicode()).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)
    time_left = traitlets.Unicode().tag(sync=True)
    trigger = traitlets.Unicode().tag(sync=True)
    time = traitlets.Float(0.0).tag(sync=True)
    points = traitlets.List(traitlets.List()).tag(sync=True)
    steps = traitlets.Int(0).tag(sync=True)
    last_loss = traitlets.Unicode().tag(sync=True)
    last_accuracy = traitlets.Unicode().tag(sync=True)
    curve_text = traitlets.Unicode().tag(sync=True)
    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session, run_follower: RunFollower) -> None:
        super().__init__()
        self._session, self._run_follower = session, run_follower
        listen(
            self,
            session,
            {
                "start": lambda *_: run_follower.start_run(),
                "cancel": lambda content, _: run_follower.cancel_run(content["run"]),
                "own-verdicts": lambda content, _: run_follower.prove_own(content["codes"]),
                "ready": self._follow_runs,
            },
        )
        run_follower.observe(self._show, ["run", "requested", "notice"])
        run_follower.observe(self._show_groups, ["run", "visible", "digit_images"])
        session.observe(self._show, "model")
        session.observe(self._show_groups, "model")
        session.observe(self._send_codes, "items")
        self._show()
        self._show_groups()

    def _follow_runs(self, _: Content, __: Any) -> None:
        """Start polling the store, now that the view is in a browser."""
        self.ready = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a test without a kernel
            return
        self._run_follower.follow(loop)

    def _show(self, _: Any = None) -> None:
        run, follower = self._run_follower.run, self._run_follower
        under_way = run is not None and not run.over
        with self.hold_sync():
            self.active_run = run.name if run is not None and under_way else ""
            self.requested = follower.requested and not under_way
            self.notice = follower.notice if under_way else ""
            self.cancelling = run is not None and under_way and run.cancel
            self.progress = progress(run) if run is not None and under_way else 0.0
            self.time_left = time_left(run) if run is not None and under_way else ""
            self.time = 0.0 if run is None else (run.finished or run.started).timestamp()
            shown = None if self.requested else run  # a request hides the run before it
            self.outcome = "" if shown is None else shown.outcome or ""
            status = "" if shown is None else status_text(shown, self._session.model)
            self.status = REQUESTED if self.requested else status
            reasons = () if shown is None or under_way else shown.reasons
            shown_reasons = [self._session.without_paths(reason) for reason in reasons]
            self.reasons = [reason for reason in shown_reasons if reason != self.status]
            self.trigger = "" if shown is None else TRIGGERS.get(shown.trigger, shown.trigger)
            self._show_curve(shown)

    def _show_curve(self, run: Run | None) -> None:
        self.points = [] if run is None else training_curve.curve_points(run)
        self.steps = 0 if run is None else run.steps
        self.last_loss, self.last_accuracy = training_curve.last_values(self.points)
        self.curve_text = training_curve.curve_text(self.points, self.steps)

    def _show_groups(self, _: Any = None) -> None:
        self.groups = correction_gallery.groups_of(
            self._run_follower.run,
            self._run_follower.digit_images,
            visible=self._run_follower.visible,
            model=self._session.model,
        )

    def _send_codes(self, _: Any) -> None:
        """Give the browser the codes of new verdicts, to prove them at a later visit."""
        codes = self._run_follower.own.new_codes()
        if codes:
            self.send({"type": "own-verdicts", "codes": codes})


def status_text(run: Run, model: str) -> str:
    """Describe the phase of a run or, when it is over, its outcome.

    Args:
        run: the run in view.
        model: the version that the page answers with.
    """
    if run.outcome is not None:
        version = run.version or "The new version"
        sentence = OUTCOMES.get(run.outcome, run.outcome)
        if run.outcome == "promoted" and run.version not in (None, model):
            sentence = REPLACED_SINCE
        elif run.outcome == "rejected" and run.version == model:
            sentence = PROMOTED_SINCE
        elif run.outcome == "rejected" and run.metrics.get(CHAMPION_MOVED):
            sentence = OUTDATED_COMPARISON
        return sentence.format(version=version, model=model)
    return CANCELLING if run.cancel else PHASES[run.phase][0]


def progress(run: Run) -> float:
    """Return the share of the run's time that has passed, 0-1, from its phase and steps."""
    _, begin, end = PHASES[run.phase]
    share_of_phase = run.step / run.steps if run.phase == "training" and run.steps else 0.0
    return round(begin + share_of_phase * (end - begin), 3)


def time_left(run: Run) -> str:
    """Say how long the run may still take; empty when unknown."""
    if run.cancel or run.seconds_left is None:
        return ""
    return time_left_text(run.seconds_left)
