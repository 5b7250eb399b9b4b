"""Limits of an import, so that no file exhausts the memory or the time of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class ImportLimits:
    """The largest model file and network that are imported, and what an import may use.

    The values are above what a network for 28x28 digits needs. Together they keep an import
    within 2 GB of memory and 60 s.

    Attributes:
        file_bytes: size of a file, and of each part of a `.keras` file, unpacked.
        archive_members: number of files in an archive.
        config_bytes: size of a configuration, and of each text attribute of an HDF5 file.
        config_depth: depth of objects and lists in a configuration.
        weights: number of weights that are read from a file, also if it repeats them.
        weight_names: number of weight arrays of one top-level layer.
        hdf5_objects: number of groups and arrays in an HDF5 file.
        hdf5_depth: depth of groups in an HDF5 file.
        chunk_bytes: size of one chunk of an HDF5 array, which is unpacked as a whole.
        layers: number of layers.
        layer_outputs: number of values that one layer gives for one image.
        all_outputs: number of values that all layers give for one image.
        multiply_adds: multiplications for one image.
        cpu_ms_per_image: processor time of LiteRT for one image; an import classifies 18,000.
        data_bytes: memory of the import's process besides the code of its libraries, which is
            about 0.4 GB.
        seconds: time of an import.
        reading_seconds: processor time for reading the file; the HDF5 library may loop for ever.
    """

    file_bytes: int = 400_000_000
    archive_members: int = 2_000
    config_bytes: int = 8_000_000
    config_depth: int = 60
    weights: int = 25_000_000
    weight_names: int = 2_000
    hdf5_objects: int = 20_000
    hdf5_depth: int = 12
    chunk_bytes: int = 128_000_000
    layers: int = 500
    layer_outputs: int = 400_000
    all_outputs: int = 3_000_000
    multiply_adds: int = 120_000_000
    cpu_ms_per_image: float = 2.5
    data_bytes: int = 1_650_000_000
    seconds: float = 58.0
    reading_seconds: int = 8


LIMITS: Final = ImportLimits()
