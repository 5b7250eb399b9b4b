"""Repeat the replayed digits that a network is about to misread, halfway through a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.replay import digits_per_step
from digitlab.learning.thresholds import TRAINING
from digitlab.model import metrics
from digitlab.model.finetuning import Batch

LogitsFunction = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Returns the logits, (N, 10), of digit images, (N, 28, 28)."""


def repeat_hard_examples(
    batches: Sequence[Batch], logits_of: LogitsFunction, config: FineTuneConfig
) -> list[Batch]:
    """Return the batches with the hardest half of their replayed digits twice.

    What a network forgets depends on what it learns, and shows after part of the training. The
    half of the replayed digits, also photographed ones, with the smallest margin takes the place
    of the other half. Training examples and images without a digit stay as they are. Source:
    Aljundi et al. 2019, "Online continual learning with maximally interfered retrieval",
    section 3.

    Args:
        batches: the remaining batches of the training.
        logits_of: the network in its present state.
        config: the sizes of the batches, and the seed.
    """
    if not batches:
        return []
    x, y, logits, embeddings = (np.stack(part) for part in zip(*batches, strict=True))
    n_digits, first = digits_per_step(config), y.shape[1] - config.replay
    # The logits and embeddings of a batch are those of its replayed images alone.
    in_batch, in_replay = slice(first, first + n_digits), slice(0, n_digits)
    margins = metrics.margin(logits_of(x[:, in_batch].reshape(-1, 28, 28)), y[:, in_batch].ravel())
    n_hardest = -(-len(margins) // TRAINING.hard_replay_repeats)
    hardest = np.argsort(margins, kind="stable")[:n_hardest]
    repeated = np.tile(hardest, TRAINING.hard_replay_repeats)[: len(margins)]
    order = np.random.default_rng([config.seed, 6]).permutation(repeated)
    for part, rows in (
        (x, in_batch),
        (y, in_batch),
        (logits, in_replay),
        (embeddings, in_replay),
    ):
        digits = part[:, rows]
        flat = digits.reshape(-1, *digits.shape[2:])
        part[:, rows] = flat[order].reshape(digits.shape)
    return list(zip(x, y, logits, embeddings, strict=True))
