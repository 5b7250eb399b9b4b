"""Calibration: the temperature fits the labels."""

import numpy as np
import pytest

from digitlab.model import metrics
from digitlab.model.calibration import fit_temperature


def test_fit_temperature_finds_the_temperature_that_produced_the_labels():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 10))
    p = metrics.softmax(logits, temperature=1.7)
    labels = (p.cumsum(axis=1) > rng.random((len(p), 1))).argmax(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(1.7, rel=0.05)
