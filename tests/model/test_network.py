"""The Keras network: the exported LiteRT file gives nearly the same outputs."""

import numpy as np
import pytest

from digitlab.datasets import mnist, photographs
from digitlab.model import metrics, network
from digitlab.model.runtime import Classifier
from digitlab.model.train_config import TrainConfig
from digitlab.settings import bundled

pytestmark = pytest.mark.tf


def test_soft_labels_without_smoothing_and_with_agreeing_teachers_change_no_loss():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (50, 10)).astype(np.float32)
    labels = rng.integers(0, 11, 50).astype(np.float32)
    plain = np.asarray(network.evidence_loss(labels, logits))
    config = TrainConfig(teachers=("v0001",), distillation=0.5)
    targets = np.concatenate([labels[:, None], logits], axis=1)
    loss = network.soft_loss(config)
    assert np.asarray(loss(targets, logits)) == pytest.approx(plain / 2, rel=1e-4, abs=1e-5)
    other = np.concatenate([labels[:, None], -logits], axis=1)
    assert np.asarray(loss(other, logits)).mean() > plain.mean()


def test_smoothed_labels_raise_the_loss_of_a_certain_network():
    logits = np.eye(10, dtype=np.float32) * 20
    targets = np.concatenate([np.arange(10.0)[:, None], np.zeros((10, 10))], axis=1)
    smoothed = network.soft_loss(TrainConfig(label_smoothing=0.11))(targets, logits)
    # One in ten of the smoothed share stays with the label; "no digit" has a logit of 0, too.
    assert np.asarray(smoothed) == pytest.approx(np.full(10, 0.11 * 20 * 10 / 11), rel=1e-3)


def test_the_average_of_weights_follows_them_and_survives_a_file(tmp_path):
    model = network.build(TrainConfig(stages=((4, 1),)), steps_per_epoch=1)
    average = network.WeightAverage(model, 0.9)
    first = [weights.copy() for weights in average.weights]
    changed = [weights + 1 for weights in first]
    model.set_weights(changed)
    for _ in range(200):
        average.update(model)
    for mean, weights in zip(average.weights, changed, strict=True):
        assert mean == pytest.approx(weights, abs=1e-3)
    average.save(tmp_path / "average.npz")
    other = network.WeightAverage(model, 0.9)
    other.load(tmp_path / "average.npz")
    assert other.steps == 200
    assert all((a == b).all() for a, b in zip(other.weights, average.weights, strict=True))


def test_the_shipped_litert_file_agrees_with_keras_on_1000_images():
    base = bundled("models/base")
    x = np.concatenate([mnist.load("validation")[0][:500], photographs.load("validation")[0][:500]])
    keras_logits, keras_embeddings = network.logits_and_embeddings(
        network.load(base / "model.keras"), x
    )
    classifier = Classifier.load(base)
    litert_logits, litert_embeddings = classifier.logits_and_embeddings(x)
    keras, litert = (
        metrics.softmax(logits, temperature=classifier.card.temperature)
        for logits in (keras_logits, litert_logits)
    )
    assert (litert.argmax(axis=1) == keras.argmax(axis=1)).all()
    assert np.abs(litert - keras).max() < 0.06
    assert np.median(np.abs(litert - keras).max(axis=1)) < 1e-4
    norms = np.linalg.norm(keras_embeddings, axis=1) * np.linalg.norm(litert_embeddings, axis=1)
    assert ((keras_embeddings * litert_embeddings).sum(axis=1) / norms).min() > 0.995
