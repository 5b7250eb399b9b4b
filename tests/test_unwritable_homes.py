"""Homes that cannot be written: pictures are read, and each interface says that nothing is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.unwritable_homes import STATES, mount_refusal, report_of

from digitlab.datasets import mnist

pytestmark = pytest.mark.slow

LABEL = 3  # the correction of a picture that the model reads as a 7

READABLE = ("read-only", "full", "locked", "stale log")
"""States in which the stored correction still answers."""

REASONS = {
    "read-only": "its file system is read-only",
    "full": "the disk is full",
    "locked": "another program keeps it locked",
    "locked for readers": "another program keeps it locked",
    "missing": "its file system is read-only",
    "below a file": "a file is in the way",
    "outdated": "its file system is read-only",
    "stale log": "its file system is read-only",
}

each_state = pytest.mark.parametrize("state", STATES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("unwritable")


@pytest.fixture(scope="module")
def report(folder: Path) -> dict[str, dict[str, Any]]:
    if refusal := mount_refusal():
        pytest.skip(refusal)
    x, y = mnist.load("validation")
    picture = folder / "seven.png"
    Image.fromarray(255 - x[y == 7][0]).resize((280, 280)).save(picture)
    return report_of(folder, picture, LABEL)


def test_every_state_has_a_reason() -> None:
    assert set(REASONS) == set(STATES)


@each_state
def test_predict_answers_and_says_once_that_nothing_is_kept(report: Any, state: str) -> None:
    done = report[state]["predict"]
    assert done["code"] == 0
    row = json.loads(done["out"])
    assert row["kept"] is False
    (digit,) = row["digits"]
    assert (digit["digit"], digit["remembered"]) == ((3, True) if state in READABLE else (7, False))
    (line,) = done["err"]
    assert line.startswith("digitlab: Nothing is kept, because the database ")
    assert REASONS[state] in line


@each_state
def test_python_answers_and_warns_once(report: Any, state: str) -> None:
    result = report[state]["python"]
    assert result["digits"] == [3 if state in READABLE else 7] * 3
    assert result["ids"] == [None] * 3
    assert result["warnings"] == [f"NotKeptWarning: {result['not_kept']}"]
    assert REASONS[state] in result["not_kept"]


@each_state
def test_the_page_answers_without_a_receipt_and_without_a_path(
    report: Any, state: str, folder: Path
) -> None:
    page = report[state]["page"]
    assert page["digits"] == [3 if state in READABLE else 7]
    assert (page["error"], page["verdict"], page["notice"]) == ("", False, "")
    assert page["not_kept"].startswith("Nothing is kept, because the database cannot be written: ")
    for sentence in (page["not_kept"], page["verdict_error"], page["run_error"]):
        assert REASONS[state] in sentence
        assert str(folder) not in sentence
        assert "/" not in sentence


@each_state
@pytest.mark.parametrize("command", ["add", "import", "fine-tune"])
def test_what_cannot_be_stored_is_one_line(report: Any, state: str, command: str) -> None:
    done = report[state][command]
    assert (done["code"], done["out"]) == (1, "")
    (line,) = done["err"]
    assert line.startswith("digitlab: ")
    assert REASONS[state] in line


@pytest.mark.parametrize("state", ["read-only", "full", "missing", "below a file"])
def test_an_export_that_cannot_be_written_is_one_line(report: Any, state: str) -> None:
    done = report[state]["export"]
    assert (done["code"], done["out"], len(done["err"])) == (1, "", 1)


@pytest.mark.parametrize("state", READABLE)
def test_what_is_stored_can_be_listed(report: Any, state: str) -> None:
    done = report[state]["list"]
    assert done["code"] == 0
    assert json.loads(done["out"])["label"] == LABEL


@pytest.mark.parametrize("state", ["locked for readers", "outdated"])
def test_a_list_is_not_empty_because_it_cannot_be_read(report: Any, state: str) -> None:
    done = report[state]["list"]
    assert (done["code"], done["out"], len(done["err"])) == (1, "", 1)
    assert "cannot be read" in done["err"][0]


def test_entries_that_are_still_in_a_log_are_named(report: Any) -> None:
    for command in ("predict", "list"):
        assert "the newest entries are missing" in report["stale log"][command]["err"][0]


@pytest.mark.parametrize("state", ["locked for readers", "outdated"])
def test_a_model_that_reads_alone_is_named(report: Any, state: str) -> None:
    for command in ("predict", "evaluate"):
        (line,) = report[state][command]["err"]
        assert "stored corrections do not answer, and the version `base` reads alone" in line


@each_state
def test_nothing_half_written_is_left(report: Any, state: str) -> None:
    new = [name for name in report[state]["files"]["new"] if not name.startswith("exported/")]
    assert [name for name in new if not name.startswith("models/cache/")] == []


@each_state
def test_no_answer_waits_long_for_the_home(report: Any, state: str) -> None:
    waits = {name: done.get("seconds", 0) for name, done in report[state].items()}
    assert max(waits.values()) < 25, waits  # a writer otherwise waits 30 s, and CI is slow
