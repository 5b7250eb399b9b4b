"""FineTune: one fine-tune from feedback to decision_made, a step a notebook cell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from digitlab.errors import DigitlabError, RunError
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import holdout_guesses
from digitlab.learning.data.preview import FeedbackPreview, look
from digitlab.learning.gate import compare
from digitlab.learning.gate.outcomes import fates
from digitlab.learning.gate.rules import Decision, decide
from digitlab.learning.notebook_parameters import from_notebook
from digitlab.learning.results import Compared, RunResult, Trained
from digitlab.learning.run_session import OrderError, RunSession, step
from digitlab.learning.training import train
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, RunLog
from digitlab.store.runs.types import new_name

T = TypeVar("T")


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
        turn: the run as the store knows it.
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
        self._settings = settings
        self._evaluate_on = evaluate_on
        self._open = ExitStack()
        self._store = self._open.enter_context(FeedbackStore.open(settings))
        self._models = ModelRegistry(settings, self._store.database)
        self._log = RunLog(self._store.database)
        self.turn = RunSession(self._log, run or new_name(), opened=self._open)
        self._found: FeedbackPreview | None = None
        self._trained: Trained | None = None
        self._compared: Compared | None = None
        self._decision: Decision | None = None
        self._adaptation: Any = None
        self._aside: Path | None = None
        self.turn.take(by=by, parameters=config.to_dict())

    @property
    def result(self) -> RunResult | None:
        """How the run ended; None while it lasts."""
        return self.turn.result

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

    @step("collecting")
    def collect(self) -> FeedbackPreview:
        """Accepted feedback becomes examples; what is suspicious is held."""
        self._models.sweep()
        self._found = found = look(self._store, self._models, self.config, settings=self._settings)
        if not found.new:
            self.turn.end(
                "nothing-new",
                reasons=found.reasons,
                inputs_fingerprint=found.inputs_fingerprint,
                feedback_fingerprint=found.feedback_fingerprint,
            )
        return found

    @step("loading")
    def train(self) -> Trained:
        """Train from the base on examples and replay; choose how far to go from it on `validation`."""
        found = self._need(self._found, "collect")
        self._models.check(found.base)  # what it starts from is what its card describes
        folder, cache = self._models.folder(found.base), self._settings.cache
        threads = self.config.threads
        champion = self._models.load(found.champion, threads=threads)
        holdout_guesses(champion, (folder, cache))  # while tensorflow loads, and a processor idles
        self._adaptation, self._trained = train.train(
            found.examples,
            folder,
            self._models.load(found.base, threads=threads),
            self.config,
            cache=cache,
            tell=self.turn.progress,
        )
        return self._trained

    @step("comparing")
    def compare(self) -> Compared:
        """Export the challenger and let both versions read the same images."""
        found, trained = self._need(self._found, "collect"), self._need(self._trained, "train")
        self._aside = self._open.enter_context(self._models.aside())
        self._compared = compare.compare(
            found,
            trained,
            self._adaptation,
            champion=self._models.load(found.champion, threads=self.config.threads),
            base=self._models.load(found.base, threads=self.config.threads),
            origin=self._models.folder(found.base),
            folder=self._aside,
            cache=self._settings.cache,
            tell=self.turn.progress,
        )
        return self._compared

    @step("comparing")
    def decide(self) -> Decision:
        """The gate's decision_made, in sentences."""
        found, trained = self._need(self._found, "collect"), self._need(self._trained, "train")
        compared = self._need(self._compared, "compare")
        decision_made = decide(compared.comparison)
        if trained.alpha is None:
            lowest = self.config.alphas[0]
            far = f"Even {lowest:g} of the way from the base costs too much on `validation`."
            decision_made = Decision(promoted=False, reasons=(far, *decision_made.reasons))
        self._decision = decision_made
        return self._told(decision_made, found, compared)

    @step("registering")
    def register(self) -> RunResult:
        """Keep the version with its card, and let it serve if the gate says so."""
        found, trained = self._need(self._found, "collect"), self._need(self._trained, "train")
        compared = self._need(self._compared, "compare")
        decision_made = self._need(self._decision, "decide")
        assert self._aside is not None  # `compare` made it  # noqa: S101
        metrics = compare.figures(compared, trained, found.examples.corrections)
        metrics |= {"mnist:test": compared.calibration.metrics["mnist:test"]}
        decision = self._told(decision_made, found, compared)
        card = compare.write_card(
            self._aside,
            found,
            compared,
            decision,
            trained,
            tuner=self._adaptation,
            base=self._models.card(found.base),
            config=self.config,
            run=self.turn.name,
            notebook=self._notebook(),
        )
        if self._evaluate_on is not None:  # before anything moves: it may take long, or be ended
            metrics["evaluate_on"] = self._report(self._evaluate_on, self._aside)
        moved = self._models.champion != found.champion
        if moved:
            why = f"{compared.champion} serves no more, with which it was compared; run it again."
            decision_made = Decision(promoted=False, reasons=(why, *decision_made.reasons))
            decision = self._told(decision_made, found, compared)
            card = dataclasses.replace(card, decision="rejected", reasons=list(decision.reasons))
            card.write(self._aside)
        if not self._log.holds(self.turn.name):  # somebody took it for dead
            raise RunError("Another run has taken over.", run=self.turn.name)
        version = self._models.adopt(self._aside)
        if decision.promoted:
            self._log.note(
                self.turn.name,
                inputs_fingerprint=found.inputs_fingerprint,
                feedback_fingerprint=found.feedback_fingerprint,
            )
            self._models.promote(
                version,
                by="digitlab",
                why=decision.reasons[0],
                run=self.turn.name,
                expect=compared.champion,
            )
        else:
            self._models.challenge(version, by="digitlab", run=self.turn.name)
        return self.turn.end(
            "promoted" if decision.promoted else "rejected",
            version=version,
            reasons=decision.reasons,
            inputs_fingerprint=found.inputs_fingerprint,
            feedback_fingerprint=None
            if moved
            else found.feedback_fingerprint,  # what was not judged to the end is still new
            metrics=metrics,
        )

    def _told(self, decision: Decision, found: FeedbackPreview, compared: Compared) -> Decision:
        """A decision that also says what becomes of each correction."""
        pending = self._store.pending()
        told = fates(found, compared, promoted=decision.promoted, pending=pending)
        return Decision(promoted=decision.promoted, reasons=(*decision.reasons, *told))

    def _report(self, source: str, folder: Path) -> dict[str, Any]:
        """How the new version reads another data set; one that cannot be read is no failure."""
        try:
            version = Classifier.load(folder, threads=self.config.threads)
            return compare.report_on(source, version, settings=self._settings)
        except DigitlabError as error:
            return {"source": source, "error": str(error)}

    def _notebook(self) -> str | None:
        """Where the executed notebook will be, in the home; raw papermill's is its caller's."""
        known = self._log.get(self.turn.name).trigger != "papermill"
        return f"notebooks/runs/{self.turn.name}.ipynb" if known else None

    def _need(self, value: T | None, before: str) -> T:
        if value is None:
            raise OrderError(f"Call {before}() first.", run=self.turn.name)
        return value
