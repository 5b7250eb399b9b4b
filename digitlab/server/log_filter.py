"""The filter that keeps secrets and endless repetitions out of the log of a server."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote, quote_plus

MAX_LINES: Final = 10
"""Messages of one line of the program that are logged in `WINDOW_S`."""

WINDOW_S: Final = 60.0
"""Seconds for which a message counts."""

_TOKEN_VALUE: Final = re.compile(r"(?i)(token(?:=|%3d|%253d))[^&\s\"'<>]+")
"""The value of `?token=` in an address, also in an address within a query."""

_DECISION: Final = "digitlab_is_logged"
"""Attribute of a record that several handlers receive."""

_HIDDEN: Final = "[hidden]"


class LogFilter(logging.Filter):
    """Removes secrets from messages and tracebacks, and repetitions from the log.

    A client can make the server repeat a message thousands of times a second. Beyond
    `MAX_LINES`, messages from the same line of the program are counted; the next message that is
    logged says how many were left out.

    Args:
        secrets: texts that never appear in the log; empty ones are ignored.
        clock: returns the current time in seconds.
    """

    def __init__(
        self, secrets: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        texts = [text for text in secrets if text]
        forms = {*texts, *map(quote_plus, texts), *(quote(text, safe="") for text in texts)}
        self._secrets = sorted(forms, key=len, reverse=True)
        self._clock = clock
        self._sites: dict[tuple[str, int], _Site] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a record; hide the secrets in it."""
        if not hasattr(record, _DECISION):  # else an earlier handler decided
            setattr(record, _DECISION, self._decide(record))
        return bool(getattr(record, _DECISION))

    def _decide(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        site = self._sites.setdefault((record.pathname, record.lineno), _Site(now))
        if now - site.since >= WINDOW_S:
            site.since, site.logged = now, 0
        site.logged += 1
        if site.logged > MAX_LINES:
            site.left_out += 1
            return False
        message = record.getMessage()
        if site.left_out:
            message = f"{message} ({site.left_out} more messages like this were left out)"
            site.left_out = 0
        record.msg, record.args = self._hide(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._hide(record.exc_text)
        return True

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _TOKEN_VALUE.sub(rf"\1{_HIDDEN}", text)


@contextmanager
def filtered_logs(log_filter: LogFilter, handlers: Iterable[logging.Handler]) -> Iterator[None]:
    """Filter everything that this process logs while the block runs.

    Args:
        log_filter: the filter.
        handlers: handlers besides those of the root logger, and of a process without any.
    """
    everywhere = {*handlers, *logging.getLogger().handlers}
    if logging.lastResort is not None:
        everywhere.add(logging.lastResort)
    for handler in everywhere:
        handler.addFilter(log_filter)
    try:
        yield
    finally:
        for handler in everywhere:
            handler.removeFilter(log_filter)


class _Site:
    """A line of the program that logs."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.logged = 0
        self.left_out = 0
