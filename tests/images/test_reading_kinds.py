"""Kinds of pictures of one digit that people take: read with the shipped version."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from digitlab.datasets import mnist
from digitlab.model.runtime import Classifier
from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings

pytestmark = pytest.mark.slow
BASE = Path(__file__).parents[2] / "models" / "base"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Classifier.load(BASE), limits=limits_of(Settings.load(environ={})))


def drawn_strokes(digit: int, width: int, height: int, pen: int) -> Image.Image:
    """Draw a digit of straight strokes that is nearly as high as the picture."""
    image = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(image)
    x, h = width / 2, height
    if digit == 9:
        draw.ellipse([x - 0.14 * h, 0.04 * h, x + 0.12 * h, 0.34 * h], outline=0, width=pen)
        draw.line([(x + 0.12 * h, 0.07 * h), (x + 0.13 * h, 0.97 * h)], fill=0, width=pen)
    elif digit == 1:
        flag = [(x - 0.1 * h, 0.25 * h), (x + 0.02 * h, 0.07 * h), (x, 0.93 * h)]
        draw.line(flag, fill=0, width=pen, joint="curve")
        draw.line([(x - 0.16 * h, 0.93 * h), (x + 0.15 * h, 0.95 * h)], fill=0, width=pen)
    else:
        bar = [(x - 0.15 * h, 0.1 * h), (x + 0.15 * h, 0.08 * h), (x - 0.05 * h, 0.95 * h)]
        draw.line(bar, fill=0, width=pen, joint="curve")
    return image


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [(1500, 520, 10), (420, 300, 6)])
@pytest.mark.parametrize("digit", [1, 7, 9])
def test_long_straight_strokes_stay_with_the_digit(reader, digit, size, dark):
    width, height, pen = size
    image = drawn_strokes(digit, width, height, pen)
    prediction = reader.read(Image.eval(image, lambda tone: 255 - tone) if dark else image)
    assert (prediction.digit, prediction.refused) == (digit, False)
    assert prediction.box[3] > 0.8 * height


def test_a_doubted_digit_stays_refused_when_it_is_read_again(reader):
    prediction = reader.read(drawn_strokes(7, 420, 300, 6))
    doubted = replace(prediction, refused=True, doubt=1000.0)
    assert reader.reconsider([doubted])[0] is doubted


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("softness", [1, 8, 16])
@pytest.mark.parametrize("depth", [0.3, 0.5, 0.7])
def test_the_edge_of_a_shadow_across_a_digit_is_not_read(reader, depth, softness, mirrored):
    image = Image.new("L", (600, 800), 205)
    draw = ImageDraw.Draw(image)
    draw.ellipse([230, 230, 370, 480], outline=90, width=5)
    shadow = Image.new("L", image.size, 0)
    edge = [(0, 0), (230, 0), (290, 300), (380, 430), (540, 800), (0, 800)]
    ImageDraw.Draw(shadow).polygon(edge, fill=255)
    cover = np.asarray(shadow.filter(ImageFilter.GaussianBlur(softness)), float) / 255
    page = np.asarray(image) * (1 - depth * cover)
    page = page[:, ::-1] if mirrored else page
    prediction = reader.read(np.rint(page).astype(np.uint8))
    assert (prediction.digit, prediction.refused) == (0, False)


@pytest.mark.parametrize("bright", [False, True])
def test_pale_pictures_of_28_pixels_are_read(reader, bright):
    images, labels = (part[:40] for part in mnist.load("validation"))
    rng = np.random.default_rng(0)
    right = 0
    for image, label in zip(images, labels, strict=True):
        pixels = 245 - 95 * (image / 255) + rng.normal(0, 2, image.shape)
        pale = np.clip(np.rint(255 - pixels if bright else pixels), 0, 255).astype(np.uint8)
        prediction = reader.read(pale)
        right += prediction.digit == label and not prediction.refused
    assert right >= 39


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("gap", [10, 25, 40])
@pytest.mark.parametrize("pens", [(3, 7), (6, 6)])
def test_a_4_whose_stroke_stands_off_stays_whole(reader, pens, gap, dark):
    image = Image.new("L", (500, 500), 255)
    draw = ImageDraw.Draw(image)
    draw.line([(205, 185), (208, 270), (250, 272)], fill=20, width=pens[0], joint="curve")
    draw.line([(250 + gap, 170), (250 + gap, 330)], fill=0, width=pens[1])
    prediction = reader.read(Image.eval(image, lambda tone: 255 - tone) if dark else image)
    assert (prediction.digit, prediction.refused) == (4, False)
    assert prediction.box[0] < 210


@pytest.mark.parametrize("place", [(100, 150), (420, 90), (400, 420)])
@pytest.mark.parametrize("pens", [(4, 14), (12, 4)])
def test_an_8_of_two_loops_stays_whole_in_a_large_picture(reader, pens, place):
    image = Image.new("L", (640, 640), 230)
    draw = ImageDraw.Draw(image)
    x, y = place
    draw.ellipse([x, y, x + 60, y + 60], outline=30, width=pens[0])
    draw.ellipse([x - 10, y + 70, x + 70, y + 150], outline=30, width=pens[1])
    assert reader.read(image).digit == 8


@pytest.mark.parametrize("bright", [False, True])
@pytest.mark.parametrize("digit", [2, 3])
def test_a_thick_digit_that_touches_all_edges_is_read(reader, digit, bright):
    image = Image.new("L", (160, 220), 30 if bright else 225)
    draw = ImageDraw.Draw(image)
    ink = 200 if bright else 60
    t = np.linspace(-2.9, 1.0 if digit == 2 else 1.6, 40)
    upper = [(80 + 55 * np.cos(a), 68 + 45 * np.sin(a)) for a in t]
    if digit == 2:
        points = [*upper, (25, 197), (135, 197)]
    else:
        lower = [(80 + 55 * np.cos(a), 150 + 47 * np.sin(a)) for a in np.linspace(-1.6, 2.9, 40)]
        points = upper + lower
    draw.line(points, fill=ink, width=46, joint="curve")
    for x, y in (points[0], points[-1]):
        draw.ellipse([x - 23, y - 23, x + 23, y + 23], fill=ink)
    assert reader.read(image).digit == digit


@pytest.mark.parametrize("tilt", [-6, 0, 6])
@pytest.mark.parametrize("digit", [0, 1, 3, 7])
def test_a_line_that_touches_the_foot_of_a_digit_is_not_read(reader, digit, tilt):
    image = Image.new("L", (400, 500), 215)
    draw = ImageDraw.Draw(image)
    if digit == 0:
        draw.ellipse([150, 180, 250, 352], outline=60, width=7)
    else:
        points = {
            1: [(205, 180), (195, 350)],
            3: [(150, 190), (200, 175), (235, 210), (190, 255), (240, 300), (205, 348), (150, 335)],
            7: [(140, 185), (250, 180), (190, 350)],
        }[digit]
        draw.line(points, fill=60, width=7, joint="curve")
    draw.line([(90, 350 - tilt), (310, 350 + tilt)], fill=90, width=5)
    prediction = reader.read(image)
    assert (prediction.digit, prediction.refused) == (digit, False)
