"""Lookup: whether a fine-tune would learn anything new; light, and before any notebook starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import ExampleSet, fingerprint, gather, held_out
from digitlab.learning.label_quality.screening import Screen
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, RunLog


@dataclass(frozen=True, kw_only=True)
class FeedbackPreview:
    """What a run would start from.

    Attributes:
        base: the version it would start from.
        champion: the version that serves, with which it would be compared.
        examples: what it would learn, and what it would check itself by.
        held: verdicts held just now, with the reason, by number.
        inputs_fingerprint: of the input; the version's hash.
        feedback_fingerprint: of the input without confirmations.
        withdrawn: examples of the champion that are accepted no more.
        new: whether there is something that no run has judged yet.
        reasons: why there is nothing new; empty otherwise.
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

    def _repr_html_(self) -> str:
        from digitlab.learning.report import preview_html  # only a notebook needs it

        return preview_html(self)


def preview_feedback(settings: Settings, parameters: Mapping[str, Any]) -> FeedbackPreview:
    """Look at a home's feedback without starting anything.

    Args:
        settings: of the home.
        parameters: those of the fine-tune that differ from their defaults.

    Raises:
        ParameterError: a parameter is unknown, of another type or out of range.
        DigitlabError: the home cannot be used.
    """
    config = FineTuneConfig.of(parameters)
    with FeedbackStore.open(settings) as store:
        return look(store, ModelRegistry(settings, store.database), config, settings=settings)


def look(
    store: FeedbackStore, models: ModelRegistry, config: FineTuneConfig, *, settings: Settings
) -> FeedbackPreview:
    """As `preview_feedback`, in an opened home; suspicious feedback is held on the way.

    The screening is left out where its outcome is known: nothing was accepted since a run
    that judged the same examples.
    """
    held: dict[int, str] = {}
    found = _look(store, models, config, held, cache=settings.cache)
    if found.new and found.examples.all:
        held = Screen.of(store, models, cache=settings.cache).hold(store.accepted())
        if held:
            found = _look(store, models, config, held, cache=settings.cache)
    return found


def _look(
    store: FeedbackStore,
    models: ModelRegistry,
    config: FineTuneConfig,
    held: Mapping[int, str],
    *,
    cache: Path,
) -> FeedbackPreview:
    serving = models.champion
    base = models.base_of(serving)
    card = models.card(base)
    examples = gather(store.accepted(), config, held_out=held_out(cache))
    weights = card.hashes["weights"]
    champion = models.card(serving)
    withdrawn = len(
        set(champion.training_examples) - {example.digit_sha256 for example in examples.all}
    )
    feedback_fingerprint = fingerprint(
        examples.all, base=weights, config=config, only_corrections=True
    )
    if withdrawn:  # the rest may have been judged before: not against what knows too much
        feedback_fingerprint += f"-{champion.inputs_fingerprint}"
    reasons: tuple[str, ...] = ()
    if not examples.corrections and not withdrawn:
        reasons = ("There is no accepted correction to learn from.",)
    else:
        judged = RunLog(store.database).judged(feedback_fingerprint)
        if judged is None and (champion.feedback_fingerprint or "").startswith(
            f"{feedback_fingerprint}-"
        ):  # made of just these
            judged = RunLog(store.database).judged(champion.feedback_fingerprint or "")
        if judged is not None:
            reasons = (
                f"The {len(examples.corrections)} accepted corrections are those that run "
                f"{judged.name} judged already (outcome: {judged.outcome}).",
            )
    return FeedbackPreview(
        base=base,
        champion=serving,
        examples=examples,
        held=held,
        inputs_fingerprint=fingerprint(examples.all, base=weights, config=config),
        feedback_fingerprint=feedback_fingerprint,
        withdrawn=withdrawn,
        new=not reasons,
        reasons=reasons,
    )
