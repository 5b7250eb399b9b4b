"""Keras configurations: custom objects and unsuitable networks are refused, and nothing runs."""

import pytest
from support.keras_models import edit_layers, small_model

pytestmark = pytest.mark.tf


def test_a_lambda_is_refused_and_never_run(keras, save, refusal, tmp_path):
    evidence = tmp_path / "ran"
    code = f"lambda x: (open({str(evidence)!r}, 'w').close(), x)[1]"
    layers = keras.layers
    danger = layers.Lambda(eval(code), output_shape=(28, 28, 1))  # noqa: S307
    model = small_model(keras, danger, layers.Flatten(), layers.Dense(10))
    evidence.unlink(missing_ok=True)  # Keras ran it to build the model
    for name in ("model.h5", "model.keras"):
        assert "Lambda" in refusal(save(model, name))
    assert not evidence.exists()


def test_a_registered_object_is_refused_by_name(keras, save, refusal):
    @keras.saving.register_keras_serializable(package="mine")
    class Odd(keras.layers.Layer):
        def call(self, x):
            return x

    model = small_model(keras, Odd(), keras.layers.Flatten(), keras.layers.Dense(10))
    assert "mine>Odd" in refusal(save(model, "model.keras"))
    assert "Odd" in refusal(save(model, "model.h5"))


def test_a_custom_function_is_refused(one_layer, refusal):
    def change(layers):
        layers[2]["config"]["activation"] = {
            "module": "builtins",
            "class_name": "function",
            "config": "system",
            "registered_name": "function",
        }

    assert "activation" in refusal(edit_layers(one_layer(), change))


def test_an_object_of_another_module_is_refused(one_layer, refusal):
    def change(layers):
        layers[2]["config"]["kernel_initializer"]["module"] = "os"

    assert "custom object" in refusal(edit_layers(one_layer(), change))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"shape": (28, 14, 1)}, "shape (28, 14, 1); expected (28, 28, 1)"),
        ({"shape": (224, 224, 3)}, "shape (224, 224, 3)"),
        ({"classes": 26}, "26 outputs; expected ten, one for each digit"),
        ({"classes": 11}, "11 outputs"),
        ({"activation": "elu"}, "outputs are elu; expected softmax, sigmoid or logits"),
    ],
)
def test_a_model_with_another_input_or_output_is_refused(one_layer, refusal, layer, message):
    assert message in refusal(one_layer(**({"activation": "softmax"} | layer)))


def test_a_model_with_another_number_of_channels_at_its_end_is_refused(keras, save, refusal):
    layers = (keras.layers.Conv2D(12, 3), keras.layers.GlobalAveragePooling2D())
    assert "outputs of the shape (12,)" in refusal(save(small_model(keras, *layers)))


def test_the_message_about_an_unsupported_layer_lists_the_supported_ones(keras, save, refusal):
    layers = (keras.layers.Bidirectional(keras.layers.LSTM(8)), keras.layers.Dense(10))
    message = refusal(save(small_model(keras, *layers, shape=(28, 28))))
    assert "'Bidirectional'" in message
    assert "Conv2D" in message


def test_a_layer_that_is_used_twice_is_refused(keras, save, refusal):
    inputs = keras.Input((784,))
    twice = keras.layers.Dense(784)
    model = keras.Model(inputs, keras.layers.Dense(10)(twice(twice(inputs))))
    assert "used 2 times" in refusal(save(model))


def test_two_outputs_are_refused(keras, save, refusal):
    inputs = keras.Input((784,))
    model = keras.Model(inputs, [keras.layers.Dense(10)(inputs) for _ in range(2)])
    assert "2 outputs; expected one" in refusal(save(model))
