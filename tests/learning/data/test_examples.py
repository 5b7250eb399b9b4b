"""ExampleSet: what accepted feedback gives to train on and to check, and its fingerprint."""

import hashlib

import pytest
from support.feedback_rows import add_verdict, noise

from digitlab.datasets import mnist, photographs
from digitlab.labels import NO_DIGIT
from digitlab.learning.config import PARAMETER_TYPES, FineTuneConfig
from digitlab.learning.data.examples import (
    collect_examples,
    evaluation_image,
    evaluation_image_hashes,
    fingerprint,
    to_arrays,
)
from digitlab.learning.notebook_parameters import RUN_PARAMETERS
from digitlab.settings import Settings
from digitlab.store import FeedbackStore

CONFIG = FineTuneConfig(check_from=10, check_share=0.3)


@pytest.fixture
def store(tmp_path):
    with FeedbackStore.open(Settings.load(tmp_path / "home", environ={})) as store:
        yield store


@pytest.fixture
def other(tmp_path):
    """The feedback of another home."""
    with FeedbackStore.open(Settings.load(tmp_path / "other", environ={})) as store:
        yield store


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def examples_of(store, config=CONFIG, **options):
    return collect_examples(store.accepted(), config, **options)


def test_a_correction_gives_an_example_of_its_label(store):
    number = add_verdict(store, noise(1), 4)
    (example,) = examples_of(store).all
    assert (example.label, example.verdicts, example.correction) == (4, (number,), True)
    assert (example.digit_image == noise(1)).all()


def test_a_confirmation_gives_an_example_that_is_no_correction(store):
    add_verdict(store, noise(1), 4, predicted=4)
    examples = examples_of(store)
    assert [example.label for example in examples.training] == [4]
    assert examples.corrections == ()


def test_an_image_without_a_digit_gives_an_example_of_no_digit(store):
    add_verdict(store, noise(1), None)
    (example,) = examples_of(store).corrections
    assert example.label == NO_DIGIT


@pytest.mark.parametrize("split", ["holdout", "test"])
def test_an_mnist_image_that_versions_are_evaluated_on_gives_no_example(store, split, cache):
    number = add_verdict(store, mnist.load(split)[0][17], 4)
    examples = examples_of(store, evaluation_images=evaluation_image_hashes(cache))
    assert examples.all == ()
    assert examples.left_out[number] == f"digits of MNIST's {split} images"


def test_a_photograph_of_the_holdout_split_gives_no_example(store, cache):
    number = add_verdict(store, photographs.load("holdout")[0][3], 4)
    examples = examples_of(store, evaluation_images=evaluation_image_hashes(cache))
    assert list(examples.left_out) == [number]


def test_images_of_the_train_and_validation_splits_may_be_examples(store, cache):
    for split in ("train", "validation"):
        add_verdict(store, mnist.load(split)[0][17], 4)
    examples = examples_of(store, evaluation_images=evaluation_image_hashes(cache))
    assert examples.left_out == {}


def test_one_image_is_found_as_in_the_whole_list(cache):
    groups = evaluation_image_hashes(cache)
    last = hashlib.sha256(photographs.load("holdout")[0][-1].tobytes()).hexdigest()
    some = [*groups][::500]
    assert [evaluation_image(prefix, cache) for prefix in some] == [groups[one] for one in some]
    assert evaluation_image(last, cache) == "photographs that versions are evaluated on"
    assert evaluation_image(hashlib.sha256(noise(1)).hexdigest(), cache) is None


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_truncated_list_of_evaluation_images_is_computed_again(tmp_path, share):
    hashes = evaluation_image_hashes(tmp_path)
    (file,) = tmp_path.glob("held-out-*")
    data = file.read_bytes()
    file.write_bytes(data[: int(share * len(data))])
    assert evaluation_image_hashes(tmp_path) == hashes
    assert file.read_bytes() == data


def test_the_list_of_evaluation_images_is_read_from_its_file(tmp_path, monkeypatch):
    hashes = evaluation_image_hashes(tmp_path / "cache")
    monkeypatch.delattr(mnist, "load")
    assert evaluation_image_hashes(tmp_path / "cache") == hashes


def test_an_image_with_two_different_labels_gives_no_example(store):
    both = [
        add_verdict(store, noise(1), label, contributor=contributor)
        for label, contributor in ((4, "ann"), (5, "bob"))
    ]
    add_verdict(store, noise(2), 4)
    examples = examples_of(store)
    assert sorted(examples.left_out) == both
    assert "two different labels" in examples.left_out[both[0]]
    assert [example.verdicts for example in examples.all] == [(3,)]


def test_copies_of_an_image_are_one_example(store):
    numbers = (
        add_verdict(store, noise(1), 4, picture_sha256="1" * 64),
        add_verdict(store, noise(1), 4, picture_sha256="2" * 64, contributor="bob"),
    )
    (example,) = examples_of(store).all
    assert example.verdicts == numbers


def test_one_corrected_copy_makes_the_example_a_correction(store):
    add_verdict(store, noise(1), 4, predicted=4)
    add_verdict(store, noise(1), 4, predicted=9, contributor="bob")
    assert [example.correction for example in examples_of(store).all] == [True]


def test_examples_are_sorted_by_hash_in_any_order_of_the_verdicts(store, other):
    for n in range(5):
        add_verdict(store, noise(n), n + 1)
        add_verdict(other, noise(4 - n), 5 - n)
    hashes = [example.digit_sha256 for example in examples_of(store).all]
    assert hashes == sorted(hashes)
    assert hashes == [example.digit_sha256 for example in examples_of(other).all]


