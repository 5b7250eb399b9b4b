"""RetentionCheck: what a change of weights costs on MNIST's validation split, and its cache."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.learning.training.retention import RetentionCheck
from digitlab.model import metrics

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def retention(base, cache):
    return RetentionCheck(base, [cache])


class ForgetfulNetwork:
    """The base, except for some images for which it predicts another digit."""

    def __init__(self, base, images=()):
        self._base = base
        self._forgotten = {image.tobytes() for image in images}
        self.predicted = 0

    def logits(self, x):
        self.predicted += len(x)
        logits = self._base.logits_and_embeddings(x)[0]
        for row, image in enumerate(x):
            if image.tobytes() in self._forgotten:
                logits[row] = -logits[row]
        return logits


@pytest.fixture
def by_margin(base):
    """Validation images that the base predicts correctly, those with the smallest margin first."""
    x, y = mnist.load("validation")
    margins = metrics.margin(base.logits_and_embeddings(x)[0], y)
    order = np.argsort(margins)
    return x[order[margins[order] > 0]]


def test_an_unchanged_network_has_no_change(retention, base):
    change = retention.measure(ForgetfulNetwork(base))
    assert (change.n, change.variants, change.fixed, change.broken) == (5000, 5, 0, 0)
    assert (change.difference, change.standard_error) == (0, 0)


def test_a_hard_image_is_one_variant_beside_its_copies(retention, base, by_margin):
    change = retention.measure(ForgetfulNetwork(base, by_margin[:1]))
    assert (change.fixed, change.broken) == (0, 1)
    assert change.difference == pytest.approx(-1 / 25_000)
    assert change.standard_error == pytest.approx(1 / 25_000, rel=1e-3)


def test_an_easy_image_counts_for_three_more(retention, base):
    easy = mnist.load("validation")[0][retention.rows[-1]]
    change = retention.measure(ForgetfulNetwork(base, [easy]))
    assert (change.fixed, change.broken) == (0, 4)
    assert change.standard_error == pytest.approx(4 / 25_000, rel=1e-3)


def test_easy_images_are_skipped_if_the_hard_ones_lose_too_much(retention, base, by_margin):
    network = ForgetfulNetwork(base, by_margin[:200])
    assert not retention.measure(network).passes
    predicted = network.predicted
    assert len(retention.predictions(network)) == len(retention.rows)
    assert network.predicted > predicted


def test_predictions_are_those_for_the_checked_rows(retention, base):
    network = ForgetfulNetwork(base)
    retention.measure(network)
    x, _ = mnist.load("validation")
    expected = base.logits_and_embeddings(x[retention.rows])[0].argmax(axis=1)
    assert np.array_equal(retention.predictions(network), expected)


def test_the_hardest_images_have_a_lower_accuracy_than_the_others(retention, base):
    assert 0.9 < retention.hard_accuracy(ForgetfulNetwork(base)) < 0.99


def test_the_results_of_the_base_are_computed_once(base, cache, tmp_path):
    class WithoutNetwork:
        card = base.card

    RetentionCheck(base, [cache])
    (file,) = cache.glob("validation-*.npz")
    (tmp_path / file.name).write_bytes(file.read_bytes())
    from_file = RetentionCheck(WithoutNetwork(), [tmp_path])
    assert from_file.measure(ForgetfulNetwork(base)).broken == 0
    (tmp_path / file.name).write_bytes(b"PK")
    assert RetentionCheck(base, [tmp_path]).measure(ForgetfulNetwork(base)).broken == 0
    assert (tmp_path / file.name).stat().st_size == file.stat().st_size
