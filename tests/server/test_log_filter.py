"""What the log of a server leaves out."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from digitlab.server.log_filter import MAX_LINES, WINDOW_S, LogFilter, filtered_logs


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Lines(logging.Handler):
    """Collects what it would print."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock) -> Iterator[list[str]]:
    """Yield the lines that the logger `log` prints through the filter."""
    handler = Lines()
    log.addHandler(handler)
    with filtered_logs(LogFilter(["s3cret&token"], clock), [handler]):
        yield handler.lines
    log.removeHandler(handler)


log = logging.getLogger("test_log_filter")


@pytest.mark.parametrize(
    "line",
    [
        "500 GET /?token=s3cret&token (127.0.0.1) 1.2ms",
        "500 GET /?token=s3cret%26token",
        "500 GET /login?next=%2F%3Ftoken%3Ds3cret%26token",
        "referer=http://127.0.0.1/?a=b&token=nearly-right",
        'Authorization: "token s3cret&token"',
    ],
)
def test_a_token_is_hidden(lines: list[str], line: str) -> None:
    log.warning("%s", line)
    (logged,) = lines
    assert "[hidden]" in logged
    assert "s3cret" not in logged
    assert "nearly-right" not in logged


def test_a_token_in_a_traceback_is_hidden(lines: list[str]) -> None:
    try:
        raise ValueError("bad value: s3cret&token")
    except ValueError:
        log.exception("Uncaught exception %s", "GET /?token=s3cret&token")
    (logged,) = lines
    assert "Traceback" in logged
    assert "s3cret" not in logged


def test_a_repeated_message_is_left_out_and_counted(lines: list[str], clock: Clock) -> None:
    for clock.now in (0.0, WINDOW_S):
        for number in range(1000):
            log.warning("refused %d", number)
    assert len(lines) == 2 * MAX_LINES
    assert lines[MAX_LINES] == (
        f"refused 0 ({1000 - MAX_LINES} more messages like this were left out)"
    )


def test_other_messages_are_logged(lines: list[str]) -> None:
    for _ in range(100):
        log.warning("one")
    log.warning("another")
    assert lines[-1] == "another"
