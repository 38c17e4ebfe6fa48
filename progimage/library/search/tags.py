"""The tags there are, and how many pictures have them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice

from progimage.library.index import facets, layout
from progimage.library.index.facets import Facet
from progimage.library.search.cursor import Total
from progimage.library.search.query import Query
from progimage.library.search.search import Search
from progimage.library.search.vocabulary import tags_from
from progimage.library.search.walk import Walk
from progimage.library.search.work import Work
from progimage.model import Viewer, fold
from progimage.stores import ObjectStore

MAX_COUNT = 1_000
"""The pictures of a tag are counted up to here."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it is spelled on the newest picture that has it."""

    name: str
    count: Total


def tags(
    store: ObjectStore,
    levels: Sequence[int],
    executor: Executor | None,
    viewer: Viewer,
    *,
    beginning: str,
    after: str,
    limit: int,
) -> tuple[list[Tag], str | None]:
    """Return tags that a viewer may see, and the slug of the last if there are more.

    A tag counts if a picture is found that has it.

    Args:
        beginning: of the tags as `text.fold` gives them.
        after: the slug after which to go on; "" to begin with the first.
    """
    slugs = tags_from(store, layout.scopes_for(viewer), facets.beginning_of_slug(beginning), after)
    look = partial(_look, store, levels, viewer, beginning)
    found: list[Tag] = []
    last = after
    while wave := list(islice(slugs, limit - len(found))):
        found += [tag for tag in (executor.map if executor else map)(look, wave) if tag]
        last = wave[-1]
    is_end = next(slugs, None) is None
    return found, None if is_end else last


def _look(
    store: ObjectStore, levels: Sequence[int], viewer: Viewer, beginning: str, slug: str
) -> Tag | None:
    facet = Facet("tags", slug)
    # Many tags are looked at side by side already, so each alone in one thread.
    search = Search(store, levels, None, viewer, Query(tags=(facet,)), Work())
    walk = Walk(search, search.first)
    newest = walk.take(1)
    if not newest:
        return None
    name = next(tag for tag in newest[0][1].tags if facets.tag(tag) == facet)
    if not fold(name).startswith(beginning):
        return None
    count = 1 + walk.skip(MAX_COUNT - 1)
    return Tag(name, Total(count, is_exact=walk.resume is None))
