"""Reading a model file: its configuration and its weights, as plain data.

Only the import's own process calls this, because the HDF5 library may crash: see `sandbox`.
"""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.model.keras_import.formats import describe_archive, describe_file, describe_folder
from digitlab.model.keras_import.hdf5 import READ_ERRORS, Hdf5Reader, open_hdf5
from digitlab.model.keras_import.layers import MODELS, UnsupportedModelError
from digitlab.model.keras_import.limits import LIMITS
from digitlab.special_files import special_kind

Weights = dict[str, list[NDArray[np.float32]]]
"""The weights of each layer in Keras's order, by its path: the names of the models that contain it
and its own, joined by "/"."""

_WEIGHTS_ONLY: Final = 'it holds only weights; save the whole model with model.save("model.keras")'


def read_file(path: Path) -> tuple[Any, Weights]:
    """Return the configuration and the weights of a legacy Keras HDF5 file or a `.keras` file.

    The content decides about the format, not the name.

    Raises:
        UnsupportedModelError: the file has another format, is damaged, is no regular file, or
            holds no whole model.
    """
    try:
        check_regular(path)
        with path.open("rb") as file:
            start = file.read(512)
            size = file.seek(0, io.SEEK_END)
    except OSError as error:
        raise UnsupportedModelError(f"it cannot be read ({error.strerror or error})") from error
    if size > LIMITS.file_bytes:
        raise UnsupportedModelError(
            f"it has {size:,} bytes; expected at most {LIMITS.file_bytes:,}"
        )
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return _read_hdf5(path)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _read_keras(path)
    raise UnsupportedModelError(f"it is {describe_file(path, start)}")


def check_regular(path: Path) -> None:
    """Refuse a pipe, a device, a socket or a folder without opening it.

    Raises:
        UnsupportedModelError: it is no regular file.
        OSError: there is no such file.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise UnsupportedModelError(f"it is {describe_folder(path)}")
    if kind := special_kind(mode):
        raise UnsupportedModelError(f"it is {kind}; expected a regular file")


def _read_hdf5(path: Path) -> tuple[Any, Weights]:
    with open_hdf5(path) as reader:
        texts = reader.texts(reader.root, "model_config")
        if len(texts) != 1:
            raise UnsupportedModelError(_WEIGHTS_ONLY)
        config = _parse_json(texts[0])
        root = reader.child(reader.root, "model_weights") or reader.root
        weights: Weights = {}
        for layer in _layers(config):
            name = str(layer["config"]["name"])
            group = reader.child(root, name)
            if group is None:
                continue
            names = reader.texts(group, "weight_names")
            arrays = [reader.array(reader.child(group, key), key) for key in names]
            if layer["class_name"] in MODELS:
                _share_out(weights, layer, names, arrays)
            else:
                weights[name] = arrays
    return config, weights


def _share_out(
    weights: Weights, model: Any, names: list[str], arrays: list[NDArray[np.float32]]
) -> None:
    """Add the weights of a nested model by layer; HDF5 files list them for the whole model.

    A weight's name contains the name of its layer. The weights of one layer stand in its order.
    """
    inner = [path.split("/") for path, _ in _inner_layers(model, "")]
    for name, array in zip(names, arrays, strict=True):
        parts = name.split("/")[:-1]
        matches = [path for path in inner if path[-1] in parts]
        if not matches:
            raise UnsupportedModelError(f"its weight {name!r} belongs to no layer")
        best = max(matches, key=lambda path: len(set(path) & set(parts)))
        weights.setdefault("/".join(best), []).append(array)


def _inner_layers(layer: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the layers inside a layer, or the layer if it is no model, with their paths."""
    path = f"{prefix}{layer['config']['name']}"
    if layer["class_name"] not in MODELS:
        yield path, layer
        return
    for inner in _layers(layer):
        yield from _inner_layers(inner, f"{path}/")


