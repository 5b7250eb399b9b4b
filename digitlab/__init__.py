"""digitlab reads handwritten digits and learns from corrections.

    import digitlab

    lab = digitlab.open()
    prediction = lab.predict("digit.jpg")
    lab.correct(prediction, 7)

Names are loaded at their first use, so `import digitlab` takes a few milliseconds.
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
        ParameterError,
        RunError,
        ServeError,
        StoreError,
    )
    from digitlab.evaluation import Evaluation
    from digitlab.lab import Lab
    from digitlab.learning.config import FineTuneConfig
    from digitlab.model.card import Card
    from digitlab.notebook_lab import open_lab as open  # called as digitlab.open()
    from digitlab.prediction import Prediction
    from digitlab.reading import Reading, Row
    from digitlab.settings import Settings
    from digitlab.store import Run

__version__ = "0.1.0"

_MODULES = {
    "Card": "digitlab.model.card",
    "DataError": "digitlab.errors",
    "DigitlabError": "digitlab.errors",
    "Evaluation": "digitlab.evaluation",
    "FeedbackError": "digitlab.errors",
    "FineTuneConfig": "digitlab.learning.config",
    "ImageError": "digitlab.errors",
    "Lab": "digitlab.lab",
    "ModelError": "digitlab.errors",
    "ParameterError": "digitlab.errors",
    "Prediction": "digitlab.prediction",
    "Reading": "digitlab.reading",
    "Row": "digitlab.reading",
    "Run": "digitlab.store",
    "RunError": "digitlab.errors",
    "ServeError": "digitlab.errors",
    "Settings": "digitlab.settings",
    "StoreError": "digitlab.errors",
    "open": "digitlab.notebook_lab:open_lab",
}

__all__ = [
    "Card",
    "DataError",
    "DigitlabError",
    "Evaluation",
    "FeedbackError",
    "FineTuneConfig",
    "ImageError",
    "Lab",
    "ModelError",
    "ParameterError",
    "Prediction",
    "Reading",
    "Row",
    "Run",
    "RunError",
    "ServeError",
    "Settings",
    "StoreError",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'digitlab' has no attribute {name!r}")
    module, _, attribute = _MODULES[name].partition(":")
    value = getattr(import_module(module), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
