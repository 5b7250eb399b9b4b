"""The views: traits in, messages out; the browser is simulated by its messages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_lab import BROKEN_PICTURE, FakeLab, png

from digitlab.widgets import Page
from digitlab.widgets.page import READY
from digitlab.widgets.state.error_guard import SORRY

CHUNK = 1 << 20
HOSTILE = '<img src=x onerror="alert(1)">.png'


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[FakeLab]:
    with FakeLab(tmp_path / "home") as lab:
        yield lab


@pytest.fixture
def page(lab: FakeLab) -> Page:
    return Page(lab)


@pytest.fixture
def sent(page: Page, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The states that the grid sends to the browser."""
    states: list[dict[str, Any]] = []
    monkeypatch.setattr(
        page.visit, "_send", lambda message, buffers=None: states.append(message["state"])
    )
    return states


def say(widget: Any, content: dict[str, Any], *buffers: bytes) -> None:
    """A message as it comes from the browser."""
    widget._handle_custom_msg(content, [memoryview(buffer) for buffer in buffers])


def upload(
    page: Page, data: bytes, name: str = "a.png", *, upload: str = "1", first: bool = True
) -> list[dict[str, Any]]:
    """Send a picture as the browser does; the acknowledgements."""
    answers: list[dict[str, Any]] = []
    page.picture_input.send = lambda content, buffers=None: answers.append(content)
    for offset in range(0, max(len(data), 1), CHUNK):
        content = {"type": "chunk", "upload": upload, "name": name, "size": len(data)}
        chunk = data[offset : offset + CHUNK]
        say(page.picture_input, content | {"offset": offset, "first": first}, chunk)
        if not answers[-1]["more"]:
            break
    return answers


def test_an_uploaded_picture_is_read(page: Page) -> None:
    assert upload(page, png()) == [{"type": "ack", "upload": "1", "more": False}]
    assert 'data-testid="prediction-label">7<' in page.result.value
    assert "sure, 97 %" in page.result.value


def test_a_large_picture_arrives_in_chunks(page: Page, lab: FakeLab) -> None:
    data = png() + bytes(2 * CHUNK)
    answers = upload(page, data)
    assert [answer["more"] for answer in answers] == [True, True, False]
    say(page.judge, {"type": "judge", "verdict": "right", "comment": "", "item": 0})
    assert lab.feedback.pictures.get(lab.entries[0].picture_sha256) == data


def test_a_chunk_in_the_wrong_order_gives_a_sentence_and_ends_the_upload(page: Page) -> None:
    answers: list[dict[str, Any]] = []
    page.picture_input.send = lambda content, buffers=None: answers.append(content)
    content = {"type": "chunk", "upload": "1", "name": "a.png", "size": 9, "first": True}
    say(page.picture_input, content | {"offset": 4}, b"12345")
    assert answers == [{"type": "ack", "upload": "1", "more": False}]
    assert page.banner.error == "a.png: It did not arrive whole; please send it again."


def test_a_picture_over_the_limit_is_refused_with_a_sentence(page: Page) -> None:
    content = {"type": "too-large", "name": "big.bmp", "size": 21_000_000, "first": True}
    say(page.picture_input, content)
    assert page.banner.error.startswith("big.bmp: This file has 21 MB; pictures of up to 3 MB")


def test_python_checks_the_size_too(page: Page) -> None:
    answers = upload(page, bytes(3_000_001), "big.bmp")
    assert answers == [{"type": "ack", "upload": "1", "more": False}]
    assert "up to 3 MB" in page.banner.error


def test_a_folder_that_was_dropped_gives_a_sentence(page: Page) -> None:
    say(page.picture_input, {"type": "unreadable", "name": "holiday", "first": True})
    assert page.banner.error.startswith("holiday: The browser could not read it.")


def test_the_same_file_twice_in_a_row_is_read_twice(page: Page) -> None:
    upload(page, png(), upload="1")
    upload(page, png(), upload="2")
    assert len(page.visit.rows) == 2


def test_an_example_is_read(page: Page) -> None:
    assert len(page.picture_input.examples) == 2
    say(page.picture_input, {"type": "example", "number": 1})
    assert page.visit.rows[0]["name"] == "two.png"


def test_thumbnails_of_examples_are_small(page: Page) -> None:
    assert all(len(example["picture"]) < 10_000 for example in page.picture_input.examples)


