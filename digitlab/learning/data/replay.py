"""Replay: images of the base's own training data that every fine-tune trains on, too."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.datasets.cached import cache_file_name, find_arrays, write_arrays
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data.examples import RECIPE_VERSION
from digitlab.learning.thresholds import TRAINING
from digitlab.model import metrics
from digitlab.model.augment import augment
from digitlab.model.runtime import Classifier
from digitlab.synthetic.non_digits.sampler import sample_non_digits

Images = NDArray[np.uint8]
Rows = NDArray[np.intp]
Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ReplayAugmentation:
    """The augmentation of replayed digits, weaker than that of training examples.

    `FineTuneConfig` describes the numbers.
    """

    rotation: float = 5.0
    shear: float = 0.06
    scale: float = 0.05
    shift: float = 1.0
    elastic: float = 0.3
    worn: float = 0.0


REPLAY_AUGMENTATION: Final = ReplayAugmentation()


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """The replayed images of S steps, R images in each.

    Attributes:
        x: digit images, uint8 (S, R, 28, 28).
        y: labels, uint8 (S, R), 0-9 or `NO_DIGIT`.
        logits: the base's logits, float32 (S, R, 10).
        embeddings: the base's embeddings, float32 (S, R, E).
    """

    x: Images
    y: Images
    logits: Floats
    embeddings: Floats


def build_replay(
    base: Classifier, config: FineTuneConfig, *, steps: int, cache_folders: Sequence[Path]
) -> Replay:
    """Build the replay of a fine-tune; base, seed and sizes alone determine it.

    Each step has, in this order: images of MNIST's train split near the base's decision boundary,
    equally many of each digit, slightly augmented; photographed digits of the validation split;
    and images without a digit. Images near the boundary are forgotten first.

    Args:
        base: the version that the fine-tune starts from.
        config: seed and sizes.
        steps: the number of first steps to return, at most `config.steps`.
        cache_folders: folders with cached results of the base; new results, which take seconds
            to compute, are written to the last one.
    """
    rng = np.random.default_rng([config.seed, 5])
    digits, photographed, non_digits = _images_per_step(config)
    x_photo, y_photo = photographs.load("validation")
    all_steps = config.steps
    rows = _balanced_rows(len(y_photo), all_steps * photographed, rng)
    x_none = sample_non_digits(all_steps * non_digits, rng=rng)
    parts = (
        _digits_near_boundary(base, all_steps * digits, config, cache_folders),
        (augment(x_photo[rows], rng=rng, config=REPLAY_AUGMENTATION), y_photo[rows]),
        (x_none, np.full(len(x_none), NO_DIGIT, np.uint8)),
    )
    images = np.concatenate([x.reshape(all_steps, -1, 28, 28)[:steps] for x, _ in parts], axis=1)
    labels = np.concatenate([y.reshape(all_steps, -1)[:steps] for _, y in parts], axis=1)
    logits, embeddings = base.logits_and_embeddings(images.reshape(-1, 28, 28))
    return Replay(
        x=images,
        y=labels,
        logits=logits.reshape(*labels.shape, -1),
        embeddings=embeddings.reshape(*labels.shape, -1),
    )


def digits_per_step(config: FineTuneConfig) -> int:
    """Return how many of the replayed images of a step, the first ones, show a digit."""
    digits, photographed, _ = _images_per_step(config)
    return digits + photographed


def _images_per_step(config: FineTuneConfig) -> tuple[int, int, int]:
    """Return the numbers of train digits, photographed digits and non-digits in one step."""
    photographed = round(TRAINING.photograph_share * config.replay)
    non_digits = round(TRAINING.non_digit_share * config.replay)
    return config.replay - photographed - non_digits, photographed, non_digits


def hard_examples(base: Classifier, cache_folders: Sequence[Path]) -> Rows:
    """Return the rows of MNIST's train split with the base's smallest margins, 300 of each digit.

    Clearly misread images come last: the base has nothing to forget about them.

    Args:
        base: the version whose margins are computed, which takes seconds.
        cache_folders: folders that may have the rows in a file; a new file is written to the last
            one.

    Returns:
        Rows, (3000,), sorted by digit and margin.
    """
    per_digit = TRAINING.hard_examples_per_digit
    name = cache_file_name(
        "hard-examples", per_digit, TRAINING.min_margin, *_prediction_hashes(base)
    )
    arrays = find_arrays(cache_folders, name, rows=(10 * per_digit,))
    if arrays is not None:
        return arrays[0].astype(np.intp)
    x, y = mnist.load("train")
    rows = _smallest_of_each_digit(_margins(base, x, y), y, per_digit)
    write_arrays(cache_folders[-1] / name, rows=rows.astype(np.uint16))
    return rows


def _prediction_hashes(base: Classifier) -> tuple[str, str]:
    """Return the hashes that determine a base's predictions on MNIST."""
    return base.card.hashes["model.tflite"], mnist.SHA256


def _margins(base: Classifier, x: Images, y: Images) -> NDArray[np.float64]:
    """Return margins to the decision boundary, (N,); infinite if clearly misread."""
    margins = metrics.margin(base.logits_and_embeddings(x)[0], y)
    return np.where(margins < TRAINING.min_margin, np.inf, margins)


def _digits_near_boundary(
    base: Classifier, n: int, config: FineTuneConfig, cache_folders: Sequence[Path]
) -> tuple[Images, Images]:
    """Draw augmented hard examples and return the `n` with the smallest margins, by digit."""
    rng = np.random.default_rng([config.seed, 4])
    hard_rows = hard_examples(base, cache_folders)
    x, y = (array[hard_rows] for array in mnist.load("train"))
    drawn = _balanced_rows(len(y), TRAINING.draws_per_digit * n, rng)
    images, labels = augment(x[drawn], rng=rng, config=REPLAY_AUGMENTATION), y[drawn]
    name = cache_file_name(
        "boundary-digits",
        RECIPE_VERSION,
        TRAINING.hard_examples_per_digit,
        TRAINING.min_margin,
        TRAINING.draws_per_digit,
        dataclasses.astuple(REPLAY_AUGMENTATION),
        n,
        config.seed,
        *_prediction_hashes(base),
    )
    arrays = find_arrays(cache_folders, name, rows=(n,))
    if arrays is None:
        best = _smallest_of_each_digit(_margins(base, images, labels), labels, -(-n // 10))
        arrays = (rng.permutation(best)[:n].astype(np.min_scalar_type(len(drawn))),)
        write_arrays(cache_folders[-1] / name, rows=arrays[0])
    rows = arrays[0].astype(np.intp)
    return images[rows], labels[rows]


def _smallest_of_each_digit(values: NDArray[np.floating], labels: Images, n: int) -> Rows:
    """Return the rows of the `n` smallest values of each digit."""
    return np.concatenate(
        [
            rows[np.argsort(values[rows], kind="stable")[:n]]
            for rows in (np.flatnonzero(labels == digit) for digit in range(10))
        ]
    )


def _balanced_rows(n_rows: int, n: int, rng: np.random.Generator) -> Rows:
    """Draw `n` rows below `n_rows`, each equally often: the rows of one shuffle after another."""
    shuffles = [rng.permutation(n_rows) for _ in range(-(-n // n_rows))]
    return np.concatenate(shuffles)[:n]
