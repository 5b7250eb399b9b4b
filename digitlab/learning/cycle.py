"""FineTune: one fine-tune from feedback to verdict, a step a notebook cell."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from digitlab.errors import DigitlabError, RunError
from digitlab.learning import challenger, training
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.gate import Decision, decide
from digitlab.learning.known import gate_guesses
from digitlab.learning.lookup import LookUp, look
from digitlab.learning.parameters import from_notebook
from digitlab.learning.reasons import fates
from digitlab.learning.steps import Compared, Outcome, Trained
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, RunLog
from digitlab.store.run import new_name

log = logging.getLogger(__name__)

_EVERY_S = 0.4  # between two signs of progress

T = TypeVar("T")


def _step(
    phase: str,
) -> Callable[[Callable[[FineTune], T]], Callable[[FineTune], T | Outcome]]:
    """A step: none after the run is over; the lease goes back when it fails or is cancelled."""

    def wrap(step: Callable[[FineTune], T]) -> Callable[[FineTune], T | Outcome]:
        @functools.wraps(step)
        def run(self: FineTune) -> T | Outcome:
            if self.outcome is not None:
                return self.outcome
            try:
                self._tell(phase=phase)
                return step(self)
            except _CancelledError:
                return self._end("cancelled", reasons=("It was cancelled; nothing has changed.",))
            except _OrderError:  # the run goes on with the step that is due
                raise
            except BaseException as error:
                self._end("failed", reasons=(f"{type(error).__name__}: {error}",))
                raise

        return run

    return wrap


class _CancelledError(Exception):
    """Somebody asked for the end of the run."""


class _OrderError(RunError):
    """A step was called before the one that it goes on from."""


class FineTune:
    """A fine-tune at work: `collect`, `train`, `compare`, `decide`, `register`, in this order.

    A version is a pure function of base, accepted feedback, parameters and seed. Once the run
    is over, because there is nothing new, another one is under way, or somebody cancelled it,
    the steps left do nothing and give its outcome.

    Args:
        settings: of the home.
        config: the parameters.
        run: the run's name; None for a new one.
        evaluate_on: a data set to report on besides.
        by: who asked for it.

    Attributes:
        config: the parameters.
        outcome: how the run ended; None while it lasts.
    """

    def __init__(
        self,
        settings: Settings,
        config: FineTuneConfig,
        *,
        run: str | None = None,
        evaluate_on: str | None = None,
        by: str = "",
    ) -> None:
        self.config = config
        self.outcome: Outcome | None = None
        self._settings = settings
        self._evaluate_on = evaluate_on
        self._run = run or new_name()
        self._last = 0.0
        self._open = ExitStack()
        self._store = self._open.enter_context(FeedbackStore.open(settings))
        self._models = ModelRegistry(settings, self._store.database)
        self._log = RunLog(self._store.database)
        self._found: LookUp | None = None
        self._trained: Trained | None = None
        self._compared: Compared | None = None
        self._decision: Decision | None = None
        self._adaptation: Any = None
        self._aside: Path | None = None
        if self._log.take(self._run, by=by, parameters=config.to_dict()):
            self._open.enter_context(self._log.beating(self._run))
        else:
            self.outcome = Outcome(
                run=self._run, verdict="busy", reasons=tuple(self._log.get(self._run).reasons)
            )
            self._open.close()

    @classmethod
    def begin(cls, names: Mapping[str, Any]) -> Self:
        """Begin with the parameters among a notebook's `globals()`.

        Raises:
            ParameterError: one of them is unknown, mistyped or out of range; it is named.
        """
        given = from_notebook(names)
        return cls(
            Settings.load(given.home),
            given.config,
            run=given.run,
            evaluate_on=given.evaluate_on,
        )

    @_step("collecting")
    def collect(self) -> LookUp:
        """Accepted feedback becomes lessons; what is suspicious is held."""
        self._models.sweep()
        self._found = found = look(self._store, self._models, self.config, settings=self._settings)
        if not found.new:
            self._end("nothing-new", reasons=found.reasons, hash=found.hash, news=found.news)
        return found

    @_step("loading")
    def train(self) -> Trained:
        """Train from the base on lessons and replay; choose how far to go from it on `tune`."""
        found = self._need(self._found, "collect")
        self._models.check(found.base)  # what it starts from is what its card describes
        folder, cache = self._models.folder(found.base), self._settings.cache
        threads = self.config.threads
        champion = self._models.load(threads=threads)
        gate_guesses(champion, (folder, cache))  # while tensorflow loads, and a processor idles
        self._adaptation, self._trained = training.train(
            found.lessons,
            folder,
            self._models.load(found.base, threads=threads),
            self.config,
            cache=cache,
            tell=self._progress,
        )
        return self._trained

    @_step("comparing")
    def compare(self) -> Compared:
        """Export the challenger and let both versions read the same images."""
        found, trained = self._need(self._found, "collect"), self._need(self._trained, "train")
        self._aside = self._open.enter_context(self._models.aside())
        self._compared = challenger.compare(
            found,
            trained,
            self._adaptation,
            champion=self._models.load(threads=self.config.threads),
            base=self._models.folder(found.base),
            folder=self._aside,
            cache=self._settings.cache,
            tell=self._progress,
        )
        return self._compared

    @_step("comparing")
    def decide(self) -> Decision:
        """The gate's verdict, in sentences."""
        found, trained = self._need(self._found, "collect"), self._need(self._trained, "train")
        compared = self._need(self._compared, "compare")
        verdict = decide(compared.comparison)
        if trained.alpha is None:
            lowest = self.config.alphas[0]
            far = f"Even {lowest:g} of the way from the base costs too much on `tune`."
            verdict = Decision(promoted=False, reasons=(far, *verdict.reasons))
        told = fates(found, compared, pending=self._store.pending())
        self._decision = Decision(promoted=verdict.promoted, reasons=(*verdict.reasons, *told))
        return self._decision

    @_step("registering")
    def register(self) -> Outcome:
        """Keep the version with its card, and let it serve if the gate says so."""
        found, trained = self._need(self._found, "collect"), self._need(self._trained, "train")
        compared = self._need(self._compared, "compare")
        decision = self._need(self._decision, "decide")
        assert self._aside is not None  # `compare` made it  # noqa: S101
        metrics = challenger.figures(compared, trained, found.lessons.corrections)
        metrics |= {"mnist:test": compared.calibration.metrics["mnist:test"]}
        moved = self._models.champion != compared.champion
        if moved:
            why = f"{compared.champion} serves no more, with which it was compared; run it again."
            decision = Decision(promoted=False, reasons=(why, *decision.reasons))
        challenger.write_card(
            self._aside,
            found,
            compared,
            decision,
            trained,
            adaptation=self._adaptation,
            base=self._models.card(found.base),
            config=self.config,
            run=self._run,
            notebook=self._notebook(),
        )
        if not self._log.holds(self._run):  # somebody took it for dead
            raise RunError("Another run has taken over.", run=self._run)
        version = self._models.adopt(self._aside)
        if decision.promoted:
            self._models.promote(
                version,
                by="digitlab",
                why=decision.reasons[0],
                run=self._run,
                expect=compared.champion,
            )
        else:
            self._models.challenge(version, by="digitlab", run=self._run)
        if self._evaluate_on is not None:
            metrics["evaluate_on"] = self._report(self._evaluate_on, version)
        return self._end(
            "promoted" if decision.promoted else "rejected",
            version=version,
            reasons=decision.reasons,
            hash=found.hash,
            news=None if moved else found.news,  # what was not judged to the end is still new
            metrics=metrics,
        )

    def _report(self, source: str, version: str) -> dict[str, Any]:
        """How the new version reads another data set; one that cannot be read is no failure."""
        try:
            return challenger.report_on(source, self._models.load(version), settings=self._settings)
        except DigitlabError as error:
            return {"source": source, "error": str(error)}

    def _notebook(self) -> str | None:
        """Where the executed notebook will be, in the home; raw papermill's is its caller's."""
        known = self._log.get(self._run).door != "papermill"
        return f"notebooks/runs/{self._run}.ipynb" if known else None

    def _need(self, value: T | None, step: str) -> T:
        if value is None:
            raise _OrderError(f"Call {step}() first.", run=self._run)
        return value

    def _progress(self, **said: Any) -> None:
        """Write how far the run is, not too often; notice a cancellation."""
        now = time.monotonic()
        rare = "phase" in said or said.get("tune") is not None  # and never left out
        if not rare and now - self._last < _EVERY_S:
            return
        self._last = now
        self._tell(**said)

    def _tell(self, **said: Any) -> None:
        if self._log.is_cancelled(self._run):
            raise _CancelledError
        self._log.beat(self._run, **said)

    def _end(
        self,
        verdict: str,
        *,
        version: str | None = None,
        hash: str | None = None,
        news: str | None = None,
        reasons: tuple[str, ...] = (),
        metrics: dict[str, Any] | None = None,
    ) -> Outcome:
        self.outcome = Outcome(
            run=self._run,
            verdict=verdict,
            version=version,
            hash=hash,
            reasons=reasons,
            metrics=metrics or {},
        )
        self._log.finish(
            self._run,
            verdict,
            version=version,
            hash=hash,
            news=news,
            reasons=reasons,
            metrics=metrics,
        )
        self._open.close()
        return self.outcome
