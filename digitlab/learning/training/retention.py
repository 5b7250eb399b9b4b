"""RetentionCheck: what a fine-tuned network forgets of MNIST's validation split."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.datasets.cached import cache_file_name, find_arrays, write_arrays
from digitlab.learning.data.examples import RECIPE_VERSION
from digitlab.learning.data.replay import REPLAY_AUGMENTATION
from digitlab.learning.results import ValidationChange
from digitlab.learning.thresholds import TRAINING
from digitlab.model import metrics
from digitlab.model.augment import augment
from digitlab.model.finetuning import FineTuner
from digitlab.model.runtime import Classifier

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_N_HARD = TRAINING.hard_validation_images
_STRIDE = TRAINING.easy_validation_stride


class RetentionCheck:
    """The base's predictions on the validation split, to compare a changed network with.

    The images nearest to the base's decision boundary, and augmented copies of them, are checked
    first: if they alone lose too much, the other images, which the base predicts correctly almost
    without exception, cannot make up for it. A quarter of the other images is checked; each counts
    for four, and their copies count as unchanged.

    Args:
        base: the version that the fine-tune starts from.
        cache_folders: folders that may have the base's results in a file; a new file is written
            to the last one.

    Attributes:
        rows: rows of the validation split that are checked, (N,), the hardest first.
    """

    def __init__(self, base: Classifier, cache_folders: Sequence[Path]) -> None:
        margins, copies, rows_of_copies, copies_correct = _base_results(base, cache_folders)
        x, y = mnist.load("validation")
        order = np.argsort(margins, kind="stable")
        self.rows = np.concatenate([order[:_N_HARD], order[_N_HARD::_STRIDE]])
        self._n = len(y)
        self._x, self._y = x[self.rows], y[self.rows]
        self._base_correct = (margins > 0)[self.rows]
        self._copies, self._rows_of_copies = copies, rows_of_copies
        self._base_correct_on_copies = copies_correct
        # Predictions of the network that was measured last: hard images, then the others.
        self._predictions: list[Ints] = []

    def hard_accuracy(self, tuner: FineTuner) -> float:
        """Return the network's accuracy on the hardest 200 images, 0-1."""
        n = TRAINING.progress_images
        return float((_predict(tuner, self._x[:n]) == self._y[:n]).mean())

    def measure(self, tuner: FineTuner) -> ValidationChange:
        """Measure the change from the base to the network with its present weights."""
        hard, easy = slice(None, _N_HARD), slice(_N_HARD, None)
        self._predictions = [_predict(tuner, self._x[hard])]
        hard_correct = self._predictions[0] == self._y[hard]
        copies_correct = _predict(tuner, self._copies) == self._y[self._rows_of_copies]
        hard_change = _change(self._base_correct[hard], hard_correct)
        copies_change = _change(self._base_correct_on_copies, copies_correct)
        changes = [
            (np.arange(_N_HARD), hard_change, 1),
            (self._rows_of_copies, copies_change, 1),
        ]
        change = _total_change(changes, self._n)
        if not change.passes:
            return change
        self._predictions.append(_predict(tuner, self._x[easy]))
        easy_change = _change(self._base_correct[easy], self._predictions[1] == self._y[easy])
        rows = np.arange(_N_HARD, len(self._y))
        return _total_change([*changes, (rows, easy_change, _STRIDE)], self._n)

    def predictions(self, tuner: FineTuner) -> Ints:
        """Return the digits that the network predicts for the images in `rows`, (N,)."""
        if len(self._predictions) == 1:
            self._predictions.append(_predict(tuner, self._x[_N_HARD:]))
        return np.concatenate(self._predictions)


def _total_change(changes: Sequence[tuple[Ints, Ints, int]], n: int) -> ValidationChange:
    """Add up changes over `n` images.

    Args:
        changes: rows, the change at each row (-1, 0, 1), and how often it counts.
        n: number of images.
    """
    variants = 1 + TRAINING.validation_copies
    by_image = np.zeros(n)
    for rows, change, weight in changes:
        np.add.at(by_image, rows, change * weight)
    by_image /= variants
    return ValidationChange(
        n=n,
        variants=variants,
        fixed=sum(int((change > 0).sum()) * weight for _, change, weight in changes),
        broken=sum(int((change < 0).sum()) * weight for _, change, weight in changes),
        standard_error=float(by_image.std() / np.sqrt(n)),
    )


def _change(before: Bools, after: Bools) -> Ints:
    return np.asarray(after).astype(np.int64) - before


def _predict(tuner: FineTuner, x: NDArray[np.uint8]) -> Ints:
    return np.asarray(tuner.logits(x).argmax(axis=1))


def _base_results(base: Classifier, cache_folders: Sequence[Path]) -> tuple[Any, ...]:
    """Compute or read the base's results on the validation split.

    Returns:
        The margin of each image, (5000,); and of the copies to check, the images, (N, 28, 28),
        the positions of their originals in the order of the margins, (N,), and whether the base
        predicts them correctly, (N,).
    """
    x, y = mnist.load("validation")
    n_copies = TRAINING.hard_validation_copies
    name = cache_file_name(
        "validation",
        RECIPE_VERSION,
        TRAINING.validation_copies,
        _N_HARD,
        n_copies,
        TRAINING.validation_copies_seed,
        dataclasses.astuple(REPLAY_AUGMENTATION),
        base.card.hashes["model.tflite"],
        mnist.SHA256,
    )
    shapes = {"margins": y.shape, "copies": (n_copies,), "copies_correct": (n_copies,)}
    arrays = find_arrays(cache_folders, name, **shapes)
    if arrays is not None:
        margins, checked, correct = arrays
        return margins, _augmented_copies(x, margins)[checked], checked % _N_HARD, correct
    margins = metrics.margin(base.logits_and_embeddings(x)[0], y).astype(np.float32)
    copies = _augmented_copies(x, margins)
    hardest_labels = y[np.argsort(margins, kind="stable")[:_N_HARD]]
    labels = np.tile(hardest_labels, TRAINING.validation_copies)
    margins_of_copies = metrics.margin(base.logits_and_embeddings(copies)[0], labels)
    checked = np.argsort(margins_of_copies, kind="stable")[:n_copies]
    correct = margins_of_copies[checked] > 0
    write_arrays(
        cache_folders[-1] / name,
        margins=margins,
        copies=checked.astype(np.uint16),
        copies_correct=correct,
    )
    return margins, copies[checked], checked % _N_HARD, correct


def _augmented_copies(x: NDArray[np.uint8], margins: NDArray[Any]) -> NDArray[np.uint8]:
    """Augment copies of the hardest images: all images once, then all of them again."""
    hardest = np.argsort(margins, kind="stable")[:_N_HARD]
    rows = np.tile(hardest, TRAINING.validation_copies)
    rng = np.random.default_rng(TRAINING.validation_copies_seed)
    return augment(x[rows], rng=rng, config=REPLAY_AUGMENTATION)
