"""Both clients behind one fixture, and servers for them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from progimage.client import AsyncClient, Client, Retries
from tests.system.serving.conftest import fresh_jpeg, jpeg, noise, server

__all__ = ["fresh_jpeg", "jpeg", "noise", "server"]

QUICK = Retries(attempts=4, backoff_s=0.01, max_backoff_s=0.05, max_wait_s=5)


def _sync(url: str, use: Callable[[Any], Any], **options: Any) -> Any:
    with Client(url, **{"retries": QUICK, **options}) as client:
        result = use(client)
        return list(result) if hasattr(result, "__next__") else result


def _async(url: str, use: Callable[[Any], Any], **options: Any) -> Any:
    async def go() -> Any:
        async with AsyncClient(url, **{"retries": QUICK, **options}) as client:
            result = use(client)
            if inspect.isawaitable(result):
                return await result
            return [item async for item in result]

    return asyncio.run(go())


@pytest.fixture(params=[_sync, _async], ids=["blocking", "asyncio"])
def call(request) -> Callable[..., Any]:
    """Make one call with either client: `call(url, lambda client: client.get(id))`."""
    return request.param


@pytest.fixture
def url(server) -> str:
    return "http://{}:{}".format(*server.address)


@pytest.fixture
def client(url):
    with Client(url) as client:
        yield client
