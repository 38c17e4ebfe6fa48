"""How many connections one client may have, so that no client can take them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv6Address

from progimage.config.networks import Network, is_within, parse


class ClientLimits:
    """Counts the connections of each client of one process; used by one thread.

    A client is an address, of IPv6 the first 64 bits: the least that a site is given
    (RFC 6177). Trusted proxies and unix sockets stand for many clients and have no limit.
    """

    def __init__(self, most: int, trusted: Sequence[Network]) -> None:
        self._most = most
        self._trusted = trusted
        self._counts: Counter[str] = Counter()

    def admit(self, address: str) -> bool:
        """Count a new connection of `address`; false, and not counted, if it has too many."""
        client = client_of(address)
        if self._counts[client] >= self._most and not self._is_exempt(address):
            return False
        self._counts[client] += 1
        return True

    def leave(self, address: str) -> None:
        """Note that a connection that was admitted has ended."""
        client = client_of(address)
        self._counts[client] -= 1
        if not self._counts[client]:
            del self._counts[client]

    def count(self, address: str) -> int:
        """Return how many connections the client at `address` has."""
        return self._counts.get(client_of(address), 0)

    def _is_exempt(self, address: str) -> bool:
        return not address or is_within(address, self._trusted)


def client_of(address: str) -> str:
    """Return the client that an address belongs to, "" for a unix socket."""
    parsed = parse(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        parsed = IPv6Address(int(parsed) >> 64 << 64)
    return str(parsed or "")
