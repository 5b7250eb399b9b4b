"""Text in CSV files that a spreadsheet does not take for a formula."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # full-width signs count, too
"""The start of a text that a spreadsheet may run, with any quotes before it.

Source: OWASP, "CSV Injection".
"""


def neutralise(text: str) -> str:
    """Return a text with a quote before it if a spreadsheet may take it for a formula.

    A text that starts with quotes and then such a character gets one more quote, so that
    `restore` returns every text unchanged.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restore(text: str) -> str:
    """Return the text that `neutralise` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
