"""A reader with the base model, for tests that read whole pages."""

from __future__ import annotations

import pytest

from digitlab.picture_reader import Reader, limits_of
from digitlab.settings import Settings
from digitlab.store import ModelRegistry


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    settings = Settings.load(tmp_path_factory.mktemp("home"), environ={})
    return Reader(ModelRegistry(settings).load(None), limits=limits_of(settings))
