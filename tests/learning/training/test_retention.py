"""Tune: what a change of weights costs on MNIST's `validation` split, and what is kept of the asking."""

import numpy as np
import pytest

from digitlab.datasets import mnist
from digitlab.learning.training.retention import Shift, Tune
from digitlab.model import metrics


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def tune(base, cache):
    return Tune(base, [cache])


class Forgetful:
    """The base, but for some images that it says another digit of."""

    def __init__(self, base, images=()):
        self._base = base
        self._forgotten = {image.tobytes() for image in images}
        self.asked = 0

    def logits(self, x):
        self.asked += len(x)
        logits = self._base.logits_and_embeddings(x)[0]
        for row, image in enumerate(x):
            if image.tobytes() in self._forgotten:
                logits[row] = -logits[row]
        return logits


@pytest.fixture
def by_lead(base):
    """Images of `validation` that the base reads right, those that it is least sure of first."""
    x, y = mnist.load("validation")
    lead = metrics.margin(base.logits_and_embeddings(x)[0], y)
    order = np.argsort(lead)
    return x[order[lead[order] > 0]]


def test_a_shift_is_the_mean_over_all_readings():
    shift = Shift(n=100, readings=5, fixed=2, broken=7, standard_error=0.01)
    assert shift.difference == pytest.approx(-0.01)
    assert shift.lower_bound == pytest.approx(-0.01 - 1.645 * 0.01)
    assert shift.to_dict()["difference"] == shift.difference


def test_what_did_not_change_has_no_shift(tune, base):
    shift = tune.shift(Forgetful(base))
    assert (shift.n, shift.readings, shift.fixed, shift.broken) == (5000, 5, 0, 0)
    assert (shift.difference, shift.standard_error) == (0, 0)


def test_a_doubtful_image_is_one_reading_beside_those_of_its_copies(tune, base, by_lead):
    shift = tune.shift(Forgetful(base, by_lead[:1]))
    assert (shift.fixed, shift.broken) == (0, 1)
    assert shift.difference == pytest.approx(-1 / 25_000)
    assert shift.standard_error == pytest.approx(1 / 25_000, rel=1e-3)


def test_an_easy_image_stands_for_three_more(tune, base):
    easy = mnist.load("validation")[0][tune.rows[-1]]
    shift = tune.shift(Forgetful(base, [easy]))
    assert (shift.fixed, shift.broken) == (0, 4)
    assert shift.standard_error == pytest.approx(4 / 25_000, rel=1e-3)


def test_the_easy_images_are_not_asked_where_the_doubtful_ones_cost_too_much(tune, base, by_lead):
    forgetful = Forgetful(base, by_lead[:200])
    assert not tune.shift(forgetful).passes
    asked = forgetful.asked
    assert len(tune.guesses(forgetful)) == len(tune.rows)
    assert forgetful.asked > asked


def test_guesses_are_those_of_the_images_that_were_asked(tune, base):
    same = Forgetful(base)
    tune.shift(same)
    x, _ = mnist.load("validation")
    assert np.array_equal(
        tune.guesses(same), base.logits_and_embeddings(x[tune.rows])[0].argmax(axis=1)
    )


@pytest.mark.parametrize(
    ("fixed", "broken", "error", "passes"),
    [
        (0, 10, 0.0001, True),  # two images of 5,000, as the gate lets through
        (0, 11, 0.0001, False),
        (5, 15, 0.0004, False),  # too uncertain
        (9, 0, 0.0001, True),
    ],
)
def test_a_change_passes_that_costs_no_more_than_the_gate_lets_through(
    fixed, broken, error, passes
):
    shift = Shift(n=5000, readings=5, fixed=fixed, broken=broken, standard_error=error)
    assert shift.passes == passes


def test_the_hardest_images_are_read_worse_than_the_others(tune, base):
    assert 0.9 < tune.glance(Forgetful(base)) < 0.99


def test_the_base_is_asked_once(base, cache, tmp_path):
    class Silent:
        card = base.card

    Tune(base, [cache])
    (file,) = cache.glob("validation-*.npz")
    (tmp_path / file.name).write_bytes(file.read_bytes())
    kept = Tune(Silent(), [tmp_path])
    assert kept.shift(Forgetful(base)).broken == 0
    (tmp_path / file.name).write_bytes(b"PK")
    assert Tune(base, [tmp_path]).shift(Forgetful(base)).broken == 0
    assert (tmp_path / file.name).stat().st_size == file.stat().st_size
