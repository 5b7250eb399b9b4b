"""The ledger of feedback: what is kept, what is refused, and how it is read."""

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import sqlalchemy as sa
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


def test_a_verdict_is_kept_with_all_its_evidence(store):
    prediction = make_prediction(3, remembered=True)
    prediction = dataclasses.replace(prediction, id=store.record(prediction))
    moment = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)

    receipt = store.add(
        prediction, "wrong", label=7, contributor="ann", comment=" my seven ", now=moment
    )

    entry = store.get(receipt.id)
    assert entry.time == moment
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


def test_the_original_picture_is_in_storage(store):
    prediction = make_prediction()
    store.add(prediction, "right", contributor="ann")
    assert store.pictures.get(prediction.picture_sha256) == prediction.picture


def test_a_picture_given_as_pixels_leaves_no_file(store):
    prediction = make_prediction(picture=b"")
    entry = store.get(store.add(prediction, "right", contributor="ann").id)
    assert entry.picture_bytes == 0
    assert not store.pictures.exists(entry.picture_sha256)


def test_right_keeps_the_label_as_the_right_digit(store):
    entry = store.get(store.add(make_prediction(digit=4), "right", contributor="ann").id)
    assert entry.label == 4
    assert not entry.is_correction


def test_not_a_digit_is_a_correction_without_a_digit(store):
    entry = store.get(store.add(make_prediction(), "not-a-digit", contributor="ann").id)
    assert entry.label is None
    assert entry.is_correction


def test_times_of_other_zones_are_kept_in_utc(store):
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    receipt = store.add(make_prediction(), "right", contributor="ann", now=noon)
    assert store.get(receipt.id).time == datetime(2026, 1, 1, 7, tzinfo=UTC)


def test_without_a_time_the_present_is_kept(store):
    before = datetime.now(UTC)
    entry = store.get(store.add(make_prediction(), "right", contributor="ann").id)
    assert before <= entry.time <= datetime.now(UTC)


def test_a_naive_time_is_refused(store):
    with pytest.raises(sa.exc.StatementError, match="time zone"):
        store.record(make_prediction(), now=datetime(2026, 1, 1))


def test_a_file_name_that_is_no_text_is_kept_readably(store):
    prediction = make_prediction(name="caf\udce9.png")
    entry = store.get(store.add(prediction, "right", contributor="ann").id)
    assert entry.name == "caf?.png"


def test_a_prediction_of_another_home_is_kept_without_its_number(store):
    receipt = store.add(make_prediction(id=99), "right", contributor="ann")
    assert store.get(receipt.id).prediction_id is None


def test_the_ledger_outlives_the_store(settings):
    with FeedbackStore.open(settings) as store:
        store.add(make_prediction(), "wrong", label=7, contributor="ann")
    with FeedbackStore.open(settings) as store:
        assert [entry.label for entry in store.entries()] == [7]


@pytest.mark.parametrize(
    ("verdict", "digit", "sentence"),
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
def test_a_contradictory_verdict_is_refused(store, verdict, digit, sentence):
    with pytest.raises(FeedbackError, match=sentence):
        store.add(make_prediction(digit=1), verdict, label=digit, contributor="ann")
    assert store.entries(history=True) == []


def test_a_refused_prediction_may_be_wrong_though_its_best_guess_was_right(store):
    prediction = make_prediction(digit=7, refused=True)
    receipt = store.add(prediction, "wrong", label=7, contributor="ann")
    assert store.get(receipt.id).is_correction
    assert receipt.message == "Kept: this is a 7."


@pytest.mark.parametrize("contributor", ["", "  ", "x" * 201])
def test_a_verdict_needs_a_contributor_with_a_sensible_name(store, contributor):
    with pytest.raises(FeedbackError, match=r"name|characters"):
        store.add(make_prediction(), "right", contributor=contributor)


def test_a_comment_over_the_limit_is_refused_with_its_length(store):
    with pytest.raises(FeedbackError, match="2,000 characters, got 2,001"):
        store.add(make_prediction(), "right", contributor="ann", comment="x" * 2001)


def test_a_digit_image_of_another_shape_is_refused(store):
    with pytest.raises(FeedbackError, match=r"uint8 \(28, 28\)"):
        store.add(make_prediction(digit_image=np.zeros((28, 28))), "right", contributor="ann")


def test_a_hash_that_is_not_the_pictures_is_refused(store):
    with pytest.raises(FeedbackError, match="predict the picture again"):
        store.add(make_prediction(picture_sha256="0" * 64), "right", contributor="ann")


def test_unsure_is_kept_but_not_learned_from(store):
    receipt = store.add(make_prediction(), "unsure", contributor="ann")
    assert ids(store.entries()) == [receipt.id]
    assert store.accepted() == []


def test_entries_of_one_contributor(store):
    store.add(make_prediction(), "right", contributor="ann")
    his = store.add(make_prediction(), "right", contributor="bob")
    assert ids(store.entries(contributor="bob")) == [his.id]


def test_a_limit_keeps_the_newest_in_order(store):
    given = [store.add(make_prediction(n), "right", contributor="ann").id for n in range(4)]
    assert ids(store.entries(limit=2)) == given[2:]


def test_an_unknown_number_is_a_plain_error(store):
    with pytest.raises(FeedbackError, match="no verdict 5"):
        store.get(5)


def test_digit_images_are_found_by_number_with_what_they_show(store):
    seven = store.add(make_prediction(1), "wrong", label=7, contributor="ann").id
    nothing = store.add(make_prediction(2), "not-a-digit", contributor="ann").id
    store.add(make_prediction(3), "wrong", label=5, contributor="ann")
    found = store.digit_images([nothing, seven, 99])
    assert {number: digit for number, (_, digit) in found.items()} == {seven: 7, nothing: None}
    assert np.array_equal(found[seven][0], make_prediction(1).digit_image)
    assert store.digit_images([]) == {}


def test_the_digit_image_of_a_verdict_that_is_no_longer_in_force_is_left_out(store):
    gone = store.add(make_prediction(1), "wrong", label=7, contributor="ann").id
    stands = store.add(make_prediction(1), "wrong", label=4, contributor="ann").id
    assert list(store.digit_images([gone, stands])) == [stands]
    store.undo("ann")
    assert list(store.digit_images([gone, stands])) == [gone]


def test_counts_tell_verdicts_states_and_judged_predictions(store):
    kept = [
        dataclasses.replace(make_prediction(n), id=store.record(make_prediction(n)))
        for n in range(4)
    ]
    store.add(kept[0], "right", contributor="ann")
    store.add(kept[0], "wrong", label=7, contributor="ann")
    store.add(kept[0], "not-a-digit", contributor="bob")
    held = store.add(kept[1], "unsure", contributor="ann")
    store.review([held.id], "held", by="curator")
    store.add(kept[2], "right", contributor="ann")
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


def test_an_entry_as_json_leaves_out_the_pixels(store):
    entry = store.get(store.add(make_prediction(), "wrong", label=7, contributor="ann").id)
    line = entry.to_dict()
    assert "digit_image" not in line
    assert line["time"] == entry.time.isoformat()
    assert (line["label"], line["box"], line["state"]) == (7, [4, 5, 20, 28], "accepted")
