"""Batches: corrections and replay, joined in every step so that nothing is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.images.outliers import outliers
from digitlab.learning.cached import read_arrays, write_arrays
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.lessons import Lesson, stack
from digitlab.model.adapt import Batch
from digitlab.model.augment import augment
from digitlab.model.config import NO_DIGIT
from digitlab.model.runtime import Classifier

_CONFIRMED: Final = 0.25  # of the lessons in a batch, when there are confirmations
_PHOTOGRAPHED: Final = 0.15  # of the replay: `tune`'s photographed digits
_OUTLIERS: Final = 0.15  # of the replay: images without a digit, so that refusal is not forgotten
_FRAGILE: Final = 300  # of each digit: `train`'s images that the base reads with least ease

_MOVED: Final = FineTuneConfig(
    rotation=5.0, shear=0.06, scale=0.05, shift=1.0, elastic=0.3, worn=0.0
)
"""How little replayed digits are changed: they stand for the many that are like them."""

Images = NDArray[np.uint8]
Rows = NDArray[np.intp]


def joint_batches(
    taught: Sequence[Lesson], base: Classifier, config: FineTuneConfig, *, places: Sequence[Path]
) -> list[Batch]:
    """All batches of a fine-tune; they follow from lessons, base and configuration alone.

    Each holds `config.lessons` images of feedback, augmented every time anew, and then
    `config.replay` of the base's own material, moved a little, with what the base says of it:
    images of MNIST's `train` split that it all but misreads, as many of each digit, for these are
    forgotten first; photographed digits of `tune`; and images without a digit.

    Args:
        taught: the lessons, in the order of their hashes; without any the batches are replay.
        base: the version that the fine-tune starts from.
        config: sizes, seed and augmentation.
        places: as for `fragile`.
    """
    rng = np.random.default_rng([config.seed, 3])
    x, y = _lessons(taught, config, rng)
    x_replay, y_replay = _replay(fragile(base, places), config, rng)
    logits, embeddings = (
        said.reshape(*y_replay.shape, -1) for said in base.outputs(x_replay.reshape(-1, 28, 28))
    )
    return [
        (
            np.concatenate([x[step], x_replay[step]]),
            np.concatenate([y[step], y_replay[step]]),
            logits[step],
            embeddings[step],
        )
        for step in range(config.steps)
    ]


def fragile(base: Classifier, places: Sequence[Path]) -> Rows:
    """Rows (3000,) of `train`, as many of each digit, that the base reads with least ease.

    Asking takes seconds, and the answer is kept in a file for each base.

    Args:
        base: the version that is asked.
        places: folders in which the file may be; in the last one it is made when missing.
    """
    name = f"fragile-{_FRAGILE}-{base.card.hashes['weights'][:16]}-{mnist.SHA256[:8]}.npz"
    for place in places:
        kept = read_arrays(place / name, "rows")
        if kept is not None and kept[0].shape == (10 * _FRAGILE,):
            return kept[0].astype(np.intp)
    x, y = mnist.load("train")
    ease = base.predict_proba(x)[np.arange(len(y)), y]
    rows = np.concatenate(
        [
            of_digit[np.argsort(ease[of_digit], kind="stable")[:_FRAGILE]]
            for of_digit in (np.flatnonzero(y == digit) for digit in range(10))
        ]
    )
    write_arrays(places[-1] / name, rows=rows.astype(np.uint16))
    return rows


def _lessons(
    taught: Sequence[Lesson], config: FineTuneConfig, rng: np.random.Generator
) -> tuple[Images, Images]:
    """(steps, lessons, 28, 28) and (steps, lessons): corrections and confirmations."""
    kinds = [
        [lesson for lesson in taught if lesson.correction],
        [lesson for lesson in taught if not lesson.correction],
    ]
    confirmed = round(_CONFIRMED * config.lessons) if all(kinds) else 0
    sizes = [config.lessons - confirmed, confirmed] if kinds[0] else [0, config.lessons]
    parts = [
        _drawn(kind, size, config, rng)
        for kind, size in zip(kinds, sizes, strict=True)
        if kind and size
    ]
    if not parts:
        return np.empty((config.steps, 0, 28, 28), np.uint8), np.empty((config.steps, 0), np.uint8)
    x = np.concatenate([x for x, _ in parts], axis=1)
    y = np.concatenate([y for _, y in parts], axis=1)
    return augment(x.reshape(-1, 28, 28), rng=rng, config=config).reshape(x.shape), y


def _drawn(
    lessons: Sequence[Lesson], size: int, config: FineTuneConfig, rng: np.random.Generator
) -> tuple[Images, Images]:
    """Each lesson as often as its weight says, in an order of chance."""
    weights = np.array([lesson.weight for lesson in lessons])
    n = config.steps * size
    places = (np.arange(n) + rng.random()) / n  # systematic sampling: as even as weights allow
    rows = np.searchsorted(np.cumsum(weights / weights.sum()), places).clip(0, len(lessons) - 1)
    rows = rng.permutation(rows).reshape(config.steps, size)
    x, y = stack(lessons)
    return x[rows], y[rows]


def _replay(
    fragile_rows: Rows, config: FineTuneConfig, rng: np.random.Generator
) -> tuple[Images, Images]:
    """(steps, replay, 28, 28) and (steps, replay): digits, photographed ones, and none."""
    photographed = round(_PHOTOGRAPHED * config.replay)
    without = round(_OUTLIERS * config.replay)
    x, y = (array[fragile_rows] for array in mnist.load("train"))
    x_photo, y_photo = photographs.load("tune")
    picked = _turns(len(y), (config.steps, config.replay - photographed - without), rng)
    picked_photo = _turns(len(y_photo), (config.steps, photographed), rng)
    digits = np.concatenate([x[picked], x_photo[picked_photo]], axis=1)
    moved = augment(digits.reshape(-1, 28, 28), rng=rng, config=_MOVED).reshape(digits.shape)
    others = outliers(config.steps * without, rng=rng).reshape(config.steps, without, 28, 28)
    none = np.full((config.steps, without), NO_DIGIT, np.uint8)
    return (
        np.concatenate([moved, others], axis=1),
        np.concatenate([y[picked], y_photo[picked_photo], none], axis=1),
    )


def _turns(n: int, shape: tuple[int, int], rng: np.random.Generator) -> Rows:
    """Numbers below `n` in `shape`, each as often as the others: one shuffle after another."""
    wanted = shape[0] * shape[1]
    shuffles = [rng.permutation(n) for _ in range(-(-wanted // n))]
    return np.concatenate(shuffles)[:wanted].reshape(shape)
