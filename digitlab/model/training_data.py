"""TrainingData: the images of each epoch of a training from scratch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.datasets.tables.npz_files import read_npz_arrays
from digitlab.labels import NO_DIGIT
from digitlab.model.augment import augment
from digitlab.model.train_config import TrainConfig
from digitlab.synthetic.handwriting.pixel_drawings import draw_pixel_digits
from digitlab.synthetic.handwriting.writer import write_digits
from digitlab.synthetic.non_digits.sampler import sample_non_digits
from digitlab.synthetic.photographs.through_front_end import photograph_through_front_end

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]


class TrainingData:
    """The images of a training, epoch by epoch.

    An epoch holds MNIST digits, photographed MNIST digits and synthetic digits, all augmented;
    pixel drawings, whose hard edges an augmentation would soften; and images without a digit. Its
    images depend only on `config` and on the epoch's number.

    Args:
        config: parameters of the training.
        cache: folder for the photographed digits, which take minutes to make.
    """

    def __init__(self, config: TrainConfig, cache: Path) -> None:
        self._config = config
        x, y = (array[: config.images] for array in mnist.load("train"))
        self._n_synthetic = round(config.synthetic_digits * len(x))
        self._n_pixel_drawings = round(config.pixel_drawings * len(x))
        self._n_outliers = round(config.outliers * len(x))
        photographs, labels = _photographed(x, y, config, cache)
        self._x, self._y = np.concatenate([x, photographs]), np.concatenate([y, labels])

    def __len__(self) -> int:
        """Return the number of images in one epoch."""
        return len(self._x) + self._n_synthetic + self._n_pixel_drawings + self._n_outliers

    def epochs(self, first: int) -> Iterator[tuple[int, tuple[Images, Labels]]]:
        """Yield the epochs from number `first` on.

        A thread makes the next epoch while the caller trains on the present one.

        Args:
            first: number of the first epoch, counted from 0.

        Yields:
            The epoch's number; its shuffled images, uint8 (N, 28, 28), and their labels,
            uint8 (N,), 0-9 or `labels.NO_DIGIT`.
        """
        with ThreadPoolExecutor(1) as pool:
            next_epoch = pool.submit(self._epoch, first)
            for epoch in range(first, self._config.epochs):
                images_and_labels = next_epoch.result()
                if epoch + 1 < self._config.epochs:
                    next_epoch = pool.submit(self._epoch, epoch + 1)
                yield epoch, images_and_labels

    def _epoch(self, epoch: int) -> tuple[Images, Labels]:
        config = self._config
        rng = np.random.default_rng([config.seed, epoch])
        synthetic, synthetic_labels = write_digits(
            self._n_synthetic, rng=rng, rare=config.rare_shapes
        )
        digits = augment(np.concatenate([self._x, synthetic]), rng=rng, config=config)
        drawings, drawing_labels = draw_pixel_digits(self._n_pixel_drawings, rng=rng)
        others = sample_non_digits(self._n_outliers, rng=rng)
        x = np.concatenate([digits, drawings, others])
        other_labels = np.full(len(others), NO_DIGIT, np.uint8)
        y = np.concatenate([self._y, synthetic_labels, drawing_labels, other_labels])
        order = rng.permutation(len(x))
        return x[order], y[order]


def _photographed(x: Images, y: Labels, config: TrainConfig, cache: Path) -> tuple[Images, Labels]:
    """Return digits of synthetic photographs with their labels, from the cache if possible.

    The seed is fixed, so that trainings with different seeds use the same photographs. Digits
    that the front end does not find are left out.
    """
    n = round(config.photographed * len(x))
    if n == 0:
        return x[:0], y[:0]
    file = cache / "photographed.npz"
    if not file.is_file():
        rng = np.random.default_rng(0)
        draws = [rng.permutation(len(x)) for _ in range(-(-n // len(x)))]
        rows = np.concatenate(draws)[:n]
        images, detected = photograph_through_front_end(x[rows], seed=0)
        temporary = cache / ".photographed.npz"
        np.savez_compressed(temporary, x=images[detected], y=y[rows][detected])
        os.replace(temporary, file)
    arrays = read_npz_arrays(file, ("x", "y"))
    return arrays["x"], arrays["y"]
