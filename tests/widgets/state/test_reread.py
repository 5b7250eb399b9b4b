"""A correction and its undo update the predictions of pending items at once."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import digitlab
from digitlab.datasets import mnist
from digitlab.widgets.state.session import Session


@pytest.fixture
def empty_session(tmp_path: Path, reference_cache: Path) -> Iterator[Session]:
    shutil.copytree(reference_cache, tmp_path / "models" / "cache")
    with digitlab.open(tmp_path, contributor="ann", screening=False) as lab:
        session = Session(lab)
        yield session
        session.close()


def mirrored_four(shift: int = 0) -> bytes:
    """Return a mirrored 4, which the base misreads, moved by `shift` pixels."""
    x, y = mnist.load("validation")
    image = x[np.flatnonzero(y == 4)[0]][:, ::-1]
    return picture(np.roll(image, shift, axis=0))


def seven() -> bytes:
    x, y = mnist.load("validation")
    return picture(x[np.flatnonzero(y == 7)[3]])


def picture(image: np.ndarray) -> bytes:
    """Return a digit image as a PNG file, dark ink on white."""
    out = io.BytesIO()
    Image.fromarray(255 - image).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def session(empty_session: Session) -> Session:
    """A session with three pictures: two similar ones and a different one."""
    for name, data in (("a", mirrored_four()), ("b", mirrored_four(1)), ("c", seven())):
        empty_session.open(name, data, first_of_batch=name == "a")
    return empty_session


def predictions(session: Session) -> list[tuple[int, bool]]:
    """Return predicted digit and `remembered` of each item."""
    return [
        (item.prediction.digit, item.prediction.remembered)
        for item in session.items
        if item.prediction is not None
    ]


def test_a_correction_answers_pending_items_that_resemble_it(session: Session) -> None:
    before = predictions(session)
    session.judge_by_label(6, item_id=0)
    after = predictions(session)
    assert after[0] == before[0]  # judged, so it keeps its prediction
    assert after[1] == (6, True)
    assert after[2] == before[2]


def test_a_judged_item_keeps_its_prediction(session: Session) -> None:
    session.judge("unsure", item_id=1)
    before = predictions(session)
    session.judge_by_label(6, item_id=0)
    assert predictions(session)[1] == before[1]


def test_undo_restores_the_earlier_predictions(session: Session) -> None:
    before = predictions(session)
    session.judge_by_label(6, item_id=0)
    session.undo()
    assert predictions(session) == before


def test_a_verdict_that_is_no_correction_changes_no_other_item(session: Session) -> None:
    before = session.items[1:]
    session.judge("unsure", item_id=0)
    assert session.items[1:] == before


def test_the_items_keep_their_slots_in_the_spool(session: Session) -> None:
    slots = [(item.picture, item.preview) for item in session.items]
    session.judge_by_label(6, item_id=0)
    assert [(item.picture, item.preview) for item in session.items] == slots
