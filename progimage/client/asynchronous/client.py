"""The client: its connections, and all calls."""

from __future__ import annotations

import os
from typing import Self

import httpx

from progimage.client.asynchronous.calls import AsyncCalls
from progimage.client.asynchronous.session import AsyncSession
from progimage.client.connections import http_arguments, proxy_of
from progimage.client.errors import InvalidCall
from progimage.client.retries import Retries
from progimage.client.tokens import Tokens

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT_S = 30.0
DEFAULT_RETRIES = Retries()


class AsyncClient(AsyncCalls):
    """A client of one server.

    Args:
        base_url: the address of the server.
        token: an access token, an API key, or what `login` returned.
        timeout_s: how long one request may wait for the network at a time.
        retries: when to try again after 429, 502 to 504 and broken connections.
        max_connections: how many connections there are at most.
        ca_file: certificates in PEM to trust instead of the system's, for an own authority.

    Raises:
        InvalidCall: the address, the proxy of the environment or `ca_file` cannot be used.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        token: str | Tokens | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: Retries = DEFAULT_RETRIES,
        max_connections: int = 100,
        ca_file: str | os.PathLike[str] | None = None,
    ) -> None:
        arguments = http_arguments(base_url, timeout_s, max_connections, ca_file)
        proxy = proxy_of(base_url)
        via = f" (through the proxy {proxy})" if proxy else ""
        try:
            http = httpx.AsyncClient(**arguments)
        except (ImportError, ValueError) as error:
            # httpx takes proxies from the environment, and SOCKS needs another package.
            raise InvalidCall(f"{error}{via}") from None
        tokens = Tokens(token) if isinstance(token, str) else token
        self._session = AsyncSession(http, tokens, retries, via)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._session.http.base_url)!r})"
