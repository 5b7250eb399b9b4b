"""Batches: corrections and replay, joined in every step so that nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import replayed
from digitlab.learning.data.examples import TrainingExample, stack
from digitlab.model.augment import augment
from digitlab.model.finetuning import Batch
from digitlab.model.runtime import Classifier

_FEWEST: Final = 80  # steps, and so many more for each example
_EACH: Final = 2
_FEW: Final = 20  # examples beyond which each takes a further step
_CONFIRMED: Final = 0.25  # of the examples in a batch, when there are confirmations

Images = NDArray[np.uint8]


def joint_batches(
    taught: Sequence[TrainingExample],
    base: Classifier,
    config: FineTuneConfig,
    *,
    places: Sequence[Path],
) -> list[Batch]:
    """All batches of a fine-tune; they follow from examples, base and configuration alone.

    Each holds `config.examples` images of feedback, augmented every time anew, and then
    `config.replay` of the base's own material (`replayed`), with what the base says of it.

    Args:
        taught: the examples, in the order of their hashes; without any the batches are replay.
        base: the version that the fine-tune starts from.
        config: sizes, seed and augmentation.
        places: as for `replayed`.
    """
    steps = steps_for(len(taught), config)
    x, y = _examples(taught, steps, config, np.random.default_rng([config.seed, 3]))
    again = replayed(base, config, steps=min(steps, config.steps), places=places)
    rows = np.arange(steps) % len(again.y)  # where there are more steps, the first ones' again
    return [
        (
            np.concatenate([x[step], again.x[row]]),
            np.concatenate([y[step], again.y[row]]),
            again.logits[row],
            again.embeddings[row],
        )
        for step, row in enumerate(rows)
    ]


def steps_for(taught: int, config: FineTuneConfig) -> int:
    """How many steps so many examples take: a few are learned sooner than many.

    `_FEWEST` and two for each, at most `config.steps`; and one more for each beyond `_FEW`, at
    most as many again.
    """
    few = min(config.steps, _FEWEST + _EACH * taught)
    return few + min(config.steps, max(0, taught - _FEW))


def _examples(
    taught: Sequence[TrainingExample], steps: int, config: FineTuneConfig, rng: np.random.Generator
) -> tuple[Images, Images]:
    """(steps, examples, 28, 28) and (steps, examples): corrections and confirmations."""
    kinds = [
        [example for example in taught if example.correction],
        [example for example in taught if not example.correction],
    ]
    confirmed = round(_CONFIRMED * config.examples) if all(kinds) else 0
    sizes = [config.examples - confirmed, confirmed] if kinds[0] else [0, config.examples]
    parts = [
        _drawn(kind, size, steps, rng)
        for kind, size in zip(kinds, sizes, strict=True)
        if kind and size
    ]
    if not parts:
        return np.empty((steps, 0, 28, 28), np.uint8), np.empty((steps, 0), np.uint8)
    x = np.concatenate([x for x, _ in parts], axis=1)
    y = np.concatenate([y for _, y in parts], axis=1)
    return augment(x.reshape(-1, 28, 28), rng=rng, config=config).reshape(x.shape), y


def _drawn(
    examples: Sequence[TrainingExample], size: int, steps: int, rng: np.random.Generator
) -> tuple[Images, Images]:
    """Each example as often as its weight says, in an order of chance."""
    weights = np.array([example.weight for example in examples])
    n = steps * size
    places = (np.arange(n) + rng.random()) / n  # systematic sampling: as even as weights allow
    rows = np.searchsorted(np.cumsum(weights / weights.sum()), places).clip(0, len(examples) - 1)
    rows = rng.permutation(rows).reshape(steps, size)
    x, y = stack(examples)
    return x[rows], y[rows]
