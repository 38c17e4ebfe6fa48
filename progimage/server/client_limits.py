"""Limits the connections of each client, so that no client can take them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from progimage.config.networks import Network, is_within, site_of


class ClientLimits:
    """Counts the connections of each client of one process; used by one thread.

    Trusted proxies and unix sockets carry the requests of many clients, so they have no limit.
    """

    def __init__(self, most: int, trusted: Sequence[Network]) -> None:
        self._most = most
        self._trusted = trusted
        self._counts: Counter[str] = Counter()

    def admit(self, address: str) -> bool:
        """Count a new connection of `address`; return False, uncounted, if it has too many."""
        client = site_of(address)
        if self._counts[client] >= self._most and not self._is_exempt(address):
            return False
        self._counts[client] += 1
        return True

    def leave(self, address: str) -> None:
        """Count an admitted connection as ended."""
        client = site_of(address)
        self._counts[client] -= 1
        if not self._counts[client]:
            del self._counts[client]

    def count(self, address: str) -> int:
        """Return how many connections the client at `address` has."""
        return self._counts.get(site_of(address), 0)

    def __len__(self) -> int:
        """Return how many clients have connections."""
        return len(self._counts)

    def _is_exempt(self, address: str) -> bool:
        return not address or is_within(address, self._trusted)
