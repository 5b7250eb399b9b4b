"""Legacy Keras HDF5 files turned into what Keras 2 wrote: its configuration, its weights' names."""

import json
from pathlib import Path

import h5py
import numpy as np


def as_keras_two(path: Path, *, listed: bool = False) -> Path:
    """Rewrite a file of Keras 3's `model.save("x.h5")` in place; return its path.

    Args:
        path: the file.
        listed: a Sequential model's layers as a bare list, as before Keras 2.2.
    """
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        if config["class_name"] == "Sequential":
            _sequential(config, listed)
        else:
            _functional(config)
        text = json.dumps(_older(config))
        assert "registered_name" not in text
        assert '"module"' not in text
        file.attrs["model_config"] = np.bytes_(text)
        file.attrs["keras_version"] = np.bytes_("2.2.4-tf")
        _rename_weights(file["model_weights"])
    return path


def _sequential(config, listed):
    inputs, *layers = config["config"]["layers"]
    layers[0]["config"]["batch_input_shape"] = inputs["config"]["batch_shape"]
    config["config"] = layers if listed else {"name": "sequential_1", "layers": layers}


def _functional(config):
    config["class_name"] = "Model"
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_input_shape"] = layer["config"].pop("batch_shape")
        calls = [call["args"][0] for call in layer["inbound_nodes"]]
        tensors = [call if isinstance(call, list) else [call] for call in calls]
        layer["inbound_nodes"] = [
            [[*tensor["config"]["keras_history"], {}] for tensor in call] for call in tensors
        ]
    for places in ("input_layers", "output_layers"):
        config["config"][places] = [config["config"][places]]


def _older(value):
    """Without what only Keras 3 writes; its one-word types; a list for the normalised axis."""
    if isinstance(value, list):
        return [_older(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return "float32"
    newer = {"module", "registered_name", "build_config", "groups", "quantization_config"}
    kept = {key: _older(part) for key, part in value.items() if key not in newer}
    if value.get("class_name") == "BatchNormalization":
        kept["config"]["axis"] = [3]
    if value.get("class_name") == "LeakyReLU":
        kept["config"]["alpha"] = kept["config"].pop("negative_slope")
    return kept


def _rename_weights(root):
    for layer, group in root.items():
        names = [str(name) for name in group.attrs["weight_names"]]
        arrays = [group[name][()] for name in names]
        group.clear()
        new = [f"{layer}/{name.rpartition('/')[2]}:0" for name in names]
        for name, array in zip(new, arrays, strict=True):
            group[name] = array
        group.attrs["weight_names"] = np.array([name.encode() for name in new], "S")
