"""ExampleSet: what accepted feedback teaches, what is kept back, and the hash of both."""

import pytest
from support.feedback_rows import noise, say

from digitlab.datasets import mnist, photographs
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import TYPES, FineTuneConfig
from digitlab.learning.data.examples import fingerprint, gather, held_out, stack
from digitlab.learning.notebook_parameters import PLACE
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

CONFIG = FineTuneConfig(check_from=10, check_share=0.3)


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def other(tmp_path):
    """Another home's ledger."""
    with FeedbackStore.open(Settings.load(tmp_path / "other", environ={})) as store:
        yield store


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def lessons_of(store, config=CONFIG, **options):
    return gather(store.accepted(), config, **options)


def test_a_correction_teaches_its_digit(store):
    number = say(store, noise(1), 4)
    (example,) = lessons_of(store).all
    assert (example.label, example.verdicts, example.correction) == (4, (number,), True)
    assert (example.digit_image == noise(1)).all()


def test_a_confirmation_teaches_and_is_no_correction(store):
    say(store, noise(1), 4, read=4)
    found = lessons_of(store)
    assert [example.label for example in found.taught] == [4]
    assert found.corrections == ()


def test_what_is_no_digit_teaches_that(store):
    say(store, noise(1), None)
    (example,) = lessons_of(store).corrections
    assert example.label == NO_DIGIT


@pytest.mark.parametrize("split", ["holdout", "test"])
def test_an_image_that_versions_are_judged_by_teaches_nothing(store, split, cache):
    number = say(store, mnist.load(split)[0][17], 4)
    found = lessons_of(store, held_out=held_out(cache))
    assert found.all == ()
    assert "by which versions are judged" in found.left_out[number]


def test_a_photograph_of_the_gate_teaches_nothing(store, cache):
    number = say(store, photographs.load("holdout")[0][3], 4)
    assert list(lessons_of(store, held_out=held_out(cache)).left_out) == [number]


def test_what_the_base_was_trained_and_tuned_on_may_teach(store, cache):
    for split in ("train", "validation"):
        say(store, mnist.load(split)[0][17], 4)
    assert lessons_of(store, held_out=held_out(cache)).left_out == {}


@pytest.mark.parametrize("share", [0, 0.5])
def test_half_a_list_of_such_images_is_made_anew(tmp_path, share):
    whole = held_out(tmp_path)
    (file,) = tmp_path.glob("held-out-*")
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    assert held_out(tmp_path) == whole
    assert file.read_bytes() == data


def test_the_list_of_such_images_is_kept_in_a_file(tmp_path, monkeypatch):
    whole = held_out(tmp_path / "cache")
    monkeypatch.delattr(mnist, "load")
    assert held_out(tmp_path / "cache") == whole


def test_an_image_that_is_called_two_things_teaches_neither(store):
    both = [say(store, noise(1), digit, contributor=who) for digit, who in ((4, "ann"), (5, "bob"))]
    say(store, noise(2), 4)
    found = lessons_of(store)
    assert sorted(found.left_out) == both
    assert "two different things" in found.left_out[both[0]]
    assert [example.verdicts for example in found.all] == [(3,)]


def test_copies_of_an_image_are_one_example(store):
    numbers = (
        say(store, noise(1), 4, picture_sha256="1" * 64),
        say(store, noise(1), 4, picture_sha256="2" * 64, contributor="bob"),
    )
    (example,) = lessons_of(store).all
    assert example.verdicts == numbers


def test_a_copy_that_was_corrected_makes_the_lesson_a_correction(store):
    say(store, noise(1), 4, read=4)
    say(store, noise(1), 4, read=9, contributor="bob")
    assert [example.correction for example in lessons_of(store).all] == [True]


def test_lessons_stand_in_the_order_of_their_hashes_whoever_came_first(store, other):
    for n in range(5):
        say(store, noise(n), n + 1)
        say(other, noise(4 - n), 5 - n)
    hashes = [example.digit_sha256 for example in lessons_of(store).all]
    assert hashes == sorted(hashes)
    assert hashes == [example.digit_sha256 for example in lessons_of(other).all]


def test_a_few_corrections_are_all_taught(store):
    for n in range(CONFIG.check_from - 1):
        say(store, noise(n), 4)
    assert lessons_of(store).checks == ()


