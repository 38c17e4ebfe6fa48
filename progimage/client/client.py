"""The clients: connections, tokens and all calls, for programs that block and under asyncio."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import httpx

from progimage import __version__
from progimage.client.calls import Calls
from progimage.client.drivers import Async, M, Sync
from progimage.client.errors import InvalidCall
from progimage.client.session import Retries, Session, Tokens

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT_S = 30.0
DEFAULT_RETRIES = Retries()


class Connected(Calls[M]):
    """A client with connections of its own."""

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        token: str | Tokens | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: Retries = DEFAULT_RETRIES,
        max_connections: int = 100,
    ) -> None:
        settings = _settings(base_url, timeout_s, max_connections)
        tokens = Tokens(token) if isinstance(token, str) else token
        self._driver = self._connect(settings, Session(tokens, retries))

    @staticmethod
    @abstractmethod
    def _connect(settings: dict[str, Any], session: Session) -> M:
        """Return what runs the calls."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._driver.http.base_url)!r})"


class Client(Connected[Sync]):
    """The service for programs that block; threads may share one.

    `token` is an access token or an API key, or what `login` returned. `timeout_s` is
    how long one request may wait for the network at a time.
    """

    @staticmethod
    def _connect(settings: dict[str, Any], session: Session) -> Sync:
        return Sync(httpx.Client(**settings), session)

    def close(self) -> None:
        """Close the connections."""
        self._driver.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class AsyncClient(Connected[Async]):
    """The service for programs under asyncio; like `Client`, with `await` and `async for`."""

    @staticmethod
    def _connect(settings: dict[str, Any], session: Session) -> Async:
        return Async(httpx.AsyncClient(**settings), session)

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()


def _settings(base_url: str, timeout_s: float, max_connections: int) -> dict[str, Any]:
    """Return what the client of httpx is made with."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidCall(f"base_url: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidCall(
            f"base_url: expected an address such as https://img.example.com, got {base_url!r}"
        )
    return {
        "base_url": url,
        "timeout": timeout_s,
        "follow_redirects": True,
        "limits": httpx.Limits(
            max_connections=max_connections, max_keepalive_connections=max_connections
        ),
        "headers": {"User-Agent": f"progimage-client/{__version__}"},
    }
