"""Assets: the script and style files beside the views, as strings."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def script(*names: str) -> str:
    """The modules `name`.js, one after the other, with `common.js` in front of them.

    A widget's module is loaded from a string and cannot import a neighbour, so what the
    views share is put in front of each, and a long module is written as several files. All
    of them share one scope: a name at the top of a file is known to the others, and stands
    once.

    Args:
        names: the files without their ending; the last one exports `render`.
    """
    return "\n".join(_text(f"{name}.js") for name in ("common", *names))


def style(*names: str) -> str:
    """The style sheets `names`.css as one."""
    return "\n".join(_text(f"{name}.css") for name in names)


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
