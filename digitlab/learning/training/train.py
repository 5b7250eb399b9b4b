"""Training of a fine-tune: joint batches from the base, then how far to go from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.batches import joint_batches
from digitlab.learning.data.examples import ExampleSet
from digitlab.learning.data.hard_replay import rehearse
from digitlab.learning.results import Trained
from digitlab.learning.training.retention import Shift, Tune
from digitlab.model.finetuning import FineTuner, make_deterministic
from digitlab.model.runtime import Classifier

_LOOKS: Final = 4  # times while it trains
_WHOLE: Final = 2.2  # times the training: all that is left of the run when it begins

Tell = Callable[..., None]
"""Called with keywords of `RunLog.beat`: phase, step, steps, loss, tune, seconds_left."""


def train(
    examples: ExampleSet,
    folder: Path,
    base: Classifier,
    config: FineTuneConfig,
    *,
    cache: Path,
    tell: Tell,
) -> tuple[FineTuner, Trained]:
    """Fine-tune the base on examples.

    Args:
        examples: what is taught; those that check are not looked at.
        folder: the base's version folder.
        base: the same version at work.
        config: the parameters.
        cache: folder for what can be computed again.
        tell: told of every step; what it raises ends the training.

    Returns:
        The network with its weights mixed, and what the training was like. Where no alpha
        passes, the lowest one is mixed all the same, for a person to look at.
    """
    batches = joint_batches(examples.taught, base, config, places=(folder, cache))
    steps = len(batches)
    tell()
    tune = Tune(base, (folder, cache))
    tell()
    make_deterministic(
        threads=config.threads
    )  # tensorflow was loading meanwhile, in a run of its own
    tell()
    tuner = FineTuner(folder / "model.keras", seed=config.seed)
    curve: list[tuple[int, float, float | None]] = []
    started = time.monotonic()

    def step_done(step: int, loss: float) -> None:
        look = step % max(1, steps // _LOOKS) == 0
        share = tune.glance(tuner) if look else None
        curve.append((step, loss, share))
        tell(
            step=step,
            steps=steps,
            loss=loss,
            validation_accuracy=share,
            seconds_left=(time.monotonic() - started) / step * (_WHOLE * steps - step),
        )

    tell(phase="training", step=0, steps=steps)
    tuner.train(
        batches,
        steps=steps,
        learning_rate=config.learning_rate,
        step_done=step_done,
        halfway=lambda left: rehearse(left, tuner.logits, config),
    )
    took = time.monotonic() - started
    tell(phase="choosing", seconds_left=(_WHOLE - 1) * took)
    tried: list[tuple[float, Shift]] = []
    alpha = None
    for candidate in reversed(config.alphas):
        tuner.interpolate(candidate)
        found = tune.shift(tuner)
        tried.append((candidate, found))
        tell()
        if found.passes:
            alpha = candidate
            break
    return tuner, Trained(
        curve=tuple(curve),
        alphas=tuple(tried),
        alpha=alpha,
        seconds=took,
        asked=tune.rows,
        guesses=tune.guesses(tuner),
    )
