"""What each step of a fine-tune hands to the next, and shows in the notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.gate.rules import Comparison
from digitlab.learning.training.retention import Shift
from digitlab.model.calibration import Calibration

Images = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What training gave.

    Attributes:
        curve: a row a step: step (from 1), loss, and where it was asked the share of `validation`'s
            hardest images that is read right, else None.
        alphas: what was tried of the way from the base, from the farthest on: alpha, and
            what it changed on `validation`.
        alpha: the one taken; None when each would have cost too much.
        seconds: that the training took.
        asked: rows of `validation`, (N,), that the trained network was asked of, in Keras.
        guesses: what it said, (N,).
    """

    curve: tuple[tuple[int, float, float | None], ...]
    alphas: tuple[tuple[float, Shift], ...]
    alpha: float | None
    seconds: float
    asked: NDArray[np.intp] = field(repr=False)
    guesses: NDArray[np.int64] = field(repr=False)

    def _repr_html_(self) -> str:
        from digitlab.learning.report import trained_html  # only a notebook needs it

        return trained_html(self)


@dataclass(frozen=True, kw_only=True, eq=False)
class Slice:
    """Images that both versions read.

    Attributes:
        x: uint8 (N, 28, 28).
        y: labels, uint8 (N,); 10 for an image without a digit.
        champion: guesses, (N,); 10 where it was refused and that counts.
        challenger: the same of the challenger.
    """

    x: Images = field(repr=False)
    y: NDArray[np.uint8] = field(repr=False)
    champion: NDArray[np.int64] = field(repr=False)
    challenger: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Champion against challenger: what the gate judges, with the images behind the counts.

    Attributes:
        comparison: the counts.
        slices: "holdout", "photographs" and "corrections".
        calibration: the challenger's temperature, refusal and figures.
        champion: name of the version that it was compared with.
    """

    comparison: Comparison
    slices: dict[str, Slice] = field(repr=False)
    calibration: Calibration = field(repr=False)
    champion: str

    def _repr_html_(self) -> str:
        from digitlab.learning.report import compared_html  # only a notebook needs it

        return compared_html(self)


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run ended.

    Attributes:
        run: its name.
        outcome: promoted, rejected, nothing-new, busy or cancelled.
        version: the version made; None without one.
        inputs_fingerprint: of the input; None where none was looked at.
        reasons: sentences.
        metrics: figures with their counts.
    """

    run: str
    outcome: str
    version: str | None = None
    inputs_fingerprint: str | None = None
    reasons: tuple[str, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        from digitlab.learning.report import run_result_html  # only a notebook needs it

        return run_result_html(self)
