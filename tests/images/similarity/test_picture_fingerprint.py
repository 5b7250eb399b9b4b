"""Trace: the same picture is known again, another one is not."""

import io

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import decode
from digitlab.images.similarity.picture_fingerprint import (
    ALIKE,
    COARSE_ALIKE,
    TRACE_BYTES,
    Sight,
    Trace,
)
from digitlab.synthetic.photographs.photograph import Scene, photograph


def paper(row, seed):
    """A photographed digit."""
    rng = np.random.default_rng([seed, row])
    scene = Scene(size=(500, 400), height=0.4, gradient=0.3, noise=4)
    return photograph(mnist.load("tune")[0][row], rng=rng, scene=scene)


def sight(image, **options):
    data = io.BytesIO()
    image.save(data, options.pop("format", "PNG"), **options)
    return Sight(decode(data.getvalue()).grey)


def middle(image):
    """The box in the middle of a picture, where the digit is about."""
    width, height = image.size
    return (width // 3, height // 3, width // 3, height // 3)


def trace(image):
    return sight(image).trace(middle(image), image.size)


@pytest.fixture(scope="module", params=[3, 11])
def image(request):
    return paper(request.param, 5)


def fill(image):
    return tuple(int(tone) for tone in np.median(np.asarray(image)[0], axis=0))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(sight, id="as it was"),
        pytest.param(lambda image: sight(image, format="JPEG", quality=60), id="saved anew"),
        pytest.param(
            lambda image: sight(image.resize((image.width * 7 // 10, image.height * 7 // 10))),
            id="smaller",
        ),
        pytest.param(
            lambda image: sight(image.rotate(5, Image.Resampling.BICUBIC, fillcolor=fill(image))),
            id="turned",
        ),
        pytest.param(
            lambda image: sight(
                image.rotate(-5, Image.Resampling.BICUBIC, expand=True, fillcolor=fill(image))
            ),
            id="turned and larger",
        ),
    ],
)
def test_the_same_picture_is_known(image, change):
    kept, seen = trace(image), change(image)
    assert float(seen.coarse @ kept.coarse) >= COARSE_ALIKE
    assert seen.likeness(kept) >= ALIKE


def test_another_digit_on_paper_like_it_is_another_picture():
    kept = [trace(paper(row, 5)) for row in range(20, 26)]
    seen = [sight(paper(row, 6)) for row in range(40, 46)]
    assert max(one.likeness(other) for one in seen for other in kept) < ALIKE


def test_another_digit_in_the_same_printed_box_is_another_picture():
    x, _ = mnist.load("tune")

    def form(row):
        page = np.full((300, 300), 230, np.uint8)
        page[60:240, 60:66] = page[60:240, 234:240] = 40
        page[60:66, 60:240] = page[234:240, 60:240] = 40
        ink = np.asarray(Image.fromarray(x[row]).resize((112, 112)))
        page[94:206, 94:206] = np.minimum(page[94:206, 94:206], 255 - ink)
        return Image.fromarray(page)

    kept = sight(form(0)).trace((110, 100, 80, 100), (300, 300))
    assert sight(form(0)).likeness(kept) >= ALIKE
    assert max(sight(form(row)).likeness(kept) for row in range(1, 12)) < ALIKE


def test_two_empty_sheets_in_the_same_light_are_not_the_same():
    y, x = np.mgrid[0:200, 0:200]
    vignette = (220 - 0.004 * ((x - 100) ** 2 + (y - 100) ** 2)).astype(np.uint8)
    rng = np.random.default_rng(0)
    one, other = (
        Image.fromarray((vignette + rng.integers(0, 5, vignette.shape)).astype(np.uint8))
        for _ in range(2)
    )
    assert sight(one).likeness(trace(other)) < ALIKE


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (28, 28), (1200, 40)])
def test_pictures_of_any_shape_have_a_trace(size):
    image = Image.effect_noise(size, 60)
    kept = trace(image)
    assert kept.whole.shape == kept.digit.shape == (32, 32)
    assert -1 <= sight(image).likeness(kept) <= 1.001


def test_a_place_at_the_edge_of_the_picture_stays_within():
    kept = sight(paper(3, 5)).trace((0, 0, 5, 5), paper(3, 5).size)
    assert min(kept.place) >= 0
    assert max(kept.place) <= 1


def test_a_trace_comes_back_from_its_bytes():
    kept = trace(paper(3, 5))
    data = kept.to_bytes()
    again = Trace.from_bytes(data)
    assert len(data) == TRACE_BYTES
    assert again.to_bytes() == data
    assert again.place == pytest.approx(kept.place)
