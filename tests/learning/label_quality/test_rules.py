"""Which feedback is held for review, on made-up embeddings: digits are clusters of directions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from digitlab.learning.label_quality.rules import Item, cap_share, check_one, suspects
from digitlab.model.reference_embeddings import ReferenceEmbeddings

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SIDE = 24
NO_DIGIT = 10


@pytest.fixture(scope="module")
def reference():
    """A hundred digits of each label, about one axis each; the other axes are nobody's."""
    rng = np.random.default_rng(0)
    labels = np.arange(1000) % 10
    return ReferenceEmbeddings(embeddings=cluster(labels, rng), labels=labels)


def cluster(axes, rng):
    """Embeddings about the given axes."""
    return 5 * np.eye(SIDE)[np.asarray(axes)] + rng.normal(0, 0.5, (len(axes), SIDE))


def given(axes, digits, *, contributor="Ada", start=0, guess=0, seed=1, every=10):
    """Items about axes, called digits; from axis 10 on they are like no digit of the reference."""
    rng = np.random.default_rng(seed)
    probabilities = np.full(10, 0.0001)
    probabilities[guess] = 0.9991
    return [
        Item(
            id=start + place,
            label=int(digit),
            contributor=contributor,
            time=NOON + timedelta(seconds=every * (start + place)),
            picture=f"picture {start + place}",
            digit_sha256=f"image {start + place}",
            embedding=embedding,
            probabilities=probabilities,
        )
        for place, (embedding, digit) in enumerate(zip(cluster(axes, rng), digits, strict=True))
    ]


def test_corrections_that_agree_are_accepted_however_wrong_the_model_was(reference):
    axes = np.repeat([11, 12, 13], 6)
    assert suspects(given(axes, axes - 8), reference=reference) == {}


def test_one_correction_alone_is_accepted(reference):
    assert suspects(given([11], [3]), reference=reference) == {}


def test_nothing_is_held_of_nothing(reference):
    assert suspects([], reference=reference) == {}


def test_what_images_like_it_contradict_is_held_with_the_reason(reference):
    items = given([11] * 8 + [12] * 8, [3] * 7 + [5] + [4] * 8)
    held = suspects(items, reference=reference)
    assert list(held) == [7]
    assert held[7] == ("It was called 5; of the 5 accepted images most like it 5 are called 3.")


def test_the_order_of_the_items_does_not_matter(reference):
    items = given([11] * 8, [3] * 7 + [5])
    assert suspects(items[::-1], reference=reference) == suspects(items, reference=reference)


def test_a_flip_to_no_digit_is_held_and_named(reference):
    items = given([11] * 8, [3] * 7 + [NO_DIGIT])
    assert suspects(items, reference=reference)[7].startswith("It was called not a digit; ")


def test_many_of_one_digit_say_nothing_of_what_is_unlike_them(reference):
    items = given([11] * 30 + [12, 13], [3] * 30 + [4, 5])
    assert suspects(items, reference=reference) == {}


def test_both_sides_are_held_where_people_contradict_each_other(reference):
    ada, bela = given([11], [3]), given([11], [5], contributor="Bela", start=1)
    bela = [replace(bela[0], picture=ada[0].picture)]
    held = suspects(ada + bela, reference=reference)
    assert set(held) == {0, 1}
    assert set(held.values()) == {"People say different things of the same picture: 3 and 5."}


def test_a_copy_of_an_image_is_the_same_picture(reference):
    ada, bela = given([11], [3]), given([11], [5], contributor="Bela", start=1)
    bela = [replace(bela[0], digit_sha256=ada[0].digit_sha256)]
    assert set(suspects(ada + bela, reference=reference)) == {0, 1}


def test_one_person_does_not_contradict_themselves(reference):
    first, second = given([11, 11], [3, 5])
    second = replace(second, picture=first.picture)
    assert suspects([first, second], reference=reference) == {}


def test_where_a_person_accepted_one_side_only_the_other_is_held(reference):
    ada, bela = given([11], [3]), given([11], [5], contributor="Bela", start=1)
    ada = [replace(ada[0], reviewed=True)]
    bela = [replace(bela[0], picture=ada[0].picture)]
    assert set(suspects(ada + bela, reference=reference)) == {1}


def test_what_a_person_accepted_is_never_held(reference):
    items = given([11] * 8, [3] * 7 + [5])
    items[7] = replace(items[7], reviewed=True)
    assert suspects(items, reference=reference) == {}


