"""The choice among candidates, and what lowers the confidence of a reading."""

import numpy as np
import pytest

from digitlab.candidate_choice import choose_candidate, doubt
from digitlab.images import DigitCandidate
from digitlab.model.runtime import ClassifierOutput

IMAGE = np.full((28, 28), 255, np.uint8)


def candidate(**fields) -> DigitCandidate:
    return DigitCandidate(digit_image=IMAGE, box=(0, 0, 28, 28), blank=False, **fields)


def answers(*readings: tuple[int, float, float]) -> ClassifierOutput:
    """Return the answers (digit, confidence, evidence) for some candidates."""
    probabilities = np.array(
        [
            [(1 - p) / 9 + (p - (1 - p) / 9) * (d == digit) for d in range(10)]
            for digit, p, _ in readings
        ]
    )
    evidence = np.array([e for _, _, e in readings])
    return ClassifierOutput(
        probabilities=probabilities,
        evidence=evidence,
        refused=evidence < -3,
        embeddings=np.zeros((len(readings), 8), np.float32),
    )


def test_the_candidate_that_looks_like_a_digit_is_chosen_against_heavier_ink():
    candidates = [candidate(weight=1.0, likeness=0.4), candidate(weight=0.2, likeness=0.9)]
    choice = choose_candidate(candidates, answers((5, 0.6, -6.0), (3, 0.99, 9.0)))
    assert choice.number == 1
    assert choice.probabilities.argmax() == 3


def test_a_digit_in_pieces_is_chosen_against_its_part():
    candidates = [candidate(weight=0.9), candidate(weight=1.0, in_pieces=True)]
    choice = choose_candidate(candidates, answers((1, 1.0, 7.0), (4, 1.0, 3.0)))
    assert choice.number == 1


def test_another_digit_is_chosen_against_a_stroke_of_it_that_is_a_1():
    candidates = [candidate(weight=1.0), candidate(weight=0.9)]
    choice = choose_candidate(candidates, answers((6, 0.99, 4.0), (1, 0.99, 9.0)))
    assert choice.number == 0


def test_weak_ink_and_parts_that_look_like_no_digit_are_doubted():
    assert doubt(candidate()) == 0
    assert doubt(candidate(weight=0.5)) == doubt(candidate(likeness=0.5)) > 1
    assert doubt(candidate(weight=0.5, likeness=0.5)) > doubt(candidate(weight=0.5))


def test_candidates_that_disagree_lower_the_confidence():
    both = [candidate(weight=1.0), candidate(weight=0.8)]
    alone = choose_candidate(both[:1], answers((3, 0.99, 8.0)))
    agreed = choose_candidate(both, answers((3, 0.99, 8.0), (3, 0.99, 8.0)))
    disputed = choose_candidate(both, answers((3, 0.99, 8.0), (7, 0.99, 8.0)))
    assert agreed.probabilities.max() >= alone.probabilities.max() > 0.95
    assert disputed.probabilities.max() < 0.7


def test_little_evidence_of_a_digit_lowers_the_confidence():
    clear, unclear = (
        choose_candidate([candidate()], answers((7, 0.95, evidence))) for evidence in (8.0, -8.0)
    )
    assert clear.probabilities.max() > 0.93
    assert unclear.probabilities.max() < 0.9


@pytest.mark.parametrize("count", [1, 2, 8])
def test_mixed_probabilities_add_up_to_one(count):
    readings = [(k, 0.9, float(k - 3)) for k in range(count)]
    candidates = [candidate(weight=1 / (1 + k), likeness=0.5) for k in range(count)]
    choice = choose_candidate(candidates, answers(*readings))
    assert choice.probabilities.sum() == pytest.approx(1)
    assert choice.probabilities.min() > 0


def test_a_digit_image_keeps_its_probabilities():
    output = answers((7, 0.95, -6.0))
    choice = choose_candidate([candidate(unchanged=True)], output)
    assert choice.probabilities.tolist() == output.probabilities[0].tolist()
