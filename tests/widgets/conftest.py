"""A page on a fake lab; a test module may override `lab`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fake_lab import FakeLab

from digitlab.widgets import Page


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeLab]:
    with FakeLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def page(lab: FakeLab) -> Page:
    return Page(lab)
