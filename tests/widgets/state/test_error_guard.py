"""ErrorGuard and the removal of the server's paths from what visitors read."""

from __future__ import annotations

import errno
import logging
import os

import pytest

from digitlab.errors import ModelError, StoreError
from digitlab.widgets.state.error_guard import UNEXPECTED_ERROR, ErrorGuard
from digitlab.widgets.state.server_paths import without_paths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The database /home/ann/lab/digitlab.db is full.", "The database digitlab.db is full."),
        ("Not in file:///srv/my%20lab/pictures: full", "Not in pictures: full"),
        ("[Errno 28] No space left: '/a/b c/d.npz'", "[Errno 28] No space left: 'd.npz'"),
        ('"C:\\\\My lab\\\\x.db" is damaged', '"x.db" is damaged'),
        (r"C:\\Users\\ann\\digitlab.db is damaged", "digitlab.db is damaged"),
        ("postgresql://ann:secret@db.host/digitlab is down", "digitlab is down"),
        ("There is no version in /my lab/models; there are: base", None),
        ("The folder /my lab is full.", "The folder the home is full."),
        ("see ~/x/y.png (in /a/b/c)", "see y.png (in c)"),
        ("written to /srv/lab/", "written to a folder"),
        ("and/or, 1/2, 3 / 4, docs/page.md and a//b stay", None),
    ],
)
def test_a_path_of_the_server_is_only_its_last_part(text: str, expected: str | None) -> None:
    default = "There is no version in models; there are: base" if "/my lab/" in text else text
    assert without_paths(text, ["/my lab"]) == (expected or default)


@pytest.mark.parametrize("kind", [StoreError, ModelError])
def test_the_page_gets_the_sentence_and_the_log_gets_the_path(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    guard = ErrorGuard()
    with guard.guard():
        raise kind("The file /srv/lab/x.bin is damaged.")
    assert guard.error == "The file x.bin is damaged."
    assert "/srv/lab/x.bin" in caplog.text


def test_a_full_disk_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    guard = ErrorGuard()
    with guard.guard():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/lab/x")
    assert guard.error == "The server cannot store this: the disk is full."
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_a_bug_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    guard = ErrorGuard()
    with guard.guard():
        raise RuntimeError("a bug in /srv/lab")
    assert guard.error == UNEXPECTED_ERROR
    assert caplog.records[0].exc_info
