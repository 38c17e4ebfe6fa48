"""Lists that the server sends in pages: images, tags, jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from progimage.client.asynchronous.images import AsyncImage
from progimage.client.asynchronous.session import AsyncSession
from progimage.client.errors import UnexpectedAnswer
from progimage.client.messages import Parameters, Request


@dataclass(frozen=True, slots=True)
class AsyncPage:
    """A page of the images that a search finds; `total` is a lower bound unless it is exact."""

    images: tuple[AsyncImage, ...]
    total: int
    total_is_exact: bool


async def documents(
    session: AsyncSession, path: str, parameters: Parameters = ()
) -> AsyncIterator[dict[str, Any]]:
    """Yield the document at a path, and those that its `next` leads to.

    Raises:
        UnexpectedAnswer: `next` leads to another server.
    """
    while True:
        document = (await session.request(Request("GET", path, parameters))).document
        yield document
        following = document.get("next")
        if following is None:
            return
        # Only a path: the token must not be sent to another server.
        if not isinstance(following, str) or following[:1] != "/" or following[:2] == "//":
            raise UnexpectedAnswer("the server sent a list whose 'next' is not a path")
        # The same path as before: the server may write it with the prefix of a proxy.
        path, parameters = f"{path.partition('?')[0]}?{following.partition('?')[2]}", ()


async def pages(
    session: AsyncSession, path: str, parameters: Parameters = ()
) -> AsyncIterator[dict[str, Any]]:
    """Yield the pages of a list.

    Raises:
        UnexpectedAnswer: one of them has no `data`.
    """
    async for document in documents(session, path, parameters):
        if not isinstance(document.get("data"), list):
            raise UnexpectedAnswer("the server sent a list without 'data'")
        yield document
