"""Rewriting of Keras 3's legacy HDF5 files into the form that Keras 2 wrote."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

_KERAS_3_KEYS = {"module", "registered_name", "build_config", "groups", "quantization_config"}


def rewrite_as_keras_2(path: Path, *, listed: bool = False) -> Path:
    """Rewrite a file of Keras 3's `model.save("x.h5")` in place; return its path.

    The configuration and the names of the weights become those of Keras 2.

    Args:
        path: the file.
        listed: whether a Sequential model's layers become a bare list, as before Keras 2.2.
    """
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        if config["class_name"] == "Sequential":
            _rewrite_sequential(config, listed)
        else:
            _rewrite_functional(config)
        text = json.dumps(_without_keras_3(config))
        assert "registered_name" not in text
        assert '"module"' not in text
        file.attrs["model_config"] = np.bytes_(text)
        file.attrs["keras_version"] = np.bytes_("2.2.4-tf")
        _rename_weights(file["model_weights"])
    return path


def _rewrite_sequential(config: dict[str, Any], listed: bool) -> None:
    inputs, *layers = config["config"]["layers"]
    layers[0]["config"]["batch_input_shape"] = inputs["config"]["batch_shape"]
    config["config"] = layers if listed else {"name": "sequential_1", "layers": layers}


def _rewrite_functional(config: dict[str, Any]) -> None:
    config["class_name"] = "Model"
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_input_shape"] = layer["config"].pop("batch_shape")
        calls = [call["args"][0] for call in layer["inbound_nodes"]]
        tensors = [call if isinstance(call, list) else [call] for call in calls]
        layer["inbound_nodes"] = [
            [[*tensor["config"]["keras_history"], {}] for tensor in call] for call in tensors
        ]
    for key in ("input_layers", "output_layers"):
        config["config"][key] = [config["config"][key]]


def _without_keras_3(value: Any) -> Any:
    """Return a configuration without Keras 3's keys, with Keras 2's types and arguments."""
    if isinstance(value, list):
        return [_without_keras_3(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return "float32"
    older = {key: _without_keras_3(part) for key, part in value.items() if key not in _KERAS_3_KEYS}
    if value.get("class_name") == "BatchNormalization":
        older["config"]["axis"] = [3]
    if value.get("class_name") == "LeakyReLU":
        older["config"]["alpha"] = older["config"].pop("negative_slope")
    return older


def _rename_weights(root: Any) -> None:
    for layer, group in root.items():
        names = [str(name) for name in group.attrs["weight_names"]]
        arrays = [group[name][()] for name in names]
        group.clear()
        keras_2_names = [f"{layer}/{name.rpartition('/')[2]}:0" for name in names]
        for name, array in zip(keras_2_names, arrays, strict=True):
            group[name] = array
        group.attrs["weight_names"] = np.array([name.encode() for name in keras_2_names], "S")
