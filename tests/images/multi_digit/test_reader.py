"""All digits of a picture in reading order, without lines, dust and paper sheets."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from support.number_sheets import digit_ink, labels_of, photograph_sheet, write_sheet

from digitlab.datasets import mnist
from digitlab.images import (
    MAX_DIGITS,
    decode,
    from_array,
    read_digit,
    read_digits,
    segment_page,
)
from digitlab.images.examples import examples
from digitlab.picture_reader import Reader

YEARS = ("2019", "1847", "36502")


def digits_on(page: np.ndarray, reader: Reader) -> list[int]:
    """Read all digits of a page."""
    return [prediction.digit for prediction in reader.read_all(page)]


@pytest.mark.parametrize("inverted", [False, True])
def test_a_row_is_read_from_left_to_right(reader, inverted):
    page = write_sheet("4071396", jitter=0.12)
    assert digits_on(255 - page if inverted else page, reader) == labels_of(["4071396"])


def test_rows_are_read_from_top_to_bottom(reader):
    assert digits_on(write_sheet(*YEARS, jitter=0.1), reader) == labels_of(YEARS)


@pytest.mark.parametrize("slant", [-10, -5, 5, 10])
def test_slanted_rows_keep_their_order(reader, slant):
    assert digits_on(write_sheet(*YEARS, slant=slant, jitter=0.08), reader) == labels_of(YEARS)


def test_uneven_light_shadow_and_noise_do_not_change_the_digits(reader):
    page = photograph_sheet(write_sheet(*YEARS, jitter=0.1), shadow=0.35, noise=5)
    assert digits_on(page, reader) == labels_of(YEARS)


def test_faint_strokes_in_grain_keep_their_width():
    sheet = np.pad(write_sheet(*["39586"] * 3, height=40, seed=2), 300, mode="edge")
    grain = gaussian_filter(np.random.default_rng(0).normal(size=sheet.shape), 1.5)
    faint = 200 - (sheet.max() - sheet) * 0.25 + grain * (8 / grain.std())
    ink = [
        np.mean([np.count_nonzero(digit.digit_image > 127) for digit in read_digits(picture)])
        for picture in map(from_array, (sheet, faint.astype(np.uint8)))
    ]
    assert ink[1] < 1.2 * ink[0]


def test_large_and_small_digits_of_one_row_are_read(reader):
    page = write_sheet("72")
    small = write_sheet("30", height=40, seed=1)
    row = np.full((page.shape[0], page.shape[1] + small.shape[1]), 225, np.uint8)
    row[:, : page.shape[1]] = page
    row[-small.shape[0] :, page.shape[1] :] = small
    assert digits_on(row, reader) == [7, 2, 3, 0]


def test_a_strip_of_mnist_images_is_read(reader):
    x, y = mnist.load("validation")
    assert digits_on(np.hstack(x[:6]), reader) == y[:6].tolist()


def test_ruled_lines_through_the_feet_of_digits_are_ignored(reader):
    page = write_sheet("52360", "81794", jitter=0.05, seed=1)
    for foot in (117, 239):
        page[foot : foot + 3] = np.minimum(page[foot : foot + 3], 120)
    assert digits_on(page, reader) == labels_of(["52360", "81794"])


def test_a_table_around_the_digits_is_ignored(reader):
    page = write_sheet("52", "81", gap=0.9, leading=1.8)
    width = page.shape[1]
    for row in (12, 145, 272):
        page[row : row + 4, 12 : width - 40] = 60
    for column in (12, width // 2 - 20, width - 42):
        page[12:276, column : column + 4] = 60
    assert digits_on(page, reader) == [5, 2, 8, 1]


def test_squared_paper_is_ignored(reader):
    page = photograph_sheet(write_sheet("52360", "81794", jitter=0.05, seed=1))
    page[7::24] = page[7::24] * 0.84
    page[:, 11::24] = page[:, 11::24] * 0.84
    assert digits_on(page, reader) == labels_of(["52360", "81794"])


def test_lines_from_edge_to_edge_around_one_digit_are_not_read_as_digits(reader):
    page = write_sheet("4", height=120)
    page[:, 20:25] = page[:, -30:-25] = page[12:17] = page[-14:-9] = 90
    assert digits_on(photograph_sheet(page), reader) == [4]


@pytest.mark.parametrize("row", ["2016", "47"])
def test_a_sheet_of_paper_on_a_dark_desk_is_not_read_as_ink(reader, row):
    desk = np.full((400, 700), 60, np.uint8)
    page = write_sheet(row, jitter=0.05)
    desk[90 : 90 + page.shape[0], 80 : 80 + page.shape[1]] = page
    turned = Image.fromarray(desk).rotate(5, Image.Resampling.BILINEAR, fillcolor=60)
    assert digits_on(photograph_sheet(np.asarray(turned)), reader) == labels_of([row])


def test_dust_commas_and_dashes_are_not_read_as_digits(reader):
    page = write_sheet("52 80")
    page[20:24, 30:34] = page[140:143, 200:203] = 50
    page[105:125, 248:255] = 50  # a comma
    page[80:86, 225:245] = 50  # a dash
    assert digits_on(page, reader) == [5, 2, 8, 0]


def test_the_bar_of_a_5_belongs_to_its_digit():
    page = np.full((160, 320), 225, np.uint8)
    page[40:120, 30:45] = 40  # a 1
    for left in (90, 200):  # a 5 each: a bar, and a body that it does not touch
        page[40:50, left + 8 : left + 55] = 40
        page[58:118, left : left + 10] = 40
        page[75:85, left : left + 45] = page[108:118, left : left + 45] = 40
        page[75:118, left + 40 : left + 50] = 40
    candidates = read_digits(from_array(page))
    assert [candidate.box[0] for candidate in candidates] == [30, 90, 200]
    assert all(candidate.box[1] == 40 for candidate in candidates)


def test_boxes_are_tight_around_the_digits_in_pixels_of_the_full_picture():
    page = np.kron(write_sheet("13"), np.ones((5, 5), np.uint8))
    candidates = read_digits(from_array(page))
    for candidate in candidates:
        x, y, width, height = candidate.box
        inside = page[y : y + height, x : x + width] < 130
        assert inside.any(0)[[5, -6]].all()
        assert inside.any(1)[[5, -6]].all()
        assert candidate.digit_image.shape == (28, 28)
    assert sum(candidate.box[2] for candidate in candidates) < 0.6 * page.shape[1]


def test_read_digits_and_read_digit_agree_on_a_single_digit():
    image = mnist.load("validation")[0][0]
    for page in (
        write_sheet("7"),
        photograph_sheet(write_sheet("4", height=200)),
        digit_ink(3),
        image,
        255 - image,
    ):
        picture = from_array(page)
        (candidate,) = read_digits(picture)
        single = read_digit(picture)
        assert np.array_equal(candidate.digit_image, single.digit_image)
        assert candidate.box == single.box


def test_read_all_and_read_agree_on_a_single_digit(reader):
    page = photograph_sheet(write_sheet("4", height=200), shadow=0.3)
    (prediction,) = reader.read_all(page)
    single = reader.read(page)
    assert prediction.probabilities == single.probabilities
    assert prediction.box == single.box


def test_every_example_photograph_has_one_digit():
    counts = [len(read_digits(decode(example.data))) for example in examples()]
    assert counts == [1] * len(examples())


@pytest.mark.parametrize("noise", [0, 6])
def test_blank_paper_has_no_digits(noise):
    rng = np.random.default_rng(0)
    page = np.clip(220 + rng.normal(0, noise, (300, 400)), 0, 255).astype(np.uint8)
    assert read_digits(from_array(page)) == ()


def test_ruled_paper_without_writing_has_no_digits():
    page = np.full((300, 400), 225, np.uint8)
    page[60:63] = page[150:153] = page[240:243] = 60
    assert read_digits(from_array(photograph_sheet(page))) == ()


def test_at_most_max_digits_are_read():
    page = write_sheet(*["1" * 24] * 10, height=24, gap=0.6)
    assert len(read_digits(from_array(page))) == MAX_DIGITS


def test_a_prediction_says_that_only_the_first_digits_were_read(reader):
    page = write_sheet(*["1" * 24] * 10, height=24, gap=0.6)
    predictions = reader.read_all(page, name="page.png")
    assert len(predictions) == MAX_DIGITS
    assert {prediction.part for prediction in predictions} == {"its first 200 digits"}
    assert predictions[0].name == "page.png, its first 200 digits"


def test_two_touching_digits_are_split_when_the_parts_read_better(reader):
    page = write_sheet("20", gap=-0.06, height=100, seed=3)
    assert digits_on(page, reader) == [2, 0]


def test_a_wide_digit_is_not_split(reader):
    page = np.kron(digit_ink(0), np.ones((4, 5), np.uint8))
    page = 225 - np.pad(page, 40).astype(np.uint8) // 2
    assert digits_on(page, reader) == [0]


def test_the_first_segmentation_of_each_cluster_is_one_digit():
    clusters = segment_page(from_array(write_sheet("80", gap=-0.08, height=100))).clusters
    assert all(len(segmentations[0]) == 1 for segmentations in clusters)
