"""FeedbackPreview: whether a fine-tune has anything new to learn, without starting a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import (
    ExampleSet,
    collect_examples,
    evaluation_image_hashes,
    fingerprint,
)
from digitlab.learning.data.nothing_new import judged_already, nothing_to_learn
from digitlab.learning.label_quality.screening import Screening
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, RunLog


@dataclass(frozen=True, kw_only=True)
class FeedbackPreview:
    """The inputs that a run would start from.

    Attributes:
        base: the version to train from.
        champion: the version that serves, with which the new version is compared.
        examples: the training examples and checks.
        held: the reasons of the verdicts that this preview held for review, by number.
        inputs_fingerprint: fingerprint of base, examples and parameters.
        feedback_fingerprint: the same without confirmations.
        withdrawn: training examples of the champion that are no longer accepted.
        new: True if no run has judged this feedback.
        reasons: why nothing is new; empty otherwise.
    """

    base: str
    champion: str
    examples: ExampleSet
    held: Mapping[int, str]
    inputs_fingerprint: str
    feedback_fingerprint: str
    withdrawn: int
    new: bool
    reasons: tuple[str, ...]


def preview_feedback(settings: Settings, parameters: Mapping[str, Any]) -> FeedbackPreview:
    """Preview a home's feedback; no run starts.

    Args:
        settings: the home's settings.
        parameters: the parameters of the fine-tune that differ from their defaults.

    Raises:
        ParameterError: a parameter is unknown, has the wrong type or is out of range.
        DigitlabError: the home cannot be used.
    """
    config = FineTuneConfig.from_dict(parameters)
    with FeedbackStore.open(settings) as store:
        models = ModelRegistry(settings, store.database)
        return preview_store(store, models, config, cache=settings.cache)


def preview_store(
    store: FeedbackStore, models: ModelRegistry, config: FineTuneConfig, *, cache: Path
) -> FeedbackPreview:
    """Preview the feedback of an open home; feedback with a label issue is held for review.

    The feedback is not screened if nothing was accepted since a run that judged the same examples:
    the result is known.

    Args:
        store: the home's feedback.
        models: the home's models.
        config: the parameters.
        cache: the home's folder for computed data.
    """
    preview = _preview(store, models, config, {}, cache=cache)
    if preview.new and preview.examples.all:
        screening = Screening.for_home(store, models, cache=cache)
        held = screening.hold_label_issues(store.accepted())
        if held:
            preview = _preview(store, models, config, held, cache=cache)
    return preview


def _preview(
    store: FeedbackStore,
    models: ModelRegistry,
    config: FineTuneConfig,
    held: Mapping[int, str],
    *,
    cache: Path,
) -> FeedbackPreview:
    champion = models.champion
    base = models.base_of(champion)
    accepted = store.accepted()
    examples = collect_examples(accepted, config, evaluation_images=evaluation_image_hashes(cache))
    base_weights = models.card(base).hashes["weights"]
    champion_card = models.card(champion)
    withdrawn = len(
        set(champion_card.training_examples) - {example.digit_sha256 for example in examples.all}
    )
    feedback_fingerprint = fingerprint(
        examples.all, base=base_weights, config=config, only_corrections=True
    )
    if withdrawn:
        # A run may have judged the remaining examples before, but not against this champion.
        feedback_fingerprint += f"-{champion_card.inputs_fingerprint}"
    reasons: tuple[str, ...] = ()
    if not examples.corrections and not withdrawn:
        reasons = nothing_to_learn(accepted, held=store.pending(), left_out=examples.left_out)
    else:
        log = RunLog(store.database)
        judged = log.last_decided(feedback_fingerprint)
        of_champion = champion_card.feedback_fingerprint or ""
        if judged is None and of_champion.startswith(f"{feedback_fingerprint}-"):
            judged = log.last_decided(of_champion)  # the champion was trained on these examples
        if judged is not None:
            reasons = judged_already(
                judged, accepted, held=store.pending(), left_out=examples.left_out
            )
    return FeedbackPreview(
        base=base,
        champion=champion,
        examples=examples,
        held=held,
        inputs_fingerprint=fingerprint(examples.all, base=base_weights, config=config),
        feedback_fingerprint=feedback_fingerprint,
        withdrawn=withdrawn,
        new=not reasons,
        reasons=reasons,
    )
