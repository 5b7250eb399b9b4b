"""Which requests for the page start a session, so that no other web site can start one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final

TICKET_COOKIE: Final = "digitlab-start"
"""Cookie with a ticket. The script of the start page sets it, so it proves that the script ran."""

TICKET_S: Final = 60.0
"""Seconds for which a ticket is valid."""

MAX_TICKETS: Final = 10_000
"""Largest number of valid tickets. A new ticket replaces the oldest one."""


class Admission(Enum):
    """The server's answer to a request for the page."""

    SESSION = "session"
    """A person opened the page: start a session and send the page."""
    GREET = "greet"
    """The browser does not say how the page was opened: send the start page. Its script
    continues at once, unless another site opened it."""
    ASK = "ask"
    """Another site, or a frame, opened the page: send the start page with a button."""
    LATER = "later"
    """The browser loads the page in advance: refuse, so that it loads the page when it is due."""
    REFUSE = "refuse"
    """The page is requested as an image, a script or the like: refuse."""


def admission(headers: Mapping[str, str]) -> Admission:
    """Decide on a GET of the page by its Fetch Metadata (https://www.w3.org/TR/fetch-metadata).

    Browsers send these headers to trustworthy origins (https, or this machine), and no script
    can change them. Over plain http to another machine, and from old browsers, they are missing.

    Args:
        headers: the headers of the request; names in any case.
    """
    advance = (headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    if any("prefetch" in value for value in advance):
        return Admission.LATER
    site = headers.get("Sec-Fetch-Site")
    mode = headers.get("Sec-Fetch-Mode", "navigate")
    target = headers.get("Sec-Fetch-Dest", "document")
    if mode != "navigate":
        return Admission.REFUSE
    if site is None:
        return Admission.GREET
    if site in {"none", "same-origin"} and target == "document":
        return Admission.SESSION
    return Admission.ASK


class Tickets:
    """Tickets of the start pages; each one starts one session.

    Only the start page contains its ticket, and no other site can read the start page.

    Args:
        clock: returns the current time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._valid_until: dict[str, float] = {}

    def issue(self) -> str:
        """Return a new ticket."""
        if len(self._valid_until) >= MAX_TICKETS:
            del self._valid_until[next(iter(self._valid_until))]
        ticket = secrets.token_urlsafe(24)
        self._valid_until[ticket] = self._clock() + TICKET_S
        return ticket

    def redeem(self, ticket: str | None) -> bool:
        """Return whether a ticket is valid; it is not valid a second time."""
        return self._valid_until.pop(ticket or "", 0.0) > self._clock()
