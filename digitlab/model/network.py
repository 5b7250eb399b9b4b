"""The network in Keras: build it, train an epoch, ask it, export it.

The only module that imports keras and tensorflow, and only inside its functions: a page
never pays for them. A digit image is uint8 (28, 28); the division by 255 is the network's
own first step.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.model.config import TrainConfig
from digitlab.model.quiet import quiet_native

EMBEDDING = 128
"""Length of the pooled features that memory compares."""

Progress = Callable[[int, int, float], None]
"""Called after each step with step (from 1), steps of this epoch, and the mean loss so far."""


def build(config: TrainConfig, *, steps_per_epoch: int) -> Any:
    """A new, compiled network: uint8 (N, 28, 28) -> {"logits": (N, 10), "embedding": (N, 128)}.

    Three stages of two 3x3 convolutions (32, 64, 128 channels) with batch normalisation,
    then the mean over places: 289,000 parameters, 29 million multiply-adds an image.
    """
    keras = _keras()
    from keras import layers

    keras.utils.set_random_seed(config.seed)
    inputs = keras.Input((28, 28), dtype="uint8", name="digit_image")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Reshape((28, 28, 1))(x)
    for stage, channels in enumerate((32, 64, EMBEDDING)):
        if stage:
            x = layers.MaxPooling2D()(x)
        for _ in range(2):
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
    model.compile(
        optimizer,
        loss={"logits": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        jit_compile=False,
    )
    return model


def train_epoch(
    model: Any,
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    *,
    config: TrainConfig,
    epoch: int,
    progress: Progress | None = None,
) -> float:
    """Train one epoch (counted from 0) on augmented images and return its mean loss.

    Order, augmentation and dropout depend on the seed and the epoch alone, so that a training which
    resumes from a checkpoint goes on as if it had not been interrupted.
    """
    keras = _keras()
    steps = len(x) // config.batch_size
    model.get_layer("dropout").seed_generator.state.assign([config.seed, epoch])

    class _Report(keras.callbacks.Callback):  # type: ignore[name-defined, misc]  # untyped keras
        def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
            if progress is not None:
                progress(batch + 1, steps, float((logs or {})["loss"]))

    history = model.fit(
        _batches(x, y, config=config, epoch=epoch),
        epochs=1,
        shuffle=False,
        verbose=0,
        callbacks=[_Report()],
    )
    return float(history.history["loss"][-1])


def outputs(model: Any, x: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits (N, 10) and embeddings (N, 128) of digit images, uint8 (N, 28, 28)."""
    answer = model.predict(x, batch_size=500, verbose=0)
    return np.asarray(answer["logits"]), np.asarray(answer["embedding"])


def save(model: Any, path: Path) -> None:
    """Write a `.keras` file beside its place and move it there whole."""
    aside = path.with_name(f".{path.stem}.{os.getpid()}.keras")
    model.save(aside)
    os.replace(aside, path)


def load(path: Path) -> Any:
    """A network from a `.keras` file, to ask; `resume` gives one to train on."""
    return _keras().saving.load_model(path, compile=False, safe_mode=True)


def resume(path: Path, config: TrainConfig, *, steps_per_epoch: int) -> Any:
    """The network that `build` made, weights and optimiser as they were saved in `path`.

    Keras's own loading forgets which weights the optimiser's decay leaves out.
    """
    saved = _keras().saving.load_model(path, safe_mode=True)
    model = build(config, steps_per_epoch=steps_per_epoch)
    model.set_weights(saved.get_weights())
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, saved.optimizer.variables, strict=True):
        variable.assign(value)
    return model


def export(model: Any, path: Path) -> None:
    """Write the LiteRT flatbuffer for `digitlab.model.runtime`; float32, any batch size."""
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=path.parent))
    try:
        model.export(folder / "model.tflite", format="litert", verbose=False)
        os.replace(folder / "model.tflite", path)
    finally:
        shutil.rmtree(folder)


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


def _batches(x: NDArray[np.uint8], y: NDArray[np.uint8], *, config: TrainConfig, epoch: int) -> Any:
    import tensorflow as tf

    rng = np.random.default_rng([config.seed, epoch])
    order = rng.permutation(len(x))[: len(x) // config.batch_size * config.batch_size]
    transforms = _affine(len(order), rng, config)
    data = tf.data.Dataset.from_tensor_slices((x[order], y[order], transforms))
    return (
        data.batch(config.batch_size)
        .map(lambda x, y, t: (_warp(tf, x, t), {"logits": y}), num_parallel_calls=1)
        .prefetch(2)
    )


def _warp(tf: Any, x: Any, transforms: Any) -> Any:
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(x[..., None], tf.float32),
        transforms=transforms,
        output_shape=[28, 28],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
    return tf.cast(tf.clip_by_value(tf.round(warped[..., 0]), 0, 255), tf.uint8)


def _affine(n: int, rng: np.random.Generator, config: TrainConfig) -> NDArray[np.float32]:
    """Rows of eight numbers that map output to input pixels, about the centre 13.5."""
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation, n))
    shear = rng.uniform(-config.shear, config.shear, n)
    sx, sy = 1 / (1 + rng.uniform(-config.scale, config.scale, (2, n)))
    dx, dy = rng.uniform(-config.shift, config.shift, (2, n))
    a, b = np.cos(angle) * sx, (shear - np.sin(angle)) * sx
    c, d = np.sin(angle) * sy, np.cos(angle) * sy
    centre = 13.5
    rows = [a, b, centre - a * centre - b * centre + dx]
    rows += [c, d, centre - c * centre - d * centre + dy, np.zeros(n), np.zeros(n)]
    return np.stack(rows, axis=1).astype(np.float32)


def _keras() -> Any:
    """Keras, its lines about missing accelerators turned off; costs 3-6 s the first time."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_native():
        import keras

    return keras
