"""Words: digits in sentences; for whoever may not load what pictures need."""

from __future__ import annotations


def article(digit: int | None) -> str:
    """A digit in a sentence: "a 3", "an 8"."""
    return f"{'an' if digit == 8 else 'a'} {digit}"
