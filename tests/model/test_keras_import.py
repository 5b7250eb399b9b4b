"""Foreign Keras models: what is taken, what it becomes, and what is refused without running it."""

import json
import zipfile

import h5py
import numpy as np
import pytest
from support.keras2_files import as_keras_two

from digitlab.datasets import mnist
from digitlab.errors import ModelError
from digitlab.model.card import Card
from digitlab.model.keras_import.build import import_model
from digitlab.model.keras_import.layers import LAYERS, UnsupportedModelError
from digitlab.model.keras_import.sandbox import read_in_sandbox
from digitlab.model.runtime import Classifier

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def keras():
    from digitlab.model import network

    return network.import_keras()


@pytest.fixture(scope="module")
def old(keras):
    """A small model as people trained them, on inputs of 0 to 1."""
    return learned(keras, scale=1 / 255)


def learned(keras, *, scale):
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


@pytest.fixture
def out(tmp_path):
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
def model_file(keras, save):
    """A file of the smallest model with an input's shape, a number of classes, an activation."""

    def call(shape, classes, activation):
        head = keras.layers.Dense(classes, activation=activation)
        return save(small(keras, keras.layers.Flatten(), head, shape=shape))

    return call


@pytest.fixture
def refused(out):
    """That a file is refused; the message."""

    def call(path):
        with pytest.raises(ModelError) as caught:
            import_model(path, out)
        assert str(path) in str(caught.value)
        assert list(out.iterdir()) == []
        return str(caught.value)

    return call


def small(keras, *layers, shape=(28, 28, 1)):
    return keras.Sequential([keras.Input(shape), *layers])


