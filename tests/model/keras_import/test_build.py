"""Import of Keras digit classifiers: the version that each model becomes."""

import numpy as np
import pytest
from support.keras2_files import rewrite_as_keras_2
from support.keras_models import edit_layers, small_model

from digitlab.datasets import mnist
from digitlab.model.card import Card
from digitlab.model.keras_import.build import import_model, read_model
from digitlab.model.keras_import.layers import LAYERS
from digitlab.model.keras_import.network_builder import build
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
    x = layers.Normalization(axis=-1, mean=0.1, variance=2.0)(x)
    x = layers.ZeroPadding2D(1)(layers.Reshape((28, 28, 1))(x))
    x = layers.Permute((2, 1, 3))(layers.Cropping2D(((1, 1), (1, 1)))(x))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(layers.Resizing(28, 28)(x)))
    x = layers.ELU()(layers.MaxPooling2D()(layers.ReLU(6.0)(x)))
    x = layers.LayerNormalization()(layers.PReLU(shared_axes=[1, 2])(x))
    x = layers.GroupNormalization(2)(layers.SeparableConv2D(6, 3, activation="tanh")(x))
    x = layers.LeakyReLU()(layers.DepthwiseConv2D(3)(layers.AveragePooling2D(2)(x)))
    x = layers.Conv2DTranspose(6, 2)(layers.UpSampling2D(2)(x))
    means, maxima = layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)
    merges = [layers.Add, layers.Multiply, layers.Average, layers.Maximum]
    merges += [layers.Minimum, layers.Subtract]
    x = layers.Concatenate()([merge()([means, maxima]) for merge in merges])
    rows = layers.ZeroPadding1D(1)(layers.RepeatVector(6)(layers.Dense(5)(x)))
    rows = layers.SeparableConv1D(4, 2)(layers.Conv1D(4, 2)(rows))
    rows = layers.SimpleRNN(4, return_sequences=True)(layers.LSTM(4, return_sequences=True)(rows))
    shorter = layers.GlobalMaxPooling1D()(layers.MaxPooling1D(2)(rows))
    shorter = layers.Add()(
        [shorter, layers.GlobalAveragePooling1D()(layers.AveragePooling1D(2)(rows))]
    )
    x = layers.Concatenate()([shorter, layers.GRU(4)(rows), layers.Flatten()(x)])
    x = layers.Activation("linear")(layers.Dense(20)(x))
    model = keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
    kinds = {type(layer).__name__ for layer in model.layers}
    assert kinds - {"InputLayer"} == set(LAYERS)
    card = import_model(save(model, "all.keras"), out)
    assert card.embedding == 20
    x = mnist.load("validation")[0][:20]
    prepared = x[:, :, :, None] / np.float32(255)
    expected = model.predict(prepared, verbose=0)
    logits, _ = Classifier.load(out).logits_and_embeddings(x)
    if card.config["input"] == "0 to 1":
        assert np.abs(np.exp(logits) / np.exp(logits).sum(1, keepdims=True) - expected).max() < 0.05


def test_nested_models_with_augmentation_and_normalisation_keep_their_weights(keras, save, out):
    layers = keras.layers
    keras.utils.set_random_seed(2)
    x = mnist.load("validation")[0][:300, :, :, None].astype("float32")
    normalise = layers.Normalization(axis=None)
    normalise.adapt(x)
    augment = keras.Sequential([layers.RandomRotation(0.1), layers.RandomZoom(0.1)], name="augment")
    features = keras.Sequential(
        [
            layers.Conv2D(6, 3, strides=2),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Conv2D(8, 3, activation=layers.LeakyReLU(negative_slope=0.2)),
            layers.BatchNormalization(),
            layers.Flatten(),
        ],
        name="features",
    )
    inputs = keras.Input((28, 28, 1))
    inner = features(normalise(augment(inputs)))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(inner))
    arrays = model.get_weights()
    rng = np.random.default_rng(0)
    model.set_weights(
        [a + rng.uniform(0, 0.1, a.shape).astype(a.dtype) if a.ndim else a for a in arrays]
    )
    expected = model.predict(x, verbose=0)
    for name in ("nested.keras", "nested.h5"):
        graph, weights = read_model(save(model, name))
        core = build(keras, graph, weights)
        logits = core.predict(x, verbose=0)["logits"]
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert np.abs(shares - expected).max() < 1e-4
        assert "RandomRotation" not in {node.kind for node in graph.nodes}


def test_channels_first_gives_the_same_network(keras, save):
    layers = keras.layers
    model = small_model(
        keras,
        layers.Conv2D(4, 3, strides=2, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10),
    )
    x = mnist.load("validation")[0][:20, :, :, None] / np.float32(255)
    expected = model.predict(x, verbose=0)

    def change(layers):
        layers[0]["config"]["batch_shape"] = [None, 1, 28, 28]
        for layer in layers:
            if "data_format" in layer["config"]:
                layer["config"]["data_format"] = "channels_first"

    core = build(keras, *read_model(edit_layers(save(model), change)))
    logits = core.predict(x.transpose(0, 3, 1, 2), verbose=0)["logits"]
    assert np.abs(logits - expected).max() < 1e-4


def test_a_network_without_a_dense_layer_is_imported(keras, save, out):
    layers = keras.layers
    convolutions = (layers.Conv2D(16, 3, strides=2, activation="relu"), layers.Conv2D(10, 1))
    head = (layers.GlobalAveragePooling2D(), layers.Softmax())
    card = import_model(save(small_model(keras, *convolutions, *head)), out)
    assert card.embedding == 16


def test_functions_of_tensorflow_are_known_activations(keras, save):
    import tensorflow as tf

    layers = keras.layers
    head = layers.Dense(10, activation=tf.nn.softmax)
    model = small_model(keras, layers.Flatten(), layers.Dense(9, activation=tf.nn.relu), head)
    for name in ("model.keras", "model.h5"):
        graph, _ = read_model(save(model, name))
        assert graph.activation == "softmax"


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


def test_a_network_that_takes_too_long_is_refused_before_it_runs(keras, save, refusal):
    layers = keras.layers
    slow = [layers.Conv2D(64, 11, padding="same") for _ in range(3)]
    path = save(small_model(keras, *slow, layers.Flatten(), layers.Dense(10)))
    assert "multiplications for an image" in refusal(path)
