"""How many pieces one address may ask for: a sliding window of an hour, in this process's memory.

The queue itself has a limit of open pieces for each requester, and gives every requester a fair share.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

WINDOW_S = 3600.0
MOST_ADDRESSES = 50_000  # remembered; of more the one that asked first is forgotten
IPV6_PREFIX = 64  # one household has all addresses of such a prefix


class TooManyPieces(Exception):  # noqa: N818 -- what happened, as in `jobs.errors`
    """An address asked for more than it may; `wait_s` seconds later it may again."""

    def __init__(self, limit: int, wait_s: float) -> None:
        super().__init__(limit, wait_s)
        self.wait_s = wait_s
        minutes = max(1, round(wait_s / 60))
        self.sentence = (
            f"You have asked for {limit} pieces within an hour, which is the limit. Try again in {minutes} "
            f"minute{'s' if minutes > 1 else ''}."
        )


class AddressLimit:
    """Counts the pieces of each address."""

    def __init__(self, pieces_per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = pieces_per_hour, clock
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Count one piece of `address`.

        Raises:
            TooManyPieces: it has had its share.
        """
        now, key = self._clock(), _network(address)
        times = self._asked.setdefault(key, deque())
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        if len(times) >= self._limit:
            raise TooManyPieces(self._limit, times[0] + WINDOW_S - now)
        times.append(now)
        self._asked.move_to_end(key)
        while len(self._asked) > MOST_ADDRESSES:
            self._asked.popitem(last=False)


def address_of(peer: str | None, forwarded: Sequence[str], proxies: int) -> str:
    """The address that a request comes from.

    Args:
        peer: the other end of the connection.
        forwarded: the addresses in X-Forwarded-For, the nearest last.
        proxies: how many reverse proxies of ours wrote into it; what stands before those anybody may have written.
    """
    if proxies and forwarded:
        return forwarded[-min(proxies, len(forwarded))]
    return peer or "unknown"


def requester_of(address: str) -> int:
    """The number under which the queue knows an address, from 1 on; the address cannot be told from it."""
    return 1 + int.from_bytes(hashlib.sha256(_network(address).encode()).digest()[:7])


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return address.strip()[:100]
    return str(ipaddress.ip_network((found, IPV6_PREFIX if found.version == 6 else 32), strict=False))
