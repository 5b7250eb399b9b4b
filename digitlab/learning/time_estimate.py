"""TimeEstimate: how long a run still takes, from the speed of this run and from former runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Any, Final, Self

from digitlab.store import Run
from digitlab.store.runs.liveness import HOST

FORMER_RUNS: Final = 50
"""Number of a home's last runs that an estimate looks at."""

DURATIONS: Final = "durations"
"""Name of the metric in which a run stores its `RunDurations`."""

_MIN_STEPS: Final = 3  # steps after the first one that give a speed
_MAX_OVERHEAD: Final = 1.5  # of the mean step over the median one
_MAX_SPEED_RATIO: Final = 4.0  # between this run and former runs
_AFTER_PER_TRAINING: Final = 1.7  # time after the training per time of its typical steps, measured


@dataclass(frozen=True, kw_only=True)
class RunDurations:
    """How long the parts of a finished run took.

    Attributes:
        before_s: seconds from the start to the first training step.
        steps: number of training steps.
        step_s: seconds for a typical step.
        training_s: seconds for all steps, the first one included.
        after_s: seconds from the last step to the outcome.
    """

    before_s: float
    steps: int
    step_s: float
    training_s: float
    after_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return the durations as a run's metrics store them."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """Return the durations that a run stored; None if it stored none."""
        stored = run.metrics.get(DURATIONS)
        return None if stored is None or stored["step_s"] <= 0 else cls(**stored)


def former_durations(runs: Iterable[Run]) -> list[RunDurations]:
    """Return the durations of finished runs: those of this machine, or of all if it has none."""
    stored = [(run.host, durations) for run in runs if (durations := RunDurations.of(run))]
    here = [durations for host, durations in stored if host == HOST]
    return here or [durations for _, durations in stored]


class TimeEstimate:
    """The remaining time of a run.

    Once the training goes, its speed is that of this run: the median of its steps, because the
    first step compiles the network and a busy machine delays single steps. Before that, and for
    what follows the training, the medians of former runs count, scaled by the number of steps and
    by this run's speed.

    Args:
        former: durations of former runs; empty for a home without any.
        clock: returns the time in seconds.
    """

    def __init__(
        self,
        former: Sequence[RunDurations] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._former = former
        self._clock = clock
        self._started = clock()
        self._steps = 0
        self._step_times: list[float] = []  # when the training began, and after each step
        self._trained: float | None = None

    def begin_training(self, steps: int) -> None:
        """Note that the training begins now.

        Args:
            steps: its number of steps.
        """
        self._steps, self._step_times = steps, [self._clock()]

    def step_done(self) -> None:
        """Note that one more step is done."""
        self._step_times.append(self._clock())

    def end_training(self) -> None:
        """Note that the training is over."""
        self._trained = self._clock()

    @property
    def seconds_left(self) -> float | None:
        """The estimate, at least 0; None while there is nothing to estimate from."""
        step_s = self._step_s()
        if step_s is None:
            return self._from_former_runs()
        if self._trained is not None:
            return max(0.0, self._after_s(step_s) - (self._clock() - self._trained))
        steps_left = self._steps - (len(self._step_times) - 1)
        return max(0.0, step_s * steps_left) + self._after_s(step_s)

    def durations(self) -> RunDurations:
        """Return the durations of this run, which ends now."""
        begun, trained = self._step_times[0], self._trained or self._step_times[-1]
        return RunDurations(
            before_s=begun - self._started,
            steps=self._steps,
            step_s=self._step_s() or (trained - begun) / max(1, self._steps),
            training_s=trained - begun,
            after_s=self._clock() - trained,
        )

    def _from_former_runs(self) -> float | None:
        """Return the estimate before this run's speed is known; None without former runs."""
        if not self._former:
            return None
        now = self._clock()
        before_s = median(one.before_s for one in self._former)
        steps = self._steps or median(one.steps for one in self._former)
        training_s = steps * median(one.training_s / max(1, one.steps) for one in self._former)
        after_s = median(one.after_s for one in self._former)
        if self._step_times:
            return max(0.0, training_s - (now - self._step_times[0])) + after_s
        return max(0.0, before_s - (now - self._started)) + training_s + after_s

    def _step_s(self) -> float | None:
        """Return the seconds for a typical step of this run; None before there are enough."""
        times = self._step_times
        durations = [end - begin for begin, end in pairwise(times[1:])]
        if len(durations) < _MIN_STEPS:
            return None
        typical = median(durations)
        return min(max(fmean(durations), typical), _MAX_OVERHEAD * typical)

    def _after_s(self, step_s: float) -> float:
        """Return the seconds from the last step to the outcome."""
        if not self._former:
            return _AFTER_PER_TRAINING * step_s * self._steps
        former_step_s = median(one.step_s for one in self._former)
        ratio = min(max(step_s / former_step_s, 1 / _MAX_SPEED_RATIO), _MAX_SPEED_RATIO)
        return ratio * median(one.after_s for one in self._former)
