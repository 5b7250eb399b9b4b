"""Labels of digit images, and digits in sentences; loads nothing heavy."""

from __future__ import annotations

from typing import Final

NO_DIGIT: Final = 10
"""Label of an image that shows no digit."""


def article(digit: int | None) -> str:
    """Return a digit with its article: "a 3", "an 8"."""
    return f"{'an' if digit == 8 else 'a'} {digit}"
