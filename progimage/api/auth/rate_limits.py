"""Identifies clients, and limits how many renders each may cause."""

from __future__ import annotations

from collections.abc import Callable

import falcon

from progimage.access.token_buckets import TokenBuckets
from progimage.api.auth.authentication import viewer_of
from progimage.config.networks import site_of
from progimage.errors import RateLimited


def client_of(req: falcon.Request) -> str:
    """Return the identity of a client: its account, or else its address (see `site_of`)."""
    name = viewer_of(req).name
    if name:
        return f"account {name}"
    # A unix socket has no address, unless a trusted proxy names its client's.
    return site_of(req.remote_addr) or "local"


class RenderRateLimit:
    """Limits the renders of each client; there is no limit if `buckets` is None."""

    def __init__(self, buckets: TokenBuckets | None) -> None:
        self._buckets = buckets

    def consumer(self, req: falcon.Request) -> Callable[[], None]:
        """Return a function that takes one render from the budget of the request's client.

        The function raises `RateLimited` if the budget is used up.
        """

        def consume() -> None:
            if self._buckets is not None and (wait_s := self._buckets.take(client_of(req))):
                raise RateLimited(
                    "this client has requested more renders than one client may; "
                    f"the next one can be made in {wait_s} s",
                    retry_after_s=wait_s,
                )

        return consume
