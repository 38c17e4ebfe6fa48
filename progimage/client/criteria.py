"""Search criteria, and tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

from progimage.client.errors import InvalidCall
from progimage.client.records import Visibility

Sort = Literal["created", "-created", "title", "-title", "size", "-size", "taken", "-taken"]


class Criteria(TypedDict, total=False):
    """The criteria of a search; an image must match all of them.

    tag, tags_all, tags_any: it has this tag, all of these, any of these.
    q: each of these words is part of a word of its title, description, file name or tags.
    created_after, created_before: when it was uploaded.
    id: its id begins with these hex digits, at least four; cannot be combined with other criteria.
    external_id: it has this id of another system.
    near: it looks like the image with this id; near_distance: in at most so many of 64 bits of
        their hashes they differ.
    sort: "created", "title", "size" or "taken"; with "-" before it the greatest come first.
    page_size: how many images to fetch at a time, up to 1,000.
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
    id: str
    external_id: str
    near: str
    near_distance: int
    sort: Sort
    page_size: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and the number of images that have it; a lower bound unless it is exact."""

    name: str
    count: int
    count_is_exact: bool


def query_parameters(criteria: Criteria) -> list[tuple[str, str]]:
    """Return the query of `GET /images/` for a search.

    Raises:
        InvalidCall: several tags were given as one string, or a time has no time zone.
    """
    parameters = []
    for name, value in criteria.items():
        if name in ("tags_all", "tags_any"):
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise InvalidCall(f"{name}: expected a list of tags, got {value!r}")
            parameters += [(name, str(tag)) for tag in value]
        elif isinstance(value, datetime):
            if value.tzinfo is None:
                raise InvalidCall(f"{name}: expected a time with a time zone")
            parameters.append((name, value.isoformat()))
        elif value is not None:
            parameters.append(("limit" if name == "page_size" else name, str(value)))
    return parameters
