"""Curve: how loss and the share read right went in a run, as numbers to draw and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from digitlab.store import Run

Point = list[int | float | None]


def points_of(run: Run) -> list[Point]:
    """Step, loss and share read right, 0-1, of each point; None where it was not measured.

    A loss that is no number, as when a training goes astray, is not measured either.
    """
    return [[step, _finite(loss), _finite(tune)] for step, loss, tune in run.curve]


def said_last(points: Sequence[Point]) -> tuple[str, str]:
    """Loss and share at their last points, "0.42" and "99.1 %"; empty where there is none."""
    losses, shares = _column(points, 1), _column(points, 2)
    return (
        _loss(losses[-1][1]) if losses else "",
        _percent(shares[-1][1]) if shares else "",
    )


def spoken(points: Sequence[Point], steps: int) -> str:
    """The curve as a sentence, for those who do not see it.

    Args:
        points: as `points_of` gives them.
        steps: how many the whole training has.
    """
    losses, shares = _column(points, 1), _column(points, 2)
    if not losses:
        return "Loss and the share read right are drawn here while it trains."
    first, (step, last) = losses[0][1], losses[-1]
    moved = "fell" if last < first else "rose" if last > first else "stayed"
    way = f"at {_loss(last)}" if last == first else f"from {_loss(first)} to {_loss(last)}"
    of = f" of {steps}" if step < steps else ""
    told = f"Loss {moved} {way} in {step}{of} steps"
    if shares:
        told += f"; {_percent(shares[-1][1])} of the hard images are read right"
    return f"{told}."


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _column(points: Sequence[Point], column: int) -> list[tuple[int, float]]:
    """Step and value where there is one."""
    return [(int(point[0] or 0), value) for point in points if (value := point[column]) is not None]


def _loss(loss: float) -> str:
    return f"{loss:.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
