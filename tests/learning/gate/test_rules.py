"""The gate: which challengers each of its rules rejects."""

from support.comparisons import comparison_counts, pairs

from digitlab.learning.gate.rules import decide
from digitlab.learning.thresholds import GATE


def test_a_challenger_that_gains_and_loses_nothing_is_promoted():
    decision = decide(comparison_counts())
    assert decision.promoted
    assert "6 accepted corrections" in " ".join(decision.reasons)


def rejection(**changes):
    """The first reason against a challenger."""
    decision = decide(comparison_counts(**changes))
    assert not decision.promoted
    return decision.reasons[0]


def test_a_possible_loss_on_mnist_is_rejected_with_its_numbers():
    reason = rejection(holdout=pairs(broken=20, fixed=10))
    assert "holdout images of MNIST" in reason
    numbers = ("4,890", "4,900", "5,000", "10 fixed", "20 broken")
    assert [n in reason for n in numbers] == [True] * 5


def test_a_small_loss_that_may_be_chance_is_accepted():
    loss = pairs(broken=1)
    assert loss.lower_bound > GATE.min_holdout_difference
    assert decide(comparison_counts(holdout=loss)).promoted


def test_a_possible_loss_on_the_photographs_is_rejected():
    loss = pairs(1000, champion=950, broken=20)
    assert "photographed digits" in rejection(photographs=loss)


def with_seven(seven):
    return comparison_counts().digits | {7: seven}


def test_a_digit_that_suffers_is_named():
    reason = rejection(digits=with_seven(pairs(500, champion=490, broken=8)))
    assert reason.startswith("The digit 7 suffers: 8 of 500 holdout images are broken and 0 fixed")


def test_a_digit_may_lose_three_images():
    loss = pairs(500, champion=490, broken=3)
    assert decide(comparison_counts(digits=with_seven(loss))).promoted


def test_a_loss_of_one_digit_that_may_be_chance_is_accepted():
    loss = pairs(500, champion=490, broken=30, fixed=26)
    assert loss.sign_test > GATE.max_digit_p_value
    assert decide(comparison_counts(digits=with_seven(loss))).promoted


def test_without_a_fixed_correction_there_is_no_gain():
    reason = rejection(corrections=pairs(6, champion=2, fixed=1, broken=1))
    assert "Of 6 accepted corrections the champion predicts 2 correctly, the challenger 2" in reason


def test_the_checks_decide_if_there_are_any():
    corrections = pairs(60, champion=10, fixed=30)
    worse = pairs(12, champion=5, fixed=1, broken=1)
    assert "of the 12 checks" in rejection(corrections=corrections, checks=worse)
    better = pairs(12, champion=5, fixed=2, broken=1)
    assert decide(comparison_counts(corrections=corrections, checks=better)).promoted


def test_a_won_check_does_not_make_up_for_forgotten_corrections():
    reason = rejection(
        corrections=pairs(60, champion=40, fixed=2, broken=5), checks=pairs(12, fixed=1)
    )
    assert "some are forgotten" in reason


def test_a_few_checks_may_not_be_lost_either():
    reason = rejection(
        corrections=pairs(60, champion=40, fixed=4),
        checks=pairs(4, champion=4, broken=3),
    )
    assert "some are forgotten" in reason


def test_all_corrections_decide_if_every_check_is_already_correct():
    all_correct = pairs(12, champion=12)
    assert decide(comparison_counts(checks=all_correct)).promoted
    assert "not better" in rejection(corrections=pairs(60, champion=40), checks=all_correct)
    assert "some are forgotten" in rejection(checks=pairs(12, champion=12, broken=1))


def test_no_check_may_be_lost_after_training_examples_were_withdrawn():
    same = pairs(60, champion=40)
    checks = pairs(12, champion=6)
    assert decide(comparison_counts(corrections=same, checks=checks, withdrawn=1)).promoted
    lost = pairs(12, champion=6, broken=1)
    reason = rejection(corrections=same, checks=lost, withdrawn=1)
    assert "1 training example of the champion was withdrawn" in reason
    assert "predicts 6 correctly, the challenger 5" in reason


def test_small_losses_do_not_add_up_from_version_to_version():
    against_base = {
        "holdout": pairs(champion=4904, broken=4),
        "photographs": pairs(1000, champion=950),
    }
    assert "the base that it was trained from 4,904" in rejection(base=against_base)
    small = against_base | {"holdout": pairs(champion=4901, broken=1)}
    assert decide(comparison_counts(base=small)).promoted


def test_as_many_correct_is_enough_after_training_examples_were_withdrawn():
    equal = pairs(6, champion=2, fixed=1, broken=1)
    assert decide(comparison_counts(corrections=equal, withdrawn=2)).promoted
    fewer = pairs(6, champion=2, broken=1)
    reason = rejection(corrections=fewer, withdrawn=2)
    assert "2 training examples of the champion were withdrawn" in reason
    assert "it is worse" in reason


def test_a_file_that_disagrees_with_the_network_is_rejected():
    most = GATE.max_disagreements
    assert decide(comparison_counts(disagreements=most)).promoted
    reason = rejection(disagreements=most + 1)
    assert f"on {most + 1} of 2,400 images" in reason


def test_a_slow_file_is_rejected():
    assert decide(comparison_counts(latency_ms=GATE.max_latency_ms)).promoted
    assert "takes 0.40 ms for a digit" in rejection(latency_ms=0.4)


def test_a_challenger_may_be_as_slow_as_a_slow_base():
    assert decide(comparison_counts(latency_ms=0.4, latency_budget_ms=0.5)).promoted


def test_reasons_against_the_challenger_come_first():
    good = decide(comparison_counts()).reasons
    bad = decide(comparison_counts(latency_ms=9.0)).reasons
    assert bad[0].startswith("The LiteRT file")
    assert bad[1:] == good[:-1]


def test_every_reason_against_the_challenger_is_given():
    good = decide(comparison_counts()).reasons
    bad = decide(comparison_counts(latency_ms=9.0, corrections=pairs(6, champion=0))).reasons
    assert len([reason for reason in bad if reason not in good]) == 2
