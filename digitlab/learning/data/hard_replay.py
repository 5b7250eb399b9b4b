"""Rehearse: halfway through a training, what it is about to misread is replayed twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.replay import digits_of
from digitlab.model import metrics
from digitlab.model.finetuning import Batch

_OF: Final = 2  # replayed digits of which the one nearest to being misread stays, so many times

Ask = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Gives the logits, (N, 10), of digit images, (N, 28, 28)."""


def rehearse(batches: Sequence[Batch], ask: Ask, config: FineTuneConfig) -> list[Batch]:
    """The batches that are left, with those of their replayed digits that need it most, twice.

    What will be forgotten depends on what is learned, and shows once some of it was: the half
    of the digits, photographed ones among them, that lead by least stays and takes the place of
    the others. ExampleSet and images without a digit stay as they are. Source: Aljundi et al. 2019,
    "Online continual learning with maximally interfered retrieval", section 3.

    Args:
        batches: those that are left.
        ask: asks the network as it is now.
        config: of the batches.
    """
    if not batches:
        return []
    x, y, logits, embeddings = (np.stack(part) for part in zip(*batches, strict=True))
    n, first = digits_of(config), y.shape[1] - config.replay
    images, kept = slice(first, first + n), slice(0, n)
    lead = metrics.margin(ask(x[:, images].reshape(-1, 28, 28)), y[:, images].ravel())
    least = np.argsort(lead, kind="stable")[: -(-len(lead) // _OF)]
    order = np.random.default_rng([config.seed, 6]).permutation(np.tile(least, _OF)[: len(lead)])
    for part, rows in ((x, images), (y, images), (logits, kept), (embeddings, kept)):
        digits = part[:, rows]
        flat = digits.reshape(-1, *digits.shape[2:])
        part[:, rows] = flat[order].reshape(digits.shape)
    return list(zip(x, y, logits, embeddings, strict=True))
