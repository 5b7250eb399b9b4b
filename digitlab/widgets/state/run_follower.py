"""Learning: the fine-tunes of a home as the page follows them, whoever started them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import traitlets

from digitlab.store import Run, RunLog
from digitlab.widgets.state.session import Session
from digitlab.widgets.views.correction_gallery import Group, groups_of

if TYPE_CHECKING:
    from digitlab.lab import Lab

UNDER_WAY_S: Final = 0.5
"""Seconds between two looks at the store while a run is under way."""

IDLE_S: Final = 3.0
"""The same while none is."""

OTHER = "Another fine-tune was under way already; this is it."

_RECENT: Final = 10


class Learning(traitlets.HasTraits):
    """The run that is under way or, while none is, the last one with its outcome.

    All of it comes from the home's store: a reload, or a second page, shows the same. A thread
    looks there from `watch` on; what it finds is shown from the event loop, between two
    messages of the browser, and only when something has changed.

    Attributes:
        run: under way or over; None in a home that never had one.
        groups: what became of the corrections in that run; see `gallery.groups_of`.
        asked: True from the question for a fine-tune until it has begun or has its outcome.
        told: what became of that question, where `run` does not say so; mostly empty.
        thread: looks at the store; None before `watch`.
    """

    run = traitlets.Instance(Run, allow_none=True)
    groups = traitlets.List(traitlets.Dict())
    asked = traitlets.Bool(False)
    told = traitlets.Unicode()

    def __init__(self, lab: Lab, session: Session) -> None:
        super().__init__()
        self._lab, self._session = lab, session
        self._wishes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self.thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._seen: Run | None = None  # what the last look found; `run` follows it
        self._failing = False
        self.turn()

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Follow the runs from now on, in a thread that ends with `stop` or with the process.

        Args:
            loop: shows what is found; the one that the browser's messages come in by.
        """
        if self._loop is not None or self._ended.is_set():
            return
        self._loop = loop
        self._session.model = self._lab.champion  # the page may have been made long before
        self.thread = threading.Thread(target=self._follow, name="learning", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._ended.set()
        self._wishes.put(lambda: None)

    def start(self) -> None:
        """Ask for a fine-tune; while one is under way this does nothing."""
        if self.asked or _is_under_way(self.run):
            return
        self._session.dismiss()
        self.asked, self.told = True, ""
        self._wishes.put(self._begin)

    def cancel(self, name: str) -> None:
        """Ask for the end of the run `name`."""
        self._wishes.put(functools.partial(self._lab.runs.ask_cancel, name))

    def turn(self, wait_s: float = 0.0) -> None:
        """Do what was asked, then look how far the run is; a small read when nothing happens.

        Args:
            wait_s: how long to wait for something to be asked, in seconds.
        """
        wish = self._next_wish(wait_s)
        if self._ended.is_set():
            return
        if wish is not None:
            with self._session.guard(self._complain):
                wish()
        failed: list[str] = []
        with self._session.guard(failed.append):
            self._look()
        if failed and not self._failing:  # said once, not at every look
            self._complain(failed[0])
        self._failing = bool(failed)
        if wish is not None:
            self._apply(lambda: setattr(self, "asked", False))

    def _follow(self) -> None:
        self.turn()
        while not self._ended.is_set():
            self.turn(UNDER_WAY_S if _is_under_way(self._seen) else IDLE_S)

    def _next_wish(self, wait_s: float) -> Callable[[], None] | None:
        try:
            return self._wishes.get(timeout=wait_s) if wait_s else self._wishes.get_nowait()
        except queue.Empty:
            return None

    def _begin(self) -> None:
        by = self._session.contributor or None
        run = self._lab.fine_tune(wait=False, trigger="page", by=by)
        if run.outcome == "busy":
            self._apply(lambda: setattr(self, "told", OTHER))

    def _look(self) -> None:
        run, seen = _under_way_or_last(self._lab.runs, self._seen), self._seen
        if run == seen:
            return
        show = functools.partial(setattr, self, "run", run)
        if _state(run) != _state(seen):
            groups: list[Group] = []
            with self._session.guard(self._complain):  # a outcome is shown also without pictures
                groups = groups_of(run, self._lab)
            show = functools.partial(self._turn_to, run, self._lab.champion, groups)
        self._seen = run
        self._apply(show)

    def _turn_to(self, run: Run | None, model: str, groups: list[Group]) -> None:
        """Show another run, or the same one over: what the page answers with may have moved."""
        self._session.read_by(model)
        self.groups, self.run = groups, run

    def _complain(self, sentence: str) -> None:
        self._apply(lambda: setattr(self._session, "error", sentence))

    def _apply(self, change: Callable[[], None]) -> None:
        """Change traits where the browser's messages are handled; at once before `watch`."""

        def guarded() -> None:
            with self._session.guard():
                change()

        if self._loop is None:
            guarded()
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: the kernel ends
            self._loop.call_soon_threadsafe(guarded)


def _is_under_way(run: Run | None) -> bool:
    return run is not None and not run.over


def _state(run: Run | None) -> tuple[str, str | None] | None:
    return None if run is None else (run.name, run.outcome)


def _under_way_or_last(runs: RunLog, seen: Run | None) -> Run | None:
    """The run to show; one read, unless something has just changed."""
    if not _is_under_way(seen):
        newest = next(iter(runs.recent(1)), None)
        if newest is None or (newest.over and newest.outcome != "busy"):
            return newest
    return runs.current() or _last(runs)


def _last(runs: RunLog) -> Run | None:
    """The last run that is over, but not one that never began because another was under way."""
    if any(not run.over for run in runs.recent(_RECENT)):
        runs.sweep()  # it died: what comes now is its outcome
    return next((run for run in runs.recent(_RECENT) if run.outcome != "busy"), None)
