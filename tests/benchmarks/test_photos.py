"""The benchmark of photographs: its pictures, its figures and its baselines."""

import io
from functools import partial

import numpy as np
import pytest
from PIL import Image

from digitlab.datasets import mnist
from digitlab.images import decode
from digitlab.synthetic.photographs.photograph import photograph
from digitlab.synthetic.photographs.scene import Scene


@pytest.fixture
def photos():
    import photos

    return photos


def test_each_difficulty_gives_a_repeatable_picture(photos, monkeypatch):
    from common import photo_difficulties

    for name in ("ordinary_scene", "random_scene"):
        small = partial(getattr(photo_difficulties, name), sides=(120, 160))
        monkeypatch.setattr(photo_difficulties, name, small)
    for name in photos.DIFFICULTIES:
        data, labels = photos.make_pictures(name, n=1, seed=0)
        assert decode(data[0]).grey.size
        assert data == photos.make_pictures(name, n=1, seed=0)[0]
        assert labels[0] in range(10)


def test_digits_in_the_form_of_mnist_are_not_changed(photos):
    data, _ = photos.make_pictures("MNIST's form", n=3, seed=1)
    x = mnist.load("validation")[0]
    for picture in data:
        grey = np.asarray(Image.open(io.BytesIO(picture)))
        assert (x == grey).all(axis=(1, 2)).any()


def test_a_refused_picture_counts_by_its_predicted_digit(photos):
    tally, other = photos.Tally(), photos.Tally()
    other.correct, other.confidence, other.refused = [True, False], [0.9, 0.2], [True, False]
    other.plain, other.resized = [False, False], [True, False]
    tally.add(other)
    figures = tally.figures()
    assert (figures["n"], figures["accuracy"], figures["refused"]) == (2, 0.5, 0.5)
    assert figures["resized"] == 0.5
    assert figures["confident_mistakes"] == 0.0
    assert "| all | 2 | 50.0% | 0.0% | 50.0% |" in photos.format_table({"all": figures})
    assert photos.difficulty_summary(figures).startswith("Hard enough: NO.")


def test_only_a_wrong_prediction_above_the_limit_is_a_confident_mistake(photos):
    tally = photos.Tally(
        correct=[True, False, False, False],
        confidence=[0.99, 0.95, 0.9, 0.3],
        refused=[False] * 4,
        plain=[False] * 4,
        resized=[False] * 4,
    )
    assert tally.figures()["confident_mistakes"] == 0.25


def test_small_pictures_have_a_table_beside_the_same_pictures_enlarged(photos):
    tally = photos.Tally(
        correct=[True, False],
        confidence=[0.5, 0.5],
        refused=[False] * 2,
        plain=[True] * 2,
        resized=[True] * 2,
        enlarged=[True, True],
    )
    table = photos.format_small_pictures({"8 px, grey": tally.figures()})
    assert table.endswith("| 8 px, grey | 50.0% | 100.0% |")


def test_the_plain_normaliser_brings_a_clean_photograph_into_the_frame():
    from common.baseline_normalisers import plain_normalise

    digit_image = mnist.load("validation")[0][0]
    scene = Scene(
        paper=(255, 255, 255), ink=(0, 0, 0), grain=0, gradient=0, blur=0, noise=0, quality=None
    )
    image = photograph(digit_image, rng=np.random.default_rng(0), scene=scene).convert("L")
    for grey in (np.asarray(image), 255 - np.asarray(image)):
        correlation = np.corrcoef(plain_normalise(grey).ravel(), digit_image.ravel())[0, 1]
        assert correlation > 0.8
