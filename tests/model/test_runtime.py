"""The shipped base in LiteRT: its accuracy, its batches, and refused inputs and files."""

import json
import shutil

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.errors import ModelError
from digitlab.model import metrics
from digitlab.model.card import Card
from digitlab.model.runtime import MAX_BATCH_SIZE, Classifier
from digitlab.settings import bundled

BASE = bundled("models/base")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(BASE, threads=2)


def test_the_base_classifies_at_least_99_5_percent_of_mnists_test_images_correctly(classifier):
    x, y = mnist.load("test")
    measured = metrics.summary(classifier.predict_proba(x), y)
    assert measured["accuracy"] >= 0.995
    assert measured["correct"] == classifier.card.metrics["mnist:test"]["correct"]


def test_the_base_is_under_half_a_megabyte():
    assert (BASE / "model.tflite").stat().st_size < 500_000


def test_a_batch_gives_the_same_probabilities_as_single_images(classifier):
    x = mnist.load("validation")[0][: MAX_BATCH_SIZE + 3]
    together = classifier.predict_proba(x)
    alone = np.concatenate(
        [classifier.predict_proba(x[i : i + 1]) for i in (0, MAX_BATCH_SIZE, MAX_BATCH_SIZE + 2)]
    )
    assert together.shape == (MAX_BATCH_SIZE + 3, 10)
    assert np.allclose(together[[0, MAX_BATCH_SIZE, MAX_BATCH_SIZE + 2]], alone, atol=1e-6)
    assert np.allclose(together.sum(axis=1), 1)


def test_no_images_give_no_probabilities(classifier):
    assert classifier.predict_proba(np.empty((0, 28, 28), np.uint8)).shape == (0, 10)


def test_an_embedding_has_the_length_in_the_card(classifier):
    x = mnist.load("validation")[0][:2]
    assert classifier.embed(x).shape == (2, classifier.card.embedding)


@pytest.mark.parametrize(
    "array", [np.zeros((1, 28, 28)), np.zeros((28, 28), np.uint8), np.zeros((1, 20, 20), np.uint8)]
)
def test_images_of_another_type_or_shape_are_refused(classifier, array):
    with pytest.raises(ValueError, match=r"expected uint8 \(N, 28, 28\)"):
        classifier.predict_proba(array)


def test_a_card_that_lacks_a_field_is_refused(tmp_path):
    card = json.loads((BASE / "card.json").read_text())
    del card["temperature"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="temperature"):
        Card.read(tmp_path)


def test_a_file_that_is_not_a_litert_model_is_refused(tmp_path):
    folder = tmp_path / "v0001"
    shutil.copytree(BASE, folder)
    (folder / "model.tflite").write_text("hello")
    with pytest.raises(ModelError, match="not a LiteRT model"):
        Classifier(folder / "model.tflite", Card.read(folder), version="v0001")


def test_a_model_of_another_shape_is_refused(tmp_path):
    folder = tmp_path / "v0001"
    shutil.copytree(BASE, folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"embedding": 64}))
    with pytest.raises(ModelError, match="expected one uint8"):
        Classifier.load(folder)


def test_a_damaged_version_is_refused_by_name(tmp_path):
    folder = tmp_path / "v0009"
    shutil.copytree(BASE, folder)
    data = bytearray((folder / "model.tflite").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.tflite").write_bytes(data)
    with pytest.raises(ModelError, match="v0009 is damaged") as caught:
        Classifier.load(folder)
    assert caught.value.version == "v0009"
