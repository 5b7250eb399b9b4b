"""Picture fingerprints: the same picture is recognised, a different one is not."""

import io

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import decode
from digitlab.images.similarity.picture_fingerprint import (
    FINGERPRINT_BYTES,
    FINGERPRINT_THRESHOLDS,
    PictureFingerprint,
    QueryPicture,
)
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene

MIN_SIMILARITY = FINGERPRINT_THRESHOLDS.min_similarity


def photographed(row, seed):
    """Photograph a digit of MNIST on synthetic paper."""
    rng = np.random.default_rng([seed, row])
    scene = Scene(size=(500, 400), height=0.4, gradient=0.3, noise=4)
    return photograph(mnist.load("validation")[0][row], rng=rng, scene=scene)


def query(image, **options):
    data = io.BytesIO()
    image.save(data, options.pop("format", "PNG"), **options)
    return QueryPicture(decode(data.getvalue()).grey)


def middle(image):
    """Return a box in the middle of a picture, about where the digit is."""
    width, height = image.size
    return (width // 3, height // 3, width // 3, height // 3)


def fingerprint(image):
    return query(image).fingerprint(middle(image), image.size)


@pytest.fixture(scope="module", params=[3, 11])
def image(request):
    return photographed(request.param, 5)


def paper(image):
    """Return the colour of the paper, as a tuple."""
    return tuple(int(tone) for tone in np.median(np.asarray(image)[0], axis=0))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(query, id="the same file"),
        pytest.param(lambda image: query(image, format="JPEG", quality=60), id="saved again"),
        pytest.param(
            lambda image: query(image.resize((image.width * 7 // 10, image.height * 7 // 10))),
            id="smaller",
        ),
        pytest.param(
            lambda image: query(image.rotate(5, Image.Resampling.BICUBIC, fillcolor=paper(image))),
            id="turned",
        ),
        pytest.param(
            lambda image: query(
                image.rotate(-5, Image.Resampling.BICUBIC, expand=True, fillcolor=paper(image))
            ),
            id="turned and larger",
        ),
    ],
)
def test_the_same_picture_is_recognised(image, change):
    stored, shown = fingerprint(image), change(image)
    coarse_similarity = float(shown.coarse @ stored.coarse)
    assert coarse_similarity >= FINGERPRINT_THRESHOLDS.min_coarse_similarity
    assert shown.similarity(stored) >= MIN_SIMILARITY


def test_another_digit_on_similar_paper_is_a_different_picture():
    stored = [fingerprint(photographed(row, 5)) for row in range(20, 26)]
    shown = [query(photographed(row, 6)) for row in range(40, 46)]
    assert max(one.similarity(other) for one in shown for other in stored) < MIN_SIMILARITY


def test_another_digit_in_the_same_printed_box_is_a_different_picture():
    x, _ = mnist.load("validation")

    def form(row):
        page = np.full((300, 300), 230, np.uint8)
        page[60:240, 60:66] = page[60:240, 234:240] = 40
        page[60:66, 60:240] = page[234:240, 60:240] = 40
        ink = np.asarray(Image.fromarray(x[row]).resize((112, 112)))
        page[94:206, 94:206] = np.minimum(page[94:206, 94:206], 255 - ink)
        return Image.fromarray(page)

    stored = query(form(0)).fingerprint((110, 100, 80, 100), (300, 300))
    assert query(form(0)).similarity(stored) >= MIN_SIMILARITY
    assert max(query(form(row)).similarity(stored) for row in range(1, 12)) < MIN_SIMILARITY


def test_two_empty_sheets_in_the_same_light_are_different_pictures():
    y, x = np.mgrid[0:200, 0:200]
    vignette = (220 - 0.004 * ((x - 100) ** 2 + (y - 100) ** 2)).astype(np.uint8)
    rng = np.random.default_rng(0)
    one, other = (
        Image.fromarray((vignette + rng.integers(0, 5, vignette.shape)).astype(np.uint8))
        for _ in range(2)
    )
    assert query(one).similarity(fingerprint(other)) < MIN_SIMILARITY


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (28, 28), (1200, 40)])
def test_pictures_of_any_shape_have_a_fingerprint(size):
    image = Image.effect_noise(size, 60)
    stored = fingerprint(image)
    assert stored.whole.shape == stored.digit.shape == (32, 32)
    assert -1 <= query(image).similarity(stored) <= 1.001


def test_the_place_of_a_digit_at_the_edge_stays_within_the_picture():
    image = photographed(3, 5)
    place = query(image).fingerprint((0, 0, 5, 5), image.size).place
    assert min(place) >= 0
    assert max(place) <= 1


def test_a_fingerprint_is_restored_from_its_bytes():
    stored = fingerprint(photographed(3, 5))
    data = stored.to_bytes()
    restored = PictureFingerprint.from_bytes(data)
    assert len(data) == FINGERPRINT_BYTES
    assert restored.to_bytes() == data
    assert restored.place == pytest.approx(stored.place)
