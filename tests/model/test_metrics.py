"""Metrics of predictions, compared with values computed by hand."""

import math

import numpy as np
import pytest

from digitlab.model import metrics


def test_softmax_sums_to_one_and_survives_large_logits():
    p = metrics.softmax(np.array([[1000.0, 999.0, *[-1000.0] * 8]]))
    assert p.sum() == pytest.approx(1)
    assert p[0, 0] == pytest.approx(1 / (1 + math.exp(-1)))


def test_evidence_is_the_log_odds_of_a_digit_against_an_eleventh_class_of_logit_0():
    logits = np.array([[3.0, *[-2.0] * 9], [1000.0, *[0.0] * 9], [-1000.0] * 10])
    evidence = metrics.evidence(logits)
    assert (evidence.dtype, evidence.shape) == (np.float64, (3,))
    no_digit = 1 / (1 + math.exp(3) + 9 * math.exp(-2))
    assert 1 / (1 + math.exp(evidence[0])) == pytest.approx(no_digit)
    assert evidence[1:] == pytest.approx([1000, -1000 + math.log(10)])


def test_the_margin_is_to_the_largest_other_logit():
    logits = np.array([[0.0, 5.0, 3.0, *[-1.0] * 7], [0.0, 5.0, 3.0, *[-1.0] * 7]], np.float32)
    assert metrics.margin(logits, np.array([1, 2], np.uint8)).tolist() == [2.0, -2.0]
    assert logits[0, 1] == 5.0


def test_a_higher_temperature_lowers_the_confidence():
    logits = np.array([[2.0, *[0.0] * 9]])
    sharp, soft = metrics.softmax(logits)[0, 0], metrics.softmax(logits, temperature=2)[0, 0]
    assert soft == pytest.approx(math.e / (math.e + 9))
    assert soft < sharp


def test_wilson_interval_gives_the_published_value():
    low, high = metrics.wilson_interval(81, 263)  # Newcombe 1998, table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize(("correct", "n"), [(0, 10), (10, 10), (0, 0)])
def test_wilson_interval_stays_between_0_and_1(correct, n):
    low, high = metrics.wilson_interval(correct, n)
    assert 0 <= low <= high <= 1


def test_ece_is_the_gap_between_confidence_and_accuracy():
    confidence = np.array([0.9] * 10 + [0.5] * 10)
    correct = np.array([True] * 8 + [False] * 2 + [True] * 5 + [False] * 5)
    assert metrics.ece(confidence, correct) == pytest.approx(0.05)


def test_ece_of_no_predictions_is_zero():
    assert metrics.ece(np.array([]), np.array([], bool)) == 0.0


def test_the_rows_of_the_confusion_matrix_are_labels():
    counts = metrics.confusion_matrix(np.array([7, 7, 1]), np.array([1, 7, 1]))
    assert (counts[7, 1], counts[7, 7], counts[1, 1], counts.sum()) == (1, 1, 1, 3)


def test_auroc_counts_ties_as_half():
    assert metrics.auroc(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == pytest.approx(0.875)


def test_summary_counts_correct_predictions():
    p = np.full((4, 10), 0.02)
    p[np.arange(4), [1, 2, 3, 4]] = 0.82
    summary = metrics.summary(p, np.array([1, 2, 3, 5]))
    assert (summary["n"], summary["correct"], summary["accuracy"]) == (4, 3, 0.75)
    assert summary["auroc"] == pytest.approx(0.5)
    assert summary["ece"] == pytest.approx(0.07)
