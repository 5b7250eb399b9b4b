"""digitlab reads handwritten digits and learns from corrections.

    import digitlab

    lab = digitlab.open()
    p = lab.predict("digit.jpg")
    lab.correct(p, 7)

The names here are loaded when they are first used, so that `import digitlab` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitlab.errors import (
        DataError,
        DigitlabError,
        FeedbackError,
        ImageError,
        ModelError,
        ServeError,
        StoreError,
    )
    from digitlab.lab import Lab
    from digitlab.lab import open_lab as open  # the module's verb: digitlab.open()
    from digitlab.prediction import Prediction
    from digitlab.settings import Settings

__version__ = "0.1.0"

_HOMES = {
    "DataError": "digitlab.errors",
    "DigitlabError": "digitlab.errors",
    "FeedbackError": "digitlab.errors",
    "ImageError": "digitlab.errors",
    "Lab": "digitlab.lab",
    "ModelError": "digitlab.errors",
    "Prediction": "digitlab.prediction",
    "ServeError": "digitlab.errors",
    "Settings": "digitlab.settings",
    "StoreError": "digitlab.errors",
    "open": "digitlab.lab:open_lab",
}

__all__ = [
    "DataError",
    "DigitlabError",
    "FeedbackError",
    "ImageError",
    "Lab",
    "ModelError",
    "Prediction",
    "ServeError",
    "Settings",
    "StoreError",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'digitlab' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    value = getattr(import_module(module), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
