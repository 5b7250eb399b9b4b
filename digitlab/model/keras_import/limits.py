"""Limits of an import, so that no file exhausts the memory or the time of this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class ImportLimits:
    """The largest model file and network that are imported.

    The values are far above what a network for 28x28 digits needs.

    Attributes:
        file_bytes: size of a file, and of each part of a `.keras` file, unpacked.
        weights: number of weights of a model, and of one layer.
        numbers_per_weight: numbers in an HDF5 file for each weight; an optimiser saves some more.
        weight_names: number of weight arrays of one layer.
        layers: number of layers.
        layer_outputs: number of values that one layer gives for one image.
        seconds: time for reading a file.
    """

    file_bytes: int = 500_000_000
    weights: int = 50_000_000
    numbers_per_weight: int = 4
    weight_names: int = 100
    layers: int = 500
    layer_outputs: int = 1_000_000
    seconds: float = 60.0


LIMITS: Final = ImportLimits()