def test_a_message_that_makes_no_sense_is_guarded(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    say(page.judge, {"type": "dance"})
    say(page.picture_input, {"type": "example", "number": 99})
    assert page.banner.error == SORRY
    assert "KeyError" in caplog.text


def test_the_error_can_be_closed(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    say(page.banner, {"type": "close"})
    assert page.banner.error == ""


def test_a_digit_and_a_comment_are_kept(page: Page, lab: FakeLab) -> None:
    upload(page, png())
    say(page.judge, {"type": "answer", "digit": 1, "comment": "a one", "item": 0})
    assert (lab.entries[0].label, lab.entries[0].comment) == (1, "a one")
    assert page.judge.receipt.startswith("a.png: Kept: this is a 1, not a 7. It is remembered")
    assert (page.judge.said, page.judge.can_undo) == ("1", True)
    assert page.visit.rows[0]["said"] == "wrong, it is a 1"


def test_the_browser_hears_of_each_verdict_that_is_kept_and_of_no_other(page: Page) -> None:
    upload(page, png())
    judge = {"type": "judge", "verdict": "right", "item": 0}
    say(page.judge, judge | {"comment": "x" * 3000})
    assert page.judge.kept == 0
    for times in (1, 2):  # the second one says nothing new, and is heard of too
        say(page.judge, judge | {"comment": "mine"})
        assert page.judge.kept == times


def test_the_browser_hears_that_a_verdict_is_kept_before_the_next_picture_shows(page: Page) -> None:
    upload(page, png(1), upload="1")
    upload(page, png(2), upload="2", first=False)
    heard: list[str] = []
    page.judge.observe(lambda change: heard.append(change["name"]), ["kept", "item"])
    say(page.judge, {"type": "judge", "verdict": "right", "comment": "mine", "item": 0})
    assert heard == ["kept", "item"]


def test_undo_opens_the_question_again(page: Page, lab: FakeLab) -> None:
    upload(page, png())
    say(page.judge, {"type": "judge", "verdict": "unsure", "comment": "", "item": 0})
    say(page.judge, {"type": "undo"})
    assert lab.entries == []
    assert (page.judge.said, page.judge.can_undo) == ("", False)


def test_nothing_can_be_judged_before_a_picture_is_read(page: Page) -> None:
    assert page.judge.item == -1
    upload(page, BROKEN_PICTURE)
    assert page.judge.item == -1


def test_where_no_digit_was_seen_there_is_nothing_to_call_right(page: Page, lab: FakeLab) -> None:
    lab.refused = True
    upload(page, png())
    assert (page.judge.item, page.judge.label) == (0, -1)
    assert "I see no digit here" in page.result.value
    assert "best guess 7, 97 %" in page.result.value


def test_a_row_of_the_visit_can_be_shown_again(page: Page) -> None:
    upload(page, png(1), "a.png")
    upload(page, png(2), "b.png")
    say(page.visit, {"type": "select", "item": 0})
    assert page.visit.current == 0
    assert "a.png" in page.result.value


def test_a_row_says_how_sure_the_reading_was(page: Page, lab: FakeLab) -> None:
    for number, change in enumerate(
        [{}, {"confidence": 0.59}, {"refused": True}, {"confidence": 0.59, "remembered": True}]
    ):
        lab.confidence, lab.refused, lab.remembered = 0.97, False, False
        for name, value in change.items():
            setattr(lab, name, value)
        upload(page, png(number), upload=str(number))
    names = ("digit", "doubt", "remembered")
    assert [tuple(row[name] for name in names) for row in page.visit.rows] == [
        ("7", "", False),
        ("7", "unsure", False),
        ("", "refused", False),
        ("7", "", True),
    ]


def test_a_row_says_what_stands(page: Page) -> None:
    upload(page, png())
    row = page.visit.rows[0]
    assert (row["state"], row["said"], row["answer"], row["at"]) == ("waiting", "not judged", "", 0)
    say(page.judge, {"type": "answer", "digit": 8, "comment": "", "item": 0})
    row = page.visit.rows[0]
    assert (row["state"], row["said"], row["answer"]) == ("wrong", "wrong, it is an 8", "8")
    assert row["at"] > 0


def test_an_open_grid_gets_only_what_changed(page: Page, sent: list[dict[str, Any]]) -> None:
    for number in range(3):
        upload(page, png(number), upload=str(number), first=number == 0)
    sent.clear()
    say(page.judge, {"type": "answer", "digit": 1, "comment": "", "item": 1})
    (changed,) = [state["changes"]["rows"] for state in sent if "changes" in state]
    assert [sorted(row) for row in changed] == [["answer", "at", "id", "said", "state"]]
    assert all("rows" not in state for state in sent)


def test_a_verdict_costs_few_bytes_however_many_digits_there_are(
    page: Page, lab: FakeLab, sent: list[dict[str, Any]]
) -> None:
    lab.digit_count = 200
    page.session.read_several(True)
    upload(page, png())
    sent.clear()
    say(page.judge, {"type": "answer", "digit": 1, "comment": "", "item": 0})
    assert sum(len(json.dumps(state)) for state in sent) < 1_000


def test_the_changes_one_after_the_other_make_the_rows(
    page: Page, lab: FakeLab, sent: list[dict[str, Any]]
) -> None:
    upload(page, png(1), upload="1")
    upload(page, BROKEN_PICTURE, upload="2", first=False)
    page.session.read_several(True)
    upload(page, png(2), upload="3")
    say(page.judge, {"type": "answer", "digit": 1, "comment": "", "item": 2})
    say(page.visit, {"type": "others", "shown": 5})
    say(page.judge, {"type": "undo"})
    rows: dict[int, dict[str, Any]] = {}
    changes = [state["changes"] for state in sent if "changes" in state]
    for change in changes:
        for row in change["rows"]:
            rows[row["id"]] = rows.get(row["id"], {}) | row
    assert list(rows.values()) == page.visit.rows
    assert [change["revision"] for change in changes] == [*range(1, page.visit.revision + 1)]


def test_a_grid_that_opens_late_gets_all_rows(page: Page) -> None:
    upload(page, png())
    state = page.visit.get_state()
    assert (state["rows"], state["revision"]) == (page.visit.rows, 1)
    assert state["changes"]["revision"] == 1


def test_a_grid_that_missed_a_change_asks_for_all_rows(
    page: Page, sent: list[dict[str, Any]]
) -> None:
    upload(page, png())
    sent.clear()
    say(page.visit, {"type": "rows"})
    assert sent == [{"rows": page.visit.rows, "revision": 1}]


def test_the_grid_hears_which_of_its_moves_is_shown(page: Page, sent: list[dict[str, Any]]) -> None:
    upload(page, png(1), upload="1")
    upload(page, png(2), upload="2")
    sent.clear()
    say(page.visit, {"type": "select", "item": 0, "move": "first"})
    assert sent == [{"current": 0, "move": "first"}]


def test_the_judge_says_which_of_how_many_is_in_view(page: Page) -> None:
    upload(page, png(1), upload="1")
    assert page.judge.place == ""
    upload(page, png(2), upload="2", first=False)
    say(page.visit, {"type": "select", "item": 1})
    assert page.judge.place == "2 of 2"


def test_a_broken_picture_says_why_in_the_list_and_in_view(page: Page) -> None:
    upload(page, BROKEN_PICTURE)
    assert page.visit.rows[0]["read"] == "This file is damaged; please send it again."
    say(page.visit, {"type": "select", "item": 0})
    assert "This file is damaged" in page.result.value


def test_hostile_names_are_escaped_wherever_html_is_made(page: Page) -> None:
    upload(page, png(), HOSTILE)
    assert "<img src=x" not in page.result.value
    upload(page, BROKEN_PICTURE, HOSTILE)
    say(page.visit, {"type": "select", "item": 1})
    assert "<img src=x" not in page.result.value
    assert "&lt;img src=x" in page.result.value


@pytest.mark.parametrize("view", ["banner", "header", "judge", "learn", "picture_input", "visit"])
def test_no_view_makes_html_of_text_in_the_browser(page: Page, view: str) -> None:
    source = str(getattr(page, view)._esm)
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert way not in source


def test_the_contributor_comes_from_the_browser(page: Page, lab: FakeLab) -> None:
    say(page.header, {"type": "contributor", "name": "visitor-12ab34"})
    assert page.header.contributor == "visitor-12ab34"
    upload(page, png())
    say(page.judge, {"type": "judge", "verdict": "right", "comment": "", "item": 0})
    assert lab.entries[0].contributor == "visitor-12ab34"


def test_the_version_is_shown(page: Page, lab: FakeLab) -> None:
    assert page.header.model_version == "base"
    lab.champion = "v0002"
    upload(page, png())
    assert page.header.model_version == "v0002"


def test_the_ready_marker_comes_when_every_view_has_reported(page: Page) -> None:
    views = [page.header, page.banner, page.picture_input, page.judge, page.visit, page.learn]
    *others, last = views
    marker = page.children[-1]
    for view in others:
        say(view, {"type": "ready"})
    assert marker.value == ""
    say(last, {"type": "ready"})
    assert marker.value == READY


def test_importing_the_widgets_loads_nothing_heavy() -> None:
    heavy = ["alembic", "keras", "matplotlib", "pandas", "papermill", "scipy", "tensorflow"]
    code = (
        "import sys, digitlab.widgets\n"
        f"print(sorted(set({heavy}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
