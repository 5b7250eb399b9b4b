"""FeedbackStore: what `add` stores, and how it is read."""

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import sqlalchemy as sa
from support.html_tables import parse_table
from support.predictions import make_prediction

from digitlab.errors import FeedbackError
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path / "home", environ={})


@pytest.fixture
def store(settings):
    with FeedbackStore.open(settings) as store:
        yield store


def ids(entries):
    return [entry.id for entry in entries]


def test_a_verdict_is_stored_with_all_its_evidence(store):
    prediction = make_prediction(3, remembered=True)
    prediction = dataclasses.replace(prediction, id=store.record(prediction))
    time = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)

    receipt = store.add(
        prediction, "wrong", label=7, contributor="ann", comment=" my seven ", now=time
    )

    entry = store.get(receipt.id)
    assert entry.time == time
    assert entry.time.tzinfo is UTC
    assert (entry.contributor, entry.verdict, entry.label) == ("ann", "wrong", 7)
    assert entry.comment == "my seven"
    assert (entry.predicted, entry.confidence, entry.model) == (1, 0.91, "base")
    assert entry.probabilities == prediction.probabilities
    assert (entry.refused, entry.remembered) == (False, True)
    assert entry.box == (4, 5, 20, 28)
    np.testing.assert_array_equal(entry.digit_image, prediction.digit_image)
    assert entry.digit_image.dtype == np.uint8
    assert entry.digit_sha256 == hashlib.sha256(prediction.digit_image.tobytes()).hexdigest()
    assert entry.picture_sha256 == prediction.picture_sha256
    assert entry.picture_bytes == len(prediction.picture)
    assert entry.name == "photo 3.png"
    assert entry.prediction_id == prediction.id
    assert (entry.state, entry.by, entry.reason) == ("accepted", "", "")
    assert entry.is_correction


def test_the_original_picture_is_in_the_picture_storage(store):
    prediction = make_prediction()
    store.add(prediction, "right", contributor="ann")
    assert store.pictures.get(prediction.picture_sha256) == prediction.picture


def test_a_picture_given_as_pixels_leaves_no_file(store):
    prediction = make_prediction(picture=b"")
    entry = store.get(store.add(prediction, "right", contributor="ann").id)
    assert entry.picture_bytes == 0
    assert not store.pictures.exists(entry.picture_sha256)


def test_right_stores_the_predicted_digit_as_the_label(store):
    entry = store.get(store.add(make_prediction(digit=4), "right", contributor="ann").id)
    assert entry.label == 4
    assert not entry.is_correction


def test_not_a_digit_is_a_correction_without_a_label(store):
    entry = store.get(store.add(make_prediction(), "not-a-digit", contributor="ann").id)
    assert entry.label is None
    assert entry.is_correction


def test_a_refused_prediction_can_be_wrong_with_its_best_guess_as_label(store):
    prediction = make_prediction(digit=7, refused=True)
    receipt = store.add(prediction, "wrong", label=7, contributor="ann")
    assert store.get(receipt.id).is_correction
    assert receipt.message == "Kept: this is a 7."


def test_times_of_other_zones_are_stored_in_utc(store):
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    receipt = store.add(make_prediction(), "right", contributor="ann", now=noon)
    assert store.get(receipt.id).time == datetime(2026, 1, 1, 7, tzinfo=UTC)


def test_without_a_time_the_current_time_is_stored(store):
    before = datetime.now(UTC)
    entry = store.get(store.add(make_prediction(), "right", contributor="ann").id)
    assert before <= entry.time <= datetime.now(UTC)


def test_a_time_without_its_zone_is_refused(store):
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        store.record(make_prediction(), now=datetime(2026, 1, 1))


def test_a_prediction_of_another_home_is_stored_without_its_number(store):
    receipt = store.add(make_prediction(id=99), "right", contributor="ann")
    assert store.get(receipt.id).prediction_id is None


