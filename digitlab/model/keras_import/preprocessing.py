"""The usual ways to prepare a digit image for a network, and the choice among them.

Programs that train a digit classifier scale, invert, pad or resize MNIST's images in different
ways, and a model file does not say how. The import tries the usual ways on labelled images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist
from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.metrics import softmax

Scaling = tuple[float | list[float], float | list[float]]
"""Scale and offset of pixel values from 0 to 255; one for all channels or one for each."""

SCALINGS: Final[dict[str, Scaling]] = {
    "0 to 1": (1 / 255, 0.0),
    "0 to 255": (1.0, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
    "-0.5 to 0.5": (1 / 255, -0.5),
    "standardised": (1 / (255 * 0.3081), -0.1307 / 0.3081),
}
"""The usual ranges of values; "standardised" uses MNIST's mean and standard deviation."""

RGB_SCALINGS: Final[dict[str, Scaling]] = {
    "ImageNet's mean and deviation": (
        [1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)],
        [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
    ),
    "ImageNet's mean, BGR": ([1.0, 1.0, 1.0], [-103.939, -116.779, -123.68]),
}
"""Further ranges for three channels, as `keras.applications` expects them."""

MIN_SIZE: Final = 8
MAX_SIZE: Final = 128
"""Side lengths of a square that a network may take, in pixels."""

_FIRST_IMAGES: Final = 200
"""Number of MNIST `validation` images on which every way is tried."""

_SECOND_IMAGES: Final = 600
"""Number of further `validation` images on which the best few ways are compared."""

_FINALISTS: Final = 4

_GOOD: Final = 0.9
"""Accuracy from which neither transposed images nor another order of the outputs are tried."""

_REORDERED_ACCURACY: Final = 0.8
"""Accuracy from which reordered outputs count as the digits in another order."""