def test_of_a_few_corrections_none_is_kept_back(store):
    for n in range(CONFIG.check_from - 1):
        add_verdict(store, noise(n), 4)
    assert examples_of(store).checks == ()


def test_of_many_corrections_some_are_checks_and_the_others_training_examples(store):
    for n in range(40):
        add_verdict(store, noise(n), 4)
    examples = examples_of(store)
    assert 3 <= len(examples.checks) <= 24  # 12 expected
    assert {*examples.checks} | {*examples.training} == {*examples.all}
    assert not {*examples.checks} & {*examples.training}


def test_confirmations_are_never_kept_back(store):
    for n in range(40):
        add_verdict(store, noise(n), 4, predicted=4 if n < 20 else 0)
    examples = examples_of(store)
    assert examples.checks
    assert all(example.correction for example in examples.checks)


def test_a_check_stays_a_check_when_more_feedback_comes(store):
    for n in range(20):
        add_verdict(store, noise(n), 4)
    checks_before = {example.digit_sha256 for example in examples_of(store).checks}
    all_before = {example.digit_sha256 for example in examples_of(store).all}
    for n in range(20, 40):
        add_verdict(store, noise(n), 4)
    checks_after = {example.digit_sha256 for example in examples_of(store).checks}
    assert checks_before
    assert checks_after & all_before == checks_before


def test_one_contributor_of_three_has_no_more_than_their_share(store):
    for n in range(8):
        add_verdict(store, noise(n), 4, contributor="ann")
    add_verdict(store, noise(8), 4, contributor="bob")
    add_verdict(store, noise(9), 4, contributor="cleo")
    config = FineTuneConfig(largest_share=0.5)
    weights = {example.verdicts[0]: example.weight for example in examples_of(store, config).all}
    assert sum(weights[n] for n in range(1, 9)) == pytest.approx(2)
    assert (weights[9], weights[10]) == (1, 1)


def test_the_order_of_equal_verdicts_does_not_change_the_weights(store, other):
    verdicts = [(0, "ann"), (0, "bob"), (0, "cleo"), *((n, "bob") for n in range(1, 7))]
    for home, order in ((store, verdicts), (other, verdicts[::-1])):
        for n, contributor in order:
            add_verdict(home, noise(n), 4, contributor=contributor)
        add_verdict(home, noise(9), 4, contributor="cleo")
    weights = [[example.weight for example in examples_of(home).all] for home in (store, other)]
    assert weights[0] == weights[1]


def fingerprint_of(store, config=CONFIG, base="weights", **options):
    return fingerprint(examples_of(store, config).all, base=base, config=config, **options)


@pytest.fixture
def home_with_feedback(store):
    """A home with two corrections and a confirmation."""
    for n, predicted in ((1, 0), (2, 0), (3, 4)):
        add_verdict(store, noise(n), 4, predicted=predicted)
    return store


def test_equal_feedback_in_two_homes_has_equal_fingerprints(home_with_feedback, other):
    add_verdict(other, noise(9), 9, contributor="zoe")
    other.undo("zoe")
    for n, predicted in ((3, 4), (2, 1), (1, 2)):
        add_verdict(other, noise(n), 4, predicted=predicted, contributor="bob")
    assert fingerprint_of(home_with_feedback) == fingerprint_of(other)


@pytest.mark.parametrize(
    "change",
    [{"config": FineTuneConfig(check_from=10, check_share=0.3, seed=9)}, {"base": "other"}],
    ids=["parameter", "base"],
)
def test_the_fingerprint_depends_on_base_and_parameters(home_with_feedback, change):
    assert fingerprint_of(home_with_feedback, **change) != fingerprint_of(home_with_feedback)


def test_the_fingerprint_depends_on_the_labels(home_with_feedback):
    before = fingerprint_of(home_with_feedback)
    add_verdict(home_with_feedback, noise(2), 7)
    assert fingerprint_of(home_with_feedback) != before


def test_the_fingerprint_depends_on_which_examples_are_corrections(home_with_feedback, other):
    """A home whose version predicted one image correctly draws that image less often."""
    for n, predicted in ((1, 4), (2, 0), (3, 4)):
        add_verdict(other, noise(n), 4, predicted=predicted)
    assert fingerprint_of(other) != fingerprint_of(home_with_feedback)


def test_a_new_confirmation_changes_only_the_fingerprint_with_confirmations(home_with_feedback):
    before = fingerprint_of(home_with_feedback)
    corrections_before = fingerprint_of(home_with_feedback, only_corrections=True)
    add_verdict(home_with_feedback, noise(5), 4, predicted=4)
    assert fingerprint_of(home_with_feedback) != before
    assert fingerprint_of(home_with_feedback, only_corrections=True) == corrections_before


def test_the_fingerprint_is_the_one_that_digitlab_0_1_computed(home_with_feedback):
    """Otherwise every home would repeat its last run after an upgrade."""
    assert fingerprint_of(home_with_feedback, FineTuneConfig()) == "023dd65d80386201"


def test_home_run_and_evaluate_on_are_not_in_the_fingerprint():
    assert not {*RUN_PARAMETERS} & {*PARAMETER_TYPES}


def test_no_examples_give_empty_arrays():
    x, y = to_arrays([])
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((0, 28, 28), "uint8", (0,), "uint8")
