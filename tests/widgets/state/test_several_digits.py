"""Several digits in one picture: an item each, judged each on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png

from digitlab.widgets import Page
from digitlab.widgets.state.session import MAX_ITEMS


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeLab]:
    with FakeLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def page(lab: FakeLab) -> Page:
    page = Page(lab)
    say(page.picture_input, {"type": "several", "on": True})
    return page


def say(widget: Any, content: dict[str, Any]) -> None:
    """A message as it comes from the browser."""
    widget._handle_custom_msg(content, [])


def test_the_switch_is_off_until_it_is_put_on(lab: FakeLab) -> None:
    page = Page(lab)
    page.session.open("a.png", png())
    assert len(page.session.items) == 1
    say(page.picture_input, {"type": "several", "on": True})
    assert page.picture_input.several is True
    page.session.open("a.png", png())
    assert len(page.session.items) == 4


def test_every_digit_is_an_item_that_says_which_it_is(page: Page) -> None:
    page.session.open("row.png", png())
    names = ["row.png · 1 of 3", "row.png · 2 of 3", "row.png · 3 of 3"]
    assert [row["name"] for row in page.visit.rows] == names
    assert all(row["thumbnail"] for row in page.visit.rows)
    assert page.visit.summary == "1 picture with 3 digits, 0 judged"
    assert page.session.index == 0


def test_a_picture_with_one_digit_keeps_its_plain_name(page: Page, lab: FakeLab) -> None:
    lab.digit_count = 1
    page.session.open("one.png", png())
    assert page.session.items[0].name == "one.png"
    assert page.visit.summary == "1 picture, 0 judged"
    assert "dl-other" not in page.result.value.split("</style>")[1]


def test_a_picture_without_ink_is_one_item_as_ever(page: Page, lab: FakeLab) -> None:
    lab.digit_count = 0
    lab.refused = True
    page.session.open("blank.png", png())
    assert [item.name for item in page.session.items] == ["blank.png"]
    assert "I see no digit here" in page.result.value
    assert page.banner.error == ""


def test_a_broken_picture_is_one_item_with_its_sentence(page: Page) -> None:
    page.session.open("a.png", BROKEN_PICTURE)
    assert [bool(item.error) for item in page.session.items] == [True]
    assert page.banner.error == "a.png: This file is damaged; please send it again."


def test_the_bytes_of_the_picture_lie_in_the_spool_once(page: Page) -> None:
    page.session.open("row.png", png())
    one, two, three = page.session.items
    assert one.picture == two.picture == three.picture
    assert one.preview == two.preview == three.preview
    last = page.session.prediction(three)
    assert last is not None
    assert last.picture == png()


def test_the_digit_in_view_is_framed_and_the_others_faintly(page: Page) -> None:
    page.session.open("row.png", png())
    say(page.visit, {"type": "select", "item": 1})
    html = page.result.value
    assert 'class="dl-box" x="10"' in html
    assert html.count('class="dl-other"') == 2
    assert 'class="dl-other" x="4"' in html
    assert 'class="dl-other" x="16"' in html
    assert "row.png · 2 of 3" in html


def test_each_digit_is_judged_on_its_own_and_the_next_one_follows(page: Page, lab: FakeLab) -> None:
    page.session.open("row.png", png())
    for item, digit in enumerate((7, 1, 2)):
        assert page.judge.item == item
        say(page.judge, {"type": "answer", "digit": digit, "comment": "", "item": item})
    said = [(entry.verdict, entry.label, entry.box[0]) for entry in lab.entries]
    assert said == [("right", 7, 4), ("wrong", 1, 10), ("wrong", 2, 16)]
    assert {entry.name for entry in lab.entries} == {"row.png"}
    assert len({entry.picture_sha256 for entry in lab.entries}) == 1
    assert page.visit.summary == "1 picture with 3 digits, 3 judged"


def test_undo_takes_back_one_digit_only(page: Page, lab: FakeLab) -> None:
    page.session.open("row.png", png())
    for item in (0, 1):
        say(page.judge, {"type": "answer", "digit": 1, "comment": "", "item": item})
    say(page.judge, {"type": "undo"})
    assert [entry.box[0] for entry in lab.entries] == [4]
    assert page.session.index == 1


def test_screen_readers_hear_which_of_the_digits_it_is(page: Page) -> None:
    page.session.open("row.png", png())
    assert page.judge.spoken == "row.png · 1 of 3: 7, sure, 97 %"


def test_a_visit_takes_as_many_digits_as_it_holds(page: Page, lab: FakeLab) -> None:
    lab.digit_count = 200
    page.session.open("a.png", png(1))
    page.session.open("b.png", png(2))
    assert len(page.session.items) == MAX_ITEMS
    assert page.banner.error.startswith("b.png has 200 digits, 100 of which are shown. A visit")
    page.session.open("c.png", png(3))
    assert len(page.session.items) == MAX_ITEMS
