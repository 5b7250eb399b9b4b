"""Follow the fine-tunes of a home, whichever process started them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import traitlets

from digitlab.store import Run, RunLog
from digitlab.store.change_counter import ChangeCounter
from digitlab.widgets.state.own_verdicts import OwnVerdicts
from digitlab.widgets.state.run_corrections import (
    DigitImages,
    ids_of_own_pictures,
    shown_corrections,
)
from digitlab.widgets.state.session import Session

if TYPE_CHECKING:
    from digitlab.lab import Lab

ACTIVE_POLL_S: Final = 0.5
"""Seconds between two reads of the store during a run."""

IDLE_POLL_S: Final = 1.0
"""Seconds between two looks at the store's change counter while there is no run. A promotion or a
rollback by another process shows in each open page within two seconds."""

ALREADY_RUNNING: Final = "Another fine-tune was under way already; this is it."

_RECENT_RUNS: Final = 10
"""Number of runs among which the last outcome to show is searched."""


class RunFollower(traitlets.HasTraits):
    """The run that is under way or, when there is none, the last run with its outcome.

    All values come from the home's store, so a reload or a second page shows the same run. From
    `follow` on, a thread polls the store. Traits change in the event loop, between two messages
    of the browser, and only when the run or the champion has changed. The session learns of each
    promotion and rollback, whichever process made it.

    Attributes:
        run: a run that is under way or over; None in a home without runs.
        own: the verdicts that this browser gave.
        visible: ids of the run's corrections that this browser may see; None for all, in a home
            that shows everybody's.
        digit_images: digit image and label of the corrections that the page shows with the
            run, by verdict id; see `shown_corrections`. None when they could not be read.
        requested: True from a request for a fine-tune until its run exists.
        notice: says that the requested run is another one; empty otherwise.
        thread: the thread that polls; None before `follow`.
    """

    run = traitlets.Instance(Run, allow_none=True)
    visible: traitlets.Instance[frozenset[int] | None] = traitlets.Instance(
        frozenset, allow_none=True
    )
    digit_images: traitlets.Instance[DigitImages | None] = traitlets.Instance(dict, allow_none=True)
    requested = traitlets.Bool(False)
    notice = traitlets.Unicode()

    def __init__(self, lab: Lab, session: Session) -> None:
        super().__init__()
        self._lab, self._session = lab, session
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self.thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._last_run: Run | None = None  # as last read; `run` follows in the event loop
        self._last_champion = session.model
        self._changes = ChangeCounter(lab.runs.database)
        self.own = OwnVerdicts(lab, session)
        self._failing = False
        self.poll()

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start a thread that polls the store until `stop` or the end of the process.

        Args:
            loop: the event loop that handles the browser's messages; it changes the traits.
        """
        if self._loop is not None or self._stopped.is_set():
            return
        self._loop = loop
        # It may have changed since the page was made, before its visitor came.
        self._last_champion = self._session.model = self._lab.champion
        self.thread = threading.Thread(target=self._poll_until_stopped, name="runs", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop polling."""
        self._stopped.set()
        self._requests.put(lambda: None)

    def start_run(self) -> None:
        """Request a fine-tune; do nothing while one is requested or under way."""
        if self.requested or _is_under_way(self.run):
            return
        self._session.dismiss_error()
        self.requested, self.notice = True, ""
        self._requests.put(self._start_run)

    def cancel_run(self, name: str) -> None:
        """Request the end of the run `name`."""
        self._requests.put(functools.partial(self._lab.runs.request_cancel, name))

    def prove_own(self, codes: Mapping[str, str]) -> None:
        """Take the browser's codes of its earlier verdicts; show their pictures with the run."""
        before = self.own.ids
        self.own.prove(codes)
        if self.own.ids != before:
            self._requests.put(self._read_corrections_again)

    def poll(self, wait_s: float = 0.0) -> None:
        """Carry out the next request, if any, then read how far the run is.

        Args:
            wait_s: longest time to wait for a request, in seconds.
        """
        request = self._next_request(wait_s)
        if self._stopped.is_set():
            return
        if request is not None:
            with self._session.guard(self._report_error):
                request()
        errors: list[str] = []
        with self._session.guard(errors.append):
            self._read_run()
        if errors and not self._failing:  # the first failed read is reported, not each
            self._report_error(errors[0])
        self._failing = bool(errors)
        if errors:
            self._changes.close()  # so that the next poll reads again
        if request is not None:
            self._apply(lambda: setattr(self, "requested", False))

    def _poll_until_stopped(self) -> None:
        self.poll()
        while not self._stopped.is_set():
            self.poll(ACTIVE_POLL_S if _is_under_way(self._last_run) else IDLE_POLL_S)
        self._changes.close()

    def _next_request(self, wait_s: float) -> Callable[[], None] | None:
        try:
            return self._requests.get(timeout=wait_s) if wait_s else self._requests.get_nowait()
        except queue.Empty:
            return None

    def _start_run(self) -> None:
        contributor = self._session.contributor or None
        run = self._lab.fine_tune(wait=False, trigger="page", by=contributor)
        if run.outcome == "busy":
            self._apply(lambda: setattr(self, "notice", ALREADY_RUNNING))

    def _read_run(self) -> None:
        previous = self._last_run
        not_kept = self._lab.not_kept_in_public
        if not_kept != self._session.not_kept:
            self._apply(functools.partial(setattr, self._session, "not_kept", not_kept))
        # A run may end without a change in the store: its process may die.
        if self._lab.is_unread or not (self._changes.has_changed() or _is_under_way(previous)):
            return
        champion = self._lab.champion
        if champion != self._last_champion:
            self._last_champion = champion
            self._apply(functools.partial(self._session.set_model, champion))
        run = _active_or_last(self._lab.runs, previous)
        if run == previous:
            return
        show = functools.partial(setattr, self, "run", run)
        if _name_and_outcome(run) != _name_and_outcome(previous):
            show = functools.partial(self._show, run, *self._read_corrections(run))
        self._last_run = run
        self._apply(show)

    def _read_corrections_again(self) -> None:
        run = self._last_run
        self._apply(functools.partial(self._show, run, *self._read_corrections(run)))

    def _read_corrections(
        self, run: Run | None
    ) -> tuple[frozenset[int] | None, DigitImages | None]:
        """Return `visible` and `digit_images` for a run."""
        with self._session.guard(self._report_error):  # the outcome shows without images too
            visible = None
            if not self._lab.home_settings.shows_all_corrections:
                visible = ids_of_own_pictures(run, self.own.ids, self._lab.digit_images)
            verdict_ids = shown_corrections(run, visible)
            return visible, self._lab.digit_images(verdict_ids) if verdict_ids else {}
        return frozenset(), None

    def _show(
        self, run: Run | None, visible: frozenset[int] | None, images: DigitImages | None
    ) -> None:
        """Show a run or an outcome together with the corrections that belong to it."""
        with self.hold_trait_notifications():
            self.visible, self.digit_images, self.run = visible, images, run

    def _report_error(self, sentence: str) -> None:
        self._apply(lambda: setattr(self._session, "error", sentence))

    def _apply(self, change: Callable[[], None]) -> None:
        """Change traits in the event loop; at once before `follow`."""

        def guarded_change() -> None:
            with self._session.guard():
                change()

        if self._loop is None:
            guarded_change()
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed because the kernel ends
            self._loop.call_soon_threadsafe(guarded_change)


def _is_under_way(run: Run | None) -> bool:
    return run is not None and not run.over


def _name_and_outcome(run: Run | None) -> tuple[str, str | None] | None:
    return None if run is None else (run.name, run.outcome)


def _active_or_last(runs: RunLog, previous: Run | None) -> Run | None:
    """Return the run to show; one read of the store, unless a run has just begun or ended."""
    if not _is_under_way(previous):
        newest = next(iter(runs.recent(1)), None)
        if newest is None or (newest.over and newest.outcome != "busy"):
            return newest
    return runs.current() or _last_with_outcome(runs)


def _last_with_outcome(runs: RunLog) -> Run | None:
    """Return the last run that is over, without runs that ended because another one was busy."""
    if any(not run.over for run in runs.recent(_RECENT_RUNS)):
        runs.fail_dead_runs()  # its process died; this gives the run its outcome
    return next((run for run in runs.recent(_RECENT_RUNS) if run.outcome != "busy"), None)
