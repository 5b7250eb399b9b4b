"""What a run reports about each correction."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from support.examples import example

from digitlab.learning.data.examples import ExampleSet
from digitlab.learning.gate.outcomes import changed_corrections, describe_corrections
from digitlab.learning.results import PairedPredictions


def predictions_for(examples, challenger, champion):
    """Both versions' predictions for the corrections among the examples."""
    y = np.array([one.label for one in examples if one.correction], np.uint8)
    x = np.zeros((len(y), 28, 28), np.uint8)
    return PairedPredictions(x=x, y=y, champion=np.array(champion), challenger=np.array(challenger))


def sentences_of(examples, challenger, *, champion=None, left_out=(), held=(), promoted=True):
    """The sentences about the corrections, given the predictions of both versions."""
    predictions = predictions_for(
        examples, challenger, champion=challenger if champion is None else champion
    )
    preview = SimpleNamespace(examples=ExampleSet(all=tuple(examples), left_out=dict(left_out)))
    comparison = SimpleNamespace(predictions={"corrections": predictions}, champion="base")
    held = [SimpleNamespace(id=number) for number in held]
    return describe_corrections(preview, comparison, promoted=promoted, held=held)


def test_a_correction_that_is_now_predicted_correctly_was_learned():
    assert sentences_of([example(3, 4)], [4]) == ("1 verdict learned: no. 3.",)


def test_what_a_rejected_version_predicts_correctly_was_not_learned():
    """The corrections that the champion predicts correctly are named separately."""
    examples = [example(3, 4), example(5, 6)]
    assert sentences_of(examples, [4, 6], champion=[4, 0], promoted=False) == (
        "1 verdict predicted correctly by base, the champion of the comparison: no. 3.",
        "1 verdict trained into the rejected version, left to the correction memory: no. 5.",
    )


def test_a_correction_that_is_still_wrong_is_left_to_the_correction_memory():
    (sentence,) = sentences_of([example(3, 4)], [9])
    assert sentence == (
        "1 verdict trained, still predicted wrongly and left to the correction memory: no. 3."
    )


@pytest.mark.parametrize("prediction", [4, 9])
def test_a_check_was_not_learned(prediction):
    check = dataclasses.replace(example(3, 4), check=True)
    assert sentences_of([check], [prediction]) == (
        "1 verdict kept back as a check and left to the correction memory: no. 3.",
    )


def test_held_and_left_out_verdicts_are_named_with_the_reason():
    sentences = sentences_of([example(3, 4)], [4], left_out={5: "test images"}, held=[8, 7])
    assert sentences[1:] == (
        "2 verdicts held for review, not learned from: no. 7-8.",
        "1 verdict left out: no. 5.",
        "Left out: test images, which are never learned.",
    )


def test_all_verdicts_of_an_example_are_named():
    twice = dataclasses.replace(example(3, 4), verdicts=(3, 6))
    sentences = sentences_of([twice, example(9, 4, correction=False)], [4])
    assert sentences == ("2 verdicts learned: no. 3, 6.",)


def test_a_long_list_is_short():
    (sentence,) = sentences_of([example(n, 4) for n in range(1, 101)], [4] * 100)
    assert sentence == "100 verdicts learned: no. 1-100."


def test_changed_corrections_are_named_by_their_first_verdict():
    shared = dataclasses.replace(example(8, 4), verdicts=(2, 8))
    examples = [example(9, 4), shared, example(3, 4), example(4, 4), example(5, 4)]
    predictions = predictions_for(examples, challenger=[4, 4, 4, 9, 1], champion=[9, 9, 4, 4, 9])
    assert changed_corrections(predictions, examples) == {
        "fixed": [2, 9],
        "broken": [4],
        "still_wrong": [5],
    }


def test_without_corrections_none_changed():
    assert changed_corrections(predictions_for([], [], []), []) == {
        "fixed": [],
        "broken": [],
        "still_wrong": [],
    }
