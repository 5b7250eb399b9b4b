"""Read the scripts and style sheets beside the views."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent


def script(*names: str) -> str:
    """Join the modules `name`.js, with `common.js` in front of them.

    A widget's module is loaded from a string and cannot import another file, so the code that
    the views share stands in front of each, and a long module is several files. All files have
    one scope: a name at the top of one file is known to the others and must be unique.

    Args:
        names: the files without their suffix; the last one exports `render`.
    """
    return "\n".join(_text(f"{name}.js") for name in ("common", *names))


def style(*names: str) -> str:
    """Join the style sheets `name`.css."""
    return "\n".join(_text(f"{name}.css") for name in names)


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
