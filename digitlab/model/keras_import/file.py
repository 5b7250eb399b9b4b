"""What a foreign Keras file holds: its configuration and its weights, as plain data."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.model.keras_import.layers import UnsupportedModelError

MAX_BYTES: Final = 500_000_000
"""The largest file, and the largest part of one, that is looked into."""

MAX_NUMBERS: Final = 50_000_000
"""The most weights of a model."""

_MAX_TEXTS: Final = 100  # in one attribute: the weights of a layer

_SLOTS: Final = 4  # the optimiser keeps some numbers more for each weight

_BROKEN: Final = (
    AttributeError,
    KeyError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the libraries raise for bytes that are not what they should be."""

Weights = dict[str, list[NDArray[np.float32]]]
"""The weights of each layer by its name, in Keras's order."""


def read_file(path: Path) -> tuple[Any, Weights]:
    """The configuration and the weights of a legacy Keras HDF5 or a `.keras` file.

    Raises:
        UnsupportedModelError: it is neither, or holds no whole model.
    """
    try:
        with path.open("rb") as file:
            start = file.read(8)
            size = file.seek(0, io.SEEK_END)
    except OSError as error:
        raise UnsupportedModelError(f"it cannot be read ({error.strerror or error})") from error
    if size > MAX_BYTES:
        raise UnsupportedModelError(f"it has {size:,} bytes; expected at most {MAX_BYTES:,}")
    if start == b"\x89HDF\r\n\x1a\n":
        return _read_hdf5(path)
    if start.startswith(b"PK\x03\x04"):
        return _read_keras(path)
    raise UnsupportedModelError("it is neither a Keras HDF5 file (.h5) nor a .keras file")


def _read_hdf5(path: Path) -> tuple[Any, Weights]:
    with _opened(path) as file:
        texts = _texts(file, "model_config")
        if len(texts) != 1:
            raise UnsupportedModelError(
                "it holds weights alone; save the whole model with model.save(...)"
            )
        root = file.get("model_weights", file)
        weights = {
            name: [_array(group[key]) for key in _texts(group, "weight_names")]
            for name, group in root.items()
            if name != "optimizer_weights"
        }
    return _json(texts[0]), weights


def _read_keras(path: Path) -> tuple[Any, Weights]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = _json(_part(archive, "config.json").decode())
            packed = io.BytesIO(_part(archive, "model.weights.h5"))
    except UnsupportedModelError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, *_BROKEN) as error:
        raise UnsupportedModelError(f"it is no whole .keras file ({error})") from error
    weights: Weights = {}
    with _opened(packed) as file:
        for name, place in _places(config):
            group = file.get(f"layers/{place}/vars")
            weights[name] = [] if group is None else [_array(group[key]) for key in _order(group)]
    return config, weights


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name).file_size  # what is read is never longer
    if size > MAX_BYTES:
        raise UnsupportedModelError(
            f"its {name} has {size:,} bytes; expected at most {MAX_BYTES:,}"
        )
    return archive.read(name)


def _places(config: Any) -> Iterator[tuple[str, str]]:
    """Each layer's name with the name of its group: its kind in snake case, numbered."""
    seen: Counter[str] = Counter()
    try:
        layers = [(layer["class_name"], layer["config"]) for layer in config["config"]["layers"]]
        for kind, values in layers:
            apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", str(kind))
            snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", apart).lower()
            yield str(values["name"]), f"{snake}_{seen[snake]}" if seen[snake] else snake
            seen[snake] += 1
    except (KeyError, TypeError) as error:
        raise UnsupportedModelError(f"its configuration cannot be read ({error!r})") from error


def _order(group: Any) -> list[str]:
    return sorted(group, key=lambda key: int(key) if key.isdigit() else -1)


@contextmanager
def _opened(source: Any) -> Iterator[Any]:
    """An HDF5 file that refers to no other file and holds no more than it says."""
    import h5py  # comes with keras; only an import needs it

    try:
        with h5py.File(source, "r") as file:
            _check_links(file, h5py.ExternalLink)
            yield file
    except UnsupportedModelError:
        raise
    except _BROKEN as error:
        raise UnsupportedModelError(f"its HDF5 part cannot be read ({error})") from error


def _check_links(file: Any, external: type) -> None:
    """Refuse what lies in another file, or is more than a model has."""
    numbers = 0
    waiting, seen = [file], {file.id}
    while waiting:
        group = waiting.pop()
        for name in group:
            if isinstance(group.get(name, getlink=True), external):
                raise UnsupportedModelError(f"its {group.name}/{name} lies in another file")
            found = group.get(name)
            if hasattr(found, "keys"):
                if found.id not in seen:
                    seen.add(found.id)
                    waiting.append(found)
            elif hasattr(found, "shape"):
                numbers += found.size or 0
                if found.external or found.is_virtual:
                    raise UnsupportedModelError(f"its {found.name} lies in another file")
    if numbers > _SLOTS * MAX_NUMBERS:
        raise UnsupportedModelError(
            f"it holds {numbers:,} numbers; a model has at most {MAX_NUMBERS:,}"
        )


def _array(dataset: Any) -> NDArray[np.float32]:
    try:
        values = np.asarray(dataset[()], np.float32)
    except ValueError as error:
        raise UnsupportedModelError(f"its {dataset.name} holds no numbers") from error
    if not np.isfinite(values).all():
        raise UnsupportedModelError(f"its {dataset.name} holds values that are not finite")
    return values


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnsupportedModelError(f"its configuration is no JSON ({error})") from error


def _texts(place: Any, name: str) -> list[str]:
    """The texts in an attribute; none where there is none."""
    if name not in place.attrs:
        return []
    if math.prod(place.attrs.get_id(name).shape) > _MAX_TEXTS:
        raise UnsupportedModelError(f"its attribute {name} is longer than any model's")
    values = np.atleast_1d(place.attrs[name])
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
