"""The network in Keras: building, training, loading, saving and exporting it.

Keras and TensorFlow are imported inside the functions, so that importing this module loads neither.
A digit image is uint8 (28, 28); the network itself divides it by 255.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.model.native_stderr import silence_native_stderr
from digitlab.model.train_config import TrainConfig

Progress = Callable[[int, int, float], None]
"""Function called after each step: step, from 1; steps in the epoch; mean loss so far."""

_PREDICT_BATCH_SIZE: Final = 500  # images


def build(config: TrainConfig, *, steps_per_epoch: int) -> Any:
    """Build and compile a new network.

    The network has stages of 3x3 convolutions with batch normalisation and ReLU
    (`config.stages`), with 2x2 max pooling between the stages. The mean over all places gives the
    embedding, and a dense layer gives the ten logits.

    Args:
        config: parameters of the training.
        steps_per_epoch: number of steps in one epoch; the learning rate's schedule needs it.

    Returns:
        A Keras model: uint8 (N, 28, 28) -> {"logits": (N, 10), "embedding": (N, E)}.
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
    loss = soft_loss(config) if has_soft_labels(config) else evidence_loss
    model.compile(optimizer, loss={"logits": loss}, jit_compile=False)
    return model


def evidence_loss(labels: Any, logits: Any) -> Any:
    """Return the cross-entropy (N,) over ten digits and "no digit", whose logit is always 0.

    This is outlier exposure (Hendrycks, Mazeika and Dietterich 2019) without an eleventh output.
    The sum of the ten exponentials is the evidence for a digit (Liu et al. 2020, "Energy-based
    Out-of-distribution Detection"). The softmax over the ten digits does not change.

    Args:
        labels: (N,) or (N, 1), 0-9 or `labels.NO_DIGIT`.
        logits: (N, 10).
    """
    keras = import_keras()
    labels = keras.ops.reshape(keras.ops.cast(labels, "int32"), (-1,))
    eleven = keras.ops.pad(logits, [[0, 0], [0, 1]])
    return keras.ops.sparse_categorical_crossentropy(labels, eleven, from_logits=True)


def has_soft_labels(config: TrainConfig) -> bool:
    """Return whether a training has teachers or smoothes its labels."""
    return bool(config.teachers) or config.label_smoothing > 0


def soft_loss(config: TrainConfig) -> Any:
    """Return the loss of a training with soft labels.

    Like `evidence_loss`, it is a cross-entropy over ten digits and "no digit". The labels are
    smoothed by `config.label_smoothing`. With teachers, the loss also has the divergence of the
    network's probabilities from the teachers' (Hinton, Vinyals and Dean 2015, section 2).

    Returns:
        A function from targets (N, 11) and logits (N, 10) to losses (N,). The first column of the
        targets is the label, 0-9 or `labels.NO_DIGIT`; the others are the teachers' mean logits,
        which only a training with teachers uses.
    """
    ops = import_keras().ops
    smoothing, temperature = config.label_smoothing, config.distillation_temperature
    weight = config.distillation if config.teachers else 0.0

    def soft_evidence_loss(targets: Any, logits: Any) -> Any:
        labels, teachers = targets[:, 0], targets[:, 1:]
        eleven = ops.pad(logits, [[0, 0], [0, 1]])
        missing = -ops.mean(ops.log_softmax(eleven), axis=-1)
        total = (1 - smoothing) * evidence_loss(labels, logits) + smoothing * missing
        if not weight:
            return total
        theirs = ops.log_softmax(ops.pad(teachers, [[0, 0], [0, 1]]) / temperature)
        own = ops.log_softmax(eleven / temperature)
        divergence = ops.sum(ops.exp(theirs) * (theirs - own), axis=-1)
        return (1 - weight) * total + weight * temperature**2 * divergence

    return soft_evidence_loss


