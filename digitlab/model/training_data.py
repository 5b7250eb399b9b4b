"""TrainingData: the images that each epoch of a training sees."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.datasets.readers import read_npz_arrays
from digitlab.labels import NO_DIGIT
from digitlab.model.augment import augment
from digitlab.model.train_config import TrainConfig
from digitlab.synthetic.handwriting.writer import write_digits
from digitlab.synthetic.non_digits.sampler import outliers
from digitlab.synthetic.photographs.through_front_end import photographed

Images = NDArray[np.uint8]


class TrainingData:
    """What a training is made of; an epoch's images depend on seed and epoch alone.

    Args:
        config: how many images of which kind.
        cache: folder for images that take long to make.
    """

    def __init__(self, config: TrainConfig, cache: Path) -> None:
        self._config = config
        x, y = (array[: config.images] for array in mnist.load("train"))
        self._written, self._outliers = (
            round(share * len(x)) for share in (config.written, config.outliers)
        )
        pictures, labels = _photographed(x, y, config, cache)
        self._x, self._y = np.concatenate([x, pictures]), np.concatenate([y, labels])

    def __len__(self) -> int:
        """Images an epoch."""
        return len(self._x) + self._written + self._outliers

    def epochs(self, first: int) -> Iterator[tuple[int, tuple[Images, Images]]]:
        """The epochs from `first` (counted from 0) on: number, images, labels.

        Yields:
            uint8 (N, 28, 28), augmented and shuffled, and uint8 (N,), 0-9 or 10 for no
            digit. The next epoch is made while the caller works on this one.
        """
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self._epoch, first)
            for epoch in range(first, self._config.epochs):
                ready = coming.result()
                if epoch + 1 < self._config.epochs:
                    coming = pool.submit(self._epoch, epoch + 1)
                yield epoch, ready

    def _epoch(self, epoch: int) -> tuple[Images, Images]:
        config = self._config
        rng = np.random.default_rng([config.seed, epoch])
        drawn, labels = write_digits(self._written, rng=rng)
        digits = augment(np.concatenate([self._x, drawn]), rng=rng, config=config)
        others = outliers(self._outliers, rng=rng)
        x = np.concatenate([digits, others])
        y = np.concatenate([self._y, labels, np.full(len(others), NO_DIGIT, np.uint8)])
        order = rng.permutation(len(x))
        return x[order], y[order]


def _photographed(x: Images, y: Images, config: TrainConfig, cache: Path) -> tuple[Images, Images]:
    """Training digits that came through photographs: the same for every seed, and kept."""
    n = round(config.photographed * len(x))
    if n == 0:
        return x[:0], y[:0]
    file = cache / "photographed.npz"
    if not file.is_file():
        rows = np.random.default_rng(0).permutation(len(x))[:n]
        images, found = photographed(x[rows], seed=0)
        aside = cache / ".photographed.npz"
        np.savez_compressed(aside, x=images[found], y=y[rows][found])
        os.replace(aside, file)
    arrays = read_npz_arrays(file, ("x", "y"))
    return arrays["x"], arrays["y"]
