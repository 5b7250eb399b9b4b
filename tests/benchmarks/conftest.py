"""Let the tests import benchmarks as they import each other: with `benchmarks/` on the path."""

import pytest
from support.paths import BENCHMARKS


@pytest.fixture(autouse=True)
def _benchmarks_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
