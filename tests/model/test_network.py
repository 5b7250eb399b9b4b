"""The Keras network: the exported LiteRT file gives nearly the same outputs."""

import numpy as np
import pytest

from digitlab.datasets import mnist, photographs
from digitlab.model import metrics, network
from digitlab.model.runtime import Classifier
from digitlab.settings import bundled

pytestmark = pytest.mark.tf


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
