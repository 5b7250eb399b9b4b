"""Small Keras models, and edits of the files that hold them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from digitlab.datasets import mnist


def small_model(keras: Any, *layers: Any, shape: tuple[int, ...] = (28, 28, 1)) -> Any:
    """Build an untrained Sequential model of these layers."""
    return keras.Sequential([keras.Input(shape), *layers])


def trained_model(keras: Any, *, scale: float) -> Any:
    """Train a typical small model on MNIST; `scale` multiplies pixel values from 0 to 255."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.LeakyReLU(),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    x, y = mnist.load("train")
    model.fit(x[:6000, :, :, None] * np.float32(scale), y[:6000], epochs=3, verbose=0)
    return model


def edit_layers(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> Path:
    """Change the layers in the configuration of a legacy HDF5 file in place; return its path."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config["config"]["layers"])
        file.attrs["model_config"] = json.dumps(config)
    return path
