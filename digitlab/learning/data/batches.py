"""Training batches of examples from feedback and replayed images of the base's own data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.cache import load_replay
from digitlab.learning.data.examples import TrainingExample, to_arrays
from digitlab.learning.thresholds import TRAINING
from digitlab.model.augment import augment
from digitlab.model.finetuning import Batch
from digitlab.model.runtime import Classifier

Images = NDArray[np.uint8]


def build_batches(
    examples: Sequence[TrainingExample],
    base: Classifier,
    config: FineTuneConfig,
    *,
    cache_folders: Sequence[Path],
) -> list[Batch]:
    """Build all batches of a fine-tune; examples, base and parameters alone determine them.

    Each batch has `config.examples` training examples, with a new augmentation each time, and
    then `config.replay` replayed images with the base's logits and embeddings (`load_replay`).

    Args:
        examples: the training examples, sorted by hash. Without any the batches are replay alone.
        base: the version that the fine-tune starts from.
        config: sizes, seed and augmentation.
        cache_folders: as for `load_replay`.
    """
    steps = number_of_steps(len(examples), config)
    x, y = _draw_examples(examples, steps, config, np.random.default_rng([config.seed, 3]))
    n_replayed = min(steps, config.steps)
    replay = load_replay(base, config, steps=n_replayed, cache_folders=cache_folders)
    rows = np.arange(steps) % len(replay.y)  # a longer training repeats the first steps' replay
    return [
        (
            np.concatenate([x[step], replay.x[row]]),
            np.concatenate([y[step], replay.y[row]]),
            replay.logits[row],
            replay.embeddings[row],
        )
        for step, row in enumerate(rows)
    ]


def number_of_steps(n_examples: int, config: FineTuneConfig) -> int:
    """Return the number of training steps for a number of training examples.

    The number is `TRAINING.min_steps` and two for each example, at most `config.steps`; and one
    more for each example beyond `TRAINING.examples_before_extra_steps`, at most `config.steps`
    more.
    """
    steps = min(config.steps, TRAINING.min_steps + TRAINING.steps_per_example * n_examples)
    extra_steps = max(0, n_examples - TRAINING.examples_before_extra_steps)
    return steps + min(config.steps, extra_steps)


def _draw_examples(
    examples: Sequence[TrainingExample],
    steps: int,
    config: FineTuneConfig,
    rng: np.random.Generator,
) -> tuple[Images, Images]:
    """Draw images, (steps, examples, 28, 28), and labels, (steps, examples), for all batches."""
    corrections = [example for example in examples if example.correction]
    confirmations = [example for example in examples if not example.correction]
    n_confirmations = (
        round(TRAINING.confirmation_share * config.examples) if corrections and confirmations else 0
    )
    if corrections:
        sizes = [config.examples - n_confirmations, n_confirmations]
    else:
        sizes = [0, config.examples]
    parts = [
        _draw_weighted(kind, size, steps, rng)
        for kind, size in zip((corrections, confirmations), sizes, strict=True)
        if kind and size
    ]
    if not parts:
        return np.empty((steps, 0, 28, 28), np.uint8), np.empty((steps, 0), np.uint8)
    x = np.concatenate([x for x, _ in parts], axis=1)
    y = np.concatenate([y for _, y in parts], axis=1)
    return augment(x.reshape(-1, 28, 28), rng=rng, config=config).reshape(x.shape), y


def _draw_weighted(
    examples: Sequence[TrainingExample], size: int, steps: int, rng: np.random.Generator
) -> tuple[Images, Images]:
    """Draw each example as often as its weight says, in random order."""
    weights = np.array([example.weight for example in examples])
    n = steps * size
    # Systematic sampling: the counts differ from the weights by less than one.
    quantiles = (np.arange(n) + rng.random()) / n
    rows = np.searchsorted(np.cumsum(weights / weights.sum()), quantiles)
    rows = rng.permutation(rows.clip(0, len(examples) - 1)).reshape(steps, size)
    x, y = to_arrays(examples)
    return x[rows], y[rows]
