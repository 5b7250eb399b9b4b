"""Several digits of one picture are items that are judged one by one.

The tests follow such a picture through state and views, so no single module has them.
"""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png
from support.page_messages import send_commands, send_message, send_undo, send_verdict

from digitlab.widgets import Page
from digitlab.widgets.state.session import JUDGED, MAX_ITEMS, NO_DIGITS, VISIT_FULL


@pytest.fixture
def page(lab: FakeLab) -> Page:
    page = Page(lab)
    send_message(page.picture_input, {"type": "several-digits", "on": True})
    return page


def test_one_digit_is_read_until_the_switch_is_on(lab: FakeLab) -> None:
    page = Page(lab)
    page.session.open("a.png", png())
    assert len(page.session.items) == 1
    send_message(page.picture_input, {"type": "several-digits", "on": True})
    assert page.picture_input.several_digits is True
    page.session.open("a.png", png())
    assert len(page.session.items) == 4


def test_every_digit_is_an_item_with_its_position_in_the_name(page: Page) -> None:
    page.session.open("row.png", png())
    names = ["row.png · 1 of 3", "row.png · 2 of 3", "row.png · 3 of 3"]
    assert [row["name"] for row in page.visit_grid.rows] == names
    assert all(row["thumbnail"] for row in page.visit_grid.rows)
    assert page.visit_grid.summary == "1 picture with 3 digits, 0 judged"
    assert page.session.arrived_id == 0


def test_a_picture_with_one_digit_keeps_its_plain_name(page: Page, lab: FakeLab) -> None:
    lab.digit_count = 1
    page.session.open("one.png", png())
    assert page.session.items[0].name == "one.png"
    assert page.visit_grid.summary == "1 picture, 0 judged"
    assert "dl-other" not in page.result.html(0).split("</style>")[1]


def test_a_picture_without_ink_is_one_item(page: Page, lab: FakeLab) -> None:
    lab.digit_count = 0
    lab.refused = True
    page.session.open("blank.png", png())
    assert [item.name for item in page.session.items] == ["blank.png"]
    assert "I see no digit here" in page.result.html(0)
    assert page.banner.error == ""


def test_a_broken_picture_is_one_item_with_its_error(page: Page) -> None:
    page.session.open("a.png", BROKEN_PICTURE)
    assert [bool(item.error) for item in page.session.items] == [True]
    assert page.banner.error == "a.png: This file is damaged; please send it again."


def test_the_spool_has_the_bytes_of_a_picture_once(page: Page) -> None:
    page.session.open("row.png", png())
    first, second, third = page.session.items
    assert first.picture == second.picture == third.picture
    assert first.preview == second.preview == third.preview
    prediction = page.session.prediction(third)
    assert prediction is not None
    assert prediction.picture == png()


def test_the_digit_in_view_has_a_frame_and_the_others_faint_ones(page: Page) -> None:
    page.session.open("row.png", png())
    html = page.result.html(1)
    assert 'class="dl-box" x="10"' in html
    assert html.count('class="dl-other"') == 2
    assert 'class="dl-other" x="4"' in html
    assert 'class="dl-other" x="16"' in html
    assert "row.png · 2 of 3" in html


def test_each_digit_has_its_own_verdict(page: Page, lab: FakeLab) -> None:
    page.session.open("row.png", png())
    for item_id, label in enumerate((7, 1, 2)):
        send_verdict(page, label, item_id=item_id)
    verdicts = [(entry.verdict, entry.label, entry.box[0]) for entry in lab.entries]
    assert verdicts == [("right", 7, 4), ("wrong", 1, 10), ("wrong", 2, 16)]
    assert {entry.name for entry in lab.entries} == {"row.png"}
    assert len({entry.picture_sha256 for entry in lab.entries}) == 1
    assert page.visit_grid.summary == "1 picture with 3 digits, 3 judged"


def test_undo_takes_the_verdict_on_one_digit_back(page: Page, lab: FakeLab) -> None:
    page.session.open("row.png", png())
    for item_id in (0, 1):
        send_verdict(page, 1, item_id=item_id)
    send_undo(page)
    assert [entry.box[0] for entry in lab.entries] == [4]


def test_a_row_tells_that_its_picture_has_other_digits(page: Page, lab: FakeLab) -> None:
    page.session.open("row.png", png())
    lab.digit_count = 1
    page.session.open("one.png", png())
    assert [row["one_of_several"] for row in page.visit_grid.rows] == [True, True, True, False]


