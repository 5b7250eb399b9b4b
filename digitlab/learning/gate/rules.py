"""The gate's rules: whether a challenger may replace the champion. Pure functions.

Both versions predict the same images, and the rules compare them image by image. Two accuracies
side by side would have far less statistical power.
"""

from __future__ import annotations

from typing import Final

from digitlab.learning.results import ComparisonCounts, Decision, PairedCounts
from digitlab.learning.thresholds import GATE, GateThresholds
from digitlab.phrases import count_text

_SPLITS: Final = {"holdout": "holdout images of MNIST", "photographs": "photographed digits"}


def decide(counts: ComparisonCounts, *, thresholds: GateThresholds = GATE) -> Decision:
    """Decide whether to promote a challenger.

    Args:
        counts: champion against challenger.
        thresholds: the gate's thresholds.
    """
    bounds = {
        "holdout": thresholds.min_holdout_difference,
        "photographs": thresholds.min_photographs_difference,
    }
    judged = [
        *(_check_split(getattr(counts, name), bound, name) for name, bound in bounds.items()),
        *(
            _check_split(
                counts.base[name], bound, name, champion="the base that it was trained from"
            )
            for name, bound in bounds.items()
            if name in counts.base
        ),
        *(_check_digit(digit, pairs, thresholds) for digit, pairs in counts.digits.items()),
        _check_corrections(counts, thresholds),
        _check_export(counts, thresholds),
    ]
    reasons = [(passes, sentence) for passes, sentence in judged if sentence]
    against = tuple(sentence for passes, sentence in reasons if not passes)
    return Decision(
        promoted=not against,
        reasons=against + tuple(sentence for passes, sentence in reasons if passes),
    )


def _check_split(
    pairs: PairedCounts, bound: float, split: str, *, champion: str = "the champion"
) -> tuple[bool, str]:
    passes = pairs.lower_bound > bound
    verb = "above" if passes else "not above"
    return passes, (
        f"The challenger predicts {pairs.challenger:,} of {pairs.n:,} {_SPLITS[split]} correctly, "
        f"{champion} {pairs.champion:,} ({pairs.fixed} fixed, {pairs.broken} broken). "
        f"The 95 % lower bound of the difference is {pairs.lower_bound * 100:+.2f} points, "
        f"{verb} the limit of {bound * 100:+.2f}."
    )


def _check_digit(digit: int, pairs: PairedCounts, thresholds: GateThresholds) -> tuple[bool, str]:
    loss = pairs.broken - pairs.fixed
    if loss < thresholds.min_digit_loss or pairs.sign_test >= thresholds.max_digit_p_value:
        return True, ""
    return False, (
        f"The digit {digit} suffers: {pairs.broken} of {pairs.n} holdout images are broken and "
        f"{pairs.fixed} fixed (sign test: p = {pairs.sign_test:.3f})."
    )


def _check_corrections(counts: ComparisonCounts, thresholds: GateThresholds) -> tuple[bool, str]:
    corrections, checks = counts.corrections, counts.checks
    numbers = (
        f"Of {count_text(corrections.n, 'accepted correction')} the champion predicts "
        f"{corrections.champion} "
        f"correctly, the challenger {corrections.challenger} "
        f"({corrections.fixed} fixed, {corrections.broken} broken)"
    )
    gained = corrections.fixed > corrections.broken
    none_lost = corrections.fixed >= corrections.broken and checks.fixed >= checks.broken
    if checks.n >= thresholds.min_checks:
        numbers += (
            f"; of the {count_text(checks.n, 'check')}, which it was not trained on, the champion "
            "predicts "
            f"{checks.champion} correctly, the challenger {checks.challenger}"
        )
        if checks.champion < checks.n:  # otherwise the checks cannot improve
            gained = checks.fixed > checks.broken
    if counts.withdrawn:
        withdrawn = (
            "1 training example of the champion was"
            if counts.withdrawn == 1
            else f"{counts.withdrawn} training examples of the champion were"
        )
        return none_lost, (
            f"{numbers}. {withdrawn} withdrawn, so "
            f"the challenger need not be better, and it {'is not' if none_lost else 'is'} worse."
        )
    if not none_lost:
        return False, f"{numbers}: some are forgotten."
    return gained, f"{numbers}: {'better' if gained else 'not better'}."


def _check_export(counts: ComparisonCounts, thresholds: GateThresholds) -> tuple[bool, str]:
    passes = (
        counts.disagreements <= thresholds.max_disagreements
        and counts.latency_ms <= counts.latency_budget_ms
    )
    return passes, (
        f"The LiteRT file and the trained network disagree on {counts.disagreements} of "
        f"{counts.export_checked:,} images (at most {thresholds.max_disagreements}), and the file "
        f"takes {counts.latency_ms:.2f} ms for a digit (at most {counts.latency_budget_ms:.2f})."
    )
