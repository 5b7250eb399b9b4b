"""Training with tiny parameters: checkpoints, resuming, the version folder, Keras = LiteRT."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from digitlab.datasets import mnist, photographs
from digitlab.errors import ModelError
from digitlab.model import metrics, network
from digitlab.model.card import Card, file_sha256
from digitlab.model.refusal_threshold import MAX_REFUSED_SHARES
from digitlab.model.runtime import Classifier
from digitlab.model.train_config import TrainConfig
from digitlab.model.training import train_base
from digitlab.settings import bundled

pytestmark = pytest.mark.tf

TINY = TrainConfig(
    epochs=2,
    images=512,
    batch_size=32,
    seed=3,
    photographed=0.02,
    stages=((8, 1), (16, 1), (32, 1)),
)
IMAGES = 512 + 82 + 102  # MNIST's, written ones and outliers, beside what photographs gave


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The version folder of an uninterrupted tiny training, and what it reported."""
    steps, rows = [], []
    work = tmp_path_factory.mktemp("training") / "work"
    folder = train_base(
        TINY, work=work, progress=lambda *s: steps.append(s), epoch_done=rows.append
    )
    return folder, steps, rows


def test_every_step_and_epoch_is_reported(trained):
    _, steps, rows = trained
    of = steps[0][1]
    assert IMAGES // 32 <= of <= (IMAGES + 10) // 32
    assert [step for step, _, _ in steps] == [*range(1, of + 1)] * 2
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"]


def test_the_card_says_where_the_version_comes_from(trained):
    folder, _, rows = trained
    card = Card.read(folder)
    assert card.config == json.loads(json.dumps(dataclasses.asdict(TINY)))
    assert (card.kind, card.seed, card.embedding) == ("base", 3, 32)
    assert card.data == {"mnist.npz": mnist.SHA256, "train": 512, "validation": 5000}
    assert card.history == rows
    assert card.hashes["model.tflite"] == file_sha256(folder / "model.tflite")
    assert card.metrics["mnist:test"]["n"] == 10_000
    assert {"keras", "tensorflow", "numpy", "python", "ai-edge-litert"} == set(card.libraries)


def test_the_epoch_is_the_best_on_the_validation_split(trained):
    folder, _, rows = trained
    best = max(rows, key=lambda row: (row["validation_correct"], -row["validation_log_loss"]))
    assert Card.read(folder).epoch == best["epoch"]


def test_the_hash_in_the_card_is_over_the_weights(trained):
    folder, _, _ = trained
    model = network.load(folder / "model.keras")
    assert network.weights_hash(model) == Card.read(folder).hashes["weights"]


def test_the_refusal_spares_digits_of_every_kind(trained):
    card = Card.read(trained[0])
    assert card.refusal is not None
    assert card.metrics["mnist:validation"]["refused"] <= 5_000 * MAX_REFUSED_SHARES["validation"]
    assert (
        card.metrics["photographs:validation"]["refused"]
        <= 1_000 * MAX_REFUSED_SHARES["photographs"]
    )


def test_an_interrupted_training_goes_on_and_ends_as_if_it_had_not_been(trained, tmp_path):
    def stop(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_base(TINY, work=tmp_path, epoch_done=stop)
    assert len(json.loads((tmp_path / "history.json").read_text())) == 1
    rows = []
    folder = train_base(TINY, work=tmp_path, epoch_done=rows.append)
    assert [row["epoch"] for row in rows] == [2]
    assert Card.read(folder).history[-1]["loss"] == pytest.approx(
        Card.read(trained[0]).history[-1]["loss"], rel=1e-4
    )


def test_the_classifier_agrees_with_keras_on_1000_images():
    base = bundled("models/base")
    x = np.concatenate([mnist.load("validation")[0][:500], photographs.load("validation")[0][:500]])
    logits, embeddings = network.logits_and_embeddings(network.load(base / "model.keras"), x)
    classifier = Classifier.load(base)
    found_logits, found_embeddings = classifier.logits_and_embeddings(x)
    keras, found = (
        metrics.softmax(values, temperature=classifier.card.temperature)
        for values in (logits, found_logits)
    )
    assert (found.argmax(axis=1) == keras.argmax(axis=1)).all()
    assert np.abs(found - keras).max() < 0.06
    assert np.median(np.abs(found - keras).max(axis=1)) < 1e-4
    norms = np.linalg.norm(embeddings, axis=1) * np.linalg.norm(found_embeddings, axis=1)
    assert ((embeddings * found_embeddings).sum(axis=1) / norms).min() > 0.995


def test_the_figures_in_the_card_are_the_runtimes(trained):
    folder, _, _ = trained
    classifier = Classifier.load(folder, threads=2)
    x, y = mnist.load("validation")
    found = metrics.summary(classifier.predict_proba(x), y)
    said = classifier.card.metrics["mnist:validation"]
    assert {name: said[name] for name in ("correct", "ece")} == {
        name: found[name] for name in ("correct", "ece")
    }


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"batch_size": 1},
        {"dropout": 1.0},
        {"worn": 2},
        {"synthetic_digits": -1},
        {"images": 5},
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(TINY, **change)


def test_a_damaged_version_is_refused_by_name(trained, tmp_path):
    folder = tmp_path / "v0009"
    shutil.copytree(trained[0], folder)
    data = bytearray((folder / "model.tflite").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.tflite").write_bytes(data)
    with pytest.raises(ModelError, match="v0009 is damaged") as caught:
        Classifier.load(folder)
    assert caught.value.version == "v0009"
