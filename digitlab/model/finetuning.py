"""Fine-tuning of a network in Keras, and interpolation with the network it started from.

Only processes that fine-tune load Keras here. Training gives the same weights to the bit on the
same machine with the same libraries and the same number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ModelError
from digitlab.model import network

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]
"""One joint batch of N images, of which the last R are replayed.

Images, uint8 (N, 28, 28); labels, uint8 (N,), 0-9 or `labels.NO_DIGIT`; and the logits, float32
(R, 10), and embeddings, float32 (R, E), that the replayed images are to keep.
"""

Weights = list[NDArray[np.float32]]
"""A network's weights in Keras's order."""

_DISTILLATION_WEIGHT: Final = 4.0
"""Weight of keeping the base's probabilities, relative to the cross-entropy."""

_DISTILLATION_TEMPERATURE: Final = 2.0
"""Temperature at which the base's and the present probabilities are compared."""

_EMBEDDING_WEIGHT: Final = 5.0
"""Weight of keeping the base's embeddings; distances are in units of their variance."""

_CHUNK_SIZE: Final = 500  # images in one call of the network


def make_deterministic(*, threads: int) -> None:
    """Make TensorFlow deterministic in this process, before it computes anything.

    Args:
        threads: number of threads of one operation. Another number adds in another order and
            gives other weights in the last bits.

    Raises:
        ModelError: TensorFlow has already computed with another number of threads.
    """
    network.import_keras()
    import tensorflow as tf

    try:
        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise ModelError(
            "TensorFlow was already used in this process with another number of threads; "
            "fine-tune in a separate process."
        ) from error
    tf.config.experimental.enable_op_determinism()


class FineTuner:
    """One network while it is fine-tuned.

    Batch normalisation keeps the statistics of the base, and dropout is off, because a few
    corrections do not represent the training data. If the network has pooling layers, only the
    layers after the last pooling are trained: the layers before detect strokes, which
    corrections do not change.

    Args:
        path: `model.keras` of the base.
        seed: seed of TensorFlow's random numbers. The training draws none at present.

    Attributes:
        model: the Keras model with its present weights.
        base_weights: weights of the base.
        tuned_weights: weights after `train`; the base's before it.
    """

    def __init__(self, path: Path, *, seed: int) -> None:
        keras = network.import_keras()
        keras.utils.set_random_seed(seed)
        self.model: Any = network.load(path)
        self.base_weights: Weights = self.model.get_weights()
        self.tuned_weights: Weights = self.base_weights
        self._compiled_logits: Any = None
        layers = self.model.layers
        pools = [
            n for n, layer in enumerate(layers) if isinstance(layer, keras.layers.MaxPooling2D)
        ]
        for layer in layers[: pools[-1] if pools else 0]:
            layer.trainable = False

    def train(
        self,
        batches: Sequence[Batch],
        *,
        steps: int,
        learning_rate: float,
        step_done: Callable[[int, float], None],
        halfway: Callable[[Sequence[Batch]], Sequence[Batch]] = lambda remaining: remaining,
    ) -> None:
        """Train on joint batches with Adam; the learning rate falls along a cosine to zero.

        The loss adds three terms: the cross-entropy over the ten digits and "no digit"; the
        divergence of the replayed images' probabilities from the base's (Li and Hoiem 2018,
        "Learning without Forgetting", section 3), at a temperature as in Hinton et al. 2015; and
        the squared distance of their embeddings from the base's (Romero et al. 2015, "FitNets",
        section 2.2).

        Args:
            batches: at least `steps` batches of one size.
            steps: number of batches to train on.
            learning_rate: learning rate of the first step.
            step_done: function to call after each step with its number, from 1, and its loss.
            halfway: function to call after half of the steps. It receives the remaining batches
                and returns the batches to use instead.
        """
        import tensorflow as tf

        keras = network.import_keras()
        model = self.model
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(model.trainable_variables)

        variance = max(
            1e-6, float(np.mean([embeddings.var(axis=0).mean() for *_, embeddings in batches]))
        )

        def log_probabilities(logits: Any) -> Any:
            eleven = tf.pad(logits, [[0, 0], [0, 1]])
            return tf.nn.log_softmax(eleven / _DISTILLATION_TEMPERATURE)

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def step(x: Any, y: Any, base_logits: Any, base_embeddings: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs, n = model(x, training=False), tf.shape(base_logits)[0]
                logits, embeddings = outputs["logits"], outputs["embedding"]
                before, now = log_probabilities(base_logits), log_probabilities(logits[-n:])
                divergence = tf.reduce_mean(tf.reduce_sum(tf.exp(before) * (before - now), axis=-1))
                loss = tf.reduce_mean(network.evidence_loss(y, logits))
                loss += _DISTILLATION_WEIGHT * _DISTILLATION_TEMPERATURE**2 * divergence
                distance = tf.reduce_mean((embeddings[-n:] - base_embeddings) ** 2)
                loss += _EMBEDDING_WEIGHT * distance / variance
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            return loss

        half = steps // 2
        for number in range(1, steps + 1):
            if number == half + 1:
                batches = [*batches[:half], *halfway(batches[half:steps])]
            loss = step(*(tf.constant(part) for part in batches[number - 1]))
            step_done(number, float(loss))
        self.tuned_weights = model.get_weights()

    def interpolate(self, alpha: float) -> None:
        """Set the weights to (1 - alpha) x base + alpha x tuned.

        Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", section 3.
        """
        self.model.set_weights(
            [
                ((1 - alpha) * base + alpha * tuned).astype(base.dtype)
                for base, tuned in zip(self.base_weights, self.tuned_weights, strict=True)
            ]
        )

    def logits(self, x: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the present logits (N, 10) of digit images, uint8 (N, 28, 28)."""
        import tensorflow as tf

        if self._compiled_logits is None:
            model = self.model
            self._compiled_logits = tf.function(
                lambda images: model(images, training=False)["logits"],
                autograph=False,
                input_signature=[tf.TensorSpec((None, 28, 28), tf.uint8)],
            )
        chunks = [
            self._compiled_logits(x[start : start + _CHUNK_SIZE]).numpy()
            for start in range(0, len(x), _CHUNK_SIZE)
        ]
        return np.concatenate(chunks) if chunks else np.empty((0, 10), np.float32)
