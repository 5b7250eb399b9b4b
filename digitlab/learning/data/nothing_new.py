"""Why a fine-tune would learn nothing new, in sentences that stay true when they are read later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from digitlab.phrases import count_text
from digitlab.store import Entry, Run


def nothing_to_learn(
    accepted: Iterable[Entry], *, held: Iterable[Entry], left_out: Mapping[int, str]
) -> tuple[str, ...]:
    """Say why no accepted correction gives a training example.

    Args:
        accepted: the accepted verdicts.
        held: the verdicts that wait for review.
        left_out: what the images of left-out verdicts are among, by number of the verdict.
    """
    accepted = list(accepted)
    corrections = [entry for entry in accepted if entry.is_correction]
    sentences = [] if corrections else ["There was no accepted correction to learn from."]
    sentences += corrections_left_out(corrections, left_out)
    confirmations = len(accepted) - len(corrections)
    if confirmations:
        verb = "starts" if confirmations == 1 else "start"
        sentences.append(f"{count_text(confirmations, 'confirmation')} alone {verb} no run.")
    return (*sentences, *corrections_held(held))


def judged_already(
    run: Run, accepted: Iterable[Entry], *, held: Iterable[Entry], left_out: Mapping[int, str]
) -> tuple[str, ...]:
    """Say that a run has judged the same corrections; for the arguments see `nothing_to_learn`."""
    corrections = [entry for entry in accepted if entry.is_correction]
    n = len([entry for entry in corrections if entry.id not in left_out])
    judged = (
        "the feedback without corrections"
        if n == 0
        else "the accepted correction"
        if n == 1
        else f"the {n:,} accepted corrections"
    )
    return (
        f"Run {run.name} had judged {judged} already (outcome: {run.outcome}).",
        *corrections_left_out(corrections, left_out),
        *corrections_held(held),
    )


def corrections_left_out(
    corrections: Iterable[Entry], left_out: Mapping[int, str]
) -> tuple[str, ...]:
    """Say how many accepted corrections give no training example, one sentence a reason."""
    reasons = Counter(left_out[entry.id] for entry in corrections if entry.id in left_out)
    return tuple(
        f"{count_text(n, 'accepted correction')} {'is among the' if n == 1 else 'are'} {reason}, "
        "which are never learned."
        for reason, n in sorted(reasons.items())
    )


def corrections_held(held: Iterable[Entry]) -> tuple[str, ...]:
    """Say how many corrections wait for review, in no sentence or one."""
    n = sum(entry.is_correction for entry in held)
    if not n:
        return ()
    return (f"{count_text(n, 'correction')} {'waits' if n == 1 else 'wait'} for review.",)
