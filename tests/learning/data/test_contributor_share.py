"""Weights of training examples that limit the share of each contributor."""

import numpy as np
import pytest

from digitlab.learning.data.contributor_share import cap_contributor_share


def test_no_contributor_has_more_than_their_share_of_the_examples():
    contributors = ["Ada"] * 90 + ["Bela"] * 6 + ["Cleo"] * 4
    weights = cap_contributor_share(contributors, max_share=0.5)
    assert weights[:90].sum() / weights.sum() == pytest.approx(0.5)
    assert weights[90:].tolist() == [1.0] * 10
    assert weights.max() == 1


def test_two_contributors_with_many_examples_are_both_capped():
    contributors = ["Ada"] * 50 + ["Bela"] * 40 + ["Cleo"] * 5 + ["Dara"] * 5
    weights = cap_contributor_share(contributors, max_share=0.4)
    shares = [
        weights[np.array(contributors) == name].sum() / weights.sum() for name in ("Ada", "Bela")
    ]
    assert shares == pytest.approx([0.4, 0.4])


def test_a_cap_below_equal_shares_means_equal_shares():
    weights = cap_contributor_share(["Ada"] * 8 + ["Bela"] * 4 + ["Cleo"] * 2, max_share=0.1)
    assert weights[:8].sum() == pytest.approx(weights[8:12].sum())
    assert weights[12:].tolist() == [1.0, 1.0]


def test_fewer_than_three_contributors_are_not_capped():
    assert cap_contributor_share(["Ada"] * 9 + ["Bela"], max_share=0.2).tolist() == [1.0] * 10
    assert cap_contributor_share([], max_share=0.2).tolist() == []
