"""SavedModel folders: their operations become layers, and nothing in them runs."""

import os
import shutil

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.model.keras_import.build import import_model, read_model
from digitlab.model.keras_import.network_builder import build

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def model(keras):
    """A functional model of the layers that SavedModels mostly have, with random weights."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    inputs = keras.Input((28, 28))
    x = layers.Rescaling(1 / 255, -0.5)(layers.Reshape((28, 28, 1))(inputs))
    x = layers.Normalization(axis=-1, mean=[0.1], variance=[0.5])(x)
    x = layers.Conv2D(6, 3, strides=2, activation="relu")(layers.ZeroPadding2D(1)(x))
    x = layers.BatchNormalization()(x)
    y = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.Concatenate()([layers.Add()([x, y]), layers.LeakyReLU()(y), layers.ReLU(6.0)(y)])
    x = layers.MaxPooling2D()(layers.SeparableConv2D(8, 3)(x))
    x = layers.AveragePooling2D(2)(layers.Dropout(0.5)(x))
    pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    x = layers.Concatenate()([layers.Flatten()(x), *pooled])
    x = layers.PReLU()(layers.Dense(20)(x))
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    rng = np.random.default_rng(0)
    model.set_weights([w + rng.uniform(0, 0.1, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def folders(model, tmp_path_factory):
    """The model as Keras 3 and as TensorFlow write it."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("saved")
    model.export(str(folder / "keras"), verbose=False)
    tf.saved_model.save(model, str(folder / "tensorflow"))
    return {"keras": folder / "keras", "tensorflow": folder / "tensorflow"}


@pytest.mark.parametrize("writer", ["keras", "tensorflow"])
def test_a_saved_model_gives_the_same_scores(keras, model, folders, writer):
    graph, weights = read_model(folders[writer])
    assert graph.activation == "softmax"
    assert graph.node(graph.head).kind == "Dense"
    x = mnist.load("validation")[0][:50].astype("float32")
    logits = build(keras, graph, weights).predict(x, verbose=0)["logits"]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.abs(shares - model.predict(x, verbose=0)).max() < 1e-4


def test_a_saved_model_becomes_a_version(folders, out):
    card = import_model(folders["keras"], out)
    assert card.source == "keras"
    assert card.embedding == 20
    assert len(card.data["file"]) == 64


def test_a_layer_that_two_layers_use_keeps_its_output(keras, tmp_path):
    import tensorflow as tf

    kernel = tf.constant(np.random.default_rng(0).normal(0, 0.1, (784, 10)), tf.float32)
    bias = tf.constant(np.arange(10), tf.float32)
    square = tf.constant(np.random.default_rng(1).normal(0, 1, (10, 10)), tf.float32)

    class Program(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 784), tf.float32)])
        def serve(self, x):
            y = x @ kernel
            return tf.nn.relu(y + bias) @ square + y

    program = Program()
    tf.saved_model.save(program, str(tmp_path / "m"), signatures=program.serve)
    x = np.random.default_rng(1).uniform(0, 1, (5, 784)).astype("float32")
    scores = build(keras, *read_model(tmp_path / "m")).predict(x, verbose=0)
    assert np.allclose(scores["logits"], program.serve(x), atol=1e-4)


def _save(folder, function, shape=(None, 28, 28)):
    """Save a function of images as a SavedModel."""
    import tensorflow as tf

    module = tf.Module()
    module.serve = tf.function(function, input_signature=[tf.TensorSpec(shape, tf.float32)])
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    return folder


def test_an_operation_that_writes_a_file_is_refused_and_never_run(tmp_path, refusal):
    import tensorflow as tf

    target = tmp_path / "written"

    def serve(x):
        with tf.control_dependencies([tf.io.write_file(str(target), "x")]):
            return tf.reshape(x, (-1, 784))[:, :10] + tf.strings.to_number(
                tf.io.read_file("/etc/hostname"), tf.float32
            )

    message = refusal(_save(tmp_path / "m", serve))
    assert "which is not imported" in message
    assert 'model.save("model.keras")' in message
    assert not target.exists()


def test_the_advice_for_keras_2_is_a_command(tmp_path, refusal):
    import tensorflow as tf

    folder = _save(tmp_path / "m", lambda x: tf.math.erf(tf.reshape(x, (-1, 784)))[:, :10])
    (folder / "keras_metadata.pb").write_bytes(b"")
    assert f"tf_keras.models.load_model('{folder}').save('model.h5')" in refusal(folder)


@pytest.mark.parametrize("part", ["saved_model.pb", "variables/variables.index"])
def test_a_damaged_saved_model_is_refused(folders, tmp_path, refusal, part):
    for seed in range(4):
        folder = tmp_path / f"{seed}"
        shutil.copytree(folders["keras"], folder)
        content = bytearray((folder / part).read_bytes())
        rng = np.random.default_rng(seed)
        for place in rng.integers(0, len(content), 200):
            content[place] = rng.integers(256)
        (folder / part).write_bytes(content[: len(content) - seed])
        assert "cannot be imported: it" in refusal(folder)


def test_a_pipe_in_the_folder_is_refused(folders, tmp_path, refusal):
    folder = tmp_path / "m"
    shutil.copytree(folders["keras"], folder)
    (folder / "variables" / "variables.index").unlink()
    os.mkfifo(folder / "variables" / "variables.index")
    assert "no regular file" in refusal(folder)


def test_missing_variables_are_named(folders, tmp_path, refusal):
    folder = tmp_path / "m"
    shutil.copytree(folders["keras"], folder, ignore=shutil.ignore_patterns("variables.*"))
    assert "is missing" in refusal(folder)
