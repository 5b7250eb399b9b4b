"""Fixtures for tests of the Keras import: models, their files, and refused files."""

import pytest
from support.keras_models import small_model, trained_model

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

    def call(*, shape=(28, 28, 1), classes=10, activation=None):
        head = keras.layers.Dense(classes, activation=activation)
        return save(small_model(keras, keras.layers.Flatten(), head, shape=shape))

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
