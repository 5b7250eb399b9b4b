"""Import of Keras digit classifiers: the version that each model becomes."""

import numpy as np
import pytest
from support.keras2_files import rewrite_as_keras_2
from support.keras_models import edit_layers, small_model, trained_model

from digitlab.datasets import mnist
from digitlab.model.card import Card
from digitlab.model.keras_import.build import import_model
from digitlab.model.keras_import.layers import LAYERS
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

pytestmark = pytest.mark.tf


@pytest.mark.parametrize("listed", [False, True])
def test_a_file_of_keras_2_classifies_like_its_model(trained, save, out, listed):
    card = import_model(rewrite_as_keras_2(save(trained), listed=listed), out)
    classifier = Classifier.load(out)
    x, y = mnist.load("validation")
    guesses = classifier.predict_proba(x).argmax(axis=1)
    expected = trained.predict(x[:, :, :, None] / np.float32(255), verbose=0).argmax(axis=1)
    assert (guesses == expected).mean() > 0.995
    assert (guesses == y).mean() > 0.93
    assert card.config["input"] == "0 to 1"


def test_the_card_describes_the_imported_file(trained, save, out):
    card = import_model(save(trained), out)
    assert card == Card.read(out)
    assert (card.kind, card.source, card.embedding, card.decision) == (
        "imported",
        "model.h5",
        32,
        None,
    )
    assert {"mnist:test", "mnist:validation", "photographs:validation"} == set(card.metrics)
    assert card.is_base
    assert set(card.hashes) == {"weights", "model.keras", "model.tflite"}


def test_a_keras_file_gives_the_same_weights_as_hdf5(trained, save, tmp_path):
    hashes = set()
    for name in ("model.h5", "model.keras"):
        folder = tmp_path / f"out {name}"
        folder.mkdir()
        hashes.add(import_model(save(trained, name), folder).hashes["weights"])
    assert len(hashes) == 1


def test_the_import_detects_inputs_from_0_to_255(keras, save, out):
    card = import_model(save(trained_model(keras, scale=1)), out)
    assert card.config["input"] == "0 to 255"
    assert card.metrics["mnist:validation"]["accuracy"] > 0.9


def test_the_logits_are_those_before_the_softmax(trained, save, out):
    import_model(save(trained), out)
    x = mnist.load("validation")[0][:50]
    logits, _ = Classifier.load(out).logits_and_embeddings(x)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = trained.predict(x[:, :, :, None] / np.float32(255), verbose=0)
    assert np.abs(softmax - expected).max() < 0.1  # LiteRT rounds
    assert np.abs(logits.sum(axis=1)).max() > 1.5


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "two.h5"])
def test_a_functional_model_with_branches_is_imported(keras, save, out, name):
    layers = keras.layers
    inputs = keras.Input((784,))
    parts = [layers.Dense(12, activation="relu")(inputs) for _ in range(2)]
    joined = [layers.Add()(parts), layers.Concatenate()(parts)]
    scores = layers.Dense(10)(layers.Concatenate()(joined))
    model = keras.Model(inputs, layers.Softmax()(scores))
    path = save(model, name)
    card = import_model(rewrite_as_keras_2(path) if name == "two.h5" else path, out)
    assert card.embedding == 36
    assert card.config["shape"] == [784]


def test_an_embedding_as_long_as_the_logits_is_padded(keras, save, out):
    layers = (keras.layers.Flatten(), keras.layers.Dense(10), keras.layers.Dense(10))
    path = save(small_model(keras, *layers, shape=(28, 28)))
    assert import_model(path, out).embedding == 11
    assert (Classifier.load(out).embed(mnist.load("validation")[0][:3])[:, 10] == 0).all()


def test_every_supported_kind_of_layer_runs(keras, save, out):
    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    x = layers.Rescaling(0.5, 0.1)(inputs)
    x = layers.ZeroPadding2D(1)(layers.Reshape((28, 28, 1))(x))
    x = layers.Cropping2D(((1, 1), (1, 1)))(x)
    x = layers.SpatialDropout2D(0.1)(layers.BatchNormalization()(layers.Conv2D(4, 3)(x)))
    x = layers.GaussianNoise(0.1)(layers.ReLU(6.0)(x))
    x = layers.GaussianDropout(0.1)(layers.ELU()(layers.MaxPooling2D()(x)))
    x = layers.LayerNormalization()(layers.PReLU(shared_axes=[1, 2])(x))
    x = layers.SeparableConv2D(6, 3, activation="tanh")(x)
    x = layers.LeakyReLU()(layers.DepthwiseConv2D(3)(layers.AveragePooling2D(2)(x)))
    means, maxima = layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)
    merges = [layers.Add, layers.Multiply, layers.Average, layers.Maximum]
    x = layers.Concatenate()([merge()([means, maxima]) for merge in merges])
    x = layers.Dropout(0.1)(layers.Dense(20)(layers.Flatten()(x)))
    model = keras.Model(inputs, layers.Softmax()(layers.Activation("linear")(layers.Dense(10)(x))))
    kinds = {type(layer).__name__ for layer in model.layers}
    assert kinds - {"InputLayer"} == set(LAYERS)
    model = keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
    assert import_model(save(model, "all.keras"), out).embedding == 20


def test_the_shipped_base_can_be_imported(out):
    base = bundled("models/base")
    card = import_model(base / "model.keras", out)
    assert card.metrics["mnist:test"]["correct"] == Card.read(base).metrics["mnist:test"]["correct"]


def test_a_layer_that_is_too_large_is_refused_before_it_is_created(two_layers, refusal):
    def change(layers):
        layers[2]["config"]["units"] = 10**12

    assert "larger than any digit needs" in refusal(edit_layers(two_layers(), change))


def test_weights_of_another_shape_are_refused(two_layers, refusal):
    def change(layers):
        layers[2]["config"]["units"] = 6

    assert "does not fit" in refusal(edit_layers(two_layers(), change))
