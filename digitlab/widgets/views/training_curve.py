"""Turn the curve of a run into points to draw, and into text for the legend and screen readers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from digitlab.phrases import count_text
from digitlab.store import Run

Point = list[int | float | None]
"""Step, loss and validation accuracy (0-1); None where a value was not measured."""

EMPTY_TEXT: Final = "The loss and the share of hard images read right appear here during training."


def curve_points(run: Run) -> list[Point]:
    """Return the points of a run's curve; a loss that is not finite counts as not measured."""
    return [[step, _finite(loss), _finite(accuracy)] for step, loss, accuracy in run.curve]


def last_values(points: Sequence[Point]) -> tuple[str, str]:
    """Return the last loss and accuracy, for example "0.42" and "99.1 %"; empty without one."""
    losses, accuracies = _column(points, 1), _column(points, 2)
    return (
        _loss_text(losses[-1][1]) if losses else "",
        _percent(accuracies[-1][1]) if accuracies else "",
    )


def curve_text(points: Sequence[Point], steps: int) -> str:
    """Describe the curve in a sentence for screen readers.

    Args:
        points: the points that `curve_points` returns.
        steps: number of steps of the whole training.
    """
    losses, accuracies = _column(points, 1), _column(points, 2)
    if not losses:
        return EMPTY_TEXT
    first, (step, last) = losses[0][1], losses[-1]
    verb = "fell" if last < first else "rose" if last > first else "stayed"
    values = (
        f"at {_loss_text(last)}"
        if last == first
        else f"from {_loss_text(first)} to {_loss_text(last)}"
    )
    in_steps = (
        f"{step:,} of {count_text(steps, 'step')}" if step < steps else count_text(step, "step")
    )
    text = f"Loss {verb} {values} in {in_steps}"
    if accuracies:
        at_step, accuracy = accuracies[-1]
        text += f"; {_percent(accuracy)} of the hard images were read right at step {at_step:,}"
    return f"{text}."


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _column(points: Sequence[Point], column: int) -> list[tuple[int, float]]:
    """Return step and value of the points that have a value in a column."""
    return [(int(point[0] or 0), value) for point in points if (value := point[column]) is not None]


def _loss_text(loss: float) -> str:
    return f"{loss:.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
