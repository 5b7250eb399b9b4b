"""Phrases for durations, counts and the numbers of verdicts, the same in all places."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

_MAX_SPANS: Final = 20
"""Largest number of spans in a list of verdict numbers."""

_COARSE_FROM_S: Final = 600
"""Estimates from here on name whole minutes, in seconds."""


def duration_text(seconds: float) -> str:
    """Return a duration in its two largest units: "8 s", "1 min 20 s", "1 h 35 min".

    Args:
        seconds: the duration; below zero counts as zero.

    Returns:
        "less than 1 s" for a duration that rounds to zero.
    """
    total = max(0, round(seconds)) if math.isfinite(seconds) else 0
    if total < 1:
        return "less than 1 s"
    minutes, whole_seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (whole_seconds, "s"))
    largest = next(place for place, (number, _) in enumerate(units) if number)
    return " ".join(f"{number} {unit}" for number, unit in units[largest : largest + 2] if number)


def time_left_text(seconds: float) -> str:
    """Return an estimate: "a few seconds left", "about 40 s left", "about 1 h 35 min left"."""
    if seconds < 2 or not math.isfinite(seconds):
        return "a few seconds left"
    step = 1 if seconds < 60 else 10 if seconds < _COARSE_FROM_S else 60
    return f"about {duration_text(round(seconds / step) * step)} left"


def count_text(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 verdict", "1,234 verdicts".

    Args:
        number: any count.
        noun: the singular.
        plural: the plural, if it is not the singular with an "s".
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def numbers_text(ids: Iterable[int]) -> str:
    """Return numbers of verdicts so that they cannot be taken for digits: "no. 5-8, 12".

    Args:
        ids: numbers of verdicts, in any order; the last ones of a long list are counted only.

    Returns:
        "none" without numbers.
    """
    numbers = sorted(set(ids))
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    if not spans:
        return "none"
    shown = ", ".join(str(s[0]) if len(s) == 1 else f"{s[0]}-{s[-1]}" for s in spans[:_MAX_SPANS])
    n_more = sum(len(span) for span in spans[_MAX_SPANS:])
    return f"no. {shown}{f' and {n_more:,} more' if n_more else ''}"
