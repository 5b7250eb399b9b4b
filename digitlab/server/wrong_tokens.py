"""The limit on wrong tokens of each address."""

from __future__ import annotations

import ipaddress
import time
from collections import deque
from collections.abc import Callable
from typing import Final

MAX_WRONG_TOKENS: Final = 10
"""Wrong tokens of one address in `WINDOW_S`. Then every token of the address is refused."""

WINDOW_S: Final = 60.0
"""Seconds for which a wrong token counts."""

MAX_ADDRESSES: Final = 10_000
"""Largest number of addresses that are remembered. A new one replaces the oldest one."""


class WrongTokens:
    """Counts the wrong tokens of each address.

    Args:
        clock: returns the current time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: dict[str, deque[float]] = {}  # in the order of the last wrong token

    def wait_s(self, address: str) -> float:
        """Return the seconds until the next token of an address is checked; 0 for now."""
        times = self._times.get(network_of(address))
        if times is None or len(times) < MAX_WRONG_TOKENS:
            return 0.0
        return max(0.0, times[0] + WINDOW_S - self._clock())

    def note(self, address: str) -> None:
        """Count a wrong token of an address."""
        network = network_of(address)
        times = self._times.pop(network, None) or deque(maxlen=MAX_WRONG_TOKENS)
        times.append(self._clock())
        if len(self._times) >= MAX_ADDRESSES:
            del self._times[next(iter(self._times))]
        self._times[network] = times


def network_of(address: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address, which one client owns.

    Any other text is returned as it is.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
