"""All digits of a picture: found, told from lines and dust, put in order."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support.number_sheets import digit, photographed, sheet, truth

from digitlab.datasets import mnist
from digitlab.images import MAX_DIGITS, from_array, read_digit, read_digits, segment_digits
from digitlab.images.examples import examples
from digitlab.images.multi_digit.paper_sheets import is_paper_sheet
from digitlab.images.multi_digit.reading_order import sort_into_rows
from digitlab.images.multi_digit.split_touching import ways_to_split
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings
from digitlab.store import ModelRegistry

YEARS = ("2019", "1847", "36502")


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    settings = Settings.load(tmp_path_factory.mktemp("home"), environ={})
    return Reader(ModelRegistry(settings).load(None), limits=limits_of(settings))


def labels(reader: Reader, page: np.ndarray) -> list[int]:
    return [prediction.digit for prediction in reader.read_all(page)]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_row_is_read_from_left_to_right(reader, inverted):
    page = sheet("4071396", jitter=0.12)
    assert labels(reader, 255 - page if inverted else page) == truth(["4071396"])


def test_rows_are_read_from_top_to_bottom(reader):
    assert labels(reader, sheet(*YEARS, jitter=0.1)) == truth(YEARS)


@pytest.mark.parametrize("slant", [-10, -5, 5, 10])
def test_slanted_rows_keep_their_order(reader, slant):
    assert labels(reader, sheet(*YEARS, slant=slant, jitter=0.08)) == truth(YEARS)


def test_uneven_light_shadow_and_noise_change_nothing(reader):
    page = photographed(sheet(*YEARS, jitter=0.1), shadow=0.35, noise=5)
    assert labels(reader, page) == truth(YEARS)


def test_large_and_small_digits_stand_in_one_row(reader):
    page = sheet("72")
    small = sheet("30", height=40, seed=1)
    row = np.full((page.shape[0], page.shape[1] + small.shape[1]), 225, np.uint8)
    row[:, : page.shape[1]] = page
    row[-small.shape[0] :, page.shape[1] :] = small
    assert labels(reader, row) == [7, 2, 3, 0]


def test_a_strip_of_mnist_images_is_read(reader):
    x, y = mnist.load("validation")
    assert labels(reader, np.hstack(x[:6])) == y[:6].tolist()


def test_ruled_lines_through_the_digits_feet_are_left_out(reader):
    page = sheet("52360", "81794", jitter=0.05, seed=1)
    for foot in (117, 239):
        page[foot : foot + 3] = np.minimum(page[foot : foot + 3], 120)
    assert labels(reader, page) == truth(["52360", "81794"])


def test_a_table_around_the_digits_is_left_out(reader):
    page = sheet("52", "81", gap=0.9, leading=1.8)
    width = page.shape[1]
    for row in (12, 145, 272):
        page[row : row + 4, 12 : width - 40] = 60
    for column in (12, width // 2 - 20, width - 42):
        page[12:276, column : column + 4] = 60
    assert labels(reader, page) == [5, 2, 8, 1]


def test_squared_paper_is_left_out(reader):
    page = photographed(sheet("52360", "81794", jitter=0.05, seed=1))
    page[7::24] = page[7::24] * 0.84
    page[:, 11::24] = page[:, 11::24] * 0.84
    assert labels(reader, page) == truth(["52360", "81794"])


def test_lines_from_edge_to_edge_around_one_digit_are_no_digits(reader):
    page = sheet("4", height=120)
    page[:, 20:25] = page[:, -30:-25] = page[12:17] = page[-14:-9] = 90
    assert labels(reader, photographed(page)) == [4]


@pytest.mark.parametrize("row", ["2016", "47"])
def test_a_sheet_on_a_dark_desk_is_paper(reader, row):
    desk = np.full((400, 700), 60, np.uint8)
    page = sheet(row, jitter=0.05)
    desk[90 : 90 + page.shape[0], 80 : 80 + page.shape[1]] = page
    turned = Image.fromarray(desk).rotate(5, Image.Resampling.BILINEAR, fillcolor=60)
    assert labels(reader, photographed(np.asarray(turned))) == truth([row])


def test_a_thick_0_is_no_sheet():
    y, x = np.mgrid[-60:61, -45:46]
    ring = np.hypot(x / 45, y / 60)
    assert not is_paper_sheet((ring < 1) & (ring > 0.3))


def test_dust_commas_and_dashes_are_no_digits(reader):
    page = sheet("52 80")
    page[20:24, 30:34] = page[140:143, 200:203] = 50
    page[105:125, 248:255] = 50  # a comma
    page[80:86, 225:245] = 50  # a dash
    assert labels(reader, page) == [5, 2, 8, 0]


def test_the_bar_of_a_5_stays_with_its_digit():
    page = np.full((160, 320), 225, np.uint8)
    page[40:120, 30:45] = 40  # a 1
    for left in (90, 200):  # a 5 each: a bar, and a body that it does not touch
        page[40:50, left + 8 : left + 55] = 40
        page[58:118, left : left + 10] = 40
        page[75:85, left : left + 45] = page[108:118, left : left + 45] = 40
        page[75:118, left + 40 : left + 50] = 40
    views = read_digits(from_array(page))
    assert [view.box[0] for view in views] == [30, 90, 200]
    assert all(view.box[1] == 40 for view in views)


def test_boxes_stand_tight_around_the_digits_in_full_pixels():
    page = np.kron(sheet("13"), np.ones((5, 5), np.uint8))
    views = read_digits(from_array(page))
    for view in views:
        x, y, width, height = view.box
        inside = page[y : y + height, x : x + width] < 130
        assert inside.any(0)[[5, -6]].all()
        assert inside.any(1)[[5, -6]].all()
        assert view.digit_image.shape == (28, 28)
    assert sum(view.box[2] for view in views) < 0.6 * page.shape[1]


def test_a_picture_with_one_digit_is_read_as_read_digit_reads_it():
    image = mnist.load("validation")[0][0]
    for page in (sheet("7"), photographed(sheet("4", height=200)), digit(3), image, 255 - image):
        picture = from_array(page)
        (view,) = read_digits(picture)
        alone = read_digit(picture)
        assert np.array_equal(view.digit_image, alone.digit_image)
        assert view.box == alone.box


def test_one_digit_is_read_the_same_by_either_way(reader):
    page = photographed(sheet("4", height=200), shadow=0.3)
    (split,) = reader.read_all(page)
    alone = reader.read(page)
    assert split.probabilities == alone.probabilities
    assert split.box == alone.box


def test_every_example_photograph_is_one_digit():
    from digitlab.images import decode

    assert [len(read_digits(decode(example.data))) for example in examples()] == [1] * len(
        examples()
    )


@pytest.mark.parametrize("noise", [0, 6])
def test_blank_paper_holds_no_digits(noise):
    rng = np.random.default_rng(0)
    page = np.clip(220 + rng.normal(0, noise, (300, 400)), 0, 255).astype(np.uint8)
    assert read_digits(from_array(page)) == ()


def test_no_more_digits_are_read_than_the_bound():
    page = sheet(*["1" * 24] * 10, height=24, gap=0.6)
    assert len(read_digits(from_array(page))) == MAX_DIGITS


def test_two_touching_digits_are_parted_when_the_parts_read_better(reader):
    page = sheet("20", gap=-0.06, height=100, seed=3)
    assert labels(reader, page) == [2, 0]


def test_a_wide_digit_stays_whole(reader):
    page = np.kron(digit(0), np.ones((4, 5), np.uint8))
    page = 225 - np.pad(page, 40).astype(np.uint8) // 2
    assert labels(reader, page) == [0]


def test_cuts_go_through_the_narrowest_place_first():
    mask = np.zeros((60, 90), bool)
    mask[:, :35] = mask[:, 50:] = True
    mask[30:33] = True
    (left, right), *_ = ways_to_split(mask)
    assert 34 <= np.flatnonzero(left.any(0)).max() < 50
    assert np.array_equal(left | right, mask)
    assert not (left & right).any()


def test_a_loop_is_not_cut_open():
    y, x = np.mgrid[-40:41, -45:46]
    ring = (np.hypot(x, y * 1.1) < 44) & (np.hypot(x, y * 1.1) > 34)
    rows, columns = np.flatnonzero(ring.any(1)), np.flatnonzero(ring.any(0))
    ring = ring[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert ways_to_split(ring) == ()


def test_marks_of_one_height_are_one_row_whatever_their_size():
    boxes = [(slice(10, 60), slice(100, 130)), (slice(30, 60), slice(10, 30))]
    assert sort_into_rows(boxes) == [[1, 0]]


def test_what_stands_above_is_another_row():
    boxes = [(slice(45, 85), slice(0, 30)), (slice(0, 40), slice(5, 35))]
    assert sort_into_rows(boxes) == [[1], [0]]


def test_no_marks_are_no_rows():
    assert sort_into_rows([]) == []


def test_the_first_way_of_every_spot_is_one_digit():
    spots = segment_digits(from_array(sheet("80", gap=-0.08, height=100)))
    assert all(len(ways[0]) == 1 for ways in spots)
