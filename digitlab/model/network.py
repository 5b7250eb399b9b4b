"""The network in Keras: build it, train an epoch, ask it, export it.

The only module that imports keras and tensorflow, and only inside its functions: a page
never pays for them. A digit image is uint8 (28, 28); the division by 255 is the network's
own first step.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.model.native_stderr import silence_native_stderr
from digitlab.model.train_config import TrainConfig

Progress = Callable[[int, int, float], None]
"""Called after each step with step (from 1), steps of this epoch, and the mean loss so far."""


def build(config: TrainConfig, *, steps_per_epoch: int) -> Any:
    """A new, compiled network: uint8 (N, 28, 28) -> {"logits": (N, 10), "embedding": (N, E)}.

    Stages of 3x3 convolutions with batch normalisation (`config.stages`), halved between
    them, then the mean over places: the embedding, and from it ten logits.
    """
    keras = import_keras()
    from keras import layers

    keras.utils.set_random_seed(config.seed)
    inputs = keras.Input((28, 28), dtype="uint8", name="digit_image")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Reshape((28, 28, 1))(x)
    for stage, (channels, convolutions) in enumerate(config.stages):
        if stage:
            x = layers.MaxPooling2D()(x)
        for _ in range(convolutions):
            x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.95)(x)
            x = layers.ReLU()(x)
    embedding = layers.GlobalAveragePooling2D(name="embedding")(x)
    x = layers.Dropout(config.dropout, seed=config.seed, name="dropout")(embedding)
    logits = layers.Dense(10, name="logits")(x)
    model = keras.Model(inputs, {"logits": logits, "embedding": embedding}, name="digitlab")
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 20,
        decay_steps=max(1, (config.epochs - 1) * steps_per_epoch),
        warmup_target=config.learning_rate,
        warmup_steps=steps_per_epoch,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    model.compile(optimizer, loss={"logits": evidence_loss}, jit_compile=False)
    return model


def evidence_loss(labels: Any, logits: Any) -> Any:
    """Cross-entropy over the ten digits and "no digit", whose logit is 0 for every image.

    Outlier exposure (Hendrycks, Mazeika and Dietterich 2019) without an eleventh output:
    the sum of the ten exponentials is the evidence for a digit (Liu et al. 2020, "Energy-based
    Out-of-distribution Detection"), and the softmax over the ten alone stays what it was.

    Args:
        labels: (N,) or (N, 1), 0-9, or `labels.NO_DIGIT`.
        logits: (N, 10).
    """
    keras = import_keras()
    labels = keras.ops.reshape(keras.ops.cast(labels, "int32"), (-1,))
    eleven = keras.ops.pad(logits, [[0, 0], [0, 1]])
    return keras.ops.sparse_categorical_crossentropy(labels, eleven, from_logits=True)


def train_epoch(
    model: Any,
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    *,
    config: TrainConfig,
    epoch: int,
    progress: Progress | None = None,
) -> float:
    """Train on each image once, in the order given, and return the mean loss.

    Dropout depends on the seed and the epoch (counted from 0) alone, so that a training which
    resumes from a checkpoint goes on as if it had not been interrupted.

    Args:
        x: uint8 (N, 28, 28), augmented and shuffled.
        y: uint8 (N,), 0-9 or `labels.NO_DIGIT`.
    """
    keras = import_keras()
    steps = len(x) // config.batch_size
    whole = steps * config.batch_size
    model.get_layer("dropout").seed_generator.state.assign([config.seed, epoch])

    class _Report(keras.callbacks.Callback):  # type: ignore[name-defined, misc]  # untyped keras
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if progress is not None:
                progress(batch + 1, steps, float((logs or {})["loss"]))

    history = model.fit(
        x[:whole],
        {"logits": y[:whole]},
        batch_size=config.batch_size,
        shuffle=False,
        verbose=0,
        callbacks=[_Report()],
    )
    return float(history.history["loss"][-1])


def logits_and_embeddings(
    model: Any, x: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits (N, 10) and embeddings (N, E) of digit images, uint8 (N, 28, 28)."""
    answer = model.predict(x, batch_size=500, verbose=0)
    return np.asarray(answer["logits"]), np.asarray(answer["embedding"])


def save(model: Any, path: Path) -> None:
    """Write a `.keras` file beside its place and move it there whole."""
    aside = path.with_name(f".{path.stem}.{os.getpid()}.keras")
    model.save(aside)
    os.replace(aside, path)


def load(path: Path) -> Any:
    """A network from a `.keras` file, to ask; `resume` gives one to train on."""
    return import_keras().saving.load_model(path, compile=False, safe_mode=True)


def resume(path: Path, config: TrainConfig, *, steps_per_epoch: int) -> Any:
    """The network that `build` made, weights and optimiser as they were saved in `path`.

    Keras's own loading forgets which weights the optimiser's decay leaves out.
    """
    names = {"evidence_loss": evidence_loss}
    saved = import_keras().saving.load_model(path, custom_objects=names, safe_mode=True)
    model = build(config, steps_per_epoch=steps_per_epoch)
    model.set_weights(saved.get_weights())
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, saved.optimizer.variables, strict=True):
        variable.assign(value)
    return model


def export_litert(model: Any, path: Path) -> None:
    """Write the LiteRT flatbuffer for `digitlab.model.runtime`; any batch size.

    Its kernels are int8 with a scale for each channel, and activations are rounded as they come
    ("dynamic range quantisation"): a quarter of the size and of the time of float32. So what the
    runtime says is not quite what Keras says, and calibration and figures are the runtime's.
    """
    import tensorflow as tf

    tf.get_logger().setLevel("WARNING")  # in a notebook it tells of every file
    images = tf.TensorSpec((None, 28, 28), tf.uint8, name="digit_image")
    asked = tf.function(
        lambda x: model(x, training=False), autograph=False, input_signature=[images]
    ).get_concrete_function()
    holder = tf.Module()  # of a Keras model the converter saves far more, a second long
    holder.weights = [variable.value for variable in model.variables]
    with silence_native_stderr():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([asked], holder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        data = converter.convert()
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(data)
    os.replace(aside, path)


def weights_hash(model: Any) -> str:
    """SHA-256 over the weights' names, shapes and values.

    The arrays are hashed and not the file: a `.keras` file holds the date of its saving.
    """
    digest = hashlib.sha256()
    for variable in model.weights:
        array = np.ascontiguousarray(variable.numpy())
        digest.update(f"{variable.name} {array.shape} {array.dtype}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def preload_keras() -> None:
    """Load Keras now, for whoever needs it later; for a thread beside others.

    File descriptor 2 belongs to all threads: what native code says while it loads is not hidden.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras  # noqa: F401


def import_keras() -> Any:
    """Keras, its lines about missing accelerators turned off; costs 3-6 s the first time."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silence_native_stderr():
        import keras

    return keras
