"""Durations, counts and numbers of verdicts in words."""

import pytest

from digitlab.phrases import count_text, duration_text, numbers_text, time_left_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "less than 1 s"),
        (0.4, "less than 1 s"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (80, "1 min 20 s"),
        (3599.7, "1 h"),
        (5706, "1 h 35 min"),
        (3605, "1 h"),
        (2 * 86400 + 3 * 3600, "2 d 3 h"),
        (float("nan"), "less than 1 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.9, "a few seconds left"),
        (-5, "a few seconds left"),
        (float("inf"), "a few seconds left"),
        (12.4, "about 12 s left"),
        (96, "about 1 min 40 s left"),
        (629, "about 10 min left"),
        (5706, "about 1 h 35 min left"),
    ],
)
def test_an_estimate_is_as_coarse_as_it_is_long(seconds, text):
    assert time_left_text(seconds) == text


def test_a_count_has_a_singular_and_a_plural():
    texts = [count_text(number, "verdict") for number in (0, 1, 2, 1234)]
    assert texts == ["0 verdicts", "1 verdict", "2 verdicts", "1,234 verdicts"]
    assert count_text(2, "was", "were") == "2 were"


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        ([], "none"),
        ([7], "no. 7"),
        ([8, 5, 7, 6], "no. 5-8"),
        ([1, 2, 4, 6, 7, 8, 8], "no. 1-2, 4, 6-8"),
        (range(0, 60, 2), "no. " + ", ".join(map(str, range(0, 40, 2))) + " and 10 more"),
    ],
)
def test_numbers_of_verdicts_cannot_be_taken_for_digits(ids, text):
    assert numbers_text(ids) == text
