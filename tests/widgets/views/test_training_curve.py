"""The curve of a fine-tune and the pictures that it fixed: no kernel and no browser."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_lab import png
from support.feedback_rows import add_verdict, noise
from support.fine_tune_views import FakeFineTuneLab, begin_run, press_start

from digitlab.errors import StoreError
from digitlab.html.primitives import digit_image_uri
from digitlab.widgets import Page
from digitlab.widgets.views.correction_gallery import MOST, TITLES
from digitlab.widgets.views.training_curve import spoken

EMPTY = "Loss and the share read right are drawn here while it trains."
DRAWN = ("points", "steps", "loss", "right", "spoken")


class CountingLab(FakeFineTuneLab):
    """Counts how often it is asked for digit images; `broken_images` is what it raises then."""

    asked_for = 0
    broken_images: Exception | None = None

    def digit_images(self, verdict_ids: Any) -> Any:
        self.asked_for += 1
        if self.broken_images is not None:
            raise self.broken_images
        return super().digit_images(verdict_ids)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[CountingLab]:
    with CountingLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def page(lab: CountingLab) -> Page:
    return Page(lab)


@pytest.fixture
def training(page: Page, lab: CountingLab) -> Page:
    """A page whose run is in the middle of its training."""
    begin_run(lab)
    lab.runs.heartbeat("mine", phase="training", step=0, steps=80)
    lab.runs.heartbeat("mine", step=10, steps=80, loss=2.314)
    lab.runs.heartbeat("mine", step=20, steps=80, loss=0.5, validation_accuracy=0.985)
    page.learning.turn()
    return page


def drawn(page: Page) -> dict[str, Any]:
    return {name: getattr(page.learn, name) for name in DRAWN}


def teach(lab: CountingLab, n: int, digit: int | None = 3) -> list[int]:
    """Keep that n digit images of their own show `digit`; the verdicts' numbers."""
    return [add_verdict(lab.feedback, noise(number), digit) for number in range(n)]


def judge(lab: CountingLab, outcome: str = "promoted", **metrics: Any) -> None:
    """A run that changed something, or nothing, and has its outcome."""
    begin_run(lab)
    lab.runs.finish("mine", outcome, version="v0001", metrics=metrics)


# the curve ---------------------------------------------------------------------------------------


def test_without_a_run_nothing_is_drawn(page: Page) -> None:
    assert drawn(page) == {"points": [], "steps": 0, "loss": "", "right": "", "spoken": EMPTY}


def test_the_curve_grows_with_each_sign_of_progress(training: Page, lab: CountingLab) -> None:
    assert training.learn.points == [[10, 2.314, None], [20, 0.5, 0.985]]
    assert (training.learn.loss, training.learn.right) == ("0.50", "98.5 %")
    lab.runs.heartbeat("mine", step=30, loss=0.25)
    training.learning.turn()
    assert training.learn.points[2:] == [[30, 0.25, None]]
    assert (training.learn.loss, training.learn.right) == ("0.25", "98.5 %")


def test_a_page_made_in_the_middle_draws_the_same_curve(training: Page, lab: CountingLab) -> None:
    assert drawn(Page(lab)) == drawn(training)


def test_the_curve_stays_when_the_verdict_comes(training: Page, lab: CountingLab) -> None:
    before = drawn(training)
    lab.runs.finish("mine", "rejected", version="v0001")
    training.learning.turn()
    assert drawn(training) == drawn(Page(lab)) == before


def test_the_next_run_begins_with_an_empty_curve(training: Page, lab: CountingLab) -> None:
    lab.runs.finish("mine", "rejected", version="v0001")
    training.learning.turn()
    training.learning.start()
    assert training.learn.points == []
    press_start(training)
    assert (training.learn.running, training.learn.points) == ("run-1", [])


def test_a_loss_that_is_no_number_is_not_drawn(training: Page, lab: CountingLab) -> None:
    lab.runs.heartbeat("mine", step=30, loss=math.nan)
    training.learning.turn()
    assert training.learn.points[2:] == [[30, None, None]]
    assert training.learn.loss == "0.50"


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        ([], EMPTY),
        ([[1, None, 0.9]], EMPTY),
        ([[8, 2.314, None]], "Loss stayed at 2.31 in 8 of 120 steps."),
        ([[8, 2.3, None], [60, 0.5, None]], "Loss fell from 2.30 to 0.50 in 60 of 120 steps."),
        (
            [[8, 2.314, 0.9], [120, 0.42, 0.991]],
            "Loss fell from 2.31 to 0.42 in 120 steps; 99.1 % of the hard images are read right.",
        ),
        ([[8, 0.4, None], [120, 0.6, None]], "Loss rose from 0.40 to 0.60 in 120 steps."),
    ],
)
def test_the_curve_as_a_sentence(points: Any, sentence: str) -> None:
    assert spoken(points, 120) == sentence


