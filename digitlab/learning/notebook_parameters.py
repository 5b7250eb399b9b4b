"""The parameters of the fine-tune notebook, checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from digitlab.errors import ParameterError
from digitlab.learning.config import PARAMETER_TYPES, FineTuneConfig, check_parameter_names

RUN_PARAMETERS: Final = ("home", "run", "evaluate_on")
"""Parameters of the run that have no influence on the version that it trains."""

_IPYTHON_NAMES: Final = frozenset({"In", "Out"})
_PAPERMILL_TYPES: Final = (bool, int, float, str, list, tuple, dict)


@dataclass(frozen=True, kw_only=True)
class NotebookParameters:
    """The parameters that a notebook was started with.

    Attributes:
        config: the parameters of the fine-tune.
        home: the home's folder; None for the one that `Settings.load` chooses.
        run: the run's name; None for a new one.
        evaluate_on: a data set on which the new version is also evaluated; None for none.
    """

    config: FineTuneConfig
    home: str | None
    run: str | None
    evaluate_on: str | None


def read_notebook_parameters(names: Mapping[str, Any]) -> NotebookParameters:
    """Read the parameters from a notebook's global names.

    papermill only warns about a parameter that the notebook does not define. Here it is an error,
    and so is a value of the wrong type.

    Args:
        names: `globals()` of the notebook, after its parameters.

    Raises:
        ParameterError: a parameter is unknown, has the wrong type or is out of range. The message
            names it.
    """
    parameters = {name: value for name, value in names.items() if _is_parameter(name, value)}
    of_run = {name: parameters.pop(name, None) for name in RUN_PARAMETERS}
    for name, value in of_run.items():
        if value is not None and not isinstance(value, str):
            raise ParameterError(f"{name} is a text or None; got {value!r}.", parameter=name)
    source = of_run["evaluate_on"]
    if source is not None and not source.startswith("mnist:") and not Path(source).exists():
        raise ParameterError(
            f"evaluate_on names a data set; there is no {source!r} (seen from {Path.cwd()}).",
            parameter="evaluate_on",
        )
    check_parameter_names([name for name in parameters if name not in PARAMETER_TYPES])
    return NotebookParameters(config=FineTuneConfig.from_dict(parameters), **of_run)


def _is_parameter(name: str, value: Any) -> bool:
    if name.startswith("_") or name in _IPYTHON_NAMES:
        return False
    if name in PARAMETER_TYPES or name in RUN_PARAMETERS:
        return True
    # A plain value under another name is a misspelt parameter; other objects come from cells.
    return isinstance(value, _PAPERMILL_TYPES) or value is None
