"""What a client is known by, and what it may cause."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

import falcon

from progimage.access.token_buckets import TokenBuckets
from progimage.api.auth.authentication import viewer_of
from progimage.errors import RateLimited


def client_of(req: falcon.Request) -> str:
    """Return the account that a request comes from, else its address.

    Of an IPv6 address the first 64 bits count: that is the least a site is given
    (RFC 6177), so whoever has one address of it has them all.
    """
    name = viewer_of(req).name
    if name:
        return f"account {name}"
    try:
        address = ip_address(req.remote_addr.partition("%")[0])
    except ValueError:
        # A unix socket's other end, unless a trusted proxy said who is behind it.
        return "local"
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64)
    return str(address)


class RenderRateLimit:
    """How many renders one client may cause; there is no limit if `buckets` is None."""

    def __init__(self, buckets: TokenBuckets | None) -> None:
        self._buckets = buckets

    def consumer(self, req: falcon.Request) -> Callable[[], None]:
        """Return a function that takes one render from the budget of the request's client.

        The function raises `RateLimited` if nothing is left of the budget.
        """

        def consume() -> None:
            if self._buckets is not None and (wait_s := self._buckets.take(client_of(req))):
                raise RateLimited(
                    "you have asked for more renders than are made for one client; "
                    f"the next is made in {wait_s} s",
                    retry_after_s=wait_s,
                )

        return consume