def _read_keras(path: Path) -> tuple[Any, Weights]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) > LIMITS.archive_members:
                raise UnsupportedModelError(f"it is an archive of {len(names):,} files")
            if not {"config.json", "model.weights.h5"} <= set(names):
                raise UnsupportedModelError(f"it is {describe_archive(names)}")
            config = _parse_json(_read_member(archive, "config.json", LIMITS.config_bytes))
            hdf5 = io.BytesIO(_read_member(archive, "model.weights.h5", LIMITS.file_bytes))
    except UnsupportedModelError:
        raise
    except (zipfile.BadZipFile, zlib.error, *READ_ERRORS) as error:
        raise UnsupportedModelError(f"it is not a whole .keras file ({error})") from error
    weights: Weights = {}
    with open_hdf5(hdf5) as reader:
        groups = reader.groups()
        top = next((name for name in _LAYER_GROUPS if name in groups), _LAYER_GROUPS[0])
        _read_layers(reader, groups, config, path="", folder=top, weights=weights)
    return config, weights


_LAYER_GROUPS: Final = ("layers", "_layer_checkpoint_dependencies")
"""HDF5 groups of the layers in a `.keras` file of Keras 3, and of Keras 2."""


def _read_layers(
    reader: Hdf5Reader,
    groups: dict[str, Any],
    model: Any,
    *,
    path: str,
    folder: str,
    weights: Weights,
) -> None:
    """Read the weights of a model's layers, also of nested models.

    A layer's group is named by its class in snake case; all layers of a class have increasing
    numbers, which Keras 2 does not count without gaps.
    """
    pattern = re.compile(re.escape(folder) + r"/([^/]+?)(?:_(\d+))?")
    numbers = defaultdict(list)
    for name in groups:
        if match := pattern.fullmatch(name):
            numbers[match[1]].append(int(match[2] or 0))
    waiting = {kind: iter(sorted(found)) for kind, found in numbers.items()}
    for layer in _layers(model):
        kind = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", layer["class_name"]))
        kind = re.sub(r"([a-z])([A-Z])", r"\1_\2", kind).lower()
        number = next(waiting.get(kind, iter(())), None)
        if number is None:
            continue
        group = f"{folder}/{kind}_{number}" if number else f"{folder}/{kind}"
        layer_path = f"{path}{layer['config']['name']}"
        if layer["class_name"] in MODELS:
            inner = next(
                (f"{group}/{name}" for name in _LAYER_GROUPS if f"{group}/{name}" in groups), group
            )
            _read_layers(
                reader, groups, layer, path=f"{layer_path}/", folder=inner, weights=weights
            )
            continue
        places = (f"{group}/cell/vars", f"{group}/vars")  # a recurrent layer has a cell
        variables = next((groups[place] for place in places if place in groups), None)
        if variables is not None:
            keys = sorted(variables, key=lambda key: int(key) if key.isdigit() else -1)
            weights[layer_path] = [
                reader.array(reader.child(variables, key), f"{group}/{key}") for key in keys
            ]


def _layers(model: Any) -> list[Any]:
    """Return the configurations of a model's layers, each with a class name and a name."""
    try:
        config = model["config"]
        layers = config if isinstance(config, list) else config["layers"]  # a list in old Keras
        if not all(isinstance(layer["class_name"], str) for layer in layers):
            raise TypeError("a layer has no class name")
        if not all(isinstance(layer["config"]["name"], str) for layer in layers):
            raise TypeError("a layer has no name")
        return list(layers)
    except (KeyError, TypeError) as error:
        kind = model.get("class_name") if isinstance(model, dict) else None
        if isinstance(kind, str) and kind not in MODELS:
            raise UnsupportedModelError(
                f"it is a {kind}; expected a Sequential or functional model"
            ) from error
        raise UnsupportedModelError(f"its configuration cannot be read ({error!r})") from error


def _read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    size = archive.getinfo(name).file_size  # `read` never returns more
    if size > limit:
        raise UnsupportedModelError(f"its {name} has {size:,} bytes; expected at most {limit:,}")
    return archive.read(name)


def _parse_json(text: str | bytes) -> Any:
    """Return a configuration of bounded size and depth."""
    if len(text) > LIMITS.config_bytes:
        raise UnsupportedModelError(f"its configuration has {len(text):,} characters")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnsupportedModelError(f"its configuration is not JSON ({error})") from error
    level = [config]
    for _ in range(LIMITS.config_depth):
        level = [
            part
            for value in level
            if isinstance(value, (dict, list))
            for part in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return config
    raise UnsupportedModelError(f"its configuration is nested over {LIMITS.config_depth} deep")
