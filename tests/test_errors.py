"""Errors: their tree, their attributes and pickling."""

import pickle

import pytest

from digitlab import errors

SAMPLES = [
    errors.ImageError("m", code="damaged"),
    errors.DataError("m", path="a.csv", row=3, expected="785 fields"),
    errors.ModelError("m", version="v0001"),
    errors.FeedbackError("m"),
    errors.StoreError("m", place="here"),
    errors.ServeError("m"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda e: type(e).__name__)
def test_an_error_survives_pickling_with_its_attributes(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert str(again) == "m"
    assert vars(again) == vars(error)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda e: type(e).__name__)
def test_every_error_is_a_digitlab_error_and_in_the_drawn_tree(error):
    assert isinstance(error, errors.DigitlabError)
    assert type(error).__name__ in errors.__doc__
