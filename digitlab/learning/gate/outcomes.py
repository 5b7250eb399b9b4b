"""What happened to each correction in a run: sentences for people and numbers for metrics."""

from __future__ import annotations

from collections.abc import Sequence

from digitlab.learning.data.examples import TrainingExample
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.results import ComparisonResult, PairedPredictions
from digitlab.phrases import count_text, numbers_text
from digitlab.store import Entry


def describe_corrections(
    preview: FeedbackPreview,
    comparison: ComparisonResult,
    *,
    promoted: bool,
    held: Sequence[Entry],
) -> tuple[str, ...]:
    """Say which corrections were learned, kept as checks, held, or left to the correction memory.

    Args:
        preview: the run's examples.
        comparison: both versions' predictions for the corrections.
        promoted: True if the challenger becomes the champion; otherwise nothing was learned.
        held: verdicts that wait for review.
    """
    predictions = comparison.predictions["corrections"]
    serving = predictions.challenger if promoted else predictions.champion
    learned: list[int] = []
    not_learned: list[int] = []
    checks: list[int] = []
    for example, correct in zip(
        preview.examples.corrections, serving == predictions.y, strict=True
    ):
        numbers = checks if example.check else learned if correct else not_learned
        numbers += example.verdicts
    if promoted:
        learned_text = "{n} learned"
        not_learned_text = "{n} trained, still predicted wrongly and left to the correction memory"
    else:
        champion = f"{comparison.champion}, the champion of the comparison"
        learned_text = "{n} predicted correctly by " + champion
        not_learned_text = "{n} trained into the rejected version, left to the correction memory"
    groups = (
        (learned, learned_text),
        (not_learned, not_learned_text),
        (checks, "{n} kept back as a check and left to the correction memory"),
        ([entry.id for entry in held], "{n} held for review, not learned from"),
        (list(preview.examples.left_out), "{n} left out"),
    )
    sentences = [
        f"{text.format(n=count_text(len(numbers), 'verdict'))}: {numbers_text(numbers)}."
        for numbers, text in groups
        if numbers
    ]
    reasons = sorted(set(preview.examples.left_out.values()))
    return (*sentences, *(f"Left out: {reason}, which are never learned." for reason in reasons))


def changed_corrections(
    predictions: PairedPredictions, corrections: Sequence[TrainingExample]
) -> dict[str, list[int]]:
    """Return which corrections the challenger fixes, breaks or still gets wrong.

    Args:
        predictions: both versions' predictions for the corrections.
        corrections: the corrections, in the same order.

    Returns:
        Numbers of first verdicts, sorted. "fixed": only the challenger predicts the correction
        correctly; "broken": only the champion; "still_wrong": neither.
    """
    masks = {
        "fixed": predictions.fixed,
        "broken": predictions.broken,
        "still_wrong": predictions.still_wrong,
    }
    return {
        name: sorted(
            correction.verdicts[0]
            for correction, belongs in zip(corrections, mask, strict=True)
            if belongs
        )
        for name, mask in masks.items()
    }
