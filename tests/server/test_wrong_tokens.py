"""The limit on wrong tokens of each address."""

from __future__ import annotations

import pytest

from digitlab.server import wrong_tokens as module
from digitlab.server.wrong_tokens import MAX_WRONG_TOKENS, WINDOW_S, WrongTokens, network_of


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wrong_tokens(clock: Clock) -> WrongTokens:
    return WrongTokens(clock)


def test_ten_wrong_tokens_a_minute_are_checked(clock: Clock, wrong_tokens: WrongTokens) -> None:
    waits = []
    for clock.now in range(MAX_WRONG_TOKENS + 1):
        waits.append(wrong_tokens.wait_s("192.0.2.1"))
        wrong_tokens.note("192.0.2.1")
    assert waits == [0.0] * 10 + [50.0]


def test_the_limit_ends_after_a_minute(clock: Clock, wrong_tokens: WrongTokens) -> None:
    for _ in range(MAX_WRONG_TOKENS):
        wrong_tokens.note("192.0.2.1")
    clock.now = WINDOW_S
    assert wrong_tokens.wait_s("192.0.2.1") == 0


def test_another_address_is_not_limited(wrong_tokens: WrongTokens) -> None:
    for _ in range(MAX_WRONG_TOKENS):
        wrong_tokens.note("192.0.2.1")
    assert wrong_tokens.wait_s("192.0.2.2") == 0
    assert wrong_tokens.wait_s("192.0.2.1") > 0


def test_the_number_of_addresses_is_limited(
    monkeypatch: pytest.MonkeyPatch, wrong_tokens: WrongTokens
) -> None:
    monkeypatch.setattr(module, "MAX_ADDRESSES", 100)
    for _ in range(MAX_WRONG_TOKENS):
        wrong_tokens.note("192.0.2.1")
    for number in range(1000):
        wrong_tokens.note(f"198.51.{number // 256}.{number % 256}")
        wrong_tokens.note("192.0.2.1")
    assert len(wrong_tokens._times) == 100
    assert wrong_tokens.wait_s("192.0.2.1") > 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not an address", "not an address"),
    ],
)
def test_an_ipv6_client_counts_with_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
