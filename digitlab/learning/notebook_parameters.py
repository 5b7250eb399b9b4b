"""The parameters of the fine-tune notebook, checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from digitlab.errors import ParameterError
from digitlab.learning.config import TYPES, FineTuneConfig, check_names

PLACE: Final = ("home", "run", "evaluate_on")
"""Parameters that say where and what to report; they are outside the version's hash."""

_IPYTHON: Final = frozenset({"In", "Out"})
_PLAIN: Final = (bool, int, float, str, list, tuple, dict)  # what papermill writes into a notebook


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a notebook was started with.

    Attributes:
        config: the parameters of the fine-tune.
        home: the home's folder; None for the one that the rules of `Settings` find.
        run: the run's name; None for a new one.
        evaluate_on: a data set to report on besides; None for none.
    """

    config: FineTuneConfig
    home: str | None
    run: str | None
    evaluate_on: str | None


def from_notebook(names: Mapping[str, Any]) -> Parameters:
    """The parameters among a notebook's global names.

    papermill only warns of a parameter that the notebook does not know; here it is an error,
    and so is a value of another type.

    Args:
        names: `globals()` of the notebook, after its parameters.

    Raises:
        ParameterError: names the parameter that is unknown, mistyped or out of range.
    """
    given = {name: value for name, value in names.items() if _is_parameter(name, value)}
    place = {name: given.pop(name, None) for name in PLACE}
    for name, value in place.items():
        if value is not None and not isinstance(value, str):
            raise ParameterError(f"{name} is a text or None; got {value!r}.", parameter=name)
    source = place["evaluate_on"]
    if source is not None and not source.startswith("mnist:") and not Path(source).exists():
        raise ParameterError(
            f"evaluate_on names a data set; there is no {source!r} (seen from {Path.cwd()}).",
            parameter="evaluate_on",
        )
    check_names([name for name in given if name not in TYPES])
    return Parameters(config=FineTuneConfig.of(given), **place)


def _is_parameter(name: str, value: Any) -> bool:
    if name.startswith("_") or name in _IPYTHON:
        return False
    known = name in TYPES or name in PLACE
    return known or isinstance(value, _PLAIN) or value is None  # else a cell made it
