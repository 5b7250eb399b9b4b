"""A lab whose runs a test moves on, and the messages that the fine-tune panel sends."""

from __future__ import annotations

from typing import Any

from digitlab.store import Run
from digitlab.widgets import Page
from support.fake_lab import FakeLab


class FakeFineTuneLab(FakeLab):
    """A lab that announces a run and leaves it to the test, or ends it at once.

    Attributes:
        immediate_outcome: the outcome of the next runs; empty for runs that continue.
        start_error: what the next `fine_tune` raises; None for nothing.
    """

    immediate_outcome = ""
    start_error: Exception | None = None

    def fine_tune(
        self,
        *,
        wait: bool = True,
        trigger: str = "notebook",
        by: str | None = None,
        **parameters: Any,
    ) -> Run:
        if self.start_error is not None:
            raise self.start_error
        name = f"run-{len(self.runs.recent())}"
        values: Any = {"trigger": trigger, "by": by or "someone", "parameters": parameters}
        active_run = self.runs.current()
        if active_run is not None or self.immediate_outcome:
            outcome = "busy" if active_run is not None else self.immediate_outcome
            self.runs.settle(name, outcome, **values, reasons=["For a reason."])
        else:
            self.runs.announce(name, **values)
        return self.runs.get(name)


def send_message(page: Page, **content: Any) -> None:
    """Deliver a message to the fine-tune panel as the browser sends it."""
    page.learn._handle_custom_msg(content, [])


def press_start(page: Page) -> None:
    """Press "Fine-tune now" and let the page read the store."""
    send_message(page, type="start")
    page.learning.turn()


def begin_run(lab: FakeFineTuneLab, name: str = "mine", trigger: str = "cli") -> None:
    """Begin a run in the store, as a run's own process does."""
    lab.runs.take(name, by="ada", parameters={}, trigger=trigger)
