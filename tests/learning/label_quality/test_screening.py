"""Screening a home: what is held, by whom, and that a person has the last word."""

import numpy as np
import pytest
from support.feedback_rows import noise, reading, say, sevens
from support.model_versions import add_version

import digitlab
from digitlab.learning.label_quality.screening import SCREENER, Screen
from digitlab.model import reference_embeddings
from digitlab.settings import Settings
from digitlab.store import FeedbackStore


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def screen(store, base, cache):
    return Screen(store, base, cache=cache)


@pytest.fixture(scope="module")
def seven(base, cache):
    """A seven so ordinary that to call it a one is suspicious."""
    images = sevens(40)
    screen = Screen(None, base, cache=cache)  # only its reference is asked
    directions = screen.reference().directions(base.embed(np.stack(images)))
    labels, ordinary = screen.reference().agreed_labels(directions)
    return images[int(np.argmax(np.where(labels == 7, ordinary, 0)))]


def test_an_ordinary_seven_called_a_one_is_held_with_the_reason(store, screen, seven):
    number = say(store, seven, 1, read=7)
    found = screen.hold(store.accepted())
    entry = store.get(number)
    assert (entry.state, entry.by, entry.reason) == ("held", SCREENER, found[number])
    assert "looks like an ordinary 7" in entry.reason


def test_what_is_held_waits_and_is_not_learned_from(store, screen, seven):
    number = say(store, seven, 1, read=7)
    screen.hold(store.accepted())
    assert store.accepted() == []
    assert [entry.id for entry in store.pending()] == [number]


def test_what_a_person_accepted_is_not_held_again(store, screen, seven):
    number = say(store, seven, 1, read=7)
    screen.hold(store.accepted())
    store.review([number], "accepted", by="curator")
    assert screen.hold(store.accepted()) == {}
    assert store.get(number).state == "accepted"


def test_a_correction_of_what_looks_like_no_digit_is_not_held(store, screen):
    say(store, noise(1), 4)
    assert screen.hold(store.accepted()) == {}


def test_a_confirmation_is_not_held(store, screen, seven):
    say(store, seven, 7, read=7)
    assert screen.hold(store.accepted()) == {}


def test_two_people_who_contradict_each_other_are_both_held(store, screen):
    both = [say(store, noise(1), digit, contributor=who) for digit, who in ((4, "ann"), (5, "bob"))]
    assert list(screen.hold(store.accepted())) == both


def test_nothing_is_held_of_nothing(screen):
    assert screen.hold([]) == {}


def test_one_new_correction_is_held_for_the_same_reason(store, screen, seven):
    say(store, noise(1), 4)
    number = say(store, seven, 1, read=7)
    why = screen.hold_one(store.get(number))
    assert store.get(number).reason == why
    store.review([number], "accepted", by=SCREENER)  # as if it had not been looked at
    assert screen.hold(store.accepted()) == {number: why}


def test_one_new_correction_without_suspicion_stays_accepted(store, screen):
    number = say(store, noise(1), 4)
    assert screen.hold_one(store.get(number)) is None
    assert store.get(number).state == "accepted"


class Once:
    """A base that says how often it was asked for embeddings."""

    def __init__(self, base):
        self.card, self.asked, self._base = base.card, 0, base

    def embed(self, x):
        self.asked += 1
        return self._base.embed(x)


def test_the_reference_is_made_once_for_all_processes(base, tmp_path):
    asked = Once(base)
    first = Screen(None, asked, cache=tmp_path / "cache").reference()
    reference_embeddings._SHARED.clear()  # as for another process
    again = Screen(None, asked, cache=tmp_path / "cache").reference()
    assert asked.asked == 1
    assert np.allclose(first.embeddings, again.embeddings)
    assert np.array_equal(first.labels, again.labels)


@pytest.mark.parametrize("left", ["nothing", "half", "something else"])
def test_half_a_reference_is_made_anew(base, tmp_path, left):
    whole = Screen(None, base, cache=tmp_path).reference()
    (file,) = tmp_path.glob("reference-*.npz")
    data = file.read_bytes()
    file.write_bytes({"nothing": b"", "half": data[: len(data) // 2]}.get(left, b"else"))
    reference_embeddings._SHARED.clear()  # as for another process
    found = Screen(None, base, cache=tmp_path).reference()
    assert np.allclose(found.embeddings, whole.embeddings)
    assert len(file.read_bytes()) == len(data)


def test_a_reference_that_cannot_be_kept_is_used_all_the_same(base, tmp_path, caplog):
    (tmp_path / "cache").write_text("no folder")
    assert len(Screen(None, base, cache=tmp_path / "cache").reference().labels) > 1000
    assert "cannot be kept" in caplog.text


# through the facade ------------------------------------------------------------------------


@pytest.fixture
def lab(tmp_path):
    with digitlab.open(tmp_path / "lab", contributor="ann") as lab:
        yield lab


def test_a_suspicious_correction_waits_and_its_receipt_says_why(lab, seven):
    receipt = lab.correct(reading(seven, 7), 1)
    assert receipt.state == lab.feedback.get(receipt.id).state == "held"
    assert "; it waits for review: It was called 1, but looks like an ordinary 7" in receipt.message


def test_a_correction_without_suspicion_is_accepted(lab):
    receipt = lab.correct(reading(noise(1)), 4)
    assert (receipt.state, "review" in receipt.message) == ("accepted", False)


def test_saying_the_same_again_does_not_hold_what_a_person_accepted(lab, seven):
    receipt = lab.correct(reading(seven, 7), 1)
    lab.feedback.review([receipt.id], "accepted", by="curator")
    assert lab.correct(reading(seven, 7), 1, comment="really").state == "accepted"


def test_who_brings_in_many_screens_them_afterwards(tmp_path, seven):
    with digitlab.open(tmp_path / "lab", contributor="ann", screening=False) as lab:
        receipt = lab.correct(reading(seven, 7), 1)
        assert receipt.state == "accepted"
        assert list(lab.screen()) == [receipt.id]


def test_a_new_base_screens_with_its_own_eyes(lab):
    lab.correct(reading(noise(1)), 4)
    before = len(list(lab.settings.cache.glob("reference-*.npz")))
    weights = lab.models.card("base").hashes | {"weights": "0" * 64}
    lab.models.promote(add_version(lab.models, hashes=weights), by="ann")
    lab.correct(reading(noise(2)), 4)
    assert len(list(lab.settings.cache.glob("reference-*.npz"))) == before + 1
