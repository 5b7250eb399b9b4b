"""Marks of the paper and its surroundings do not hide the digits, nor become digits."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw
from support.number_sheets import PAPER, digit_ink, labels_of, photograph_sheet, write_sheet

from digitlab.images import from_array, read_digits
from digitlab.picture_reader import Reader

ROWS = ("40713", "96258")


def read(page: np.ndarray, reader: Reader) -> list[int]:
    """Read all digits of a photographed page."""
    return [prediction.digit for prediction in reader.read_all(photograph_sheet(page))]


def with_margin(page: np.ndarray, *, left: int = 0, top: int = 0) -> np.ndarray:
    """Add paper at the left and above."""
    return np.pad(page, ((top, 0), (left, 0)), constant_values=PAPER)


@pytest.mark.parametrize("share", [0.08, 0.12, 0.18])
@pytest.mark.parametrize("inverted", [False, True])
def test_soft_shade_is_paper(reader, share, inverted):
    page = with_margin(write_sheet("4071", height=60), left=280, top=330).astype(float)
    height, width = page.shape
    y, x = np.mgrid[0:height, 0:width]
    shade = sum(
        np.exp(-((((x / width - left) / 0.12) ** 2 + ((y / height - top) / 0.16) ** 2) ** 2))
        for left, top in ((0.2, 0.3), (0.55, 0.4))
    )
    shaded = (page * (1 - share * np.clip(shade, 0, 1))).astype(np.uint8)
    assert read(255 - shaded if inverted else shaded, reader) == [4, 0, 7, 1]


@pytest.mark.parametrize("radius", [8, 14, 22])
def test_a_row_of_punched_holes_is_no_row_of_digits(reader, radius):
    page = with_margin(write_sheet(*ROWS), left=90)
    y, x = np.mgrid[0 : page.shape[0], 0 : page.shape[1]]
    for middle in range(40, page.shape[0] - 20, 60):
        page[(x - 40) ** 2 + (y - middle) ** 2 < radius**2] = 60
    assert read(page, reader) == labels_of(ROWS)


def test_a_few_white_letters_do_not_decide_the_polarity(reader):
    page = with_margin(write_sheet("40713", height=44), top=360).astype(float)
    y, x = np.mgrid[0 : page.shape[0], 0 : page.shape[1]]
    light = 1 - 0.4 * ((x / page.shape[1] - 0.5) ** 2 + (y / page.shape[0] - 0.5) ** 2)
    page = (100 + 0.2 * page) * light
    stamp = 255 - write_sheet("2024", height=20, gap=0.2)
    page[10 : 10 + stamp.shape[0], -stamp.shape[1] :][stamp > 150] = 255
    predictions = reader.read_all(photograph_sheet(page.astype(np.uint8)))
    digits = [prediction.digit for prediction in predictions if prediction.box[1] > 100]
    assert digits == [4, 0, 7, 1, 3]


@pytest.mark.parametrize("pitch", [15, 18, 24, 30, 37, 52])
def test_squared_paper_is_no_ink(reader, pitch):
    page = write_sheet(*ROWS, height=64)
    squared = np.full_like(page, PAPER)
    squared[::pitch] = squared[:, ::pitch] = PAPER - 45
    squared[1::pitch] = squared[:, 1::pitch] = PAPER - 45
    reading = reader.read_all(photograph_sheet(np.minimum(page, squared)))
    assert [row.text for row in reading.rows] == list(ROWS)


def test_a_hundred_digits_on_squared_paper_are_found(reader):
    rows = ["1234567890"] * 10
    page = write_sheet(*rows, height=30, jitter=0.05, seed=3)
    squared = np.full_like(page, PAPER)
    squared[::26] = squared[:, ::26] = PAPER - 40
    predictions = reader.read_all(photograph_sheet(np.minimum(page, squared)))
    digits = [prediction.digit for prediction in predictions]
    assert sum((Counter(digits) & Counter(labels_of(rows))).values()) >= 96
    assert len(digits) <= 102


def test_a_page_of_frames_keeps_the_digits_within_them(reader):
    page = write_sheet("4071", gap=0.8)
    for x, y, width, height in [digit.box for digit in read_digits(from_array(page))]:
        side = max(width, height) + 20
        left, top = x + width // 2 - side // 2, y + height // 2 - side // 2
        page[top : top + side, [left, left + 1, left + side, left + side + 1]] = 110
        page[[top, top + 1, top + side, top + side + 1], left : left + side] = 110
    assert read(page, reader) == [4, 0, 7, 1]


def on_desk(page: np.ndarray, *, tone: float, grain: float, slant: float = 0.0) -> np.ndarray:
    """Lay a sheet on a desk whose grain runs across."""
    rng = np.random.default_rng(0)
    height, width = (side + 240 for side in page.shape)
    desk = tone + grain * rng.normal(size=(height // 4 + 1, width // 40 + 1))
    desk = np.kron(desk, np.ones((4, 40)))[:height, :width]
    sheet = np.full((height, width), np.nan)
    sheet[120:-120, 120:-120] = page
    y, x = np.mgrid[0:height, 0:width]
    rows = np.clip(y + np.rint(slant * (x - width / 2)).astype(int), 0, height - 1)
    sheet = sheet[rows, x]
    return np.clip(np.where(np.isnan(sheet), desk, sheet), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("tone", "grain"), [(35, 8), (60, 0), (105, 12)])
@pytest.mark.parametrize("slant", [0.0, 0.12])
def test_the_desk_around_a_sheet_holds_no_digits(reader, tone, grain, slant):
    page = on_desk(write_sheet(*ROWS), tone=tone, grain=grain, slant=slant)
    assert read(page, reader) == labels_of(ROWS)


def test_a_finger_and_rings_on_the_edge_of_a_sheet_hold_no_digits(reader):
    page = on_desk(with_margin(write_sheet(*ROWS), top=60), tone=40, grain=6)
    y, x = np.mgrid[0 : page.shape[0], 0 : page.shape[1]]
    for left in range(160, page.shape[1] - 130, 45):
        page[(np.abs(x - left) < 4) & (np.abs(y - 125) < 18)] = 70
    finger = (y > page.shape[0] - 135) & (np.abs(x - page.shape[1] // 2) < 22)
    page[finger] = 150
    assert read(page, reader) == labels_of(ROWS)


@pytest.mark.parametrize("shadow", [0.4, 0.5, 0.6])
@pytest.mark.parametrize("pitch", [None, 40])
def test_digits_in_a_hard_shadow_are_read_like_those_in_the_light(reader, shadow, pitch):
    page = write_sheet("40713962", "58417302", "19246530")
    if pitch:
        squared = np.full_like(page, PAPER)
        squared[::pitch] = squared[:, ::pitch] = PAPER - 40
        page = np.minimum(page, squared)
    photographed = photograph_sheet(page, shadow=shadow)
    read_digits = [prediction.digit for prediction in reader.read_all(photographed)]
    assert read_digits == labels_of(("40713962", "58417302", "19246530"))


def with_bars(page: np.ndarray, boxes, *, top: int, bottom: int) -> np.ndarray:
    """Draw bars at even distances, the first one before the first box, the last one after all."""
    middles = [x + width / 2 for x, _, width, _ in boxes]
    pitch = (middles[-1] - middles[0]) / (len(middles) - 1)
    for number in range(len(middles) + 1):
        left = round(middles[0] + pitch * (number - 0.5))
        page[top:bottom, left : left + 3] = 110
    return page


def test_the_sides_of_cells_are_no_1s(reader):
    page = with_margin(write_sheet("4071396", gap=0.9), left=60)
    boxes = [digit.box for digit in read_digits(from_array(page))]
    top, bottom = min(box[1] for box in boxes) - 12, max(box[1] + box[3] for box in boxes) + 12
    assert read(with_bars(page, boxes, top=top, bottom=bottom), reader) == [4, 0, 7, 1, 3, 9, 6]


def test_1s_beside_higher_digits_are_1s(reader):
    page = with_margin(write_sheet("40739", gap=0.9), left=60)
    boxes = [digit.box for digit in read_digits(from_array(page))]
    top, bottom = min(box[1] for box in boxes) + 12, max(box[1] + box[3] for box in boxes) - 12
    digits = read(with_bars(page, boxes, top=top, bottom=bottom), reader)
    assert digits == [1, 4, 1, 0, 1, 7, 1, 3, 1, 9, 1]


def with_scribbles(page: np.ndarray) -> np.ndarray:
    """Add a row of three scribbles below the digits."""
    page = np.pad(page, ((0, 120), (0, 0)), constant_values=PAPER)
    picture = Image.fromarray(page)
    draw = ImageDraw.Draw(picture)
    rng = np.random.default_rng(0)
    for left in (60, 180, 300):
        corners = rng.uniform(0, 70, (15, 2)) + np.array([left, page.shape[0] - 110])
        draw.line([tuple(corner) for corner in corners], fill=45, width=4)
    return np.asarray(picture)


def test_a_row_in_which_the_model_sees_no_digit_is_left_out(reader):
    page = with_scribbles(write_sheet(*ROWS))
    assert len(read_digits(from_array(page))) == 13
    reading = reader.read_all(photograph_sheet(page))
    assert [row.text for row in reading.rows] == list(ROWS)


def test_scribbles_alone_are_refused(reader):
    page = with_scribbles(np.full((40, 420), PAPER, np.uint8))
    reading = reader.read_all(photograph_sheet(page))
    assert [prediction.refused for prediction in reading] == [True] * 3


@pytest.mark.parametrize("slope", [0.0, 0.06])
def test_the_rings_of_a_spiral_are_no_digits(reader, slope):
    page = with_margin(write_sheet(*ROWS), top=90)
    y, x = np.mgrid[0 : page.shape[0], 0 : page.shape[1]]
    for number in range(10):
        left = 30 + number * (page.shape[1] - 60) // 9
        top = 50 + slope * left
        page[(x - left) ** 2 + (y - top) ** 2 < 81] = 60
        page[(np.abs(x - left) < 3) & (np.abs(y - top + 16) < 20)] = 60
    assert read(page, reader) == labels_of(ROWS)


def test_five_digits_of_one_shape_are_digits(reader):
    zero = 255 - digit_ink(0)
    page = np.full((90, 360), PAPER, np.uint8)
    for number in range(5):
        cell = page[30 : 30 + zero.shape[0], 30 + 60 * number : 30 + 60 * number + zero.shape[1]]
        np.minimum(cell, zero, out=cell)
    assert read(page, reader) == [0] * 5
