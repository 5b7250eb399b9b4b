"""Paired counts, their statistics, and the change on the validation split."""

import json
import math

import numpy as np
import pytest
from support.comparisons import no_pairs, pairs

from digitlab.learning.results import PairedCounts, ValidationChange


def test_images_are_compared_one_by_one():
    champion = np.array([1, 1, 1, 0, 0, 0], bool)
    challenger = np.array([1, 0, 0, 1, 0, 0], bool)
    assert PairedCounts.count(champion, challenger) == PairedCounts(
        n=6, champion=3, challenger=2, fixed=1, broken=2
    )


def test_the_bound_is_that_of_a_paired_difference():
    counts = pairs(100, champion=50, fixed=10, broken=4)
    assert counts.difference == pytest.approx(0.06)
    assert counts.standard_error == pytest.approx(math.sqrt(14 - 36 / 100) / 100)
    assert counts.lower_bound == pytest.approx(0.06 - 1.645 * counts.standard_error)


def test_two_versions_that_agree_differ_by_nothing_with_certainty():
    assert (pairs().difference, pairs().lower_bound) == (0, 0)


def test_without_images_all_statistics_are_zero():
    counts = no_pairs()
    assert (counts.difference, counts.standard_error, counts.lower_bound) == (0, 0, 0)


@pytest.mark.parametrize(
    ("fixed", "broken", "chance"), [(0, 0, 1), (0, 4, 1 / 16), (4, 0, 1), (1, 2, 1 / 2)]
)
def test_the_sign_test_is_the_chance_of_this_many_broken_images(fixed, broken, chance):
    assert pairs(fixed=fixed, broken=broken).sign_test == chance


def test_the_sign_test_works_with_thousands_of_changes():
    assert 0.4 < pairs(fixed=2000, broken=2000).sign_test < 0.6


def test_the_counts_are_stored_in_json_with_their_bound():
    values = json.loads(json.dumps(pairs(fixed=2, broken=1).to_dict()))
    assert values["lower_bound"] == pairs(fixed=2, broken=1).lower_bound
    assert (values["n"], values["fixed"], values["broken"]) == (5000, 2, 1)


def test_a_validation_change_is_the_mean_over_all_variants():
    change = ValidationChange(n=100, variants=5, fixed=2, broken=7, standard_error=0.01)
    assert change.difference == pytest.approx(-0.01)
    assert change.lower_bound == pytest.approx(-0.01 - 1.645 * 0.01)
    assert change.to_dict()["difference"] == change.difference


@pytest.mark.parametrize(
    ("fixed", "broken", "error", "passes"),
    [
        (0, 10, 0.0001, True),  # two images of 5,000, which the gate accepts
        (0, 11, 0.0001, False),
        (5, 15, 0.0004, False),  # too uncertain
        (9, 0, 0.0001, True),
    ],
)
def test_a_change_passes_if_it_loses_no_more_than_the_gate_accepts(fixed, broken, error, passes):
    change = ValidationChange(n=5000, variants=5, fixed=fixed, broken=broken, standard_error=error)
    assert change.passes == passes