def test_an_ordinary_digit_called_another_one_is_held(reference):
    held = {}
    for seed in range(8):  # half of all digits are more ordinary than the others
        held |= suspects(given([7], [1], guess=7, seed=seed), reference=reference)
    assert held[0] == (
        "It was called 1, but looks like an ordinary 7: so are the 10 digits of MNIST most like it."
    )


def test_what_the_model_misreads_alike_with_others_is_no_stranger(reference):
    items = given([7] * 6, [1] * 6, guess=7)
    assert suspects(items, reference=reference) == {}


def test_fifty_ordinary_digits_miscalled_by_one_of_three_are_held(reference):
    ada = given([11] * 10 + [12] * 10, [3] * 10 + [4] * 10)
    bela = given([11] * 10 + [13] * 10, [3] * 10 + [5] * 10, contributor="Bela", start=20, seed=2)
    cleo = given([7] * 50, [1] * 50, contributor="Cleo", start=40, guess=7, seed=3)
    held = suspects(ada + bela + cleo, reference=reference)
    assert len(held) >= 45
    assert min(held) >= 40
    assert next(iter(held.values())).startswith("One of 50 that Cleo gave, of which ")


def test_one_person_against_two_does_not_win_by_their_number(reference):
    ada = given([11] * 6, [3] * 6)
    bela = given([11] * 6, [3] * 6, contributor="Bela", start=6, seed=2)
    cleo = given([11] * 50, [8] * 50, contributor="Cleo", start=12, seed=3)
    assert set(suspects(ada + bela + cleo, reference=reference)) == set(range(12, 62))


def test_a_bad_sitting_does_not_cost_a_contributor_their_good_ones(reference):
    ada = given([11] * 9 + [12] * 9, [3] * 9 + [4] * 9)
    bela = given([11] * 9 + [12] * 9, [3] * 9 + [4] * 9, contributor="Bela", start=18, seed=2)
    good = given([11] * 9 + [12] * 9, [3] * 9 + [4] * 9, contributor="Cleo", start=36, seed=3)
    bad = given([11] * 9, [8] * 9, contributor="Cleo", start=1000, seed=4)
    assert set(suspects(ada + bela + good + bad, reference=reference)) == set(range(1000, 1009))


def test_one_new_item_is_judged_by_the_same_rules_and_held_ones_do_not_change(reference):
    others = given([11] * 8, [3] * 8)
    wrong, right = given([11, 11], [5, 3], start=8, seed=5)
    why = check_one(wrong, others, reference=reference)
    assert why == suspects([*others, wrong], reference=reference)[8]
    assert check_one(right, others, reference=reference) is None


def test_one_new_item_is_judged_in_a_moment_among_thousands(reference):
    others = given([11, 12] * 1500, [3, 4] * 1500)
    new = given([11], [4], start=3000, seed=5)[0]
    assert check_one(new, others, reference=reference) is not None
    last = replace(new, id=3001, label=3, picture=others[0].picture, contributor="Bela")
    contrary = replace(last, label=9)
    assert check_one(last, others, reference=reference) is None
    assert "the same picture" in (check_one(contrary, others, reference=reference) or "")


def test_nobody_has_more_than_their_share_of_the_examples():
    people = ["Ada"] * 90 + ["Bela"] * 6 + ["Cleo"] * 4
    weights = cap_share(people, largest=0.5)
    assert weights[:90].sum() / weights.sum() == pytest.approx(0.5)
    assert weights[90:].tolist() == [1.0] * 10
    assert weights.max() == 1


def test_two_who_gave_much_are_both_capped():
    people = ["Ada"] * 50 + ["Bela"] * 40 + ["Cleo"] * 5 + ["Dara"] * 5
    weights = cap_share(people, largest=0.4)
    shares = [weights[np.array(people) == name].sum() / weights.sum() for name in ("Ada", "Bela")]
    assert shares == pytest.approx([0.4, 0.4])


def test_a_cap_below_equal_shares_means_equal_shares():
    weights = cap_share(["Ada"] * 8 + ["Bela"] * 4 + ["Cleo"] * 2, largest=0.1)
    assert weights[:8].sum() == pytest.approx(weights[8:12].sum())
    assert weights[12:].tolist() == [1.0, 1.0]


def test_fewer_than_three_contributors_are_not_capped():
    assert cap_share(["Ada"] * 9 + ["Bela"], largest=0.2).tolist() == [1.0] * 10
    assert cap_share([], largest=0.2).tolist() == []
