"""Which feedback is held for review, on made-up embeddings: digits are clusters of directions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from digitlab.learning.label_quality.items import FeedbackItem
from digitlab.learning.label_quality.rules import check_new_item, find_label_issues
from digitlab.model.reference_embeddings import ReferenceEmbeddings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SIDE = 24
NO_DIGIT = 10


@pytest.fixture(scope="module")
def reference():
    """A hundred digits of each label around one axis each; the other axes have no digit."""
    rng = np.random.default_rng(0)
    labels = np.arange(1000) % 10
    return ReferenceEmbeddings(embeddings=cluster(labels, rng), labels=labels)


def cluster(axes, rng):
    """Embeddings around the given axes."""
    return 5 * np.eye(SIDE)[np.asarray(axes)] + rng.normal(0, 0.5, (len(axes), SIDE))


def items_at(axes, labels, *, contributor="Ada", start=0, predicted=0, seed=1, seconds=10):
    """Items around axes with labels; from axis 10 on they resemble no digit of the reference."""
    rng = np.random.default_rng(seed)
    probabilities = np.full(10, 0.0001)
    probabilities[predicted] = 0.9991
    return [
        FeedbackItem(
            id=start + place,
            label=int(label),
            contributor=contributor,
            time=NOON + timedelta(seconds=seconds * (start + place)),
            picture=f"picture {start + place}",
            digit_sha256=f"image {start + place}",
            embedding=embedding,
            probabilities=probabilities,
        )
        for place, (embedding, label) in enumerate(zip(cluster(axes, rng), labels, strict=True))
    ]


def test_corrections_that_agree_are_accepted_although_the_model_was_wrong(reference):
    axes = np.repeat([11, 12, 13], 6)
    assert find_label_issues(items_at(axes, axes - 8), reference=reference) == {}


def test_a_single_correction_is_accepted(reference):
    assert find_label_issues(items_at([11], [3]), reference=reference) == {}


def test_without_items_there_is_no_label_issue(reference):
    assert find_label_issues([], reference=reference) == {}


def test_a_label_that_similar_images_contradict_is_held_with_the_reason(reference):
    items = items_at([11] * 8 + [12] * 8, [3] * 7 + [5] + [4] * 8)
    held = find_label_issues(items, reference=reference)
    assert list(held) == [7]
    assert held[7] == ("It was labelled 5; 5 of the 5 most similar accepted images are labelled 3.")


def test_the_order_of_the_items_does_not_matter(reference):
    items = items_at([11] * 8, [3] * 7 + [5])
    expected = find_label_issues(items, reference=reference)
    assert find_label_issues(items[::-1], reference=reference) == expected


def test_a_wrong_label_of_no_digit_is_held_and_named(reference):
    items = items_at([11] * 8, [3] * 7 + [NO_DIGIT])
    reason = find_label_issues(items, reference=reference)[7]
    assert reason.startswith("It was labelled not a digit; ")


def test_many_items_of_one_digit_do_not_contradict_dissimilar_items(reference):
    items = items_at([11] * 30 + [12, 13], [3] * 30 + [4, 5])
    assert find_label_issues(items, reference=reference) == {}


def test_both_sides_are_held_if_contributors_contradict_each_other(reference):
    ada, bela = items_at([11], [3]), items_at([11], [5], contributor="Bela", start=1)
    bela = [replace(bela[0], picture=ada[0].picture)]
    held = find_label_issues(ada + bela, reference=reference)
    assert set(held) == {0, 1}
    assert set(held.values()) == {"Contributors label the same picture differently: 3 and 5."}


def test_a_copy_of_an_image_counts_as_the_same_picture(reference):
    ada, bela = items_at([11], [3]), items_at([11], [5], contributor="Bela", start=1)
    bela = [replace(bela[0], digit_sha256=ada[0].digit_sha256)]
    assert set(find_label_issues(ada + bela, reference=reference)) == {0, 1}


def test_one_contributor_does_not_contradict_themselves(reference):
    first, second = items_at([11, 11], [3, 5])
    second = replace(second, picture=first.picture)
    assert find_label_issues([first, second], reference=reference) == {}


def test_only_the_other_side_is_held_if_a_reviewer_accepted_one_side(reference):
    ada, bela = items_at([11], [3]), items_at([11], [5], contributor="Bela", start=1)
    ada = [replace(ada[0], reviewed=True)]
    bela = [replace(bela[0], picture=ada[0].picture)]
    assert set(find_label_issues(ada + bela, reference=reference)) == {1}


def test_an_item_that_a_reviewer_accepted_is_never_held(reference):
    items = items_at([11] * 8, [3] * 7 + [5])
    items[7] = replace(items[7], reviewed=True)
    assert find_label_issues(items, reference=reference) == {}


def test_an_ordinary_digit_with_another_label_is_held(reference):
    held = {}
    for seed in range(8):  # half of all digits are more ordinary than the others
        items = items_at([7], [1], predicted=7, seed=seed)
        held |= find_label_issues(items, reference=reference)
    assert held[0] == (
        "It was labelled 1, but looks like an ordinary 7: the 10 most similar digits of MNIST "
        "are all labelled 7."
    )


def test_an_ordinary_digit_with_another_label_is_accepted_if_other_feedback_agrees(reference):
    items = items_at([7] * 6, [1] * 6, predicted=7)
    assert find_label_issues(items, reference=reference) == {}


def test_fifty_ordinary_digits_that_one_of_three_mislabels_are_held(reference):
    ada = items_at([11] * 10 + [12] * 10, [3] * 10 + [4] * 10)
    bela = items_at(
        [11] * 10 + [13] * 10, [3] * 10 + [5] * 10, contributor="Bela", start=20, seed=2
    )
    cleo = items_at([7] * 50, [1] * 50, contributor="Cleo", start=40, predicted=7, seed=3)
    held = find_label_issues(ada + bela + cleo, reference=reference)
    assert len(held) >= 45
    assert min(held) >= 40
    assert next(iter(held.values())).startswith("One of 50 verdicts of Cleo; ")


def test_one_contributor_does_not_outvote_two_by_number(reference):
    ada = items_at([11] * 6, [3] * 6)
    bela = items_at([11] * 6, [3] * 6, contributor="Bela", start=6, seed=2)
    cleo = items_at([11] * 50, [8] * 50, contributor="Cleo", start=12, seed=3)
    held = find_label_issues(ada + bela + cleo, reference=reference)
    assert set(held) == set(range(12, 62))


def test_a_bad_sitting_does_not_affect_a_contributors_good_sittings(reference):
    axes, labels = [11] * 9 + [12] * 9, [3] * 9 + [4] * 9
    ada = items_at(axes, labels)
    bela = items_at(axes, labels, contributor="Bela", start=18, seed=2)
    good = items_at(axes, labels, contributor="Cleo", start=36, seed=3)
    bad = items_at([11] * 9, [8] * 9, contributor="Cleo", start=1000, seed=4)
    held = find_label_issues(ada + bela + good + bad, reference=reference)
    assert set(held) == set(range(1000, 1009))


def test_one_new_item_is_judged_by_the_same_rules_and_held_items_do_not_change(reference):
    others = items_at([11] * 8, [3] * 8)
    wrong, right = items_at([11, 11], [5, 3], start=8, seed=5)
    reason = check_new_item(wrong, others, reference=reference)
    assert reason == find_label_issues([*others, wrong], reference=reference)[8]
    assert check_new_item(right, others, reference=reference) is None


def test_one_new_item_is_judged_quickly_among_thousands(reference):
    others = items_at([11, 12] * 1500, [3, 4] * 1500)
    new = items_at([11], [4], start=3000, seed=5)[0]
    assert check_new_item(new, others, reference=reference) is not None
    last = replace(new, id=3001, label=3, picture=others[0].picture, contributor="Bela")
    contrary = replace(last, label=9)
    assert check_new_item(last, others, reference=reference) is None
    assert "the same picture" in (check_new_item(contrary, others, reference=reference) or "")
