"""Lookup: whether a fine-tune would learn anything new; light, and before any notebook starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import Lessons, fingerprint, gather, held_out
from digitlab.learning.label_quality.screening import Screen
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, ModelRegistry, RunLog


@dataclass(frozen=True, kw_only=True)
class LookUp:
    """What a run would start from.

    Attributes:
        base: the version it would start from.
        champion: the version that serves, with which it would be compared.
        lessons: what it would learn, and what it would check itself by.
        held: verdicts held just now, with the reason, by number.
        hash: of the input; the version's hash.
        news: of the input without confirmations.
        withdrawn: lessons of the champion that are accepted no more.
        new: whether there is something that no run has judged yet.
        reasons: why there is nothing new; empty otherwise.
    """

    base: str
    champion: str
    lessons: Lessons
    held: Mapping[int, str]
    hash: str
    news: str
    withdrawn: int
    new: bool
    reasons: tuple[str, ...]

    def _repr_html_(self) -> str:
        from digitlab.learning.report import found_html  # only a notebook needs it

        return found_html(self)


def look_up(settings: Settings, parameters: Mapping[str, Any]) -> LookUp:
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
) -> LookUp:
    """As `look_up`, in an opened home; suspicious feedback is held on the way.

    The screening is left out where its outcome is known: nothing was accepted since a run
    that judged the same lessons.
    """
    held: dict[int, str] = {}
    found = _look(store, models, config, held, cache=settings.cache)
    if found.new and found.lessons.all:
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
) -> LookUp:
    serving = models.champion
    base = models.base_of(serving)
    card = models.card(base)
    lessons = gather(store.accepted(), config, held_out=held_out(cache))
    weights = card.hashes["weights"]
    champion = models.card(serving)
    withdrawn = len(set(champion.lessons) - {lesson.digit_sha256 for lesson in lessons.all})
    news = fingerprint(lessons.all, base=weights, config=config, only_corrections=True)
    if withdrawn:  # the rest may have been judged before: not against what knows too much
        news += f"-{champion.hash}"
    reasons: tuple[str, ...] = ()
    if not lessons.corrections and not withdrawn:
        reasons = ("There is no accepted correction to learn from.",)
    else:
        judged = RunLog(store.database).judged(news)
        if judged is None and (champion.news or "").startswith(f"{news}-"):  # made of just these
            judged = RunLog(store.database).judged(champion.news or "")
        if judged is not None:
            reasons = (
                f"The {len(lessons.corrections)} accepted corrections are those that run "
                f"{judged.name} judged already (verdict: {judged.verdict}).",
            )
    return LookUp(
        base=base,
        champion=serving,
        lessons=lessons,
        held=held,
        hash=fingerprint(lessons.all, base=weights, config=config),
        news=news,
        withdrawn=withdrawn,
        new=not reasons,
        reasons=reasons,
    )
