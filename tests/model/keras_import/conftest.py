"""Fixtures for tests of the Keras import: models, their files, and refused files."""

import numpy as np
import pytest
from support.keras_models import small_model, trained_model

from digitlab.datasets import mnist
from digitlab.errors import ModelError
from digitlab.model.keras_import.build import import_model


@pytest.fixture(scope="session")
def keras():
    from digitlab.model import network

    return network.import_keras()


@pytest.fixture(scope="session")
def trained(keras):
    """A model trained on inputs from 0 to 1."""
    return trained_model(keras, scale=1 / 255)


@pytest.fixture(scope="session")
def trained_small(keras):
    """Train a small model on prepared images of MNIST.

    Called with a function that prepares images, float32 (N, 28, 28, 1) from 0 to 255, and returns
    the trained model. Further arguments: the labels' function, and the activation of the output.
    """

    def call(prepare, *, labels=lambda y: y, activation="softmax"):
        keras.utils.set_random_seed(1)
        x, y = mnist.load("train")
        x = np.asarray(prepare(x[:6000, :, :, None].astype("float32")), np.float32)
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input(x.shape[1:]),
                layers.Conv2D(8, 3, strides=2, activation="relu"),
                layers.Conv2D(16, 3, strides=2, activation="relu"),
                layers.Flatten(),
                layers.Dense(10, activation=activation),
            ]
        )
        loss = "sparse_categorical_crossentropy"
        targets = labels(y[:6000].astype("int64"))
        if activation == "sigmoid":
            loss, targets = "binary_crossentropy", keras.utils.to_categorical(targets, 10)
        model.compile(keras.optimizers.Adam(0.004), loss)
        model.fit(x, targets, epochs=2, batch_size=64, verbose=0)
        return model

    return call


@pytest.fixture
def out(tmp_path):
    """An empty folder for the version."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def save(tmp_path):
    """Save a model under a name; return the file."""

    def call(model, name="model.h5"):
        model.save(tmp_path / name)
        return tmp_path / name

    return call


@pytest.fixture
def two_layers(keras, save):
    """Save a model of a hidden layer of 5 and the logits; return the file."""

    def call():
        layers = keras.layers
        return save(small_model(keras, layers.Flatten(), layers.Dense(5), layers.Dense(10)))

    return call


@pytest.fixture
def one_layer(keras, save):
    """Save a model whose only layer computes the classes; return the file."""

    def call(*, shape=(28, 28, 1), classes=10, activation=None, name="model.h5"):
        head = keras.layers.Dense(classes, activation=activation)
        return save(small_model(keras, keras.layers.Flatten(), head, shape=shape), name)

    return call


@pytest.fixture
def refusal(out):
    """Import a file that must be refused; return the error message."""

    def call(path):
        with pytest.raises(ModelError) as caught:
            import_model(path, out)
        assert str(path) in str(caught.value)
        assert list(out.iterdir()) == []
        return str(caught.value)

    return call
