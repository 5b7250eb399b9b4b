"""The results that the steps of a fine-tune hand to one another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.learning.thresholds import GATE, TRAINING
from digitlab.model.calibration import Calibration

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class ValidationChange:
    """The change of accuracy on the validation split, over images and augmented copies of them.

    An image near the decision boundary counts by the share of its copies that change sides, while
    the image alone would count fully or not at all. The base's epoch was chosen on the images
    themselves, so the base is luckier on them than on their copies. `RetentionCheck` does not
    check every image.

    Attributes:
        n: number of images.
        variants: variants of each image: the image and its copies.
        fixed: variants that only the fine-tuned network predicts correctly.
        broken: variants that only the base predicts correctly.
        standard_error: standard error of the difference, over the images.
    """

    n: int
    variants: int
    fixed: int
    broken: int
    standard_error: float

    @property
    def difference(self) -> float:
        """The gain of accuracy, as a share of the variants."""
        return (self.fixed - self.broken) / (self.n * self.variants)

    @property
    def lower_bound(self) -> float:
        """The one-sided 95 % lower bound of the difference."""
        return self.difference - GATE.z * self.standard_error

    @property
    def passes(self) -> bool:
        """Whether the gate is likely to accept the change.

        The difference must satisfy the gate's bound and a limit on itself. The mean over five
        variants has a smaller error than the gate's single image, so the bound alone would accept
        changes that the gate rejects more often than not.
        """
        bound_passes = self.lower_bound > GATE.min_holdout_difference
        return bound_passes and self.difference >= -TRAINING.max_validation_loss - 1e-12

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the difference and its bound, as cards store them."""
        return asdict(self) | {"difference": self.difference, "lower_bound": self.lower_bound}


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """The result of `FineTune.train`.

    Attributes:
        curve: for each step, its number (from 1), its loss and, at some steps, the accuracy on
            the hardest images of the validation split, else None.
        alphas: each alpha that was tried, the highest first, and its change on the validation
            split.
        alpha: the chosen alpha; None if every alpha loses too much.
        seconds: duration of the training.
        checked_rows: rows of the validation split that the Keras network predicted, (N,).
        predictions: its predicted digits, (N,).
    """

    curve: tuple[tuple[int, float, float | None], ...]
    alphas: tuple[tuple[float, ValidationChange], ...]
    alpha: float | None
    seconds: float
    checked_rows: NDArray[np.intp] = field(repr=False)
    predictions: NDArray[np.int64] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PairedCounts:
    """Correct predictions of two versions on the same images.

    Attributes:
        n: number of images.
        champion: images that the champion predicts correctly.
        challenger: images that the challenger predicts correctly.
        fixed: images that only the challenger predicts correctly (McNemar's b).
        broken: images that only the champion predicts correctly (McNemar's c).
    """

    n: int
    champion: int
    challenger: int
    fixed: int
    broken: int

    @classmethod
    def count(cls, champion: Bools, challenger: Bools) -> PairedCounts:
        """Count from the correct predictions of both versions, bool (N,)."""
        champion, challenger = np.asarray(champion, bool), np.asarray(challenger, bool)
        return cls(
            n=len(champion),
            champion=int(champion.sum()),
            challenger=int(challenger.sum()),
            fixed=int((challenger & ~champion).sum()),
            broken=int((champion & ~challenger).sum()),
        )

    @property
    def difference(self) -> float:
        """The challenger's gain, as a share of the images; 0 without images."""
        return (self.fixed - self.broken) / self.n if self.n else 0.0

    @property
    def standard_error(self) -> float:
        """The standard error of the paired difference.

        Source: Agresti 2013, "Categorical Data Analysis", section 11.1.1.
        """
        if not self.n:
            return 0.0
        changed, net = self.fixed + self.broken, self.fixed - self.broken
        return math.sqrt(max(0.0, changed - net * net / self.n)) / self.n

    @property
    def lower_bound(self) -> float:
        """The one-sided 95 % lower bound of the difference."""
        return self.difference - GATE.z * self.standard_error

    @property
    def sign_test(self) -> float:
        """The p-value of a sign test: chance of this many broken images or more at even odds."""
        changed = self.fixed + self.broken
        tail = sum(math.comb(changed, k) for k in range(self.broken, changed + 1))
        return float(tail / 2**changed)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the difference and its bound, as cards store them."""
        return asdict(self) | {
            "difference": self.difference,
            "standard_error": self.standard_error,
            "lower_bound": self.lower_bound,
        }


@dataclass(frozen=True, kw_only=True)
class ComparisonCounts:
    """Champion against challenger: the numbers that the gate judges.

    Attributes:
        holdout: the 5,000 images of MNIST's holdout split.
        photographs: the 1,000 photographed digits of the holdout split.
        digits: the holdout images by digit.
        checks: corrections that were kept back from the training.
        corrections: every accepted correction, also the checks.
        base: `holdout` and `photographs` with the version that the challenger was trained from as
            the champion; empty if that is the champion.
        withdrawn: training examples of the champion that are no longer accepted.
        export_checked: images of the validation split that both the LiteRT file and the Keras
            network predicted.
        disagreements: number of them for which the predicted digits differ.
        latency_ms: milliseconds for one digit image on one thread, the minimum of many.
        latency_budget_ms: the maximum latency.
    """

    holdout: PairedCounts
    photographs: PairedCounts
    digits: Mapping[int, PairedCounts]
    checks: PairedCounts
    corrections: PairedCounts
    base: Mapping[str, PairedCounts] = field(default_factory=dict)
    withdrawn: int
    export_checked: int
    disagreements: int
    latency_ms: float
    latency_budget_ms: float = GATE.max_latency_ms


@dataclass(frozen=True, kw_only=True, eq=False)
class PairedPredictions:
    """Images with the digits that both versions predict.

    Attributes:
        x: digit images, uint8 (N, 28, 28).
        y: labels, uint8 (N,); 10 for an image without a digit.
        champion: the champion's predictions, (N,); 10 for a refused image, where that counts.
        challenger: the challenger's predictions, likewise.
    """

    x: NDArray[np.uint8] = field(repr=False)
    y: NDArray[np.uint8] = field(repr=False)
    champion: NDArray[np.int64] = field(repr=False)
    challenger: NDArray[np.int64] = field(repr=False)

    @property
    def fixed(self) -> Bools:
        """Images that only the challenger predicts correctly, (N,)."""
        return np.asarray((self.challenger == self.y) & (self.champion != self.y))

    @property
    def broken(self) -> Bools:
        """Images that only the champion predicts correctly, (N,)."""
        return np.asarray((self.champion == self.y) & (self.challenger != self.y))

    @property
    def still_wrong(self) -> Bools:
        """Images that neither version predicts correctly, (N,)."""
        return np.asarray((self.champion != self.y) & (self.challenger != self.y))


@dataclass(frozen=True, kw_only=True)
class ComparisonResult:
    """The result of `FineTune.compare`.

    Attributes:
        counts: the numbers that the gate judges.
        predictions: the images behind the numbers: "holdout", "photographs" and "corrections".
        calibration: the challenger's temperature, refusal threshold and metrics.
        champion: the version that the challenger was compared with.
    """

    counts: ComparisonCounts
    predictions: dict[str, PairedPredictions] = field(repr=False)
    calibration: Calibration = field(repr=False)
    champion: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The gate's decision.

    Attributes:
        promoted: True if the challenger becomes the champion.
        reasons: sentences with the numbers in them; the reasons against the challenger come first.
    """

    promoted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run ended.

    Attributes:
        run: the run's name.
        outcome: promoted, rejected, nothing-new, busy, cancelled or failed.
        version: the version that the run trained; None without one.
        inputs_fingerprint: fingerprint of base, feedback, parameters and seed; None if the run
            read no feedback.
        reasons: sentences.
        metrics: metrics with their counts.
    """

    run: str
    outcome: str
    version: str | None = None
    inputs_fingerprint: str | None = None
    reasons: tuple[str, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict, repr=False)
