"""Again: what waits in a visit follows a correction, and its undoing, at once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab
from digitlab.datasets import mnist
from digitlab.widgets.state.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with digitlab.open(tmp_path, contributor="ann", screening=False) as lab:
        session = Session(lab)
        yield session
        session.close()


def mirrored(shift: int = 0) -> bytes:
    """A 4 in a mirror, which is not read as a 4; moved by some pixels within its picture."""
    x, y = mnist.load("validation")
    image = x[np.flatnonzero(y == 4)[0]][:, ::-1]
    return file(np.roll(image, shift, axis=0))


def seven() -> bytes:
    x, y = mnist.load("validation")
    return file(x[np.flatnonzero(y == 7)[3]])


def file(image: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(255 - image).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def three(session: Session) -> Session:
    """Three pictures: two of the same kind, and another one."""
    for name, data in (("a", mirrored()), ("b", mirrored(1)), ("c", seven())):
        session.open(name, data, first=name == "a")
    return session


def read(session: Session) -> list[tuple[int, bool]]:
    found = [item.prediction for item in session.items]
    return [(one.digit, one.remembered) for one in found if one is not None]


def test_what_is_like_a_correction_reads_as_it_says_while_it_waits(three: Session) -> None:
    before = read(three)
    three.answer(6, item=0)
    after = read(three)
    assert after[0] == before[0]  # it is judged: what was read stays
    assert after[1] == (6, True)
    assert after[2] == before[2]


def test_what_was_judged_before_stays_as_it_was_read(three: Session) -> None:
    three.judge("unsure", item=1)
    before = read(three)
    three.answer(6, item=0)
    assert read(three)[1] == before[1]


def test_an_undo_takes_it_back(three: Session) -> None:
    before = read(three)
    three.answer(6, item=0)
    three.undo()
    assert read(three) == before


def test_a_confirmation_changes_nothing_else(three: Session) -> None:
    before = three.items[1:]
    three.judge("unsure", item=0)
    assert three.items[1:] == before


def test_the_pictures_keep_their_place_in_the_spool(three: Session) -> None:
    slots = [(item.picture, item.preview) for item in three.items]
    three.answer(6, item=0)
    assert [(item.picture, item.preview) for item in three.items] == slots
