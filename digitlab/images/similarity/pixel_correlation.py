"""Overlay: how well two digit images cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_SOFT: Final = 1.0  # sigma of the blur, in pixels
_TURNS: Final = (0.0, -5.0, 5.0)  # degrees
_SHIFTS: Final = (0, -1, 1)  # pixels, each way

Floats = NDArray[np.float32]


def overlay(image: NDArray[np.uint8], others: Sequence[NDArray[np.uint8]]) -> Floats:
    """The correlation of blurred digit images, at the best of small shifts and turns.

    Args:
        image: uint8 (28, 28); it is moved by at most a pixel and five degrees.
        others: N digit images.

    Returns:
        (N,), -1 to 1; 0 where there is no ink.
    """
    if not others:
        return np.empty(0, np.float32)
    moved = [
        np.roll(soft, (down, right), (0, 1))
        for soft in (_soft(_turned(image, degrees)) for degrees in _TURNS)
        for down in _SHIFTS
        for right in _SHIFTS
    ]
    one = _normal(np.stack(moved))
    other = _normal(np.stack([_soft(image) for image in others]))
    found: Floats = (one @ other.T).max(axis=0)
    return found


def _turned(image: NDArray[np.uint8], degrees: float) -> NDArray[np.generic]:
    if not degrees:
        return image
    turned: NDArray[np.generic] = ndimage.rotate(image, degrees, reshape=False, order=1)
    return turned


def _soft(image: NDArray[np.generic]) -> Floats:
    soft: Floats = ndimage.gaussian_filter(image.astype(np.float32), _SOFT)
    return soft


def _normal(images: Floats) -> Floats:
    """Each as a vector of mean 0 and length 1."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    found: Floats = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)
    return found