def test_a_hash_of_another_picture_is_refused(store):
    with pytest.raises(FeedbackError, match="predict the picture again"):
        store.add(make_prediction(picture_sha256="0" * 64), "right", contributor="ann")


def test_another_store_of_the_home_reads_the_verdicts(settings):
    with FeedbackStore.open(settings) as store:
        store.add(make_prediction(), "wrong", label=7, contributor="ann")
    with FeedbackStore.open(settings) as store:
        assert [entry.label for entry in store.entries()] == [7]


def test_unsure_is_stored_but_not_learned_from(store):
    receipt = store.add(make_prediction(), "unsure", contributor="ann")
    assert ids(store.entries()) == [receipt.id]
    assert store.accepted() == []


def test_entries_of_one_contributor(store):
    store.add(make_prediction(), "right", contributor="ann")
    his = store.add(make_prediction(), "right", contributor="bob")
    assert ids(store.entries(contributor="bob")) == [his.id]


def test_a_limit_gives_the_newest_entries_oldest_first(store):
    verdict_ids = [store.add(make_prediction(n), "right", contributor="ann").id for n in range(4)]
    assert ids(store.entries(limit=2)) == verdict_ids[2:]


def test_an_unknown_verdict_is_refused(store):
    with pytest.raises(FeedbackError, match="no verdict no. 5"):
        store.get(5)


def test_digit_images_and_labels_by_number(store):
    seven = store.add(make_prediction(1), "wrong", label=7, contributor="ann").id
    no_digit = store.add(make_prediction(2), "not-a-digit", contributor="ann").id
    store.add(make_prediction(3), "wrong", label=5, contributor="ann")
    images = store.digit_images([no_digit, seven, 99])
    labels = {verdict_id: label for verdict_id, (_, label) in images.items()}
    assert labels == {seven: 7, no_digit: None}
    assert np.array_equal(images[seven][0], make_prediction(1).digit_image)
    assert store.digit_images([]) == {}


def test_digit_images_leave_out_verdicts_no_longer_in_force(store):
    superseded = store.add(make_prediction(1), "wrong", label=7, contributor="ann").id
    in_force = store.add(make_prediction(1), "wrong", label=4, contributor="ann").id
    assert list(store.digit_images([superseded, in_force])) == [in_force]
    store.undo("ann")
    assert list(store.digit_images([superseded, in_force])) == [superseded]


def test_counts_of_verdicts_states_and_judged_predictions(store):
    predictions = [
        dataclasses.replace(make_prediction(n), id=store.record(make_prediction(n)))
        for n in range(4)
    ]
    store.add(predictions[0], "right", contributor="ann")
    store.add(predictions[0], "wrong", label=7, contributor="ann")
    store.add(predictions[0], "not-a-digit", contributor="bob")
    held = store.add(predictions[1], "unsure", contributor="ann")
    store.review([held.id], "held", by="curator")
    store.add(predictions[2], "right", contributor="ann")
    store.undo("ann")

    counts = store.counts()

    assert counts.predictions == 4
    assert counts.judged == 2
    assert counts.verdicts == {"right": 0, "wrong": 1, "not-a-digit": 1, "unsure": 1}
    assert counts.states == {
        "accepted": 2,
        "held": 1,
        "rejected": 0,
        "retracted": 0,
        "undone": 1,
        "superseded": 1,
    }


def test_a_notebook_shows_the_counts_as_a_table(store):
    store.add(make_prediction(0), "right", contributor="ann")
    store.add(make_prediction(1), "wrong", label=7, contributor="ann")
    store.undo("ann")
    table = parse_table(store._repr_html_())
    assert table.caption == "Feedback"
    assert table.rows["predictions"] == ["0"]
    assert table.rows['verdicts "right" in force'] == ["1"]
    assert table.rows['verdicts "wrong" in force'] == ["0"]
    assert table.rows["verdicts undone"] == ["1"]