def edit(path, change):
    """Change the configuration of a legacy HDF5 file in place."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config["config"]["layers"])
        file.attrs["model_config"] = json.dumps(config)
    return path


# what is taken ---------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [False, True])
def test_a_file_of_keras_2_reads_as_it_did(old, save, out, listed):
    card = import_model(as_keras_two(save(old), listed=listed), out)
    classifier = Classifier.load(out)
    x, y = mnist.load("validation")
    answers = classifier.predict_proba(x).argmax(axis=1)
    before = old.predict(x[:, :, :, None] / np.float32(255), verbose=0).argmax(axis=1)
    assert (answers == before).mean() > 0.995
    assert (answers == y).mean() > 0.93
    assert card.config["input"] == "0 to 1"


def test_the_card_says_what_was_imported(old, save, out):
    card = import_model(save(old), out)
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


def test_a_keras_file_gives_the_same_weights_as_hdf5(old, save, tmp_path):
    hashes = set()
    for name in ("model.h5", "model.keras"):
        folder = tmp_path / f"out {name}"
        folder.mkdir()
        hashes.add(import_model(save(old, name), folder).hashes["weights"])
    assert len(hashes) == 1


def test_a_model_of_inputs_from_0_to_255_is_found_out(keras, save, out):
    card = import_model(save(learned(keras, scale=1)), out)
    assert card.config["input"] == "0 to 255"
    assert card.metrics["mnist:validation"]["accuracy"] > 0.9


def test_the_logits_are_those_before_the_softmax(keras, old, save, out):
    import_model(save(old), out)
    x = mnist.load("validation")[0][:50]
    logits, _ = Classifier.load(out).logits_and_embeddings(x)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    before = old.predict(x[:, :, :, None] / np.float32(255), verbose=0)
    assert np.abs(softmax - before).max() < 0.1  # LiteRT rounds
    assert np.abs(logits.sum(axis=1)).max() > 1.5


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "two.h5"])
def test_a_functional_model_with_branches_is_taken(keras, save, out, name):
    layers = keras.layers
    inputs = keras.Input((784,))
    parts = [layers.Dense(12, activation="relu")(inputs) for _ in range(2)]
    joined = [layers.Add()(parts), layers.Concatenate()(parts)]
    scores = layers.Dense(10)(layers.Concatenate()(joined))
    model = keras.Model(inputs, layers.Softmax()(scores))
    path = save(model, name)
    card = import_model(as_keras_two(path) if name == "two.h5" else path, out)
    assert card.embedding == 36
    assert card.config["shape"] == [784]


def test_an_embedding_as_long_as_the_logits_is_made_longer(keras, save, out):
    layers = (keras.layers.Flatten(), keras.layers.Dense(10), keras.layers.Dense(10))
    assert import_model(save(small(keras, *layers, shape=(28, 28))), out).embedding == 11
    assert (Classifier.load(out).embed(mnist.load("validation")[0][:3])[:, 10] == 0).all()


def test_every_kind_of_layer_that_is_taken_runs(keras, save, out):
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
    means, most = layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)
    pairs = [layers.Add, layers.Multiply, layers.Average, layers.Maximum]
    x = layers.Concatenate()([pair()([means, most]) for pair in pairs])
    x = layers.Dropout(0.1)(layers.Dense(20)(layers.Flatten()(x)))
    model = keras.Model(inputs, layers.Softmax()(layers.Activation("linear")(layers.Dense(10)(x))))
    made = {type(layer).__name__ for layer in model.layers}
    assert made - {"InputLayer"} == set(LAYERS)
    model = keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
    assert import_model(save(model, "all.keras"), out).embedding == 20


def test_a_model_of_digitlab_itself_is_taken(save, out):
    from digitlab.settings import bundled

    base = bundled("models/base")
    card = import_model(base / "model.keras", out)
    assert card.metrics["mnist:test"]["correct"] == Card.read(base).metrics["mnist:test"]["correct"]


# what is refused -------------------------------------------------------------------------


def test_a_lambda_is_refused_and_never_run(keras, save, refused, tmp_path):
    ran = tmp_path / "ran"
    code = f"lambda x: (open({str(ran)!r}, 'w').close(), x)[1]"
    layers = keras.layers
    danger = layers.Lambda(eval(code), output_shape=(28, 28, 1))  # noqa: S307
    model = small(keras, danger, layers.Flatten(), layers.Dense(10))
    ran.unlink(missing_ok=True)  # Keras ran it to build the model
    for name in ("model.h5", "model.keras"):
        assert "Lambda" in refused(save(model, name))
    assert not ran.exists()


def test_a_registered_object_is_refused_by_name(keras, save, refused):
    @keras.saving.register_keras_serializable(package="mine")
    class Odd(keras.layers.Layer):
        def call(self, x):
            return x

    model = small(keras, Odd(), keras.layers.Flatten(), keras.layers.Dense(10))
    assert "mine>Odd" in refused(save(model, "model.keras"))
    assert "Odd" in refused(save(model, "model.h5"))


def test_a_custom_function_is_refused(keras, save, refused):
    model = save(small(keras, keras.layers.Flatten(), keras.layers.Dense(10)))

    def change(layers):
        layers[2]["config"]["activation"] = {
            "module": "builtins",
            "class_name": "function",
            "config": "system",
            "registered_name": "function",
        }

    assert "activation" in refused(edit(model, change))


def test_an_object_of_another_module_is_refused(keras, save, refused):
    model = save(small(keras, keras.layers.Flatten(), keras.layers.Dense(10)))

    def change(layers):
        layers[2]["config"]["kernel_initializer"]["module"] = "os"

    assert "custom object" in refused(edit(model, change))


@pytest.mark.parametrize(
    ("shape", "head", "message"),
    [
        ((32, 32, 1), (10, "softmax"), "shape (32, 32, 1); expected (28, 28, 1)"),
        ((28, 28, 3), (10, "softmax"), "shape (28, 28, 3)"),
        ((28, 28, 1), (26, "softmax"), "Dense layer of 26; expected a Dense layer of 10"),
        ((28, 28, 1), (10, "sigmoid"), "outputs are sigmoid; expected softmax or logits"),
    ],
)
def test_a_model_of_another_shape_is_refused(model_file, refused, shape, head, message):
    assert message in refused(model_file(shape, *head))


def test_a_model_that_ends_in_no_dense_layer_is_refused(keras, save, refused):
    layers = (keras.layers.Conv2D(10, 3), keras.layers.GlobalAveragePooling2D())
    assert "ends in a GlobalAveragePooling2D layer" in refused(save(small(keras, *layers)))


def test_a_kind_of_layer_that_is_not_taken_is_named_with_those_that_are(keras, save, refused):
    layers = (keras.layers.LSTM(8), keras.layers.Dense(10))
    message = refused(save(small(keras, *layers, shape=(28, 28))))
    assert "'LSTM'" in message
    assert "Conv2D" in message


def test_a_layer_used_twice_is_refused(keras, save, refused):
    inputs = keras.Input((784,))
    twice = keras.layers.Dense(784)
    model = keras.Model(inputs, keras.layers.Dense(10)(twice(twice(inputs))))
    assert "used 2 times" in refused(save(model))


def test_two_outputs_are_refused(keras, save, refused):
    inputs = keras.Input((784,))
    model = keras.Model(inputs, [keras.layers.Dense(10)(inputs) for _ in range(2)])
    assert "2 outputs; expected one" in refused(save(model))


def test_a_layer_without_bounds_is_refused_before_it_is_made(keras, save, refused):
    model = save(
        small(keras, keras.layers.Flatten(), keras.layers.Dense(5), keras.layers.Dense(10))
    )

    def change(layers):
        layers[2]["config"]["units"] = 10**12

    assert "larger than any digit needs" in refused(edit(model, change))


def test_weights_of_another_shape_are_refused(keras, save, refused):
    model = save(
        small(keras, keras.layers.Flatten(), keras.layers.Dense(5), keras.layers.Dense(10))
    )

    def change(layers):
        layers[2]["config"]["units"] = 6

    assert "does not fit" in refused(edit(model, change))


def test_weights_alone_are_refused_with_the_way_out(keras, save, refused):
    model = save(small(keras, keras.layers.Flatten(), keras.layers.Dense(10)))
    with h5py.File(model, "r+") as file:
        del file.attrs["model_config"]
    assert "model.save(...)" in refused(model)


def test_values_that_are_not_finite_are_refused(keras, save, refused):
    model = small(keras, keras.layers.Flatten(), keras.layers.Dense(10))
    model.layers[1].set_weights([np.full((784, 10), np.nan), np.zeros(10)])
    assert "not finite" in refused(save(model))


def test_weights_in_another_file_are_refused(keras, save, refused, tmp_path):
    model = save(small(keras, keras.layers.Flatten(), keras.layers.Dense(10)))
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = np.zeros(3)
    with h5py.File(model, "r+") as file:
        file["model_weights/away"] = h5py.ExternalLink("other.h5", "/secret")
    assert "another file" in refused(model)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89HDF\r\n\x1a\nno", b"PK\x03\x04no"], ids=repr
)
def test_a_file_that_is_no_model_is_refused(tmp_path, refused, content):
    (tmp_path / "model.h5").write_bytes(content)
    assert "is not taken" in refused(tmp_path / "model.h5")


def test_a_file_on_which_the_library_fails_or_hangs_ends_another_process_alone(
    keras, save, refused, tmp_path
):
    model = save(small(keras, keras.layers.Flatten(), keras.layers.Dense(10)))
    whole = bytearray(model.read_bytes())
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for place in rng.integers(8, len(whole) - 31_360, 400):  # not among the weights
            whole[place] = rng.integers(256)
        (tmp_path / "broken.h5").write_bytes(whole)
        assert "is not taken" in refused(tmp_path / "broken.h5")


def test_a_file_that_takes_too_long_is_refused(keras, save):
    model = save(small(keras, keras.layers.Flatten(), keras.layers.Dense(10)))
    with pytest.raises(UnsupportedModelError, match="could not be read"):
        read_in_sandbox(model, seconds=0.001)


def test_a_zip_without_a_model_is_refused(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "no whole .keras file" in refused(tmp_path / "model.keras")


def test_a_file_that_is_not_there_is_refused(tmp_path, refused):
    assert "No such file" in refused(tmp_path / "nothing.h5")
