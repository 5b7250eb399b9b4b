"""Training of a fine-tune: joint batches from the base, then how far to go from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.learning.batches import joint_batches
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.gate import GATE_BOUND, Paired, pair
from digitlab.learning.lessons import Lessons
from digitlab.learning.steps import Trained
from digitlab.model import metrics
from digitlab.model.adapt import Adaptation, prepare
from digitlab.model.runtime import Classifier

_HARDEST: Final = 1_500  # images of `tune` that are asked first of every alpha
_ASKED: Final = 400  # of these, asked while it trains
_LOOKS: Final = 4  # times while it trains
_WHOLE: Final = 2.2  # times the training: all that is left of the run when it begins

Tell = Callable[..., None]
"""Called with keywords of `RunLog.beat`: phase, step, steps, loss, tune, seconds_left."""


def train(
    lessons: Lessons,
    folder: Path,
    base: Classifier,
    config: FineTuneConfig,
    *,
    cache: Path,
    tell: Tell,
) -> tuple[Adaptation, Trained]:
    """Fine-tune the base on lessons.

    Args:
        lessons: what is taught; those that check are not looked at.
        folder: the base's version folder.
        base: the same version at work.
        config: the parameters.
        cache: folder for what can be computed again.
        tell: told of every step; what it raises ends the training.

    Returns:
        The network with its weights mixed, and what the training was like. Where no alpha
        passes, the lowest one is mixed all the same, for a person to look at.
    """
    prepare(threads=config.threads)
    adaptation = Adaptation(folder / "model.keras", seed=config.seed)
    batches = joint_batches(lessons.taught, base, config, places=(folder, cache))
    tune = _Tune(base)
    curve: list[tuple[int, float, float | None]] = []
    started = time.monotonic()

    def stepped(step: int, loss: float) -> None:
        look = step % max(1, config.steps // _LOOKS) == 0
        share = tune.glance(adaptation) if look else None
        curve.append((step, loss, share))
        tell(
            step=step,
            steps=config.steps,
            loss=loss,
            tune=share,
            seconds_left=(time.monotonic() - started) / step * (_WHOLE * config.steps - step),
        )

    tell(phase="training", step=0, steps=config.steps)
    adaptation.train(
        batches, steps=config.steps, learning_rate=config.learning_rate, stepped=stepped
    )
    took = time.monotonic() - started
    tell(phase="choosing", seconds_left=(_WHOLE - 1) * took)
    tried: list[tuple[float, Paired]] = []
    alpha = None
    for candidate in reversed(config.alphas):
        adaptation.mix(candidate)
        found = tune.paired(adaptation)
        tried.append((candidate, found))
        tell()
        if found.lower_bound > GATE_BOUND:
            alpha = candidate
            break
    return adaptation, Trained(
        curve=tuple(curve),
        alphas=tuple(tried),
        alpha=alpha,
        seconds=took,
        tune=tune.guesses(adaptation),
    )


class _Tune:
    """The base on `tune`, and a network that is being changed beside it."""

    def __init__(self, base: Classifier) -> None:
        x, y = mnist.load("tune")
        logits, _ = base.outputs(x)
        probabilities = metrics.softmax(logits)
        order = np.argsort(probabilities.max(axis=1), kind="stable")
        self._x, self._y = x[order], y[order]
        self._base = (logits.argmax(axis=1) == y)[order]
        self._order = order
        self._asked: list[NDArray[np.int64]] = []  # of the last mix: guesses, hardest first

    def glance(self, adaptation: Adaptation) -> float:
        """Share of the hardest few hundred that is read right."""
        guesses = adaptation.logits(self._x[:_ASKED]).argmax(axis=1)
        return float((guesses == self._y[:_ASKED]).mean())

    def paired(self, adaptation: Adaptation) -> Paired:
        """Base against the network as it is, on all of `tune`.

        The images of which the base is least sure come first: where these alone cost too much
        already, the others, which it all but never gets wrong, cannot make up for it.
        """
        self._asked = [adaptation.logits(self._x[:_HARDEST]).argmax(axis=1)]
        first = self._asked[0] == self._y[:_HARDEST]
        early = pair(self._base, np.concatenate([first, self._base[_HARDEST:]]))
        if early.lower_bound <= GATE_BOUND:
            return early
        return pair(self._base, self._all(adaptation) == self._y)

    def guesses(self, adaptation: Adaptation) -> NDArray[np.int64]:
        """What the network says of `tune`, (5000,), in the split's own order."""
        found = np.empty(len(self._y), np.int64)
        found[self._order] = self._all(adaptation)
        return found

    def _all(self, adaptation: Adaptation) -> NDArray[np.int64]:
        """Guesses, hardest first; each image is asked once a mix."""
        if len(self._asked) == 1:
            self._asked.append(adaptation.logits(self._x[_HARDEST:]).argmax(axis=1))
        return np.concatenate(self._asked)