class WeightAverage:
    """An exponential moving average of a network's weights and batch statistics.

    Early steps count more, so that the first weights are forgotten soon.

    Args:
        model: the network with its first weights.
        decay: share of the average that stays in each step, 0-1.

    Attributes:
        weights: the present average, in Keras's order.
        steps: number of steps so far.
    """

    def __init__(self, model: Any, decay: float) -> None:
        self._decay = decay
        self.weights: list[NDArray[np.float32]] = model.get_weights()
        self.steps = 0

    def update(self, model: Any) -> None:
        """Add the network's present weights to the average."""
        self.steps += 1
        decay = min(self._decay, self.steps / (10 + self.steps))
        self.weights = [
            average + np.float32(1 - decay) * (weights - average)
            for average, weights in zip(self.weights, model.get_weights(), strict=True)
        ]

    def save(self, path: Path) -> None:
        """Write the average and the number of steps to an `.npz` file."""
        temporary = path.with_name(f".{path.name}")
        np.savez(temporary, *self.weights, steps=np.array(self.steps))
        os.replace(temporary, path)

    def load(self, path: Path) -> None:
        """Continue with the average that `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            self.steps = int(arrays["steps"])
            self.weights = [arrays[f"arr_{i}"] for i in range(len(self.weights))]


def train_epoch(
    model: Any,
    x: NDArray[np.uint8],
    y: NDArray[np.uint8] | NDArray[np.float32],
    *,
    config: TrainConfig,
    epoch: int,
    average: WeightAverage | None = None,
    progress: Progress | None = None,
) -> float:
    """Train on each image once, in the given order, and return the mean loss.

    Dropout depends only on the seed and the epoch, so that a training resumed from a checkpoint
    gives the result of an uninterrupted one. Images after the last whole batch are left out.

    Args:
        model: the compiled model of `build` or `resume`.
        x: images, uint8 (N, 28, 28), augmented and shuffled.
        y: labels, uint8 (N,), 0-9 or `labels.NO_DIGIT`; the targets of `soft_loss`, float32
            (N, 11), if `has_soft_labels`.
        config: parameters of the training.
        epoch: number of the epoch, counted from 0.
        average: average to update after each step.
        progress: function to call after each step.
    """
    keras = import_keras()
    steps = len(x) // config.batch_size
    whole = steps * config.batch_size
    model.get_layer("dropout").seed_generator.state.assign([config.seed, epoch])

    class _Report(keras.callbacks.Callback):  # type: ignore[name-defined, misc]  # untyped keras
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if average is not None:
                average.update(model)
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
    """Return logits (N, 10) and embeddings (N, E) of digit images, uint8 (N, 28, 28)."""
    outputs = model.predict(x, batch_size=_PREDICT_BATCH_SIZE, verbose=0)
    return np.asarray(outputs["logits"]), np.asarray(outputs["embedding"])


def save(model: Any, path: Path) -> None:
    """Write a `.keras` file in one step: a temporary file is moved to `path`."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.keras")
    model.save(temporary)
    os.replace(temporary, path)


def load(path: Path) -> Any:
    """Load a network from a `.keras` file without its optimiser; see also `resume`."""
    return import_keras().saving.load_model(path, compile=False, safe_mode=True)


def resume(path: Path, config: TrainConfig, *, steps_per_epoch: int) -> Any:
    """Load a network with the optimiser's state, to continue its training.

    The network is built again and receives the saved values, because Keras's loading forgets
    which weights the optimiser excludes from weight decay.

    Args:
        path: `.keras` file of a network of `build`.
        config: parameters of the training.
        steps_per_epoch: number of steps in one epoch.
    """
    names = {"evidence_loss": evidence_loss, "soft_evidence_loss": soft_loss(config)}
    saved = import_keras().saving.load_model(path, custom_objects=names, safe_mode=True)
    model = build(config, steps_per_epoch=steps_per_epoch)
    model.set_weights(saved.get_weights())
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, saved.optimizer.variables, strict=True):
        variable.assign(value)
    return model


def export_litert(model: Any, path: Path, *, quantised: bool = True) -> None:
    """Write the LiteRT file that `runtime.LiteRTModel` runs, for batches of any size.

    Dynamic range quantisation stores the kernels in int8 with one scale for each channel and
    quantises activations while the model runs. The file needs a quarter of the size and of the
    time of float32. Its outputs differ slightly from Keras's, so that calibration and metrics use
    LiteRT.

    Args:
        model: the network.
        path: the file to write.
        quantised: whether to quantise; False for a network that loses accuracy by it.
    """
    import tensorflow as tf

    tf.get_logger().setLevel("WARNING")  # otherwise it logs every file in a notebook
    images = tf.TensorSpec((None, 28, 28), tf.uint8, name="digit_image")
    function = tf.function(
        lambda x: model(x, training=False), autograph=False, input_signature=[images]
    ).get_concrete_function()
    # Given a Keras model, the converter saves far more than the weights, which takes a second.
    weights_only = tf.Module()
    weights_only.weights = [variable.value for variable in model.variables]
    with silence_native_stderr():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], weights_only)
        if quantised:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        data = converter.convert()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def weights_hash(model: Any) -> str:
    """Return the SHA-256 over the weights' names, shapes and values, in hex.

    The hash does not cover the `.keras` file, because that holds the time of its saving.
    """
    digest = hashlib.sha256()
    for variable in model.weights:
        array = np.ascontiguousarray(variable.numpy())
        digest.update(f"{variable.name} {array.shape} {array.dtype}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def preload_keras() -> None:
    """Import Keras in a thread, ahead of its use.

    Native messages are not silenced, because file descriptor 2 belongs to all threads.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras  # noqa: F401


def import_keras() -> Any:
    """Import Keras and silence its messages about missing accelerators.

    The first import takes 3-6 s.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silence_native_stderr():
        import keras

    return keras
