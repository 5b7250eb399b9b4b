"""The gallery shows the corrections that a run fixed, left or broke."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_lab import png
from support.feedback_rows import add_verdict, noise
from support.fine_tune_views import FakeFineTuneLab, begin_run
from support.page_messages import send_message

from digitlab.errors import StoreError
from digitlab.html.primitives import digit_image_uri
from digitlab.store.home_settings import SHOW_CORRECTIONS
from digitlab.widgets import Page
from digitlab.widgets.state.run_corrections import MAX_IMAGES


class CountingLab(FakeFineTuneLab):
    """A lab that counts the reads of digit images.

    Attributes:
        reads: number of calls of `digit_images`.
        read_error: what the next call raises; None for nothing.
    """

    reads = 0
    read_error: Exception | None = None

    def digit_images(self, verdict_ids: Any) -> Any:
        self.reads += 1
        if self.read_error is not None:
            raise self.read_error
        return super().digit_images(verdict_ids)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[CountingLab]:
    with CountingLab(tmp_path / "home") as lab:
        lab.home_settings.set(SHOW_CORRECTIONS, "all", by="ada")
        yield lab


def add_corrections(lab: CountingLab, count: int, label: int | None = 3) -> list[int]:
    """Add verdicts on different digit images and return their numbers."""
    return [add_verdict(lab.feedback, noise(number), label) for number in range(count)]


def finish_run(lab: CountingLab, outcome: str = "promoted", **metrics: Any) -> None:
    """Add a run with an outcome and metrics to the store."""
    begin_run(lab)
    if outcome == "promoted":
        lab.champion = "v0001"  # type: ignore[assignment]
    lab.runs.finish("mine", outcome, version="v0001", metrics=metrics)


def groups_of_a_new_page(lab: CountingLab) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = Page(lab).fine_tune_panel.groups
    return groups


def test_a_promoted_run_shows_the_corrections_that_are_now_read_right(lab: CountingLab) -> None:
    first, second, third = add_corrections(lab, 3)
    counts = {"n": 4, "champion": 1}
    finish_run(lab, fixed=[first, third], still_wrong=[second], broken=[], corrections=counts)
    fixed, wrong = groups_of_a_new_page(lab)
    assert fixed["title"] == "Now read right: 2 of 4 corrections; 1 was already"
    assert [image["src"] for image in fixed["images"]] == [
        digit_image_uri(noise(number)) for number in (2, 0)
    ]
    assert (wrong["title"], len(wrong["images"]), wrong["more"]) == ("Not learned yet: 1", 1, "")


@pytest.mark.parametrize(
    ("label", "texts"), [(3, ("3", "a 3")), (8, ("8", "an 8")), (None, ("none", "no digit"))]
)
def test_each_image_has_its_digit_as_text(
    lab: CountingLab, label: int | None, texts: tuple[str, str]
) -> None:
    finish_run(lab, fixed=add_corrections(lab, 1, label))
    (group,) = groups_of_a_new_page(lab)
    assert [(image["digit"], image["alt"]) for image in group["images"]] == [texts]


def test_the_newest_of_many_corrections_are_shown_and_the_others_counted(
    lab: CountingLab,
) -> None:
    finish_run(lab, fixed=add_corrections(lab, MAX_IMAGES + 2))
    (group,) = groups_of_a_new_page(lab)
    assert len(group["images"]) == MAX_IMAGES
    assert group["images"][0]["src"] == digit_image_uri(noise(MAX_IMAGES + 1))
    assert group["more"] == "and 2 more"


def test_a_rejected_run_shows_what_its_version_would_read(lab: CountingLab) -> None:
    numbers = add_corrections(lab, 2)
    counts = {"n": 2, "champion": 1}
    finish_run(lab, "rejected", fixed=numbers[:1], broken=numbers[1:], corrections=counts)
    assert [group["title"] for group in groups_of_a_new_page(lab)] == [
        "It would read right: 1 of 2 corrections; 1 was already",
        "It would no longer read right: 1",
    ]


def test_a_correction_that_was_undone_since_is_not_shown(lab: CountingLab) -> None:
    numbers = add_corrections(lab, 2)
    finish_run(lab, fixed=numbers)
    lab.undo(contributor="ann", verdict_id=numbers[0])
    (group,) = groups_of_a_new_page(lab)
    assert [image["src"] for image in group["images"]] == [digit_image_uri(noise(1))]
    assert group["more"] == "1 taken back since"


@pytest.mark.parametrize("outcome", ["cancelled", "failed", "nothing-new"])
def test_a_run_without_a_decision_shows_no_images(lab: CountingLab, outcome: str) -> None:
    finish_run(lab, outcome, fixed=add_corrections(lab, 1))
    assert (groups_of_a_new_page(lab), lab.reads) == ([], 0)


@pytest.mark.parametrize("outcome", ["promoted", "rejected"])
def test_a_run_without_a_list_of_corrections_shows_no_images(
    lab: CountingLab, outcome: str
) -> None:
    finish_run(lab, outcome, corrections={"n": 3, "champion": 0})
    assert (groups_of_a_new_page(lab), lab.reads) == ([], 0)


def test_a_version_that_was_replaced_no_longer_reads_right_now(
    page: Page, lab: CountingLab
) -> None:
    finish_run(lab, fixed=add_corrections(lab, 1))
    page.run_follower.poll()
    assert page.fine_tune_panel.groups[0]["title"] == "Now read right: 1"
    page.session.set_model("base")
    assert page.fine_tune_panel.groups[0]["title"] == "It would read right: 1"


def correct_in_page(page: Page, number: int) -> int:
    """Correct a picture in a visit and return the number of the verdict."""
    page.session.open(f"{number}.png", png(number))
    item_id = len(page.session.items) - 1
    page.session.judge("wrong", 3, item_id=item_id)
    verdict = page.session.items[item_id].verdict
    assert verdict is not None
    return verdict.id


def browser_of(page: Page) -> dict[str, str]:
    """Return what the browser of a page keeps: the codes that the kernel sends."""
    codes: dict[str, str] = {}
    page.fine_tune_panel.send = lambda content, buffers=None: codes.update(content["codes"])
    return codes


def test_a_page_shows_the_corrections_of_its_browser_and_counts_the_others(
    page: Page, lab: CountingLab
) -> None:
    lab.home_settings.set(SHOW_CORRECTIONS, "own", by="ada")
    others, own = add_corrections(lab, 3), correct_in_page(page, 1)
    finish_run(lab, fixed=[*others, own])
    page.run_follower.poll()
    (group,) = page.fine_tune_panel.groups
    assert (group["title"], len(group["images"])) == ("Now read right: 4", 1)
    assert group["more"] == "3 not given in this browser"
    (other,) = groups_of_a_new_page(lab)
    assert (other["images"], other["more"]) == ([], "4 not given in this browser")


def test_the_same_contributors_name_shows_no_pictures(page: Page, lab: CountingLab) -> None:
    lab.home_settings.set(SHOW_CORRECTIONS, "own", by="ada")
    page.session.set_contributor("ann")
    finish_run(lab, fixed=[correct_in_page(page, 1)])
    other = Page(lab)
    other.session.set_contributor("ann")
    other.run_follower.poll()
    assert other.fine_tune_panel.groups[0]["images"] == []


def test_a_browser_that_comes_back_proves_its_verdicts(page: Page, lab: CountingLab) -> None:
    lab.home_settings.set(SHOW_CORRECTIONS, "own", by="ada")
    codes = browser_of(page)
    own = correct_in_page(page, 1)
    (other,) = add_corrections(lab, 1)
    finish_run(lab, fixed=[own, other])
    assert list(codes) == [str(own)]

    later = Page(lab)
    forged = {str(other): codes[str(own)], "x": "y", "-1": ""}
    send_message(later.fine_tune_panel, {"type": "own-verdicts", "codes": forged})
    later.run_follower.poll()
    assert later.fine_tune_panel.groups[0]["images"] == []
    send_message(later.fine_tune_panel, {"type": "own-verdicts", "codes": codes | forged})
    later.run_follower.poll()
    (group,) = later.fine_tune_panel.groups
    assert (len(group["images"]), group["more"]) == (1, "1 not given in this browser")


def test_two_browsers_with_the_same_picture_both_see_it(page: Page, lab: CountingLab) -> None:
    """A run lists the first verdict on an image only."""
    lab.home_settings.set(SHOW_CORRECTIONS, "own", by="ada")
    second = Page(lab)
    for name, one in (("ann", page), ("bob", second)):
        one.session.set_contributor(name)
    first_id, second_id = correct_in_page(page, 1), correct_in_page(second, 1)
    assert first_id != second_id
    finish_run(lab, fixed=[first_id])
    second.run_follower.poll()
    assert len(second.fine_tune_panel.groups[0]["images"]) == 1


def test_the_images_are_read_once_for_an_outcome(page: Page, lab: CountingLab) -> None:
    finish_run(lab, fixed=add_corrections(lab, 1))
    for _ in range(3):
        page.run_follower.poll()
    assert len(page.fine_tune_panel.groups) == 1
    begin_run(lab, "next")
    lab.runs.heartbeat("next", phase="training", step=1, steps=8, loss=1.0)
    page.run_follower.poll()
    assert (page.fine_tune_panel.groups, lab.reads) == ([], 1)


def test_the_outcome_is_shown_although_its_images_cannot_be_read(
    page: Page, lab: CountingLab
) -> None:
    lab.read_error = StoreError("The disk is gone.")
    finish_run(lab, "rejected", fixed=add_corrections(lab, 1))
    page.run_follower.poll()
    assert page.fine_tune_panel.outcome == "rejected"
    assert (page.fine_tune_panel.groups, page.banner.error) == ([], "The disk is gone.")
