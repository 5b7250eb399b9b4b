"""Reading a Keras file: its configuration and its weights, as plain data.

`sandbox.read_in_sandbox` calls this in a separate process, because the HDF5 library may crash.
"""

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
from digitlab.model.keras_import.limits import LIMITS

_READ_ERRORS: Final = (
    AttributeError,
    KeyError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What h5py, zipfile and json raise for damaged bytes."""

Weights = dict[str, list[NDArray[np.float32]]]
"""The weights of each layer by its name, in Keras's order."""


def read_file(path: Path) -> tuple[Any, Weights]:
    """Return the configuration and the weights of a legacy Keras HDF5 file or a `.keras` file.

    Raises:
        UnsupportedModelError: the file has another format, is damaged, or holds no whole model.
    """
    try:
        with path.open("rb") as file:
            signature = file.read(8)
            size = file.seek(0, io.SEEK_END)
    except OSError as error:
        raise UnsupportedModelError(f"it cannot be read ({error.strerror or error})") from error
    if size > LIMITS.file_bytes:
        raise UnsupportedModelError(
            f"it has {size:,} bytes; expected at most {LIMITS.file_bytes:,}"
        )
    if signature == b"\x89HDF\r\n\x1a\n":
        return _read_hdf5(path)
    if signature.startswith(b"PK\x03\x04"):
        return _read_keras(path)
    raise UnsupportedModelError("it is neither a Keras HDF5 file (.h5) nor a .keras file")


def _read_hdf5(path: Path) -> tuple[Any, Weights]:
    with _open_hdf5(path) as file:
        texts = _read_texts(file, "model_config")
        if len(texts) != 1:
            raise UnsupportedModelError(
                "it holds only weights; save the whole model with model.save(...)"
            )
        root = file.get("model_weights", file)
        weights = {
            name: [_read_array(group[key]) for key in _read_texts(group, "weight_names")]
            for name, group in root.items()
            if name != "optimizer_weights"
        }
    return _parse_json(texts[0]), weights


def _read_keras(path: Path) -> tuple[Any, Weights]:
    try:
        with zipfile.ZipFile(path) as archive:
            config = _parse_json(_read_member(archive, "config.json").decode())
            hdf5 = io.BytesIO(_read_member(archive, "model.weights.h5"))
    except UnsupportedModelError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, *_READ_ERRORS) as error:
        raise UnsupportedModelError(f"it is not a whole .keras file ({error})") from error
    weights: Weights = {}
    with _open_hdf5(hdf5) as file:
        for name, group_name in _group_names(config):
            group = file.get(f"layers/{group_name}/vars")
            weights[name] = (
                [] if group is None else [_read_array(group[key]) for key in _sorted_keys(group)]
            )
    return config, weights


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name).file_size  # `read` never returns more
    if size > LIMITS.file_bytes:
        raise UnsupportedModelError(
            f"its {name} has {size:,} bytes; expected at most {LIMITS.file_bytes:,}"
        )
    return archive.read(name)


def _group_names(config: Any) -> Iterator[tuple[str, str]]:
    """Yield each layer's name with the name of its HDF5 group in a `.keras` file.

    A group is named by the layer's class in snake case, numbered from the second one on.
    """
    counts: Counter[str] = Counter()
    try:
        layers = [(layer["class_name"], layer["config"]) for layer in config["config"]["layers"]]
        for kind, values in layers:
            words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", str(kind))
            snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
            yield str(values["name"]), f"{snake}_{counts[snake]}" if counts[snake] else snake
            counts[snake] += 1
    except (KeyError, TypeError) as error:
        raise UnsupportedModelError(f"its configuration cannot be read ({error!r})") from error


def _sorted_keys(group: Any) -> list[str]:
    """Return a group's keys in the order of their numbers."""
    return sorted(group, key=lambda key: int(key) if key.isdigit() else -1)


@contextmanager
def _open_hdf5(source: Any) -> Iterator[Any]:
    """Open an HDF5 file that refers to no other file and stays within the limits."""
    import h5py  # only an import needs it

    try:
        with h5py.File(source, "r") as file:
            _check_contents(file, h5py.ExternalLink)
            yield file
    except UnsupportedModelError:
        raise
    except _READ_ERRORS as error:
        raise UnsupportedModelError(f"its HDF5 part cannot be read ({error})") from error


def _check_contents(file: Any, external_link: type) -> None:
    """Refuse links to other files, and more numbers than a model has."""
    numbers = 0
    pending, visited = [file], {file.id}
    while pending:
        group = pending.pop()
        for name in group:
            if isinstance(group.get(name, getlink=True), external_link):
                raise UnsupportedModelError(f"its {group.name}/{name} lies in another file")
            item = group.get(name)
            if hasattr(item, "keys"):
                if item.id not in visited:
                    visited.add(item.id)
                    pending.append(item)
            elif hasattr(item, "shape"):
                numbers += item.size or 0
                if item.external or item.is_virtual:
                    raise UnsupportedModelError(f"its {item.name} lies in another file")
    if numbers > LIMITS.numbers_per_weight * LIMITS.weights:
        raise UnsupportedModelError(
            f"it holds {numbers:,} numbers; a model has at most {LIMITS.weights:,}"
        )


def _read_array(dataset: Any) -> NDArray[np.float32]:
    try:
        values = np.asarray(dataset[()], np.float32)
    except ValueError as error:
        raise UnsupportedModelError(f"its {dataset.name} holds no numbers") from error
    if not np.isfinite(values).all():
        raise UnsupportedModelError(f"its {dataset.name} holds values that are not finite")
    return values


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnsupportedModelError(f"its configuration is not JSON ({error})") from error


def _read_texts(item: Any, name: str) -> list[str]:
    """Return the texts in an attribute of a file or group; empty if it has no such attribute."""
    if name not in item.attrs:
        return []
    if math.prod(item.attrs.get_id(name).shape) > LIMITS.weight_names:
        raise UnsupportedModelError(
            f"its attribute {name} has more than {LIMITS.weight_names} values"
        )
    values = np.atleast_1d(item.attrs[name])
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]
