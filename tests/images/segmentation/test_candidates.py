"""The digit is among the candidates of photographs with lines, other ink, sheets and shadows."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import from_array, read_candidates
from digitlab.synthetic.photographs.geometry import intersection_over_union
from digitlab.synthetic.photographs.photograph import photograph_with_box
from digitlab.synthetic.photographs.scene import Scene

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.load("validation")[0]


def photographed_candidates(digit_image, scene, seed=0):
    """Photograph a digit; return the candidates and the true box of the digit."""
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
def test_the_digit_is_among_the_candidates(digits, scene):
    hits = 0
    for number in range(8):
        candidates, box = photographed_candidates(digits[number], scene, number)
        hits += max(intersection_over_union(candidate.box, box) for candidate in candidates) > 0.6
    assert hits >= 7


def test_the_likeliest_candidate_is_first_and_has_weight_1(digits):
    candidates, _ = photographed_candidates(digits[3], Scene(neighbours=3, height=0.5))
    weights = [candidate.weight for candidate in candidates]
    assert weights[0] == 1
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize("size", [28, 200])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_digit_that_fills_its_picture_is_found_completely(digits, size, inverted):
    hits = 0
    for digit_image in digits[:20]:
        rows, columns = (
            np.flatnonzero((digit_image > 60).any(1)),
            np.flatnonzero((digit_image > 60).any(0)),
        )
        tight = digit_image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        shape = [max(3, round(side * size / max(tight.shape))) for side in reversed(tight.shape)]
        large = np.asarray(Image.fromarray(tight).resize(shape, Image.Resampling.BICUBIC))
        candidate = read_candidates(from_array(255 - large if inverted else large))[0]
        hits += max(candidate.box[2] / shape[0], candidate.box[3] / shape[1]) > 0.9
    assert hits >= 17
