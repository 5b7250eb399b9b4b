"""What a run says of each correction."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from support.examples import example

from digitlab.learning.data.examples import ExampleSet
from digitlab.learning.gate.outcomes import fates, sides
from digitlab.learning.results import Slice


def part_of(examples, guesses, champion):
    """The corrections among the examples, as both versions answer them."""
    y = np.array([one.label for one in examples if one.correction], np.uint8)
    x = np.zeros((len(y), 28, 28), np.uint8)
    return Slice(x=x, y=y, champion=np.array(champion), challenger=np.array(guesses))


def told(examples, guesses, *, champion=None, left_out=(), pending=(), promoted=True):
    """The sentences, where the challenger answers `guesses` to the corrections."""
    part = part_of(examples, guesses, champion=guesses if champion is None else champion)
    found = SimpleNamespace(examples=ExampleSet(all=tuple(examples), left_out=dict(left_out)))
    compared = SimpleNamespace(slices={"corrections": part}, champion="base")
    pending = [SimpleNamespace(id=number) for number in pending]
    return fates(found, compared, promoted=promoted, pending=pending)


def test_a_correction_that_is_read_right_now_was_learned():
    assert told([example(3, 4)], [4]) == ("1 verdict learned: 3.",)


def test_what_a_rejected_version_reads_right_was_not_learned():
    """What the version that serves reads right anyway is told apart."""
    examples = [example(3, 4), example(5, 6)]
    assert told(examples, [4, 6], champion=[4, 0], promoted=False) == (
        "1 verdict read right by base, with which it was compared: 3.",
        "1 verdict taught to the version that was rejected, and left to memory: 5.",
    )


def test_a_correction_that_is_still_misread_is_left_to_memory():
    (sentence,) = told([example(3, 4)], [9])
    assert sentence == "1 verdict taught, not yet read right and left to memory: 3."


@pytest.mark.parametrize("guess", [4, 9])
def test_a_correction_that_was_kept_back_was_not_learned(guess):
    check = dataclasses.replace(example(3, 4), check=True)
    assert told([check], [guess]) == ("1 verdict kept back as a check and left to memory: 3.",)


def test_held_and_left_out_ones_are_told_with_the_reason():
    sentences = told([example(3, 4)], [4], left_out={5: "it is a test image"}, pending=[8, 7])
    assert sentences[1:] == (
        "2 verdicts held for review, not learned from: 7, 8.",
        "1 verdict left out: 5.",
        "Left out: it is a test image.",
    )


def test_all_verdicts_of_a_lesson_are_told():
    twice = dataclasses.replace(example(3, 4), verdicts=(3, 6))
    assert told([twice, example(9, 4, correction=False)], [4]) == ("2 verdicts learned: 3, 6.",)


def test_a_long_list_is_cut_and_counted():
    (sentence,) = told([example(n, 4) for n in range(1, 101)], [4] * 100)
    assert sentence.startswith("100 verdicts learned: 1, 2, 3")
    assert sentence.endswith(" more.")


def test_corrections_that_changed_sides_are_named_by_their_first_verdict():
    shared = dataclasses.replace(example(8, 4), verdicts=(2, 8))
    examples = [example(9, 4), shared, example(3, 4), example(4, 4), example(5, 4)]
    part = part_of(examples, guesses=[4, 4, 4, 9, 1], champion=[9, 9, 4, 4, 9])
    assert sides(part, examples) == {"fixed": [2, 9], "broken": [4], "still_wrong": [5]}


def test_without_corrections_none_changed_sides():
    assert sides(part_of([], [], []), []) == {"fixed": [], "broken": [], "still_wrong": []}
