"""The gate: paired counts, and what each of its rules lets through."""

import json
import math

import numpy as np
import pytest
from support.comparisons import comparison, nothing, paired

from digitlab.learning.gate import rules
from digitlab.learning.gate.rules import Paired, decide, pair


def test_images_are_counted_one_by_one():
    champion = np.array([1, 1, 1, 0, 0, 0], bool)
    challenger = np.array([1, 0, 0, 1, 0, 0], bool)
    assert pair(champion, challenger) == Paired(n=6, champion=3, challenger=2, fixed=1, broken=2)


def test_the_bound_is_that_of_a_paired_difference():
    found = paired(100, right=50, fixed=10, broken=4)
    assert found.difference == pytest.approx(0.06)
    assert found.standard_error == pytest.approx(math.sqrt(14 - 36 / 100) / 100)
    assert found.lower_bound == pytest.approx(0.06 - 1.645 * found.standard_error)


def test_two_versions_that_agree_differ_by_nothing_for_sure():
    assert (paired().difference, paired().lower_bound) == (0, 0)


def test_no_images_say_nothing():
    found = nothing()
    assert (found.difference, found.standard_error, found.lower_bound) == (0, 0, 0)


@pytest.mark.parametrize(
    ("fixed", "broken", "chance"), [(0, 0, 1), (0, 4, 1 / 16), (4, 0, 1), (1, 2, 1 / 2)]
)
def test_the_sign_test_is_the_chance_of_so_many_broken(fixed, broken, chance):
    assert paired(fixed=fixed, broken=broken).sign_test == chance


def test_the_sign_test_takes_thousands_of_changes():
    assert 0.4 < paired(fixed=2000, broken=2000).sign_test < 0.6


def test_the_counts_go_into_json_with_their_bound():
    found = json.loads(json.dumps(paired(fixed=2, broken=1).to_dict()))
    assert found["lower_bound"] == paired(fixed=2, broken=1).lower_bound
    assert (found["n"], found["fixed"], found["broken"]) == (5000, 2, 1)


def test_a_challenger_that_gains_and_loses_nothing_is_promoted():
    decision = decide(comparison())
    assert decision.promoted
    assert "6 accepted corrections" in " ".join(decision.reasons)


def refused(**changes):
    """What speaks against a challenger, by the first of the reasons."""
    decision = decide(comparison(**changes))
    assert not decision.promoted
    return decision.reasons[0]


def test_what_could_lose_too_much_of_mnist_is_refused_with_its_numbers():
    why = refused(holdout=paired(broken=20, fixed=10))
    assert "gate images of MNIST" in why
    assert [n in why for n in ("4,890", "4,900", "5,000", "10 fixed", "20 broken")] == [True] * 5


def test_a_small_loss_that_may_be_chance_does_not_refuse():
    lost = paired(broken=1)
    assert lost.lower_bound > rules.HOLDOUT_BOUND
    assert decide(comparison(holdout=lost)).promoted


def test_what_could_lose_too_much_of_the_photographs_is_refused():
    assert "photographed digits" in refused(photographs=paired(1000, right=950, broken=20))


def with_seven(seven):
    return comparison().digits | {7: seven}


def test_a_digit_that_suffers_is_named():
    why = refused(digits=with_seven(paired(500, right=490, broken=8)))
    assert why.startswith("The digit 7 suffers: 8 of 500 gate images are broken and 0 fixed")


def test_a_digit_that_loses_three_is_spared():
    assert decide(comparison(digits=with_seven(paired(500, right=490, broken=3)))).promoted


def test_a_digit_whose_loss_may_be_chance_is_spared():
    lost = paired(500, right=490, broken=30, fixed=26)
    assert lost.sign_test > rules.DIGIT_P
    assert decide(comparison(digits=with_seven(lost))).promoted


def test_no_correction_fixed_is_no_gain():
    why = refused(corrections=paired(6, right=2, fixed=1, broken=1))
    assert "Of 6 accepted corrections the champion reads 2 right, the challenger 2" in why


def test_where_checks_were_kept_back_they_decide():
    corrections = paired(60, right=10, fixed=30)
    worse = paired(12, right=5, fixed=1, broken=1)
    assert "of the 12 kept back" in refused(corrections=corrections, checks=worse)
    better = paired(12, right=5, fixed=2, broken=1)
    assert decide(comparison(corrections=corrections, checks=better)).promoted


def test_a_check_that_was_won_does_not_make_up_for_what_is_forgotten():
    why = refused(corrections=paired(60, right=40, fixed=2, broken=5), checks=paired(12, fixed=1))
    assert "some are forgotten" in why


def test_a_few_checks_may_not_be_lost_either():
    why = refused(corrections=paired(60, right=40, fixed=4), checks=paired(4, right=4, broken=3))
    assert "some are forgotten" in why


def test_where_every_check_is_read_right_already_the_other_corrections_decide():
    all_right = paired(12, right=12)
    assert decide(comparison(checks=all_right)).promoted
    assert "not better" in refused(corrections=paired(60, right=40), checks=all_right)
    assert "some are forgotten" in refused(checks=paired(12, right=12, broken=1))


def test_when_lessons_were_withdrawn_no_check_may_be_lost():
    kept = paired(60, right=40)
    assert decide(comparison(corrections=kept, checks=paired(12, right=6), withdrawn=1)).promoted
    lost = paired(12, right=6, broken=1)
    assert "5 right after 6" in refused(corrections=kept, checks=lost, withdrawn=1)


def test_small_losses_do_not_add_up_from_version_to_version():
    against_base = {"holdout": paired(right=4904, broken=4), "photographs": paired(1000, right=950)}
    why = refused(base=against_base)
    assert "the base that it was made from reads 4,904" in why
    assert decide(
        comparison(base=against_base | {"holdout": paired(right=4901, broken=1)})
    ).promoted


def test_when_lessons_were_withdrawn_as_many_right_is_enough():
    equal = paired(6, right=2, fixed=1, broken=1)
    assert decide(comparison(corrections=equal, withdrawn=2)).promoted
    fewer = paired(6, right=2, broken=1)
    assert "taught 2 that were withdrawn" in refused(corrections=fewer, withdrawn=2)


def test_a_file_that_says_otherwise_than_the_network_is_refused():
    assert decide(comparison(disagreements=rules.DISAGREEMENTS)).promoted
    why = refused(disagreements=rules.DISAGREEMENTS + 1)
    assert f"on {rules.DISAGREEMENTS + 1} of 2,400 images" in why


def test_a_slow_file_is_refused():
    assert decide(comparison(latency_ms=rules.LATENCY_MS)).promoted
    assert "takes 0.40 ms a digit" in refused(latency_ms=0.4)


def test_a_challenger_may_be_as_slow_as_a_slow_base():
    assert decide(comparison(latency_ms=0.4, budget_ms=0.5)).promoted


def test_what_speaks_against_it_comes_first():
    good = decide(comparison()).reasons
    bad = decide(comparison(latency_ms=9.0)).reasons
    assert bad[0].startswith("The file that serves")
    assert bad[1:] == good[:-1]


def test_all_that_speaks_against_it_is_told():
    good = decide(comparison()).reasons
    bad = decide(comparison(latency_ms=9.0, corrections=paired(6, right=0))).reasons
    assert len([reason for reason in bad if reason not in good]) == 2
