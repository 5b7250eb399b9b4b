"""A picture that is read as one digit says when it clearly holds several."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw
from support.number_sheets import photograph_sheet, write_sheet

from digitlab.datasets import mnist
from digitlab.images import from_array, may_be_several, search_digit
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings
from digitlab.store import ModelRegistry


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    settings = Settings.load(tmp_path_factory.mktemp("home"), environ={})
    return Reader(ModelRegistry(settings).load(None), limits=limits_of(settings))


@pytest.mark.parametrize(
    "rows", [("27",), ("31415",), ("40", "85"), ("8042", "917", "36650")], ids="/".join
)
@pytest.mark.parametrize("bright", [False, True])
def test_rows_of_digits_are_counted(reader, rows, bright):
    sheet = photograph_sheet(write_sheet(*rows, seed=3))
    prediction = reader.read(255 - sheet if bright else sheet)
    assert prediction.several
    assert prediction.several_count == sum(map(len, rows)) == len(reader.read_all(sheet))


def test_digits_that_touch_are_several(reader):
    prediction = reader.read(photograph_sheet(write_sheet("3582", gap=-0.12, seed=4)))
    assert prediction.several_count == 4


@pytest.mark.parametrize("digit", range(10))
def test_one_digit_is_not_several(reader, digit):
    for seed in range(2):
        prediction = reader.read(photograph_sheet(write_sheet(str(digit), seed=seed)))
        assert (prediction.several, prediction.several_count) == (False, 0)


def test_cut_neighbours_do_not_count(reader):
    sheet = write_sheet("484", height=120, seed=1)
    assert reader.read(sheet).several_count == 3
    ink = np.flatnonzero((sheet < 128).any(0))
    first, last = np.split(ink, np.flatnonzero(np.diff(ink) > 1) + 1)[::2]
    cut = sheet[:, (first[0] + first[-1]) // 2 : (last[0] + last[-1]) // 2]
    assert not reader.read(cut).several


def test_a_drawing_that_is_cut_at_its_ink_is_several(reader):
    sheet = write_sheet("27480", seed=2)
    rows, columns = (np.flatnonzero((sheet < 128).any(axis)) for axis in (1, 0))
    cut = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert reader.read(cut).several_count == 5


def test_the_strokes_of_a_broken_digit_are_no_digits(reader):
    image = Image.new("L", (400, 400), 235)
    draw = ImageDraw.Draw(image)
    draw.line([(222, 90), (190, 130), (172, 172)], fill=30, width=9, joint="curve")
    draw.ellipse([168, 185, 232, 250], outline=30, width=9)
    prediction = reader.read(image)
    assert (prediction.digit, prediction.several) == (6, False)


def test_dust_shade_and_lines_beside_a_digit_do_not_count(reader):
    rng = np.random.default_rng(0)
    sheet = photograph_sheet(write_sheet("6", height=160))
    height, width = sheet.shape
    for x, y in zip(rng.integers(0, width - 4, 12), rng.integers(0, height - 4, 12), strict=True):
        sheet[y : y + 3, x : x + 3] = 60
    sheet[height - 30 : height - 27] = 120
    assert not reader.read(sheet).several


def test_the_several_digit_reader_runs_for_few_single_digits():
    sheets = [write_sheet(str(n % 10), height=90, seed=n) for n in range(40)]
    pages = [search_digit(from_array(photograph_sheet(sheet))).page for sheet in sheets]
    assert sum(may_be_several(page) for page in pages if page is not None) <= 1


def test_digit_images_are_never_several(reader):
    digit_images = mnist.load("validation")[0][:40]
    assert not any(reader.read(image).several for image in digit_images)


def test_a_blank_page_is_not_several(reader):
    assert not reader.read(np.full((300, 400), 200, np.uint8)).several
    noise = np.random.default_rng(0).normal(200, 4, (300, 400))
    assert not reader.read(np.clip(noise, 0, 255).astype(np.uint8)).several


def test_a_digit_that_is_read_as_several_has_no_count(reader):
    assert [one.several_count for one in reader.read_all(write_sheet("27"))] == [0, 0]
    assert [one.several_count for one in reader.read_all(write_sheet("2"))] == [0]
