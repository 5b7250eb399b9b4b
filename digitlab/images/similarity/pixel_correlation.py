"""Pixel correlation: how well two digit images match, over small shifts and turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class CorrelationThresholds:
    """The tuned values of pixel correlation; `benchmarks/memory.py` set them.

    Attributes:
        sigma: sigma of the blur before images are compared, in pixels.
        turns: degrees by which an image is turned.
        shifts: pixels by which it is shifted, across and down.
    """

    sigma: float = 1.0
    turns: tuple[float, ...] = (0.0, -5.0, 5.0)
    shifts: tuple[int, ...] = (0, -1, 1)


_THRESHOLDS: Final = CorrelationThresholds()


def pixel_correlations(image: NDArray[np.uint8], others: Sequence[NDArray[np.uint8]]) -> Floats:
    """Return the correlation of blurred digit images, at the best of small shifts and turns.

    Args:
        image: uint8 (28, 28); shifted by at most a pixel and turned by at most five degrees.
        others: N digit images.

    Returns:
        float32 (N,), -1 to 1; 0 where there is no ink.
    """
    if not others:
        return np.empty(0, np.float32)
    shifts = _THRESHOLDS.shifts
    moved = [
        np.roll(blurred, (down, right), (0, 1))
        for blurred in (_blur(_turn(image, degrees)) for degrees in _THRESHOLDS.turns)
        for down in shifts
        for right in shifts
    ]
    vectors = _to_vectors(np.stack(moved))
    other_vectors = _to_vectors(np.stack([_blur(other) for other in others]))
    correlations: Floats = (vectors @ other_vectors.T).max(axis=0)
    return correlations


def _turn(image: NDArray[np.uint8], degrees: float) -> NDArray[np.generic]:
    if not degrees:
        return image
    from scipy import ndimage

    turned: NDArray[np.generic] = ndimage.rotate(image, degrees, reshape=False, order=1)
    return turned


def _blur(image: NDArray[np.generic]) -> Floats:
    from scipy import ndimage  # takes a third of a second; few digit images are compared

    blurred: Floats = ndimage.gaussian_filter(image.astype(np.float32), _THRESHOLDS.sigma)
    return blurred


def _to_vectors(images: Floats) -> Floats:
    """Return each image as a vector of mean 0 and length 1; (N, H, W) to (N, H * W)."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    vectors: Floats = flat / np.maximum(lengths, 1e-6)
    return vectors
