"""Lists that come in pages: pictures, tags, jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypedDict

from progimage.client.drivers import M
from progimage.client.effects import Ask, Parameters, Talk
from progimage.client.errors import InvalidCall, UnexpectedAnswer
from progimage.client.images import Image, Visibility, image_of


class Criteria(TypedDict, total=False):
    """What to look for; all that is given must hold.

    tag, tags_all, tags_any: with this tag, all of these, any of these.
    q: each of these words is part of a word of title, description, file name or tags.
    created_after, created_before: when it was uploaded.
    page_size: how many to fetch at a time, up to 1,000.
    """

    tag: str
    tags_all: Iterable[str]
    tags_any: Iterable[str]
    q: str
    owner: str
    visibility: Visibility
    media_type: str
    created_after: datetime | str
    created_before: datetime | str
    page_size: int


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some of the pictures a search finds; `total` is a lower bound unless it is exact."""

    images: tuple[Image[M], ...]
    total: int
    total_is_exact: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and how many pictures have it; a lower bound unless it is exact."""

    name: str
    count: int
    count_is_exact: bool


class Where(NamedTuple):
    """Where a page is."""

    path: str
    parameters: Parameters = ()


def first_page(criteria: Criteria) -> Where:
    """Return where the first page of a search is.

    Raises:
        InvalidCall: several tags were given as one text.
    """
    parameters = []
    for name, value in criteria.items():
        if name in ("tags_all", "tags_any"):
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise InvalidCall(f"{name}: expected a list of tags, got {value!r}")
            parameters += [(name, str(tag)) for tag in value]
        elif isinstance(value, datetime):
            if value.tzinfo is None:
                raise InvalidCall(f"{name}: expected a time with its time zone")
            parameters.append((name, value.isoformat()))
        elif value is not None:
            parameters.append(("limit" if name == "page_size" else name, str(value)))
    return Where("/images/", parameters)


def fetch(driver: M, where: Where) -> Talk[tuple[dict[str, Any], Where | None]]:
    """Return a page, and where the next one is.

    Raises:
        UnexpectedAnswer: that is no page.
    """
    document, following = yield from fetch_part(driver, where)
    if not isinstance(document.get("data"), list):
        raise UnexpectedAnswer("the server sent a list without 'data'")
    return document, following


def fetch_part(driver: M, where: Where) -> Talk[tuple[dict[str, Any], Where | None]]:
    """Return a document, and where it goes on.

    Raises:
        UnexpectedAnswer: that is elsewhere.
    """
    ask = Ask("GET", where.path, where.parameters)
    answer = yield from driver.session.exchange(ask)
    document, following = answer.document, answer.document.get("next")
    if following is None:
        return document, None
    # Only ever a path: a token must not follow a link to somebody else's server.
    if not isinstance(following, str) or following[:1] != "/" or following[:2] == "//":
        raise UnexpectedAnswer("the server sent a list whose 'next' is no path")
    return document, Where(following)


def fetch_page(driver: M, where: Where) -> Talk[tuple[Page[M], Where | None]]:
    """Return a page of pictures, and where the next one is."""
    document, following = yield from fetch(driver, where)
    images = tuple(image_of(driver, record) for record in document["data"])
    total, is_exact = document.get("total") or 0, document.get("total_is_exact")
    return Page(images, int(total), is_exact is True), following


def first_tags(prefix: str) -> Where:
    """Return where the first page of tags is."""
    return Where("/tags/", [("limit", "1000"), *([("prefix", prefix)] if prefix else [])])


def fetch_tags(driver: M, where: Where) -> Talk[tuple[list[Tag], Where | None]]:
    """Return a page of tags, and where the next one is."""
    document, following = yield from fetch(driver, where)
    try:
        found = [
            Tag(str(item["tag"]), int(item["count"]), item["count_is_exact"] is True)
            for item in document["data"]
        ]
    except (KeyError, TypeError, ValueError):
        raise UnexpectedAnswer("the server sent a tag without its name or count") from None
    return found, following
