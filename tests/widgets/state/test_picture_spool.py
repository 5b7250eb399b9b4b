"""PictureSpool: the bytes of a visit, on the disk or in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitlab.errors import StoreError
from digitlab.widgets.state import picture_spool
from digitlab.widgets.state.picture_spool import EMPTY_SLOT, PictureSpool


@pytest.fixture(params=["disk", "memory"])
def spool(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PictureSpool]:
    folder = tmp_path if request.param == "disk" else tmp_path / "no folder"
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    spool = PictureSpool()
    yield spool
    spool.close()


def test_each_slot_gives_its_bytes(spool: PictureSpool) -> None:
    pieces = [b"one", b"", b"three" * 100_000]
    slots = [spool.put(piece) for piece in pieces]
    assert [spool.get(slot) for slot in reversed(slots)] == pieces[::-1]
    assert spool.get(EMPTY_SLOT) == b""


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no folder"))
    monkeypatch.setattr(picture_spool, "MEMORY_BYTES", 10)
    spool = PictureSpool()
    slot = spool.put(b"12345678")
    with pytest.raises(StoreError, match="no room for another picture"):
        spool.put(b"123")
    assert spool.get(slot) == b"12345678"
