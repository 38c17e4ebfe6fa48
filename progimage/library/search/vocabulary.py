"""The names that can be looked up: words by their parts, tags by how they begin."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from progimage.library.index import layout
from progimage.stores import ObjectStore


def words_with(store: ObjectStore, scope: str, part: str, limit: int) -> list[str] | None:
    """Return the words that contain `part`, at most `limit`; None if there are more."""
    words: dict[str, None] = {}
    for stat in store.list(layout.word_parts(scope, part)):
        words[layout.word_with_part(stat.key)] = None
        if len(words) > limit:
            return None
    return list(words)


def tags_from(
    store: ObjectStore, scopes: list[str], beginning: str = "", after: str = ""
) -> Iterator[str]:
    """Yield the slugs of tags that begin so and come after one, in the order of their keys.

    `beginning` and `after` are slugs.
    """

    def of_scope(scope: str) -> Iterator[tuple[str, str]]:
        folder = layout.tag_names(scope)
        start = layout.tag_name(scope, after) if after else ""
        for stat in store.list(layout.tag_names(scope, beginning), after=start):
            yield stat.key[len(folder) :], stat.key.rpartition("/")[2]

    for (_, slug), _ in groupby(merge(*(of_scope(scope) for scope in scopes))):
        yield slug
