"""From a query to the lists that answer it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from progimage.library.index import facets, layout
from progimage.library.index.facets import Facet
from progimage.library.search.postings import Intersection, Level, Positions, Union
from progimage.library.search.query import Query
from progimage.library.search.vocabulary import words_with
from progimage.library.search.work import Work
from progimage.model import Viewer
from progimage.stores import ObjectStore

MAX_MATCHING_WORDS = 100
"""If more words than this have a needle, pictures are looked at one by one instead."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The lists to read: in each scope, an intersection of unions.

    `is_exact` is False if more pictures are in the lists than match the query.
    """

    scopes: dict[str, tuple[tuple[Facet, ...], ...]]
    is_exact: bool

    def open(
        self,
        store: ObjectStore,
        levels: Sequence[int],
        work: Work,
        at: str,
        executor: Executor | None = None,
    ) -> Positions:
        """Open the lists for reading from `at` on; given an executor, all at once."""
        leaves: list[Level] = []

        def any_of(scope: str, term: tuple[Facet, ...]) -> Union:
            parts = [Level(store, scope, facet, n) for facet in term for n in levels]
            leaves.extend(parts)
            return Union(parts)

        whole = Union(
            [
                Intersection([any_of(scope, term) for term in terms], scope, work)
                for scope, terms in self.scopes.items()
            ]
        )
        if executor is not None:
            for _ in executor.map(lambda leaf: leaf.seek(at), leaves):
                pass
        return whole


def plan(store: ObjectStore, viewer: Viewer, query: Query) -> Plan:
    """Choose the lists to read for what `viewer` may see and looks for."""
    is_exact = True
    scopes: dict[str, tuple[tuple[Facet, ...], ...]] = {}
    for scope in _scopes(viewer, query):
        terms: list[tuple[Facet, ...]] = [(tag,) for tag in query.tags]
        if query.any_tags:
            terms.append(query.any_tags)
        if query.owner:
            terms.append((facets.owner(query.owner),))
        if query.media_type:
            terms.append((facets.media_type(query.media_type),))
        for needle in query.needles:
            words = words_with(store, scope, needle, MAX_MATCHING_WORDS)
            if words is None:
                is_exact = False
            else:
                terms.append(tuple(facets.word(word) for word in words))
        if all(terms):
            scopes[scope] = tuple(terms) or ((facets.ALL,),)
    return Plan(scopes, is_exact)


def _scopes(viewer: Viewer, query: Query) -> list[str]:
    wanted = []
    for scope in layout.scopes_for(viewer):
        visibility = "public" if scope == layout.PUBLIC else "private"
        is_own = visibility == "public" or query.owner in (None, viewer.name)
        if is_own and query.visibility in (None, visibility):
            wanted.append(scope)
    return wanted
