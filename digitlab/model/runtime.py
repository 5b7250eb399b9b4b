"""LiteRTModel and Classifier: a model version at work, through LiteRT; no tensorflow.

One digit image takes about 0.1 ms and the process stays small; `model.predict` of Keras
would take 70 ms and half a gigabyte.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.errors import ModelError
from digitlab.model.card import Card
from digitlab.model.metrics import evidence, softmax
from digitlab.model.native_stderr import silence_native_stderr

MAX_BATCH_SIZE = 64
"""Most images in one call of the interpreter: so many lie in a processor's cache."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassifierOutput:
    """What a version says of N digit images.

    Attributes:
        probabilities: float64 (N, 10), calibrated.
        evidence: float64 (N,), that there is a digit at all; see `metrics.evidence`.
        refused: bool (N,), too little of it.
        embeddings: float32 (N, E), as of `Classifier.embed`.
    """

    probabilities: NDArray[np.float64]
    evidence: NDArray[np.float64]
    refused: NDArray[np.bool_]
    embeddings: NDArray[np.float32] = field(repr=False)


class LiteRTModel:
    """A `model.tflite` at work: logits and embeddings; safe to share between threads.

    Args:
        path: the file.
        embedding: length of the embedding.
        version: the version's name, for messages.
        threads: threads that LiteRT may use; more than one pays only for batches.

    Raises:
        ModelError: the file is no LiteRT model, or of another shape.
    """

    def __init__(self, path: Path, *, embedding: int, version: str, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._length = embedding
        self._lock = threading.Lock()
        try:
            self._interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
        except ValueError as error:
            raise ModelError(f"{path}: not a LiteRT model ({error}).", version=version) from error
        self._input, self._logits, self._embedding = _tensors(self._interpreter, embedding, version)
        self._batch = 1
        with (
            silence_native_stderr()
        ):  # the first allocation says on standard error which delegate it made
            self._interpreter.allocate_tensors()

    def logits_and_embeddings(
        self, digit_images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (N, 10) and embeddings (N, E) of digit images, uint8 (N, 28, 28).

        Raises:
            ValueError: another type or shape.
        """
        x = np.ascontiguousarray(digit_images)
        if x.dtype != np.uint8 or x.ndim != 3 or x.shape[1:] != (28, 28):
            raise ValueError(f"expected uint8 (N, 28, 28), got {x.dtype} {x.shape}")
        pieces = [self._run(x[i : i + MAX_BATCH_SIZE]) for i in range(0, len(x), MAX_BATCH_SIZE)]
        if not pieces:
            return np.empty((0, 10), np.float32), np.empty((0, self._length), np.float32)
        logits, embeddings = zip(*pieces, strict=True)
        return np.concatenate(logits), np.concatenate(embeddings)

    def _run(self, x: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with self._lock:
            if len(x) != self._batch:
                self._interpreter.resize_tensor_input(self._input, x.shape, strict=False)
                self._interpreter.allocate_tensors()
                self._batch = len(x)
            self._interpreter.set_tensor(self._input, x)
            self._interpreter.invoke()
            return (
                self._interpreter.get_tensor(self._logits),
                self._interpreter.get_tensor(self._embedding),
            )


class Classifier:
    """Reads digit images with one model version; safe to share between threads.

    Attributes:
        version: the name of the version's folder, for example "base".
        card: what is known about the version.
    """

    def __init__(self, path: Path, card: Card, *, version: str, threads: int = 1) -> None:
        self.version = version
        self.card = card
        self._network = LiteRTModel(
            path, embedding=card.embedding, version=version, threads=threads
        )

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> Classifier:
        """The version in `folder`, its hashes checked against its card.

        Args:
            folder: a version folder with card.json and model.tflite.
            threads: threads that LiteRT may use; more than one pays only for batches.

        Raises:
            ModelError: a file is missing, damaged, or of another shape.
        """
        card = Card.read(folder)
        path = card.verified_path(folder, "model.tflite")
        return cls(path, card, version=folder.name, threads=threads)

    def logits_and_embeddings(
        self, digit_images: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As `LiteRTModel.outputs`."""
        return self._network.logits_and_embeddings(digit_images)

    def classify(self, digit_images: NDArray[np.uint8]) -> ClassifierOutput:
        """Probabilities, evidence and refusals of digit images, uint8 (N, 28, 28)."""
        logits, embeddings = self.logits_and_embeddings(digit_images)
        seen = evidence(logits)
        least = -np.inf if self.card.refusal is None else self.card.refusal
        return ClassifierOutput(
            probabilities=softmax(logits, temperature=self.card.temperature),
            evidence=seen,
            refused=seen < least,
            embeddings=embeddings,
        )

    def predict_proba(self, digit_images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Calibrated probabilities (N, 10) of digit images, uint8 (N, 28, 28)."""
        return softmax(
            self.logits_and_embeddings(digit_images)[0], temperature=self.card.temperature
        )

    def embed(self, digit_images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embeddings (N, E), as the network's pooled features are; not normalised."""
        return self.logits_and_embeddings(digit_images)[1]


def _tensors(interpreter: Any, embedding: int, version: str) -> tuple[int, int, int]:
    """Indices of the input, the logits and the embedding, told apart by their lengths."""
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
