"""Gate: whether a challenger may take the champion's place; pure.

Both versions read the same images, so that they are compared image by image: what one reads
and the other does not. Two accuracies side by side would say far less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Z95: Final = 1.645
"""One-sided 95 % quantile of the normal distribution."""

HOLDOUT_BOUND: Final = -0.0010
"""Lowest lower bound of the difference on the gate's images, as a share: -0.10 points."""

PHOTOGRAPHS_BOUND: Final = -0.010
"""The same on the gate's photographed digits: -1.0 points."""

DIGIT_LOSS: Final = 4
DIGIT_P: Final = 0.05
"""A digit's slice is ruined by a net loss of so many images, with a sign test below this."""

FEWEST_CHECKS: Final = 5
"""Checks below which every accepted correction is judged by instead."""

LATENCY_MS: Final = 0.25
"""Longest time for one digit image through LiteRT, in milliseconds, on one thread."""

DISAGREEMENTS: Final = 10
"""Most labels in which the file that serves may differ from the trained network."""

_SLICES: Final = {"holdout": "gate images of MNIST", "photographs": "photographed digits"}

Right = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Two versions on the same images.

    Attributes:
        n: images.
        champion: read right by the champion.
        challenger: read right by the challenger.
        fixed: read right by the challenger alone (McNemar's b).
        broken: read right by the champion alone (McNemar's c).
    """

    n: int
    champion: int
    challenger: int
    fixed: int
    broken: int

    @property
    def difference(self) -> float:
        """Gain of the challenger, as a share of the images; 0 without any."""
        return (self.fixed - self.broken) / self.n if self.n else 0.0

    @property
    def standard_error(self) -> float:
        """Of the paired difference (Agresti 2013, "Categorical Data Analysis", section 11.1.1)."""
        if not self.n:
            return 0.0
        changed, net = self.fixed + self.broken, self.fixed - self.broken
        return math.sqrt(max(0.0, changed - net * net / self.n)) / self.n

    @property
    def lower_bound(self) -> float:
        """One-sided 95 % lower bound of the difference."""
        return self.difference - Z95 * self.standard_error

    @property
    def sign_test(self) -> float:
        """Chance of at least so many broken among those that changed, were it even odds."""
        changed = self.fixed + self.broken
        tail = sum(math.comb(changed, k) for k in range(self.broken, changed + 1))
        return float(tail / 2**changed)

    def to_dict(self) -> dict[str, Any]:
        """Counts, difference, standard error and bound, as cards and JSON hold them."""
        return asdict(self) | {
            "difference": self.difference,
            "standard_error": self.standard_error,
            "lower_bound": self.lower_bound,
        }


def pair(champion: Right, challenger: Right) -> Paired:
    """Count two versions' right answers, bool (N,), on the same images."""
    champion, challenger = np.asarray(champion, bool), np.asarray(challenger, bool)
    return Paired(
        n=len(champion),
        champion=int(champion.sum()),
        challenger=int(challenger.sum()),
        fixed=int((challenger & ~champion).sum()),
        broken=int((champion & ~challenger).sum()),
    )


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Champion against challenger on all that is judged.

    Attributes:
        holdout: the gate's 5,000 images of MNIST.
        photographs: the gate's 1,000 photographed digits.
        digits: the gate's images, digit by digit.
        checks: corrections kept back from the training.
        corrections: every accepted correction, those kept back among them.
        base: `holdout` and `photographs` again, with the version that the challenger was made from
            in the champion's place; empty where that is the champion.
        withdrawn: examples of the champion that are accepted no more.
        asked: images of `validation` that both the LiteRT file and Keras were asked of.
        disagreements: of these, labels of the file that are not Keras's.
        latency_ms: least time of many for one digit image, on one thread.
        budget_ms: what it may take: `LATENCY_MS`, or the base's own time where that is longer.
    """

    holdout: Paired
    photographs: Paired
    digits: Mapping[int, Paired]
    checks: Paired
    corrections: Paired
    base: Mapping[str, Paired] = field(default_factory=dict)
    withdrawn: int
    asked: int
    disagreements: int
    latency_ms: float
    budget_ms: float = LATENCY_MS


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The gate's verdict.

    Attributes:
        promoted: whether the challenger serves from now on.
        reasons: sentences with the numbers in them, those that speak against it first.
    """

    promoted: bool
    reasons: tuple[str, ...]

    def _repr_html_(self) -> str:
        from digitlab.learning.report import decision_html  # only a notebook needs it

        return decision_html(self)


def decide(found: Comparison) -> Decision:
    """Judge a challenger."""
    bounds = {"holdout": HOLDOUT_BOUND, "photographs": PHOTOGRAPHS_BOUND}
    judged = [
        *(_bounded(getattr(found, name), bound, name) for name, bound in bounds.items()),
        *(
            _bounded(found.base[name], bound, name, champion="the base that it was made from")
            for name, bound in bounds.items()
            if name in found.base
        ),
        *(_digit(digit, paired) for digit, paired in found.digits.items()),
        _corrections(found),
        _export(found),
    ]
    told = [(ok, sentence) for ok, sentence in judged if sentence]
    against = tuple(sentence for ok, sentence in told if not ok)
    return Decision(
        promoted=not against,
        reasons=against + tuple(sentence for ok, sentence in told if ok),
    )


def _bounded(
    paired: Paired, bound: float, name: str, *, champion: str = "the champion"
) -> tuple[bool, str]:
    ok = paired.lower_bound > bound
    return ok, (
        f"{paired.challenger:,} of {paired.n:,} {_SLICES[name]} are read right; "
        f"{champion} reads {paired.champion:,} ({paired.fixed} fixed, {paired.broken} broken). "
        f"With 95 % confidence the difference is above {paired.lower_bound * 100:+.2f} points; "
        f"{bound * 100:+.2f} is {'allowed' if ok else 'the least that is allowed'}."
    )


def _digit(digit: int, paired: Paired) -> tuple[bool, str]:
    lost = paired.broken - paired.fixed
    if lost < DIGIT_LOSS or paired.sign_test >= DIGIT_P:
        return True, ""
    return False, (
        f"The digit {digit} suffers: {paired.broken} of {paired.n} gate images are broken and "
        f"{paired.fixed} fixed (sign test {paired.sign_test:.3f})."
    )


def _corrections(found: Comparison) -> tuple[bool, str]:
    list_, checks = found.corrections, found.checks
    counts = (
        f"Of {list_.n} accepted corrections the champion reads {list_.champion} right, the "
        f"challenger {list_.challenger} ({list_.fixed} fixed, {list_.broken} broken)"
    )
    gained = list_.fixed > list_.broken
    kept = list_.fixed >= list_.broken and checks.fixed >= checks.broken
    if checks.n >= FEWEST_CHECKS:
        counts += (
            f"; of the {checks.n} kept back as a check, which it was not taught, "
            f"{checks.challenger} right after {checks.champion}"
        )
        if checks.champion < checks.n:  # else they cannot improve, and the list has to
            gained = checks.fixed > checks.broken
    if found.withdrawn:
        return kept, (
            f"{counts}; the champion was taught {found.withdrawn} that were withdrawn since, so "
            f"{'none fewer' if kept else 'at least as many'} right is enough."
        )
    ok = gained and kept
    return ok, f"{counts}: {'better' if ok else 'not better' if kept else 'some are forgotten'}."


def _export(found: Comparison) -> tuple[bool, str]:
    ok = found.disagreements <= DISAGREEMENTS and found.latency_ms <= found.budget_ms
    return ok, (
        f"The file that serves answers otherwise than the trained network on "
        f"{found.disagreements} of {found.asked:,} images (at most {DISAGREEMENTS}), and takes "
        f"{found.latency_ms:.2f} ms a digit (at most {found.budget_ms:.2f})."
    )
