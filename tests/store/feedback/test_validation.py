"""The checks on a new verdict."""

import numpy as np
import pytest
from support.predictions import make_prediction

from digitlab.errors import FeedbackError
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.mark.parametrize(
    ("verdict", "label", "message"),
    [
        ("wrong", None, "needs the right digit"),
        ("wrong", 1, 'say "right"'),
        ("wrong", 10, "from 0 to 9"),
        ("wrong", -1, "from 0 to 9"),
        ("wrong", True, "from 0 to 9"),
        ("right", 7, 'say "wrong"'),
        ("not-a-digit", 7, "takes no digit"),
        ("unsure", 7, "takes no digit"),
        ("maybe", None, "Expected one of right, wrong"),
    ],
)
def test_a_contradictory_verdict_is_refused(store, verdict, label, message):
    with pytest.raises(FeedbackError, match=message):
        store.add(make_prediction(digit=1), verdict, label=label, contributor="ann")
    assert store.entries(history=True) == []


@pytest.mark.parametrize("contributor", ["", "  ", "x" * 201])
def test_a_verdict_needs_a_contributor_with_a_valid_name(store, contributor):
    with pytest.raises(FeedbackError, match=r"name|characters"):
        store.add(make_prediction(), "right", contributor=contributor)


def test_a_comment_over_the_limit_is_refused_with_its_length(store):
    with pytest.raises(FeedbackError, match="2,000 characters, got 2,001"):
        store.add(make_prediction(), "right", contributor="ann", comment="x" * 2001)


def test_a_digit_image_of_another_shape_is_refused(store):
    with pytest.raises(FeedbackError, match=r"uint8 \(28, 28\)"):
        store.add(make_prediction(digit_image=np.zeros((28, 28))), "right", contributor="ann")


def test_bytes_in_a_file_name_that_are_not_text_become_question_marks(store):
    prediction = make_prediction(name="caf\udce9.png")
    entry = store.get(store.add(prediction, "right", contributor="ann").id)
    assert entry.name == "caf?.png"
