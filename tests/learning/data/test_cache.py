"""The cache: what is prepared for a fine-tune equals what the fine-tune would compute."""

import dataclasses
import threading

import numpy as np
import pytest

from digitlab.errors import ParameterError
from digitlab.learning.config import FineTuneConfig
from digitlab.learning.data import cache
from digitlab.learning.data.cache import load_replay, load_synthetic_digits, prepare_cache
from digitlab.learning.data.replay import build_replay
from digitlab.model.refusal_threshold import synthetic_digits
from digitlab.settings import Settings, bundled

pytestmark = pytest.mark.slow

PARAMETERS = {"steps": 6, "seed": 3}
CONFIG = FineTuneConfig.from_dict(PARAMETERS)


@pytest.fixture
def settings(tmp_path):
    return Settings.load(tmp_path, environ={})


@pytest.fixture
def folders(settings):
    return [bundled("models/base"), settings.cache]


def equal(one, other):
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_the_prepared_replay_equals_a_new_one(base, settings, folders, monkeypatch):
    fresh = build_replay(base, CONFIG, steps=4, cache_folders=folders)
    prepare_cache(settings, {**PARAMETERS, "evaluate_on": "mnist:validation"})
    monkeypatch.delattr(cache, "build_replay")  # a new replay would now be an error
    assert equal(load_replay(base, CONFIG, steps=4, cache_folders=folders), fresh)


def test_a_replay_prepared_for_another_configuration_is_not_used(base, settings, folders):
    prepare_cache(settings, PARAMETERS)
    other = dataclasses.replace(CONFIG, seed=4)
    fresh = build_replay(base, other, steps=2, cache_folders=folders)
    assert equal(load_replay(base, other, steps=2, cache_folders=folders), fresh)


def test_a_damaged_replay_is_built_again(base, settings, folders):
    prepare_cache(settings, PARAMETERS)
    (file,) = settings.cache.glob("replay-*.npz")
    file.write_bytes(file.read_bytes()[:-1000])
    fresh = build_replay(base, CONFIG, steps=2, cache_folders=folders)
    assert equal(load_replay(base, CONFIG, steps=2, cache_folders=folders), fresh)


def test_synthetic_digits_are_drawn_once(settings, monkeypatch):
    prepare_cache(settings, PARAMETERS)
    monkeypatch.delattr(cache, "synthetic_digits")
    digits = load_synthetic_digits(settings.cache)
    assert (digits.dtype, digits.shape) == ("uint8", (2_000, 28, 28))
    assert np.array_equal(digits, synthetic_digits())


def test_unknown_parameters_are_ignored_and_wrong_values_are_errors(settings):
    """The notebook itself reports unknown parameters."""
    prepare_cache(settings, {**PARAMETERS, "mood": "fine"})
    with pytest.raises(ParameterError, match="steps"):
        prepare_cache(settings, {"steps": "many"})


def test_two_processes_that_prepare_at_once_leave_whole_files(base, settings, folders):
    threads = [
        threading.Thread(target=prepare_cache, args=(settings, PARAMETERS)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = build_replay(base, CONFIG, steps=6, cache_folders=folders)
    assert equal(load_replay(base, CONFIG, steps=6, cache_folders=folders), fresh)
    assert not [*settings.cache.glob(".*")]
