"""The benchmark of rows and pages: which digits and texts count as right, and the pictures."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def rows():
    import rows

    return rows


@pytest.fixture
def tally():
    from common.reading_tally import Tally

    return Tally()


@pytest.fixture
def page():
    from common.page_parts import PhotographedPage

    def make(*text, **truth):
        return PhotographedPage(data=b"", text=list(text), boxes=[], **truth)

    return make


class ReadRows(list):
    """The digits of rows of text, each with the confidence of its place in `confidence`."""

    def __init__(self, *text, confidence=()):
        digits = [int(c) for c in "".join(text) if c.isdigit()]
        confidence = [*confidence, *[1.0] * len(digits)]
        super().__init__(
            SimpleNamespace(digit=d, confidence=c, refused=False, box=(0, 0, 1, 1))
            for d, c in zip(digits, confidence, strict=False)
        )
        self.rows = [SimpleNamespace(text=row) for row in text]


@pytest.mark.parametrize(
    ("read", "written", "pairs"),
    [
        ("123", "123", [(0, 0), (1, 1), (2, 2)]),
        ("13", "123", [(0, 0), (1, 2)]),
        ("31", "13", [(0, 1)]),
        ("9123", "123", [(1, 0), (2, 1), (3, 2)]),
        ("", "4", []),
    ],
)
def test_digits_count_as_right_in_their_order(rows, read, written, pairs):
    from common.reading_tally import match_in_order

    assert match_in_order(read, written) == pairs


def test_a_perfect_reader_has_perfect_figures_and_a_missed_digit_lowers_them(rows):
    photographed = rows.make_rows(4, 1, hard=True, n=2, seed=0)
    text = {row.data: row.text for row in photographed}
    reader = SimpleNamespace(read_all=lambda data: ReadRows(*text[data]))
    perfect = rows.join(list(rows.measure(reader, photographed)[0].values())).figures()
    assert (perfect["n"], perfect["written"], perfect["invented"]) == (2, 8, 0)
    assert perfect["digits"] == perfect["pictures"] == perfect["text"] == 1.0
    assert perfect["sure_mistakes"] == perfect["ece"] == 0.0
    text[photographed[0].data] = [photographed[0].text[0][:3]]
    figures = rows.join(list(rows.measure(reader, photographed)[0].values())).figures()
    assert (figures["digits"], figures["pictures"], figures["text"]) == (7 / 8, 0.5, 0.5)


def test_an_invented_digit_counts_as_a_mistake_of_its_confidence(tally, page):
    tally.add(page("12"), ReadRows("152", confidence=[0.9, 0.95, 0.9]))
    tally.add(page("34"), ReadRows("834", confidence=[0.6, 0.9, 0.9]))
    figures = tally.figures()
    assert (figures["digits"], figures["pictures"], figures["invented"]) == (1.0, 0.0, 2)
    assert figures["sure_mistakes"] == 1 / 6


def test_the_digits_of_a_stamp_may_be_read_or_not(tally, page):
    stamped = page("12", stamp="2018")
    for reading in (ReadRows("12"), ReadRows("12", "2018"), ReadRows("12", "208")):
        tally.add(stamped, reading)
    assert tally.figures()["pictures"] == 1.0
    tally.add(stamped, ReadRows("12", "7"))
    assert (tally.whole, tally.figures()["invented"]) == (3, 1)


def test_spaces_count_where_the_truth_has_them(tally, page):
    tally.add(page("12 345", spaced=True), ReadRows("12345"))
    tally.add(page("12 345", spaced=True), ReadRows("12 345"))
    tally.add(page("1 2 3"), ReadRows("12 3"))
    assert (tally.right_text, tally.text_rows) == (2, 3)


def test_separators_are_no_digits_of_the_truth(page):
    assert page("27.48", "-7").digits == [2, 7, 4, 8, 7]


@pytest.mark.parametrize(
    "name", ["holes and hands", "stamp", "page of 20", "notepad", "separators", "rotated page"]
)
def test_pages_are_repeatable_and_their_boxes_hold_their_digits(name):
    from common.page_difficulties import make_pages

    (one,), (two,) = (make_pages(name, n=1, seed=3) for _ in range(2))
    assert one == two
    image = Image.open(io.BytesIO(one.data)).convert("L")
    assert len(one.boxes) == len(one.digits)
    for x, y, width, height in one.boxes:
        assert x >= 0
        assert y >= 0
        assert x + width <= image.width
        assert y + height <= image.height
        tones = np.asarray(image.crop((x, y, x + width, y + height)), int)
        assert np.ptp(tones) > 8  # ink and paper


def test_boxes_turn_with_the_page():
    from common.page_parts import turn

    image = Image.new("L", (60, 40), 255)
    image.paste(0, (50, 5, 56, 9))
    for rotation in (0, 90, 180, 270):
        turned, ((x, y, width, height),) = turn(image, [(50, 5, 6, 4)], rotation)
        dark = np.asarray(turned) == 0
        assert dark[y : y + height, x : x + width].all()
        assert dark.sum() == 24
    assert turn(image, [(50, 5, 6, 4)], 90)[1] == [(5, 4, 4, 6)]  # the right end is on top
