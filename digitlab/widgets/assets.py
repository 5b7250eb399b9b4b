"""Assets: the script and style files beside the views, as strings."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def script(name: str) -> str:
    """The module `name`.js with `page.js` in front of it.

    A widget's module is loaded from a string and cannot import a neighbour, so what the
    views share is put in front of each.
    """
    return f"{_text('page.js')}\n{_text(f'{name}.js')}"


def style(name: str) -> str:
    """The style sheet `name`.css."""
    return _text(f"{name}.css")


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
