"""Candidate choice: which candidate is the digit, and how certain the reading is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitlab.images import DigitCandidate
from digitlab.model.runtime import ClassifierOutput


@dataclass(frozen=True, kw_only=True)
class ChoiceWeights:
    """Weights by which a candidate is chosen.

    A fit of the log loss of the mixed probabilities set them, on synthetic photographs.

    Attributes:
        ink: weight of the logarithm of the candidate's weight.
        likeness: weight of the logarithm of its likeness.
        min_likeness: the least likeness that counts.
        evidence: weight of the model's evidence for a digit.
        min_evidence: evidence, in logits, below which less makes no difference.
        max_evidence: evidence, in logits, above which more makes no difference.
        in_pieces: score of a digit in pieces. Its parts alone are good digits too.
        one: score of a certain 1: lines and parts of other digits are good 1s.
        none: score of the case that no candidate is the digit.
        doubt: logits of evidence for each unit of the logarithms of weight and likeness, in the
            decision whether the candidate is a digit at all.
    """

    ink: float = 1.01
    likeness: float = 1.83
    min_likeness: float = 0.01
    evidence: float = 0.35
    min_evidence: float = -8.0
    max_evidence: float = 12.0
    in_pieces: float = 2.77
    one: float = -2.63
    none: float = -1.65
    doubt: float = 2.0


WEIGHTS: Final = ChoiceWeights()


class Choice(NamedTuple):
    """The chosen candidate.

    Attributes:
        number: index of the candidate.
        probabilities: float64 (10,), of each digit over all candidates.
    """

    number: int
    probabilities: NDArray[np.float64]


def choose_candidate(candidates: Sequence[DigitCandidate], answers: ClassifierOutput) -> Choice:
    """Choose the candidate that is the digit, and mix the probabilities of all.

    Each candidate counts by the softmax of its score. One more alternative is that none of them
    is the digit; all digits are then equally likely. So candidates that disagree, weak ink and
    little evidence of a digit lower the confidence. A digit image or a blank page has one
    candidate, which keeps its probabilities.

    Args:
        candidates: from the front end.
        answers: the classifier's answers for the same candidates.
    """
    first = candidates[0]
    if first.unchanged or first.blank:
        return Choice(0, answers.probabilities[0])
    shares = _shares(candidates, answers)
    unknown = (1 - shares.sum()) / answers.probabilities.shape[1]
    probabilities = shares @ answers.probabilities + unknown
    digit = int(probabilities.argmax())
    return Choice(int((shares * answers.probabilities[:, digit]).argmax()), probabilities)


def doubt(candidate: DigitCandidate) -> float:
    """Return by how much the front end's doubt lowers the evidence of a digit, in logits.

    A part of a shoe is a good 1 for the model; that it is only a part lowers its evidence.

    Args:
        candidate: the chosen one; 0 for a digit image and for a digit of several.
    """
    certainty = max(candidate.weight, 1e-9) * max(candidate.likeness, WEIGHTS.min_likeness)
    return -WEIGHTS.doubt * math.log(certainty)


def _shares(candidates: Sequence[DigitCandidate], answers: ClassifierOutput) -> NDArray[np.float64]:
    """Return the probability that each candidate is the digit; (N,), less than 1 together."""
    weight, likeness, in_pieces = np.array(
        [(c.weight, c.likeness, c.in_pieces) for c in candidates], float
    ).T
    evidence = answers.evidence.clip(WEIGHTS.min_evidence, WEIGHTS.max_evidence)
    scores = (
        WEIGHTS.ink * np.log(weight.clip(1e-9))
        + WEIGHTS.likeness * np.log(likeness.clip(WEIGHTS.min_likeness))
        + WEIGHTS.evidence * (evidence - WEIGHTS.min_evidence)
        + WEIGHTS.in_pieces * in_pieces
        + WEIGHTS.one * answers.probabilities[:, 1]
    )
    exponentials = np.exp(np.append(scores, WEIGHTS.none) - max(scores.max(), WEIGHTS.none))
    shares: NDArray[np.float64] = exponentials[:-1] / exponentials.sum()
    return shares
