"""Finding ink: lines of the paper, pieces of neighbours, small sheets, what may be the digit."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import from_array, read_candidates
from digitlab.images.segmentation.contrast import measure_contrast, threshold_ink
from digitlab.images.segmentation.ruled_lines import find_page_lines
from digitlab.synthetic.photographs.photograph import Scene, photograph_with_box
from digitlab.synthetic.photographs.through_front_end import overlap


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.load("validation")[0]


def ruled(angle: float) -> np.ndarray:
    """A page with three parallel lines and a stroke across one of them."""
    y, x = np.mgrid[0:300, 0:400]
    turned = y * np.cos(np.deg2rad(angle)) - (x - 200) * np.sin(np.deg2rad(angle))
    page = np.zeros((300, 400), bool)
    for at in (60, 150, 240):
        page |= np.abs(turned - at) < 1.5
    page[90:210, 198:206] = True
    return page


@pytest.mark.parametrize("angle", [0, 3, -7, 12])
def test_lines_are_found_and_the_stroke_across_them_stays(angle):
    page = ruled(angle)
    left = page & ~find_page_lines(page)
    assert left[90:210, 200:204].all()
    assert left.sum() < 1.25 * 120 * 8


def test_a_page_without_lines_loses_nothing(digits):
    large = np.asarray(Image.fromarray(digits[0]).resize((300, 300))) > 128
    assert not find_page_lines(large).any()


def test_ink_in_the_shade_stands_out_as_far_as_in_the_light():
    page = np.full((200, 300), 220, np.float32)
    page[80:120, 60:66] = page[80:120, 240:246] = 66
    page[:, 150:] *= 0.5
    contrast, _ = measure_contrast(page)
    light, shade = contrast[90:110, 62:64].mean(), contrast[90:110, 242:244].mean()
    assert shade == pytest.approx(light, rel=0.1)


def test_paper_that_ink_half_covers_is_still_paper():
    page = np.full((64, 60), 240, np.float32)
    page[:, 4:14] = page[:, 24:34] = page[:, 44:54] = 20
    ink = threshold_ink(measure_contrast(page)[0])
    assert ink is not None
    assert ink[:, 5:13].all()
    assert not ink[:, 17:21].any()


def found(digit_image, scene, seed=0):
    image, box = photograph_with_box(digit_image, rng=np.random.default_rng(seed), scene=scene)
    return read_candidates(from_array(np.asarray(image))), box


SQUARED = Scene(ruling="squared", pitch=0.45, line=(150, 170, 205), line_width=1.6, rotation=6)


@pytest.mark.parametrize(
    "scene",
    [
        SQUARED,
        replace(SQUARED, ruling="cell", pitch=1.3, line=(60, 60, 60)),
        Scene(neighbours=3, height=0.55),
        Scene(desk=0.15, height=0.35),
        Scene(patch=0.3, height=0.35, paper=(150, 150, 150)),
        Scene(shadow=0.4, shadow_at=0.9),
        Scene(specks=20, staples=2),
        Scene(size=(900, 600), height=0.07, pen=2.5, centre=(0.3, 0.7)),
    ],
    ids=["squared", "cell", "neighbours", "desk", "patch", "shadow", "dirt", "tiny"],
)
def test_the_digit_is_among_what_is_found(digits, scene):
    hits = 0
    for number in range(8):
        views, box = found(digits[number], scene, number)
        hits += max(overlap(view.box, box) for view in views) > 0.6
    assert hits >= 7


def test_the_likeliest_comes_first_and_weighs_one(digits):
    views, _ = found(digits[3], Scene(neighbours=3, height=0.5))
    weights = [view.weight for view in views]
    assert weights[0] == 1
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize("size", [28, 200])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_digit_that_fills_its_picture_is_found_whole(digits, size, inverted):
    hits = 0
    for digit_image in digits[:20]:
        rows, columns = (
            np.flatnonzero((digit_image > 60).any(1)),
            np.flatnonzero((digit_image > 60).any(0)),
        )
        tight = digit_image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        shape = [max(3, round(side * size / max(tight.shape))) for side in reversed(tight.shape)]
        large = np.asarray(Image.fromarray(tight).resize(shape, Image.Resampling.BICUBIC))
        view = read_candidates(from_array(255 - large if inverted else large))[0]
        hits += max(view.box[2] / shape[0], view.box[3] / shape[1]) > 0.9
    assert hits >= 17
