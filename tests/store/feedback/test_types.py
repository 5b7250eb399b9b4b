"""The plain data of feedback."""

import pytest
from support.predictions import make_prediction

from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from digitlab.store.feedback.types import VERDICTS, is_correction


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.mark.parametrize("remembered", [False, True])
def test_wrong_and_not_a_digit_are_corrections(remembered):
    assert is_correction("wrong", remembered=remembered)
    assert is_correction("not-a-digit", remembered=remembered)
    assert not is_correction("unsure", remembered=remembered)


def test_right_is_a_correction_only_of_a_remembered_answer():
    assert not is_correction("right", remembered=False)
    assert is_correction("right", remembered=True)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("remembered", [False, True])
def test_an_entry_applies_the_same_rule(store, verdict, remembered):
    prediction = make_prediction(remembered=remembered)
    label = 7 if verdict == "wrong" else None
    receipt = store.add(prediction, verdict, label=label, contributor="ann")
    entry = store.get(receipt.id)
    assert entry.is_correction == is_correction(verdict, remembered=remembered)


def test_an_entry_as_json_leaves_out_the_pixels(store):
    entry = store.get(store.add(make_prediction(), "wrong", label=7, contributor="ann").id)
    row = entry.to_dict()
    assert "digit_image" not in row
    assert row["time"] == entry.time.isoformat()
    assert (row["label"], row["box"], row["state"]) == (7, [4, 5, 20, 28], "accepted")
