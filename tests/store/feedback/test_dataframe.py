"""Verdicts as a pandas table."""

import pandas as pd
import pytest
from support.paths import DOCS
from support.predictions import make_prediction

from digitlab.settings import Settings
from digitlab.store import FeedbackStore
from digitlab.store.feedback.dataframe import COLUMNS


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def frame(store):
    store.add(make_prediction(0), "wrong", label=7, contributor="ann", comment="my seven")
    store.add(make_prediction(1), "not-a-digit", contributor="ann")
    store.add(make_prediction(2), "right", contributor="ann")
    store.undo("ann")
    return store.to_frame()


def test_each_verdict_in_force_is_a_row(frame):
    assert frame["verdict"].tolist() == ["wrong", "not-a-digit"]
    assert frame["state"].tolist() == ["accepted", "accepted"]
    assert frame["comment"].tolist() == ["my seven", ""]


def test_a_missing_label_is_missing_and_the_others_stay_integers(frame):
    assert frame["label"].dtype == "Int8"
    assert frame["label"][0] == 7
    assert frame["label"][1] is pd.NA


def test_times_have_their_zone(frame):
    assert str(frame["time"].dt.tz) == "UTC"


def test_an_empty_table_has_the_same_columns_and_types(frame, tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "other", environ={})) as empty:
        pd.testing.assert_series_equal(empty.to_frame().dtypes, frame.dtypes)
        assert empty.to_frame().empty


def test_the_columns_are_documented():
    page = (DOCS / "feedback.md").read_text(encoding="utf-8")
    documented = page.partition("## The table")[2]
    for name in COLUMNS:
        text = "p0 … p9" if name[1:].isdigit() else name
        assert f"`{text}`" in documented
