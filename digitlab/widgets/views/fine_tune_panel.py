"""Learn: a button for a fine-tune, how the one that is under way goes, and what came of it."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import anywidget
import traitlets

from digitlab.store import Run
from digitlab.widgets.state.messages import Content, listen
from digitlab.widgets.state.run_follower import Learning
from digitlab.widgets.state.session import Session
from digitlab.widgets.views import assets, training_curve

PHASES: Final = {
    "starting": ("Starting", 0.0, 0.1),
    "collecting": ("Gathering the corrections", 0.1, 0.12),
    "loading": ("Getting ready to train", 0.12, 0.27),
    "training": ("Training on the corrections", 0.27, 0.55),
    "choosing": ("Choosing how far to go", 0.55, 0.67),
    "comparing": ("Comparing it with the version that reads now", 0.67, 0.96),
    "registering": ("Keeping the new version", 0.96, 1.0),
    "done": ("Done", 1.0, 1.0),
}
"""What a run does in a phase, and the share of its time at which that begins and ends."""

ENDING: Final = "Ending it"
LOOKING: Final = "Looking what is new"

OUTCOMES: Final = {
    "promoted": "{version} proved better and has taken over; the page answers with {version} now.",
    "rejected": "{version} did not prove better; nothing has changed.",
    "nothing-new": "There is nothing new to learn; nothing has changed.",
    "cancelled": "It was cancelled; nothing has changed.",
    "failed": "It failed; nothing has changed.",
}

MOVED_SINCE: Final = "{version} proved better and took over; by now the page answers with {model}."
"""Of a promoted version that another one has replaced."""

TRIGGERS: Final = {
    "page": "from the page",
    "notebook": "from a notebook",
    "cli": "from the command line",
    "schedule": "by the schedule",
    "papermill": "by papermill",
}


class Learn(anywidget.AnyWidget):
    """The fine-tune on the page.

    Messages from the browser: "start", "cancel" (run), "ready".

    Attributes:
        running: name of the run that is under way; empty while none is.
        asked: True until a fine-tune that this page asked for has begun.
        cancelling: True when somebody asked for the end of the run.
        says: what it does or, when it is over, its outcome in a sentence.
        told: what became of this page's question, when another run was faster.
        outcome: of the last run, for its looks; empty while one is under way.
        reasons: of the outcome, in sentences.
        share: of the run's time that has passed, 0-1.
        left: how long it may take, in words; empty while nobody knows.
        origin: where it was started from, in words.
        at: when it was started or, when it is over, ended: seconds since 1970; 0 for never.
        points: of the run's curve: step, loss and share read right, None where not measured.
        steps: of the whole training; 0 before it is known.
        loss: the last one, as the legend says it; empty before there is one.
        right: the same of the share read right.
        spoken: the curve in a sentence.
        groups: what became of the corrections; see `gallery.groups_of`.
    """

    _esm = assets.script("training_curve", "correction_gallery", "fine_tune_panel")
    _css = assets.style("fine_tune_panel", "training_curve", "correction_gallery")

    running = traitlets.Unicode().tag(sync=True)
    asked = traitlets.Bool(False).tag(sync=True)
    cancelling = traitlets.Bool(False).tag(sync=True)
    says = traitlets.Unicode().tag(sync=True)
    told = traitlets.Unicode().tag(sync=True)
    outcome = traitlets.Unicode().tag(sync=True)
    reasons = traitlets.List(traitlets.Unicode()).tag(sync=True)
    share = traitlets.Float(0.0).tag(sync=True)
    left = traitlets.Unicode().tag(sync=True)
    origin = traitlets.Unicode().tag(sync=True)
    at = traitlets.Float(0.0).tag(sync=True)
    points = traitlets.List(traitlets.List()).tag(sync=True)
    steps = traitlets.Int(0).tag(sync=True)
    loss = traitlets.Unicode().tag(sync=True)
    right = traitlets.Unicode().tag(sync=True)
    spoken = traitlets.Unicode().tag(sync=True)
    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    ready = traitlets.Bool(False)

    def __init__(self, session: Session, learning: Learning) -> None:
        super().__init__()
        self._session, self._learning = session, learning
        listen(
            self,
            session,
            {
                "start": lambda *_: learning.start(),
                "cancel": lambda content, _: learning.cancel(content["run"]),
                "ready": self._begin,
            },
        )
        learning.observe(self._show, ["run", "asked", "told"])
        session.observe(self._show, "model")
        traitlets.dlink((learning, "groups"), (self, "groups"))
        self._show()

    def _begin(self, _: Content, __: Any) -> None:
        """The view stands in a browser: from now on it is worth looking at the store."""
        self.ready = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel, and so no browser: a test
            return
        self._learning.watch(loop)

    def _show(self, _: Any = None) -> None:
        run, learning = self._learning.run, self._learning
        under_way = run is not None and not run.over
        with self.hold_sync():
            self.running = run.name if run is not None and under_way else ""
            self.asked = learning.asked and not under_way
            self.told = learning.told if under_way else ""
            self.cancelling = run is not None and under_way and run.cancel
            self.share = share(run) if run is not None and under_way else 0.0
            self.left = left(run) if run is not None and under_way else ""
            self.outcome = "" if run is None or self.asked else run.outcome or ""
            said = "" if run is None else in_words(run, self._session.model)
            self.says = LOOKING if self.asked else said
            reasons = () if run is None or under_way or self.asked else run.reasons
            self.reasons = [reason for reason in reasons if reason != self.says]
            self.origin = (
                "" if run is None or self.asked else TRIGGERS.get(run.trigger, run.trigger)
            )
            self.at = 0.0 if run is None else (run.finished or run.started).timestamp()
            self._draw(None if self.asked else run)

    def _draw(self, run: Run | None) -> None:
        self.points = [] if run is None else training_curve.points_of(run)
        self.steps = 0 if run is None else run.steps
        self.loss, self.right = training_curve.said_last(self.points)
        self.spoken = training_curve.spoken(self.points, self.steps)


def in_words(run: Run, model: str) -> str:
    """What the run does, or its outcome, in a sentence.

    Args:
        run: the one in view.
        model: the version that the page answers with.
    """
    if run.outcome is not None:
        version = run.version or "The new version"
        moved = run.outcome == "promoted" and run.version not in (None, model)
        sentence = MOVED_SINCE if moved else OUTCOMES.get(run.outcome, run.outcome)
        return sentence.format(version=version, model=model)
    return ENDING if run.cancel else PHASES[run.phase][0]


def share(run: Run) -> float:
    """The share of the run's time that has passed, as far as its phase and steps tell."""
    _, begin, end = PHASES[run.phase]
    done = run.step / run.steps if run.phase == "training" and run.steps else 0.0
    return round(begin + done * (end - begin), 3)


def left(run: Run) -> str:
    """How long the run may still take, in words; empty while nobody knows."""
    seconds = run.seconds_left
    if run.cancel or seconds is None:
        return ""
    return "a few seconds left" if seconds < 2 else f"about {seconds:.0f} s left"