def test_of_many_corrections_some_are_kept_back_and_the_others_taught(store):
    for n in range(40):
        say(store, noise(n), 4)
    found = lessons_of(store)
    assert 3 <= len(found.checks) <= 24  # 12 expected
    assert {*found.checks} | {*found.taught} == {*found.all}
    assert not {*found.checks} & {*found.taught}


def test_confirmations_are_never_kept_back(store):
    for n in range(40):
        say(store, noise(n), 4, read=4 if n < 20 else 0)
    found = lessons_of(store)
    assert found.checks
    assert all(example.correction for example in found.checks)


def test_what_was_kept_back_once_is_kept_back_ever_after(store):
    for n in range(20):
        say(store, noise(n), 4)
    before = {example.digit_sha256 for example in lessons_of(store).checks}
    known = {example.digit_sha256 for example in lessons_of(store).all}
    for n in range(20, 40):
        say(store, noise(n), 4)
    after = {example.digit_sha256 for example in lessons_of(store).checks}
    assert before
    assert after & known == before


def test_one_person_of_three_has_no_more_than_their_share(store):
    for n in range(8):
        say(store, noise(n), 4, contributor="ann")
    say(store, noise(8), 4, contributor="bob")
    say(store, noise(9), 4, contributor="cleo")
    config = FineTuneConfig(largest_share=0.5)
    weights = {example.verdicts[0]: example.weight for example in lessons_of(store, config).all}
    assert sum(weights[n] for n in range(1, 9)) == pytest.approx(2)
    assert (weights[9], weights[10]) == (1, 1)


def test_the_order_in_which_people_said_the_same_makes_no_difference(store, other):
    said = [(0, "ann"), (0, "bob"), (0, "cleo"), *((n, "bob") for n in range(1, 7))]
    for home, order in ((store, said), (other, said[::-1])):
        for n, who in order:
            say(home, noise(n), 4, contributor=who)
        say(home, noise(9), 4, contributor="cleo")
    assert [x.weight for x in lessons_of(store).all] == [x.weight for x in lessons_of(other).all]


def hash_of(store, config=CONFIG, base="weights", **options):
    return fingerprint(lessons_of(store, config).all, base=base, config=config, **options)


@pytest.fixture
def taught(store):
    """A home with two corrections and a confirmation."""
    for n, read in ((1, 0), (2, 0), (3, 4)):
        say(store, noise(n), 4, read=read)
    return store


def test_equal_feedback_in_two_homes_has_equal_hashes(taught, other):
    say(other, noise(9), 9, contributor="zoe")
    other.undo("zoe")
    for n, read in ((3, 4), (2, 1), (1, 2)):
        say(other, noise(n), 4, read=read, contributor="bob")
    assert hash_of(taught) == hash_of(other)


@pytest.mark.parametrize(
    "change",
    [{"config": FineTuneConfig(check_from=10, check_share=0.3, seed=9)}, {"base": "other"}],
    ids=["parameter", "base"],
)
def test_the_hash_follows_from_base_and_parameters(taught, change):
    assert hash_of(taught, **change) != hash_of(taught)


def test_the_hash_follows_from_what_an_image_was_called(taught):
    before = hash_of(taught)
    say(taught, noise(2), 7)
    assert hash_of(taught) != before


def test_the_hash_follows_from_which_lessons_are_corrections(taught, other):
    """A home whose version read one of the images right; it is drawn less often then."""
    for n, read in ((1, 4), (2, 0), (3, 4)):
        say(other, noise(n), 4, read=read)
    assert hash_of(other) != hash_of(taught)


def test_a_new_confirmation_changes_the_hash_but_is_no_news(taught):
    before, feedback_fingerprint = hash_of(taught), hash_of(taught, only_corrections=True)
    say(taught, noise(5), 4, read=4)
    assert hash_of(taught) != before
    assert hash_of(taught, only_corrections=True) == feedback_fingerprint


def test_home_run_and_what_is_reported_besides_are_outside_the_hash():
    assert not {*PLACE} & {*TYPES}


def test_no_lessons_stack_to_no_images():
    x, y = stack([])
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((0, 28, 28), "uint8", (0,), "uint8")
