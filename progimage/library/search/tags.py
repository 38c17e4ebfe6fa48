"""The tags that exist, and how many pictures have each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, takewhile

from progimage.fields import fold
from progimage.library.index import facets, positions
from progimage.library.index.facets import Facet
from progimage.library.index.terms import TAGS
from progimage.library.index.view import View
from progimage.library.search.cursor import Total
from progimage.library.search.hits import forwards
from progimage.library.search.matcher import Matcher
from progimage.library.search.query import Query
from progimage.model import Viewer

MAX_COUNT = 1_000
"""The highest count of pictures of one tag."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it is spelled on the newest picture that has it."""

    name: str
    count: Total


def tags(
    view: View,
    viewer: Viewer,
    *,
    beginning: str,
    after: str,
    limit: int,
    is_late: Callable[[], bool],
) -> tuple[list[Tag], str | None]:
    """Return tags that a viewer may see, and the slug of the last one if there are more.

    Args:
        beginning: of the tags, as `model.fold` gives them.
        after: the slug to continue after; "" to begin with the first.
        is_late: returns True when the page must end, even if it is not full.
    """
    found: list[Tag] = []
    last = after
    for slug in _slugs(view, facets.beginning_of_slug(beginning), after):
        if len(found) == limit or (last != after and is_late()):
            return found, last
        tag = _look(view, viewer, beginning, slug)
        if tag is not None:
            found.append(tag)
        last = slug
    return found, None


def _slugs(view: View, beginning: str, after: str) -> Iterator[str]:
    """Yield the slugs of tags that begin so, after the slug `after`, in order."""
    prefix, last = TAGS + beginning.encode(), TAGS + after.encode()
    first = max(prefix, last)
    sources = [
        shelf.terms_from(first)
        for part in view.parts
        for shelf in (part.range.base, part.range.patch)
    ]
    unshelved = {
        term
        for part in view.parts
        for found in part.unshelved.values()
        if found is not None
        for term in found.terms
        if term >= first
    }
    of_tags = [
        takewhile(lambda term: term.startswith(prefix), source)
        for source in (*sources, iter(sorted(unshelved)))
    ]
    for term, _ in groupby(merge(*of_tags)):
        if not after or term > last:
            yield term[1:].decode()


def _look(view: View, viewer: Viewer, beginning: str, slug: str) -> Tag | None:
    facet = Facet("tags", slug)
    matcher = Matcher(viewer, Query(tags=(facet,)))
    name, count = "", 0
    for _, hits in forwards(view, matcher, positions.START):
        if hits and not count:
            newest = hits.first(1)[0].load()
            name = next(tag for tag in newest.tags if facets.tag(tag) == facet)
        count += len(hits)
        if count > MAX_COUNT:
            break
    if not count or not fold(name).startswith(beginning):
        return None
    return Tag(name, Total(min(count, MAX_COUNT), is_exact=count <= MAX_COUNT))
