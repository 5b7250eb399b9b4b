"""Which requests for the page start a session."""

from __future__ import annotations

import pytest

from digitlab.server import admission as module
from digitlab.server.admission import TICKET_S, Admission, Tickets, admission


def fetch_metadata(site: str, mode: str, target: str) -> dict[str, str]:
    return {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_a_person_who_opens_the_page_gets_a_session(site: str) -> None:
    assert admission(fetch_metadata(site, "navigate", "document")) is Admission.SESSION


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("target", ["document", "iframe", "frame", "embed", "object"])
def test_another_site_that_opens_the_page_gets_a_button(site: str, target: str) -> None:
    assert admission(fetch_metadata(site, "navigate", target)) is Admission.ASK


def test_a_frame_of_the_same_site_gets_a_button() -> None:
    assert admission(fetch_metadata("same-origin", "navigate", "iframe")) is Admission.ASK


@pytest.mark.parametrize("site", ["none", "same-origin", "same-site", "cross-site"])
@pytest.mark.parametrize(
    ("mode", "target"),
    [("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("websocket", "empty")],
)
def test_a_request_that_opens_no_page_is_refused(site: str, mode: str, target: str) -> None:
    assert admission(fetch_metadata(site, mode, target)) is Admission.REFUSE


@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
    ],
)
def test_a_page_loaded_in_advance_gets_no_session(header: dict[str, str]) -> None:
    assert admission(fetch_metadata("none", "navigate", "document") | header) is Admission.LATER


def test_a_browser_without_fetch_metadata_gets_the_start_page() -> None:
    assert admission({}) is Admission.GREET


def test_a_ticket_is_valid_once() -> None:
    tickets = Tickets()
    ticket = tickets.issue()
    assert [tickets.redeem(ticket), tickets.redeem(ticket)] == [True, False]


@pytest.mark.parametrize("ticket", [None, "", "guess"])
def test_another_text_is_no_ticket(ticket: str | None) -> None:
    tickets = Tickets()
    tickets.issue()
    assert not tickets.redeem(ticket)


def test_a_ticket_expires() -> None:
    clock = Clock()
    tickets = Tickets(clock)
    ticket = tickets.issue()
    clock.now = TICKET_S
    assert not tickets.redeem(ticket)


def test_the_number_of_tickets_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TICKETS", 3)
    tickets = Tickets()
    issued = [tickets.issue() for _ in range(5)]
    assert [tickets.redeem(ticket) for ticket in issued] == [False, False, True, True, True]
