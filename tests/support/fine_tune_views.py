"""A stand-in home whose runs a test moves on, and the clicks of the fine-tune panel."""

from __future__ import annotations

from typing import Any

from digitlab.store import Run
from digitlab.widgets import Page
from support.fake_lab import PaperDesk


class LearningDesk(PaperDesk):
    """Announces a run and leaves it to the test; or ends it at once.

    Attributes:
        at_once: the outcome of the next runs; empty for runs that go on.
        broken: what the next question for a fine-tune raises; None for nothing.
    """

    at_once = ""
    broken: Exception | None = None

    def fine_tune(self, *, wait: bool = True, trigger: str = "notebook", **parameters: Any) -> Run:
        if self.broken is not None:
            raise self.broken
        name = f"run-{len(self.runs.recent())}"
        said: Any = {"trigger": trigger, "by": "someone", "parameters": parameters}
        other = self.runs.current()
        if other is not None or self.at_once:
            outcome = "busy" if other is not None else self.at_once
            self.runs.settle(name, outcome, **said, reasons=["For a reason."])
        else:
            self.runs.announce(name, **said)
        return self.runs.get(name)


def say(page: Page, **content: Any) -> None:
    """A message as it comes from the browser."""
    page.learn._handle_custom_msg(content, [])


def press(page: Page) -> None:
    say(page, type="start")
    page.learning.turn()


def begin(desk: LearningDesk, name: str = "mine", trigger: str = "cli") -> None:
    desk.runs.take(name, by="ada", parameters={}, trigger=trigger)
