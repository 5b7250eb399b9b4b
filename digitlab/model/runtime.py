"""Running a model version with LiteRT, without TensorFlow.

One digit image takes about 0.1 ms. Keras's `model.predict` takes 70 ms and half a gigabyte.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ModelError
from digitlab.model.card import Card
from digitlab.model.metrics import evidence, softmax
from digitlab.model.native_stderr import silence_native_stderr

MAX_BATCH_SIZE: Final = 16
"""Largest number of images in one call of the interpreter; they fit a processor's cache."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifierOutput:
    """The output of a classifier for N digit images.

    Attributes:
        probabilities: calibrated probabilities, float64 (N, 10).
        evidence: evidence that there is a digit at all, float64 (N,); see `metrics.evidence`.
        refused: whether the evidence is below the version's refusal threshold, bool (N,).
        embeddings: float32 (N, E); see `Classifier.embed`.
    """

    probabilities: NDArray[np.float64]
    evidence: NDArray[np.float64]
    refused: NDArray[np.bool_]
    embeddings: NDArray[np.float32] = field(repr=False)


class LiteRTModel:
    """A loaded `model.tflite`; threads may share it.

    Args:
        path: the file.
        embedding: length of the embedding.
        version: name of the version, for messages.
        threads: number of threads that LiteRT may use. More than one helps only with batches.

    Raises:
        ModelError: the file is not a LiteRT model, or has other inputs or outputs.
    """

    def __init__(self, path: Path, *, embedding: int, version: str, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._embedding_length = embedding
        self._lock = threading.Lock()
        try:
            self._interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
        except ValueError as error:
            raise ModelError(f"{path}: not a LiteRT model ({error}).", version=version) from error
        self._input, self._logits, self._embedding = _tensors(self._interpreter, embedding, version)
        self._batch_size = 1
        with silence_native_stderr():  # the first allocation reports the delegate it created
            self._interpreter.allocate_tensors()

    def logits_and_embeddings(
        self, digit_images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return logits (N, 10) and embeddings (N, E) of digit images, uint8 (N, 28, 28).

        Raises:
            ValueError: the images have another type or shape.
        """
        x = np.ascontiguousarray(digit_images)
        if x.dtype != np.uint8 or x.ndim != 3 or x.shape[1:] != (28, 28):
            raise ValueError(f"expected uint8 (N, 28, 28), got {x.dtype} {x.shape}")
        batches = [self._run(x[i : i + MAX_BATCH_SIZE]) for i in range(0, len(x), MAX_BATCH_SIZE)]
        if not batches:
            return np.empty((0, 10), np.float32), np.empty((0, self._embedding_length), np.float32)
        logits, embeddings = zip(*batches, strict=True)
        return np.concatenate(logits), np.concatenate(embeddings)

    def _run(self, x: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with self._lock:
            if len(x) != self._batch_size:
                self._interpreter.resize_tensor_input(self._input, x.shape, strict=False)
                self._interpreter.allocate_tensors()
                self._batch_size = len(x)
            self._interpreter.set_tensor(self._input, x)
            self._interpreter.invoke()
            return (
                self._interpreter.get_tensor(self._logits),
                self._interpreter.get_tensor(self._embedding),
            )


class Classifier:
    """One model version that classifies digit images; threads may share it.

    Args:
        path: the version's `model.tflite`.
        card: the version's card.
        version: name of the version's folder, for example "base".
        threads: number of threads that LiteRT may use. More than one helps only with batches.

    Attributes:
        version: name of the version's folder.
        card: the version's card.
    """

    def __init__(self, path: Path, card: Card, *, version: str, threads: int = 1) -> None:
        self.version = version
        self.card = card
        self._model = LiteRTModel(path, embedding=card.embedding, version=version, threads=threads)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Classifier:
        """Load a version after checking its file against its card.

        Args:
            folder: version folder with `card.json` and `model.tflite`.
            threads: number of threads that LiteRT may use. More than one helps only with batches.

        Raises:
            ModelError: a file is missing or damaged, or the model has other inputs or outputs.
        """
        card = Card.read(folder)
        path = card.verified_path(folder, "model.tflite")
        return cls(path, card, version=folder.name, threads=threads)

    @property
    def min_evidence(self) -> float:
        """The evidence below which an image is refused, in logits; -inf if none is."""
        return -math.inf if self.card.refusal is None else self.card.refusal

    def logits_and_embeddings(
        self, digit_images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return logits and embeddings; see `LiteRTModel.logits_and_embeddings`."""
        return self._model.logits_and_embeddings(digit_images)

    def classify(self, digit_images: NDArray[np.uint8]) -> ClassifierOutput:
        """Classify digit images, uint8 (N, 28, 28)."""
        logits, embeddings = self.logits_and_embeddings(digit_images)
        digit_evidence = evidence(logits)
        return ClassifierOutput(
            probabilities=softmax(logits, temperature=self.card.temperature),
            evidence=digit_evidence,
            refused=digit_evidence < self.min_evidence,
            embeddings=embeddings,
        )

    def predict_proba(self, digit_images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return calibrated probabilities (N, 10) of digit images, uint8 (N, 28, 28)."""
        logits, _ = self.logits_and_embeddings(digit_images)
        return softmax(logits, temperature=self.card.temperature)

    def embed(self, digit_images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return embeddings (N, E) of digit images, uint8 (N, 28, 28).

        An embedding is the network's last feature map averaged over its places. It is not
        normalised.
        """
        return self.logits_and_embeddings(digit_images)[1]


def _tensors(interpreter: Any, embedding: int, version: str) -> tuple[int, int, int]:
    """Return the indices of the input, the logits and the embedding.

    The lengths of the two outputs tell them apart.
    """
    inputs = interpreter.get_input_details()
    by_length = {int(o["shape"][-1]): int(o["index"]) for o in interpreter.get_output_details()}
    fits = (
        len(inputs) == 1
        and inputs[0]["dtype"] == np.uint8
        and tuple(inputs[0]["shape"][1:]) == (28, 28)
        and set(by_length) == {10, embedding}
    )
    if not fits:
        raise ModelError(
            f"Version {version}: expected one uint8 (N, 28, 28) input and outputs of length 10 "
            f"and {embedding}; its model.tflite has outputs of {sorted(by_length)}.",
            version=version,
        )
    return int(inputs[0]["index"]), by_length[10], by_length[embedding]
