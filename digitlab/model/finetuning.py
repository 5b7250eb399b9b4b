"""Adapt: a network trained a little further in Keras, and mixed with what it was.

Only processes that fine-tune load this module's libraries. Its steps give the same weights to
the bit wherever the machine, the libraries and the number of threads are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ModelError
from digitlab.model import network

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]
"""uint8 (N, 28, 28); uint8 (N,), 0-9 or `labels.NO_DIGIT`; and of the last R of these images the
logits, float32 (R, 10), and the embeddings, float32 (R, E), that they are to keep."""

Weights = list[NDArray[np.float32]]
"""A network's weights in Keras's order."""

_PART = 500  # images in one call when many are asked
_KEEP = 4.0  # weight of keeping what the base says, beside the cross-entropy
_SOFT = 2.0  # temperature at which the two are compared
_STAY = 5.0  # weight of keeping the embeddings, in units of their variance


def make_deterministic(*, threads: int) -> None:
    """Make this process's TensorFlow repeatable; before anything is computed in it.

    Args:
        threads: of one operation. Another number gives sums in another order, and so other
            weights in their last bits.

    Raises:
        ModelError: TensorFlow has computed with other settings in this process already.
    """
    network.import_keras()
    import tensorflow as tf

    try:
        if tf.config.threading.get_intra_op_parallelism_threads() != threads:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise ModelError(
            "TensorFlow was used in this process already, with another number of threads; "
            "fine-tune in a process of its own."
        ) from error
    tf.config.experimental.enable_op_determinism()


class FineTuner:
    """One network being fine-tuned, from a `.keras` file.

    Batch normalisation keeps the statistics of the base and nothing is dropped out: a few
    corrections are no sample of the world. Of a network with pooling between its stages the last
    stage alone is trained; what strokes look like it knows already.

    Args:
        path: the base's `model.keras`.
        seed: of what TensorFlow draws, which is nothing at present.
    """

    def __init__(self, path: Path, *, seed: int) -> None:
        keras = network.import_keras()
        keras.utils.set_random_seed(seed)
        self.model: Any = network.load(path)
        self.base_weights: Weights = self.model.get_weights()
        self.tuned_weights: Weights = self.base_weights
        self._ask: Any = None
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
        halfway: Callable[[Sequence[Batch]], Sequence[Batch]] = lambda left: left,
    ) -> None:
        """Train on joint batches: Adam, its rate falling along a cosine to zero.

        The loss is the cross-entropy over digits and "no digit", and for the replayed images also
        how far the answer moves from the base's (Li and Hoiem 2018, "Learning without
        Forgetting", section 3), softened by a temperature as in Hinton et al. 2015, and how far
        the embedding moves (Romero et al. 2015, "FitNets", section 2.2).

        Args:
            batches: at least `steps` of them, all of one size.
            steps: how many are used.
            learning_rate: the rate of the first step.
            step_done: called after each step with its number (from 1) and its loss.
            halfway: called after half of the steps with the batches that are left; gives those
                that take their place.
        """
        import tensorflow as tf

        keras = network.import_keras()
        model = self.model
        rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(model.trainable_variables)

        spread = max(1e-6, float(np.mean([held.var(axis=0).mean() for *_, held in batches])))

        def log_shares(logits: Any) -> Any:
            eleven = tf.pad(logits, [[0, 0], [0, 1]])
            return tf.nn.log_softmax(eleven / _SOFT)

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def step(x: Any, y: Any, kept: Any, held: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs, n = model(x, training=False), tf.shape(kept)[0]
                logits = outputs["logits"]
                was, now = log_shares(kept), log_shares(logits[-n:])
                moved = tf.reduce_mean(tf.reduce_sum(tf.exp(was) * (was - now), axis=-1))
                loss = tf.reduce_mean(network.evidence_loss(y, logits))
                loss += _KEEP * _SOFT**2 * moved
                loss += _STAY * tf.reduce_mean((outputs["embedding"][-n:] - held) ** 2) / spread
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
        """Logits (N, 10) of digit images, uint8 (N, 28, 28), with the weights as they are."""
        import tensorflow as tf

        if self._ask is None:
            model = self.model
            self._ask = tf.function(
                lambda images: model(images, training=False)["logits"],
                autograph=False,
                input_signature=[tf.TensorSpec((None, 28, 28), tf.uint8)],
            )
        parts = [self._ask(x[start : start + _PART]).numpy() for start in range(0, len(x), _PART)]
        return np.concatenate(parts) if parts else np.empty((0, 10), np.float32)
