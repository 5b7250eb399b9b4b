"""FineTune: one fine-tune from feedback to decision; each step is one notebook cell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from digitlab.errors import DigitlabError, RunError
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import holdout_predictions
from digitlab.learning.data.preview import FeedbackPreview, preview_store
from digitlab.learning.gate import compare
from digitlab.learning.gate.outcomes import describe_corrections
from digitlab.learning.gate.rules import decide
from digitlab.learning.notebook_parameters import read_notebook_parameters
from digitlab.learning.report import register_html_formatters
from digitlab.learning.results import ComparisonResult, Decision, RunResult, TrainingResult
from digitlab.learning.run_session import RunSession, StepOrderError, step
from digitlab.learning.time_estimate import (
    DURATIONS,
    FORMER_RUNS,
    TimeEstimate,
    former_durations,
)
from digitlab.learning.training import train
from digitlab.model.finetuning import FineTuner
from digitlab.model.runtime import Classifier
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, RunLog
from digitlab.store.runs.types import CHAMPION_MOVED, new_name

T = TypeVar("T")


class FineTune:
    """A fine-tune in progress: `collect`, `train`, `compare`, `decide`, `register`, in this order.

    Base, accepted feedback, parameters and seed determine the version. After the end of the run,
    the remaining steps do nothing and return its result. A run ends early if nothing is new, if
    another run is in progress, or if a person cancels it.

    Args:
        settings: the home's settings.
        config: the parameters.
        run: the run's name; None for a new one.
        evaluate_on: a data set on which the new version is also evaluated.
        by: the person or schedule that started the run.

    Attributes:
        config: the parameters.
        session: the run's lease, progress and result.
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
        register_html_formatters()
        self.config = config
        self._settings = settings
        self._evaluate_on = evaluate_on
        self._resources = ExitStack()
        self._store = self._resources.enter_context(FeedbackStore.open(settings))
        self._models = ModelRegistry(settings, self._store.database)
        self._log = RunLog(self._store.database)
        self.session = RunSession(self._log, run or new_name(), resources=self._resources)
        self._estimate = TimeEstimate(former_durations(self._log.recent(FORMER_RUNS)))
        self._preview: FeedbackPreview | None = None
        self._tuner: FineTuner | None = None
        self._training: TrainingResult | None = None
        self._folder: Path | None = None
        self._comparison: ComparisonResult | None = None
        self._decision: Decision | None = None
        self.session.start(by=by, parameters=config.to_dict())

    @property
    def result(self) -> RunResult | None:
        """How the run ended; None while it lasts."""
        return self.session.result

    @classmethod
    def from_notebook(cls, names: Mapping[str, Any]) -> Self:
        """Start a run with the parameters of a notebook.

        Args:
            names: the notebook's `globals()`.

        Raises:
            ParameterError: a parameter is unknown, has the wrong type or is out of range. The
                message names it.
        """
        parameters = read_notebook_parameters(names)
        return cls(
            Settings.load(parameters.home),
            parameters.config,
            run=parameters.run,
            evaluate_on=parameters.evaluate_on,
        )

    @step("collecting")
    def collect(self) -> FeedbackPreview:
        """Collect training examples from accepted feedback; hold feedback with a label issue."""
        self.session.report(seconds_left=self._estimate.seconds_left)
        preview = preview_store(self._store, self._models, self.config, cache=self._settings.cache)
        self._preview = preview
        if not preview.new:
            self.session.end(
                "nothing-new",
                reasons=preview.reasons,
                inputs_fingerprint=preview.inputs_fingerprint,
                feedback_fingerprint=preview.feedback_fingerprint,
            )
        return preview

    @step("loading")
    def train(self) -> TrainingResult:
        """Train from the base; choose the interpolation with the base on the validation split."""
        preview = self._require(self._preview, "collect")
        self.session.report(seconds_left=self._estimate.seconds_left)
        self._models.folders.verify(preview.base)
        folder, cache = self._models.folder(preview.base), self._settings.cache
        threads = self.config.threads
        champion = self._models.load(preview.champion, threads=threads)
        # Computed here because one processor is idle while TensorFlow loads.
        holdout_predictions(champion, (folder, cache))
        self._tuner, self._training = train.train(
            preview.examples,
            folder,
            self._models.load(preview.base, threads=threads),
            self.config,
            cache=cache,
            report=self.session.report_step,
            estimate=self._estimate,
        )
        return self._training

    @step("comparing")
    def compare(self) -> ComparisonResult:
        """Export the challenger and compare it with the champion on the same images."""
        preview = self._require(self._preview, "collect")
        training = self._require(self._training, "train")
        tuner = self._require(self._tuner, "train")
        self._folder = self._resources.enter_context(self._models.folders.staging_folder())
        self._comparison = compare.compare(
            preview,
            training,
            tuner,
            champion=self._models.load(preview.champion, threads=self.config.threads),
            base=self._models.load(preview.base, threads=self.config.threads),
            base_folder=self._models.folder(preview.base),
            folder=self._folder,
            cache=self._settings.cache,
            report=self.session.report_step,
            estimate=self._estimate,
        )
        return self._comparison

    @step("comparing")
    def decide(self) -> Decision:
        """Decide whether to promote the challenger, with the reasons in sentences."""
        preview = self._require(self._preview, "collect")
        training = self._require(self._training, "train")
        comparison = self._require(self._comparison, "compare")
        decision = decide(comparison.counts)
        if training.alpha is None:
            reason = f"Even alpha {self.config.alphas[0]:g} loses too much on the validation split."
            decision = Decision(promoted=False, reasons=(reason, *decision.reasons))
        self._decision = decision
        return self._with_corrections(decision, preview, comparison)

    @step("registering")
    def register(self) -> RunResult:
        """Register the version with its card; promote it if the gate decided so."""
        preview = self._require(self._preview, "collect")
        training = self._require(self._training, "train")
        tuner = self._require(self._tuner, "train")
        comparison = self._require(self._comparison, "compare")
        gate_decision = self._require(self._decision, "decide")
        folder = self._require(self._folder, "compare")
        metrics = compare.card_metrics(comparison, training, preview.examples.corrections)
        metrics |= {"mnist:test": comparison.calibration.metrics["mnist:test"]}
        decision = self._with_corrections(gate_decision, preview, comparison)
        card = compare.write_card(
            folder,
            preview,
            comparison,
            decision,
            training,
            tuner=tuner,
            base=self._models.card(preview.base),
            config=self.config,
            run=self.session.name,
            notebook=self._notebook(),
        )
        if self._evaluate_on is not None:
            # Before any alias moves: the evaluation may take long, and the run may be cancelled.
            metrics["evaluate_on"] = self._evaluate(self._evaluate_on, folder)
        champion_moved = self._models.champion != preview.champion
        if champion_moved:
            reason = (
                f"{comparison.champion}, the champion of the comparison, no longer serves; start "
                "another run."
            )
            gate_decision = Decision(promoted=False, reasons=(reason, *gate_decision.reasons))
            decision = self._with_corrections(gate_decision, preview, comparison)
            metrics[CHAMPION_MOVED] = True
            card = dataclasses.replace(card, decision="rejected", reasons=list(decision.reasons))
            card.write(folder)
        # Another run may have taken the lease of a run whose heartbeat stopped.
        if not self._log.holds_lease(self.session.name):
            raise RunError("Another run has taken over.", run=self.session.name)
        version = self._models.folders.register(folder)
        if decision.promoted:
            self._log.record_fingerprints(
                self.session.name,
                inputs_fingerprint=preview.inputs_fingerprint,
                feedback_fingerprint=preview.feedback_fingerprint,
            )
            self._models.promote(
                version,
                by="digitlab",
                why=decision.reasons[0],
                run=self.session.name,
                expected_champion=comparison.champion,
            )
        else:
            self._models.set_challenger(version, by="digitlab", run=self.session.name)
        return self.session.end(
            "promoted" if decision.promoted else "rejected",
            version=version,
            reasons=decision.reasons,
            inputs_fingerprint=preview.inputs_fingerprint,
            # Feedback that no gate judged against the present champion is still new.
            feedback_fingerprint=None if champion_moved else preview.feedback_fingerprint,
            metrics=metrics | {DURATIONS: self._estimate.durations().to_dict()},
        )

    def _with_corrections(
        self, decision: Decision, preview: FeedbackPreview, comparison: ComparisonResult
    ) -> Decision:
        """Add to the reasons what happens to each correction."""
        sentences = describe_corrections(
            preview, comparison, promoted=decision.promoted, held=self._store.pending()
        )
        return Decision(promoted=decision.promoted, reasons=(*decision.reasons, *sentences))

    def _evaluate(self, source: str, folder: Path) -> dict[str, Any]:
        """Evaluate the new version on another data set; an unreadable one does not fail the run."""
        try:
            version = Classifier.load(folder, threads=self.config.threads)
            return compare.evaluate_version(source, version, settings=self._settings)
        except DigitlabError as error:
            return {"source": source, "error": str(error)}

    def _notebook(self) -> str | None:
        """Return the executed notebook's path in the home; None if papermill's caller chose it."""
        in_home = self._log.get(self.session.name).trigger != "papermill"
        return f"notebooks/runs/{self.session.name}.ipynb" if in_home else None

    def _require(self, value: T | None, step_name: str) -> T:
        if value is None:
            raise StepOrderError(f"Call {step_name}() first.", run=self.session.name)
        return value
