"""Calibration: the temperature and the refusal of a network, and its figures with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from digitlab.datasets import mnist, photographs
from digitlab.model import metrics
from digitlab.model.refusal_threshold import fit_refusal_threshold
from digitlab.model.runtime import LiteRTModel
from digitlab.synthetic.handwriting.writer import write_digits

SYNTHETIC_DIGITS: Final = (
    2_000  # digits of other hands on which the refusal is fitted; their seed too
)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What makes a network's logits honest.

    Attributes:
        temperature: the logits are divided by it before the softmax.
        refusal: evidence for a digit below which an image is refused.
        metrics: figures with their counts, for `mnist:validation`, `mnist:test` (reported only) and
            `photographs:validation`.
        validation_guesses: best guesses (5000,) on the images of MNIST's `validation` split.
    """

    temperature: float
    refusal: float
    metrics: dict[str, Any]
    validation_guesses: NDArray[np.int64]

    def refuses(self, logits: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of N images, by their logits (N, 10), are answered "no digit"; bool (N,)."""
        return np.asarray(metrics.evidence(logits) < self.refusal)


def calibrate(network: LiteRTModel, *, synthetic: NDArray[np.uint8] | None = None) -> Calibration:
    """Fit temperature and refusal on `validation`, photographed and written digits.

    The network is asked as pages ask it, through LiteRT: its rounding is part of what it says.

    Args:
        network: as it would serve.
        synthetic: the digits of `synthetic_digits`, where the caller has them; drawn otherwise.
    """
    synthetic = synthetic_digits() if synthetic is None else synthetic
    splits = {
        "mnist:validation": mnist.load("validation"),
        "mnist:test": mnist.load("test"),
        "photographs:validation": photographs.load("validation"),
    }
    logits = {name: network.logits_and_embeddings(x)[0] for name, (x, _) in splits.items()}
    temperature = metrics.fit_temperature(logits["mnist:validation"], splits["mnist:validation"][1])
    refusal = fit_refusal_threshold(
        {
            "validation": metrics.evidence(logits["mnist:validation"]),
            "photographs": metrics.evidence(logits["photographs:validation"]),
            "synthetic": metrics.evidence(network.logits_and_embeddings(synthetic)[0]),
        }
    )
    figures = {}
    for name, (_, y) in splits.items():
        found = metrics.summary(metrics.softmax(logits[name], temperature=temperature), y)
        refused = int((metrics.evidence(logits[name]) < refusal).sum())
        figures[name] = found | {"refused": refused}
    return Calibration(
        temperature=temperature,
        refusal=refusal,
        metrics=figures,
        validation_guesses=logits["mnist:validation"].argmax(axis=1),
    )


def synthetic_digits() -> NDArray[np.uint8]:
    """Digits of other hands, uint8 (SYNTHETIC_DIGITS, 28, 28): always the same ones."""
    return write_digits(SYNTHETIC_DIGITS, rng=np.random.default_rng(SYNTHETIC_DIGITS))[0]
