"""Errors: their tree, their attributes and pickling."""

import pickle

import pytest

from digitlab import errors

FULL = "the disk is full"

SAMPLES = [
    errors.ImageError("m", code="damaged"),
    errors.DataError("m", path="a.csv", row=3, expected="785 fields"),
    errors.ModelError("m", version="v0001"),
    errors.FeedbackError("m"),
    errors.StoreError("m", place="here", code="disk-full", reason="the disk is full"),
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


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (OSError(28, "No space left on device", "/x"), "disk-full", FULL),
        (OSError("Can't write (error message = 'No space left on device')"), "disk-full", FULL),
        (OSError(30, "Read-only file system"), "read-only", "its file system is read-only"),
        (OSError(13, "Permission denied"), "read-only", "you may not write there"),
        (OSError(20, "Not a directory"), "other", "a file is in the way"),
        (OSError(40, "Too many levels"), "other", "Too many levels"),
    ],
)
def test_an_error_of_the_operating_system_becomes_a_sentence(error, code, reason):
    store_error = errors.StoreError.from_os_error("It cannot be written", error)
    assert str(store_error) == f"It cannot be written: {reason}."
    assert (store_error.code, store_error.reason) == (code, reason)
    assert errors.is_storage_error(error) == (code != "other")
