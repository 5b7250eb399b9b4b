"""Training with tiny parameters: progress, checkpoints, resuming and the version folder."""

import dataclasses
import json

import pytest

from digitlab.datasets import mnist
from digitlab.model import metrics, network
from digitlab.model.card import Card, file_sha256
from digitlab.model.refusal_threshold import MAX_REFUSED_SHARES
from digitlab.model.runtime import Classifier
from digitlab.model.train_config import TrainConfig
from digitlab.model.training import train_base

pytestmark = pytest.mark.tf

TINY = TrainConfig(
    epochs=2,
    images=512,
    batch_size=32,
    seed=3,
    photographed=0.02,
    stages=((8, 1), (16, 1), (32, 1)),
)
IMAGES = 512 + 123 + 31 + 102
"""MNIST, synthetic digits, pixel drawings and outliers, without photographed digits."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An uninterrupted tiny training: its version folder, and its reported steps and epochs."""
    steps, rows = [], []
    work = tmp_path_factory.mktemp("training") / "work"
    folder = train_base(
        TINY, work=work, progress=lambda *step: steps.append(step), epoch_done=rows.append
    )
    return folder, steps, rows


def test_every_step_and_epoch_is_reported(trained):
    _, steps, rows = trained
    n_steps = steps[0][1]
    assert IMAGES // 32 <= n_steps <= (IMAGES + 10) // 32
    assert [step for step, _, _ in steps] == [*range(1, n_steps + 1)] * 2
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"]


def test_the_card_describes_the_training(trained):
    folder, _, rows = trained
    card = Card.read(folder)
    assert card.config == json.loads(json.dumps(dataclasses.asdict(TINY)))
    assert (card.kind, card.seed, card.embedding) == ("base", 3, 32)
    assert card.data == {"mnist.npz": mnist.SHA256, "train": 512, "validation": 5000}
    assert card.history == rows
    assert card.hashes["model.tflite"] == file_sha256(folder / "model.tflite")
    assert card.metrics["mnist:test"]["n"] == 10_000
    assert {"keras", "tensorflow", "numpy", "python", "ai-edge-litert"} == set(card.libraries)


def test_the_chosen_epoch_is_the_best_on_the_validation_split(trained):
    folder, _, rows = trained
    best = max(rows, key=lambda row: (row["validation_correct"], -row["validation_log_loss"]))
    assert Card.read(folder).epoch == best["epoch"]


def test_the_hash_in_the_card_is_over_the_weights(trained):
    folder, _, _ = trained
    model = network.load(folder / "model.keras")
    assert network.weights_hash(model) == Card.read(folder).hashes["weights"]


def test_few_digits_of_every_kind_are_refused(trained):
    card = Card.read(trained[0])
    assert card.refusal is not None
    assert card.metrics["mnist:validation"]["refused"] <= 5_000 * MAX_REFUSED_SHARES["validation"]
    assert (
        card.metrics["photographs:validation"]["refused"]
        <= 1_000 * MAX_REFUSED_SHARES["photographs"]
    )


def test_an_interrupted_training_continues_with_the_same_result(trained, tmp_path):
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


def test_a_training_with_teachers_and_averaged_weights_continues_with_the_same_result(
    trained, tmp_path
):
    classifier = Classifier.load(trained[0])
    config = dataclasses.replace(
        TINY, teachers=("v0001", "v0002"), label_smoothing=0.05, weight_average=0.99
    )
    teachers = dict.fromkeys(config.teachers, classifier)

    def stop(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_base(config, work=tmp_path / "a", teachers=teachers, epoch_done=stop)
    assert (tmp_path / "a" / "epoch-001.average.npz").is_file()
    resumed, whole = (
        Card.read(train_base(config, work=tmp_path / name, teachers=teachers)) for name in "ab"
    )
    assert not (tmp_path / "a" / "epoch-001.average.npz").exists()
    for row, other in zip(resumed.history, whole.history, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], rel=1e-4)
        assert row["validation_log_loss"] == pytest.approx(other["validation_log_loss"], rel=1e-3)
    hashes = dict.fromkeys(config.teachers, classifier.card.hashes["model.tflite"])
    assert whole.data["teachers"] == hashes
    assert tuple(whole.config["teachers"]) == config.teachers


def test_teachers_that_are_not_given_are_an_error(tmp_path):
    config = dataclasses.replace(TINY, teachers=("v0001",))
    with pytest.raises(ValueError, match="v0001"):
        train_base(config, work=tmp_path)


def test_the_metrics_in_the_card_are_those_of_the_litert_file(trained):
    folder, _, _ = trained
    classifier = Classifier.load(folder, threads=2)
    x, y = mnist.load("validation")
    measured = metrics.summary(classifier.predict_proba(x), y)
    recorded = classifier.card.metrics["mnist:validation"]
    for name in ("correct", "ece"):
        assert recorded[name] == measured[name]
