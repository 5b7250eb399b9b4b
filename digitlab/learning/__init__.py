"""Learning from feedback: training examples, label quality, fine-tuning and the gate.

`FineTune` runs a fine-tune for the notebook, the page, the command line and the schedule.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitlab.learning.config import FineTuneConfig
    from digitlab.learning.fine_tune import FineTune

__all__ = ["FineTune", "FineTuneConfig"]

_MODULES = {"FineTune": "fine_tune", "FineTuneConfig": "config"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'digitlab.learning' has no attribute {name!r}")
    return getattr(import_module(f"digitlab.learning.{_MODULES[name]}"), name)