@dataclass(frozen=True, kw_only=True)
class InputLayout:
    """The layout of a network's input.

    Attributes:
        shape: of one image.
        size: side length of the square, in pixels.
        channels: 1 or 3.
        channels_first: whether the channels stand before the places.
    """

    shape: tuple[int, ...]
    size: int
    channels: int = 1
    channels_first: bool = False

    @classmethod
    def of(cls, shape: Sequence[int | None]) -> InputLayout:
        """Return the layout of an input shape; an open side length is read as 28.

        Raises:
            UnsupportedModelError: the shape is no square with 1 or 3 channels.
        """
        closed = tuple(28 if size is None else size for size in shape)
        if all(isinstance(size, int) for size in closed):
            layout = cls._of(closed)
            if layout is not None and MIN_SIZE <= layout.size <= MAX_SIZE:
                return layout
        raise UnsupportedModelError(
            f"its input has the shape {tuple(shape)}; expected (28, 28, 1), (28, 28), (784,), or "
            f"another square of {MIN_SIZE} to {MAX_SIZE} pixels with 1 or 3 channels"
        )

    @classmethod
    def _of(cls, shape: tuple[int, ...]) -> InputLayout | None:
        if len(shape) == 3 and shape[0] == shape[1] != 3 and shape[2] == 3:
            return cls(shape=shape, size=shape[0], channels=3)
        if len(shape) == 3 and shape[0] == 3 and shape[1] == shape[2] != 3:
            return cls(shape=shape, size=shape[1], channels=3, channels_first=True)
        sides = tuple(size for size in shape if size != 1)
        if len(sides) == 2 and sides[0] == sides[1]:
            return cls(shape=shape, size=sides[0])
        root = round(sides[0] ** 0.5) if len(sides) == 1 and sides[0] > 0 else 0
        return cls(shape=shape, size=root) if root and root * root == sides[0] else None


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """One way to prepare a digit image, uint8 (28, 28), for a network.

    Attributes:
        layout: the layout of the network's input.
        scaling: a key of `SCALINGS` or `RGB_SCALINGS`.
        inverted: whether the digit is dark on a bright ground.
        resized: whether another size than 28 pixels comes from resizing; otherwise zeros are
            added around the image, or its margin is cut off.
        transposed: whether rows and columns change places.
    """

    layout: InputLayout
    scaling: str
    inverted: bool = False
    resized: bool = False
    transposed: bool = False

    def __str__(self) -> str:
        """Return a text for the card, for example "values 0 to 1, inverted, padded to 32x32"."""
        size = self.layout.size
        fitted = "resized" if self.resized else "padded" if size > 28 else "cut"
        parts = [
            f"values {self.scaling}",
            "inverted (dark on bright)" if self.inverted else "",
            "rows and columns exchanged" if self.transposed else "",
            f"{fitted} to {size}x{size}" if size != 28 else "",
            "repeated to 3 channels" if self.layout.channels == 3 else "",
        ]
        return ", ".join(filter(None, parts))

    def apply(self, keras: Any, images: Any) -> Any:
        """Apply the preprocessing with Keras's layers.

        Args:
            keras: the module.
            images: uint8 (N, 28, 28), a tensor or a symbolic one.

        Returns:
            float32 (N, *layout.shape).
        """
        layers, layout = keras.layers, self.layout
        scale, offset = (SCALINGS | RGB_SCALINGS)[self.scaling]
        if self.inverted:  # of 255 - value
            scale, offset = (-np.array(scale)).tolist(), (255 * np.array(scale) + offset).tolist()
        if layout.size == 28 and layout.channels == 1 and not self.transposed:
            x = layers.Rescaling(scale, offset)(images)
            return x if layout.shape == (28, 28) else layers.Reshape(layout.shape)(x)
        x = layers.Reshape((28, 28, 1))(layers.Rescaling(1.0)(images))
        if self.transposed:
            x = layers.Permute((2, 1, 3))(x)
        margin = layout.size - 28
        sides = ((abs(margin) // 2, abs(margin) - abs(margin) // 2),) * 2
        if self.resized:
            x = layers.Resizing(layout.size, layout.size)(x)
        elif margin > 0:
            x = layers.ZeroPadding2D(sides)(x)
        elif margin < 0:
            x = layers.Cropping2D(sides)(x)
        if layout.channels == 3:
            x = layers.Concatenate()([x, x, x])
        x = layers.Rescaling(scale, offset)(x)
        if layout.channels_first:
            return layers.Permute((3, 1, 2))(x)
        return x if x.shape[1:] == layout.shape else layers.Reshape(layout.shape)(x)


def usual_preprocessings(
    layout: InputLayout, *, transposed: bool = False
) -> Iterator[Preprocessing]:
    """Yield the usual preprocessings for a layout, the most frequent first."""
    scalings = [*SCALINGS, *(RGB_SCALINGS if layout.channels == 3 else ())]
    for inverted in (False, True):
        for resized in (False, True) if layout.size != 28 else (False,):
            for scaling in scalings:
                yield Preprocessing(
                    layout=layout,
                    scaling=scaling,
                    inverted=inverted,
                    resized=resized,
                    transposed=transposed,
                )


def choose_preprocessing(
    keras: Any, layout: InputLayout, scores: Callable[[Any], NDArray[np.float32]]
) -> Preprocessing:
    """Return the preprocessing with which a network classifies digits best.

    All usual ones are tried on a few labelled images of MNIST's `validation` split, and the best
    few on more. Those with nearly the most correct predictions are compared by their log-loss,
    because many networks read two ranges of values nearly alike, but are certain in one only.

    Args:
        keras: the module.
        layout: the layout of the network's input.
        scores: the network: float32 (N, *layout.shape) -> logits, float32 (N, 10).

    Raises:
        UnsupportedModelError: the outputs are the digits in another order than 0 to 9.
    """
    x, y = mnist.load("validation")
    first, second = slice(0, _FIRST_IMAGES), slice(_FIRST_IMAGES, _FIRST_IMAGES + _SECOND_IMAGES)

    def compute(preprocessing: Preprocessing, images: slice) -> NDArray[np.float32]:
        return scores(preprocessing.apply(keras, x[images]))

    tried = {way: compute(way, first) for way in usual_preprocessings(layout)}
    if _best_accuracy(tried.values(), y[first]) < _GOOD:
        ways = usual_preprocessings(layout, transposed=True)
        tried |= {way: compute(way, first) for way in ways}
    ranked = sorted(tried, key=lambda way: _rank(tried[way], y[first]), reverse=True)
    finalists = {
        way: np.concatenate([tried[way], compute(way, second)]) for way in ranked[:_FINALISTS]
    }
    labels = y[: _FIRST_IMAGES + _SECOND_IMAGES]
    correct = {way: int((z.argmax(axis=1) == labels).sum()) for way, z in finalists.items()}
    if max(correct.values()) < _GOOD * len(labels):
        _check_order(tried, y[first])
    nearly_best = max(correct.values()) - 0.01 * len(labels)
    good = [way for way, n in correct.items() if n >= nearly_best]
    return min(good, key=lambda way: _log_loss(finalists[way], labels))


def _best_accuracy(logits: Iterable[NDArray[np.float32]], labels: NDArray[np.uint8]) -> float:
    return max(float((z.argmax(axis=1) == labels).mean()) for z in logits)


def _rank(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> tuple[int, float]:
    correct = int((logits.argmax(axis=1) == labels).sum())
    return correct, -_log_loss(logits, labels)


def _log_loss(logits: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    p = softmax(logits)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(p, 1e-300)).mean())


def _check_order(
    tried: dict[Preprocessing, NDArray[np.float32]], labels: NDArray[np.uint8]
) -> None:
    """Refuse a network that separates the digits but gives them in another order."""
    from scipy.optimize import linear_sum_assignment  # only such an import needs it

    for logits in tried.values():
        counts = np.zeros((10, 10), np.int64)  # outputs by labels
        np.add.at(counts, (logits.argmax(axis=1), labels), 1)
        outputs, digits = linear_sum_assignment(-counts)
        matched = int(counts[outputs, digits].sum())
        if matched > max(counts.trace(), _REORDERED_ACCURACY * len(labels)):
            raise UnsupportedModelError(
                f"its outputs are the digits {', '.join(map(str, digits))} in this order; expected "
                "0 to 9, so train it with these labels"
            )