# the pictures ------------------------------------------------------------------------------------


def test_a_promoted_run_shows_what_is_read_right_now(lab: CountingLab) -> None:
    first, second, third = teach(lab, 3)
    counts = {"n": 4, "champion": 1}
    judge(lab, fixed=[first, third], still_wrong=[second], broken=[], corrections=counts)
    fixed, wrong = Page(lab).learn.groups
    assert fixed["title"] == "Now read right: 2 of 4 corrections; 1 was already"
    assert [image["src"] for image in fixed["images"]] == [
        digit_image_uri(noise(number)) for number in (2, 0)
    ]
    assert (wrong["title"], len(wrong["images"]), wrong["more"]) == ("Still read wrong: 1", 1, "")


@pytest.mark.parametrize(
    ("digit", "said"), [(3, ("3", "a 3")), (8, ("8", "an 8")), (None, ("none", "no digit"))]
)
def test_each_picture_says_its_digit(
    lab: CountingLab, digit: int | None, said: tuple[str, str]
) -> None:
    judge(lab, fixed=teach(lab, 1, digit))
    (group,) = Page(lab).learn.groups
    assert [(image["digit"], image["alt"]) for image in group["images"]] == [said]


def test_of_many_pictures_the_newest_are_shown_and_the_others_counted(lab: CountingLab) -> None:
    numbers = teach(lab, MOST + 2)
    judge(lab, fixed=numbers)
    (group,) = Page(lab).learn.groups
    assert len(group["images"]) == MOST
    assert group["images"][0]["src"] == digit_image_uri(noise(MOST + 1))
    assert group["more"] == "and 2 more"


def test_of_a_rejected_version_it_is_said_what_it_would_read(lab: CountingLab) -> None:
    numbers = teach(lab, 2)
    judge(
        lab, "rejected", fixed=numbers[:1], broken=numbers[1:], corrections={"n": 2, "champion": 1}
    )
    assert [group["title"] for group in Page(lab).learn.groups] == [
        "It would read right: 1 of 2 corrections; 1 was already",
        "It would no longer read right: 1",
    ]


def test_what_was_taken_back_since_is_not_shown(lab: CountingLab) -> None:
    numbers = teach(lab, 2)
    judge(lab, fixed=numbers)
    lab.undo(contributor="ann", verdict_id=numbers[0])
    (group,) = Page(lab).learn.groups
    assert [image["src"] for image in group["images"]] == [digit_image_uri(noise(1))]


@pytest.mark.parametrize("outcome", ["cancelled", "failed", "nothing-new"])
def test_a_run_that_was_not_judged_shows_no_pictures(lab: CountingLab, outcome: str) -> None:
    judge(lab, outcome, fixed=teach(lab, 1))
    assert (Page(lab).learn.groups, lab.asked_for) == ([], 0)


@pytest.mark.parametrize("outcome", sorted(TITLES))
def test_a_run_that_does_not_say_what_it_fixed_shows_no_pictures(
    lab: CountingLab, outcome: str
) -> None:
    judge(lab, outcome, corrections={"n": 3, "champion": 0})
    assert (Page(lab).learn.groups, lab.asked_for) == ([], 0)


def test_the_pictures_are_fetched_once_for_a_verdict(page: Page, lab: CountingLab) -> None:
    judge(lab, fixed=teach(lab, 1))
    for _ in range(3):
        page.learning.turn()
    assert len(page.learn.groups) == 1
    begin_run(lab, "next")
    lab.runs.heartbeat("next", phase="training", step=1, steps=8, loss=1.0)
    page.learning.turn()
    assert (page.learn.groups, lab.asked_for) == ([], 1)


def test_a_verdict_is_shown_also_when_its_pictures_cannot_be_read(
    page: Page, lab: CountingLab
) -> None:
    lab.broken_images = StoreError("The disk is gone.")
    judge(lab, "rejected", fixed=teach(lab, 1))
    page.learning.turn()
    assert page.learn.outcome == "rejected"
    assert (page.learn.groups, page.banner.error) == ([], "The disk is gone.")


# what the page answers with ----------------------------------------------------------------------


def test_a_version_that_another_one_replaced_no_longer_answers(
    page: Page, lab: CountingLab
) -> None:
    lab.champion = "v0001"  # type: ignore[assignment]
    judge(lab)
    page.learning.turn()
    assert page.learn.says.endswith("the page answers with v0001 now.")
    lab.champion = "base"  # type: ignore[assignment]
    page.session.open("a.png", png(1))
    assert page.learn.says.endswith("took over; by now the page answers with base.")
