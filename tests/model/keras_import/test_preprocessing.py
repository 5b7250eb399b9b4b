"""The preprocessing that an imported network expects is found and kept."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.model import network
from digitlab.model.card import Card
from digitlab.model.keras_import.build import import_model
from digitlab.model.keras_import.layers import UnsupportedModelError
from digitlab.model.keras_import.preprocessing import (
    InputLayout,
    Preprocessing,
    usual_preprocessings,
)
from digitlab.model.runtime import Classifier

pytestmark = pytest.mark.tf


def pad(x):
    return np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))


def resize_and_repeat(x):
    import tensorflow as tf

    return np.repeat(tf.image.resize(x, (32, 32)).numpy(), 3, axis=-1)


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        (lambda x: 1 - x / 255, "values 0 to 1, inverted (dark on bright)"),
        (lambda x: x, "values 0 to 255"),
        (lambda x: x / 127.5 - 1, "values -1 to 1"),
        (lambda x: (x / 255 - 0.1307) / 0.3081, "values standardised"),
        (lambda x: pad(x) / 255, "values 0 to 1, padded to 32x32"),
        (
            lambda x: resize_and_repeat(x) / 255,
            "values 0 to 1, resized to 32x32, repeated to 3 channels",
        ),
        (lambda x: x.transpose(0, 2, 1, 3) / 255, "values 0 to 1, rows and columns exchanged"),
    ],
    ids=["inverted", "0-255", "-1-1", "standardised", "padded", "resized-rgb", "transposed"],
)
def test_the_preprocessing_of_the_training_is_found(trained_small, save, out, prepare, text):
    model = trained_small(prepare)
    card = import_model(save(model), out)
    assert card.preprocessing == text
    x, y = mnist.load("validation")
    x, y = x[:1000], y[:1000]
    prepared = np.asarray(prepare(x[..., None].astype("float32")))
    expected = model.predict(prepared, verbose=0).argmax(axis=1)
    # LiteRT and the Keras file, from which fine-tunes start, both contain the preprocessing.
    for guesses in (
        Classifier.load(out).predict_proba(x).argmax(axis=1),
        network.logits_and_embeddings(network.load(out / "model.keras"), x)[0].argmax(axis=1),
    ):
        assert (guesses == expected).mean() > 0.98
        assert (guesses == y).mean() > 0.85


def test_ten_sigmoids_are_read_as_scores(trained_small, save, out):
    model = trained_small(lambda x: x / 255, activation="sigmoid")
    card = import_model(save(model, "model.keras"), out)
    assert card.config["output"] == "sigmoid"
    x = mnist.load("validation")[0][:500]
    probabilities = Classifier.load(out).predict_proba(x)
    assert np.allclose(probabilities.sum(axis=1), 1)
    expected = model.predict(x[..., None] / np.float32(255), verbose=0).argmax(axis=1)
    assert (probabilities.argmax(axis=1) == expected).mean() > 0.99
    assert card.metrics["mnist:validation"]["ece"] < 0.05


def test_digits_in_another_order_are_refused_with_the_order(trained_small, save, refusal):
    model = trained_small(lambda x: x / 255, labels=lambda y: (y + 9) % 10)
    assert "the digits 1, 2, 3, 4, 5, 6, 7, 8, 9, 0 in this order" in refusal(save(model))


def test_a_network_that_reads_few_digits_gets_a_warning(one_layer, out):
    card = import_model(one_layer(), out)
    assert f"reads only {card.test_accuracy:.1%} of MNIST's test images" in card.warning
    html = card._repr_html_()
    assert card.warning[:20] in html
    assert str(card.preprocessing) in html
    assert Card.read(out).preprocessing == card.preprocessing


@pytest.mark.parametrize(
    ("shape", "layout"),
    [
        ((28, 28), (28, 1, False)),
        ((28, 28, 1), (28, 1, False)),
        ((1, 28, 28), (28, 1, False)),
        ((784,), (28, 1, False)),
        ((784, 1), (28, 1, False)),
        ((None, None, 1), (28, 1, False)),
        ((32, 32, 3), (32, 3, False)),
        ((3, 32, 32), (32, 3, True)),
        ((1024,), (32, 1, False)),
        ((20, 20), (20, 1, False)),
    ],
    ids=str,
)
def test_every_preprocessing_gives_the_shape_of_the_input(keras, shape, layout):
    found = InputLayout.of(shape)
    assert (found.size, found.channels, found.channels_first) == layout
    images = mnist.load("validation")[0][:2]
    for way in usual_preprocessings(found, transposed=True):
        assert way.apply(keras, images).shape == (2, *found.shape)


@pytest.mark.parametrize("shape", [(28, 14), (224, 224, 3), (28, 28, 2), (), (0,), (783,), ("x",)])
def test_another_shape_is_refused(shape):
    with pytest.raises(UnsupportedModelError, match=r"expected \(28, 28, 1\)"):
        InputLayout.of(shape)


def test_inverted_and_padded_pixels_have_the_values_of_their_range(keras):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 0, 0] = 255
    layout = InputLayout.of((32, 32, 1))
    way = Preprocessing(layout=layout, scaling="-1 to 1", inverted=True)
    values = np.asarray(way.apply(keras, image))[0, :, :, 0]
    assert values[2, 2] == pytest.approx(-1)
    assert np.delete(values.ravel(), 2 * 32 + 2) == pytest.approx(1)
