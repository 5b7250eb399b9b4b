"""Reasons: what became of each correction in a run, in sentences and as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from digitlab.learning.data.examples import TrainingExample
from digitlab.learning.data.preview import FeedbackPreview
from digitlab.learning.results import Compared, Slice
from digitlab.store import Entry

_NAMED: Final = 40  # numbers in one sentence at most; the card has them all


def fates(
    found: FeedbackPreview, compared: Compared, *, promoted: bool, pending: Sequence[Entry]
) -> tuple[str, ...]:
    """Say of every correction whether it was learned, checks, is held, or stays with memory.

    Args:
        found: the examples.
        compared: what the challenger reads of them.
        promoted: whether the gate lets the challenger serve; else nothing was learned.
        pending: verdicts that are held and wait for review.
    """
    part = compared.slices["corrections"]
    serving = part.challenger if promoted else part.champion
    learned: list[int] = []
    unlearned: list[int] = []
    checks: list[int] = []
    for example, ok in zip(found.examples.corrections, serving == part.y, strict=True):
        kind = checks if example.check else learned if ok else unlearned
        kind += example.verdicts
    held = [entry.id for entry in pending]
    known = "{n} read right by " + compared.champion + ", with which it was compared"
    in_vain = "{n} taught to the version that was rejected, and left to memory"
    sentences = (
        (learned, "{n} learned" if promoted else known),
        (unlearned, "{n} taught, not yet read right and left to memory" if promoted else in_vain),
        (checks, "{n} kept back as a check and left to memory"),
        (held, "{n} held for review, not learned from"),
        (list(found.examples.left_out), "{n} left out"),
    )
    told = [
        f"{what.format(n=_counted(len(numbers)))}: {_listed(numbers)}."
        for numbers, what in sentences
        if numbers
    ]
    left_out = sorted(set(found.examples.left_out.values()))
    return (*told, *(f"Left out: {why}." for why in left_out))


def sides(part: Slice, corrections: Sequence[TrainingExample]) -> dict[str, list[int]]:
    """Which corrections changed sides, each by the number of its first verdict; sorted.

    Args:
        part: what both versions read of them.
        corrections: in the order of `part`.

    Returns:
        "fixed": read right by the challenger alone; "broken": by the champion alone;
        "still_wrong": by neither.
    """
    before, after = part.champion == part.y, part.challenger == part.y
    named = {"fixed": after & ~before, "broken": before & ~after, "still_wrong": ~before & ~after}
    return {
        name: sorted(one.verdicts[0] for one, among in zip(corrections, rows, strict=True) if among)
        for name, rows in named.items()
    }


def _counted(n: int) -> str:
    return f"{n} verdict{'' if n == 1 else 's'}"


def _listed(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    more = len(ordered) - _NAMED
    text = ", ".join(str(number) for number in ordered[:_NAMED])
    return f"{text} and {more} more" if more > 0 else text
