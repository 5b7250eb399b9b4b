"""28x28 pictures in MNIST's polarity and orientation: bright ink on 0, upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist


@dataclass(frozen=True, kw_only=True)
class FrameThresholds:
    """When a 28x28 picture counts as a digit image; no benchmark set these.

    Attributes:
        max_dark_border: grey levels; up to this median the border is dark, so the ink is bright.
        min_bright_border: grey levels; from this median on the border is paper, so the ink is
            dark.
        min_peak: grey levels that the brightest pixel of a digit image has at least.
        min_pictures: pictures below which the orientation is not checked.
        min_gain: by how much the mean digits, transposed, must resemble MNIST's better than
            as they are; a difference of correlations.
    """

    max_dark_border: int = 64
    min_bright_border: int = 191
    min_peak: int = 100
    min_pictures: int = 10
    min_gain: float = 0.15


_THRESHOLDS: Final = FrameThresholds()


@dataclass(frozen=True, kw_only=True)
class FramedPictures:
    """28x28 pictures, some of them as digit images.

    Attributes:
        pictures: uint8 (N, 28, 28); those in `is_digit_image` have bright ink on 0.
        is_digit_image: bool (N,); the others need the front end.
        rules: the rules by which pictures were changed, for people.
    """

    pictures: NDArray[np.uint8]
    is_digit_image: NDArray[np.bool_]
    rules: tuple[str, ...]


def to_mnist_frame(pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> FramedPictures:
    """Invert dark ink on bright paper, and turn transposed pictures upright.

    Polarity is decided for each picture by its border, orientation for all of them: as in EMNIST's
    files, rows and columns may be exchanged. Then the mean picture of each label resembles MNIST's
    better when it is transposed.

    Args:
        pictures: uint8 (N, 28, 28).
        labels: uint8 (N,), 0-9.
    """
    n = len(pictures)
    border = np.median(
        np.concatenate(
            [pictures[:, 0], pictures[:, -1], pictures[:, 1:-1, 0], pictures[:, 1:-1, -1]], axis=1
        ),
        axis=1,
    )
    dark_ink = border >= _THRESHOLDS.min_bright_border
    rules = []
    if dark_ink.any():
        count = "" if dark_ink.all() else f" in {int(dark_ink.sum()):,} of {n:,}"
        rules.append(f"dark ink on paper{count}, inverted")
        pictures = np.where(dark_ink[:, None, None], 255 - pictures, pictures)
    is_digit_image = (dark_ink | (border <= _THRESHOLDS.max_dark_border)) & (
        pictures.max(axis=(1, 2)) >= _THRESHOLDS.min_peak
    )
    if not is_digit_image.all():
        rules.append(
            f"{int((~is_digit_image).sum()):,} of {n:,} read as pictures, by the front end"
        )
    if _is_transposed(pictures[is_digit_image], labels[is_digit_image]):
        rules.append("rows and columns exchanged, as in EMNIST; turned upright")
        pictures = np.ascontiguousarray(pictures.transpose(0, 2, 1))
    return FramedPictures(pictures=pictures, is_digit_image=is_digit_image, rules=tuple(rules))


def _is_transposed(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> bool:
    if len(images) < _THRESHOLDS.min_pictures:
        return False
    means = _mean_digits(*mnist.load("validation"))
    upright, transposed = [], []
    for digit, mean in _mean_digits(images, labels).items():
        upright.append(_correlation(mean, means[digit]))
        transposed.append(_correlation(mean.T, means[digit]))
    return bool(np.mean(transposed) - np.mean(upright) > _THRESHOLDS.min_gain)


def _mean_digits(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> dict[int, NDArray[np.float64]]:
    return {int(digit): images[labels == digit].mean(axis=0) for digit in np.unique(labels)}


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else 0.0