def test_a_full_visit_leaves_digits_out_with_an_error(page: Page, lab: FakeLab) -> None:
    lab.digit_count = 200
    page.session.open("a.png", png(1))
    page.session.open("b.png", png(2))
    assert len(page.session.items) == MAX_ITEMS
    assert page.banner.error.startswith("b.png has 200 digits, 100 of which are shown. A visit")
    page.session.open("c.png", png(3))
    assert len(page.session.items) == MAX_ITEMS


def test_the_text_of_the_rows_is_near_each_digit(page: Page, lab: FakeLab) -> None:
    page.session.open("row.png", png())
    assert [item.number_text for item in page.session.items] == ["777"] * 3
    assert '<p class="dl-number-rows" data-testid="number-text" tabindex="0">777</p>' in (
        page.result.html(1)
    )
    lab.digit_count = 1
    page.session.open("one.png", png())
    assert "dl-number" not in page.result.html(3)


class TestReadAllDigits:
    """A picture that was read as one digit and looks like several."""

    @pytest.fixture
    def page(self, lab: FakeLab) -> Page:
        """A visit with a picture that looks like three digits between two others."""
        page = Page(lab)
        for shade, name in enumerate(["a.png", "row.png", "b.png"]):
            lab.several_count = 3 if name == "row.png" else 0
            page.session.open(name, png(shade), first_of_batch=not shade)
        return page

    def read_all(self, page: Page, item_id: int = 1, *, seq: int | None = None) -> dict[str, Any]:
        """Send the command of the button, and return the answer."""
        return send_commands(page, {"type": "read-all", "item_id": item_id}, first_seq=seq)

    def test_its_row_says_how_many_digits_it_looks_like(self, page: Page) -> None:
        texts = [row["several_text"] for row in page.visit_grid.rows]
        assert texts == ["", "This looks like 3 digits", ""]

    def test_its_digits_take_its_place(self, page: Page) -> None:
        assert self.read_all(page)["rejected"] == []
        states = [(row["name"], row["state"]) for row in page.visit_grid.rows]
        assert states == [
            ("a.png", "pending"),
            ("row.png", "replaced"),
            ("b.png", "pending"),
            ("row.png · 1 of 3", "pending"),
            ("row.png · 2 of 3", "pending"),
            ("row.png · 3 of 3", "pending"),
        ]
        assert page.session.arrived_id == 3
        assert page.visit_grid.summary == "3 pictures with 5 digits, 0 judged"
        assert page.session.notice == "row.png: read as 3 digits."
        assert not any(row["several_text"] for row in page.visit_grid.rows)
        first = page.session.prediction(page.session.items[3])
        assert first is not None
        assert (first.picture, first.name) == (png(1), "row.png")

    def test_a_command_that_arrives_twice_reads_once(self, page: Page) -> None:
        for _ in range(2):
            assert self.read_all(page, seq=1)["done"] == 1
        assert len(page.session.items) == 6

    def test_verdicts_and_undo_leave_the_replaced_item_alone(
        self, page: Page, lab: FakeLab
    ) -> None:
        send_verdict(page, 7, item_id=0)
        page.session.read_all_digits(1)
        send_verdict(page, 2, item_id=4)
        send_verdict(page, 2, item_id=1)  # has no prediction any more
        assert [(entry.name, entry.label) for entry in lab.entries] == [
            ("a.png", 7),
            ("row.png", 2),
        ]
        send_undo(page)
        send_undo(page)
        assert lab.entries == []
        assert [item.replaced for item in page.session.items] == [False, True] + 4 * [False]
        page.session.confirm([(item.id, 0, "") for item in page.session.items])
        assert len(lab.entries) == 5
        assert page.session.notice == "5 digits kept as right."

    def test_a_judged_picture_keeps_its_verdict(self, page: Page, lab: FakeLab) -> None:
        send_verdict(page, 7, item_id=1)
        assert self.read_all(page)["rejected"] == [[2, 1, JUDGED]]
        assert len(page.session.items) == 3
        assert [entry.label for entry in lab.entries] == [7]

    def test_a_picture_without_digits_stays_as_it_is(self, page: Page, lab: FakeLab) -> None:
        lab.digit_count = 0
        assert self.read_all(page)["rejected"] == [[1, 1, NO_DIGITS]]
        assert page.visit_grid.rows[1]["state"] == "pending"

    def test_a_full_visit_says_so(self, page: Page, lab: FakeLab) -> None:
        lab.digit_count = MAX_ITEMS - 1
        page.session.read_all_digits(1)
        assert len(page.session.items) == MAX_ITEMS
        assert page.banner.error.startswith(f"row.png has {MAX_ITEMS - 1} digits, {MAX_ITEMS - 3}")
        assert self.read_all(page, 2)["rejected"] == [[1, 2, VISIT_FULL]]
