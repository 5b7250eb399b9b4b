"""A lab whose runs a test moves on, and clicks on the fine-tune panel."""

from __future__ import annotations

from typing import Any

from digitlab.store import Run
from digitlab.widgets import Page
from support.fake_lab import FakeLab
from support.page_messages import send_message


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
            self.runs.add_finished(name, outcome, **values, reasons=["For a reason."])
        else:
            self.runs.announce(name, **values)
        return self.runs.get(name)


def click_start(page: Page) -> None:
    """Click on "Fine-tune now"; the run starts with the next poll."""
    send_message(page.fine_tune_panel, {"type": "start"})


def start_run(page: Page) -> None:
    """Click on "Fine-tune now" and poll."""
    click_start(page)
    page.run_follower.poll()


def begin_run(lab: FakeFineTuneLab, name: str = "mine", trigger: str = "cli") -> None:
    """Begin a run in the store, as the process of a run does."""
    lab.runs.acquire_lease(name, by="ada", parameters={}, trigger=trigger)
