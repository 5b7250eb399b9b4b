"""Known: what is drawn ahead for a fine-tune is what it would draw itself."""

import dataclasses
import threading

import numpy as np
import pytest

from digitlab.errors import ParameterError
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data import cache
from digitlab.learning.data.cache import draw_ahead, replayed, written
from digitlab.learning.data.replay import replay
from digitlab.model.refusal_threshold import synthetic_digits
from digitlab.settings import Settings, bundled

ASKED = {"steps": 6, "seed": 3}
CONFIG = FineTuneConfig.of(ASKED)


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path, environ={})


@pytest.fixture
def places(settings):
    return [bundled("models/base"), settings.cache]


def equal(one, other):
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_what_was_drawn_ahead_is_what_would_be_drawn(base, settings, places, monkeypatch):
    fresh = replay(base, CONFIG, steps=4, places=places)
    draw_ahead(settings, {**ASKED, "evaluate_on": "mnist:validation"})
    monkeypatch.delattr(cache, "replay")  # whoever asks for it now draws it again
    assert equal(replayed(base, CONFIG, steps=4, places=places), fresh)


def test_what_was_drawn_for_another_configuration_is_not_taken(base, settings, places):
    draw_ahead(settings, ASKED)
    other = dataclasses.replace(CONFIG, seed=4)
    fresh = replay(base, other, steps=2, places=places)
    assert equal(replayed(base, other, steps=2, places=places), fresh)


def test_a_damaged_file_is_drawn_again(base, settings, places):
    draw_ahead(settings, ASKED)
    (file,) = settings.cache.glob("replay-*.npz")
    file.write_bytes(file.read_bytes()[:-1000])
    fresh = replay(base, CONFIG, steps=2, places=places)
    assert equal(replayed(base, CONFIG, steps=2, places=places), fresh)


def test_written_digits_are_drawn_once(settings, monkeypatch):
    draw_ahead(settings, ASKED)
    monkeypatch.delattr(cache, "synthetic_digits")
    kept = written(settings.cache)
    assert (kept.dtype, kept.shape) == ("uint8", (2_000, 28, 28))
    assert np.array_equal(kept, synthetic_digits())


def test_unknown_parameters_are_left_to_the_notebook_and_wrong_ones_are_named(settings):
    draw_ahead(settings, {**ASKED, "mood": "fine"})
    with pytest.raises(ParameterError, match="steps"):
        draw_ahead(settings, {"steps": "many"})


def test_two_that_draw_at_once_leave_whole_files(base, settings, places):
    threads = [threading.Thread(target=draw_ahead, args=(settings, ASKED)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = replay(base, CONFIG, steps=6, places=places)
    assert equal(replayed(base, CONFIG, steps=6, places=places), fresh)
    assert not [*settings.cache.glob(".*")]
