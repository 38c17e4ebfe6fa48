"""Matching a query against shelves, and against records that no shelf has yet."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from pyroaring import BitMap

from progimage.library.index import facets, positions
from progimage.library.index.facets import Facet
from progimage.library.index.shelf import Shelf
from progimage.library.index.terms import Term, scopes_of, term
from progimage.library.index.view import Unshelved
from progimage.library.index.words import spellings
from progimage.library.search.query import Query
from progimage.model import Viewer


class Matcher:
    """A query of one viewer, ready for any shelf.

    Attributes:
        scopes: those that the viewer may see and the query asks for, perhaps none.
        first, end: where matches can be; `end` is not included.
    """

    def __init__(self, viewer: Viewer, query: Query) -> None:
        self.scopes = tuple(
            scope
            for scope, kind in zip(scopes_of(viewer), ("public", "private"), strict=False)
            if query.visibility in (None, kind)
        )
        self.first, self.end = positions.START, positions.END
        if query.created_before is not None:
            self.first = positions.start_of_older(query.created_before)
        if query.created_after is not None:
            self.end = positions.end_of_newer(query.created_after)
        self._near = query.near
        self._needles = [
            tuple(spelling.encode() for spelling in spellings(needle)) for needle in query.needles
        ]
        self._factors: list[tuple[Term, ...]] = [_any_of([tag]) for tag in query.tags]
        if query.any_tags:
            self._factors.append(_any_of(query.any_tags))
        if query.owner is not None:
            self._factors.append(_any_of([facets.owner(query.owner)]))
        if query.media_type is not None:
            self._factors.append(_any_of([facets.media_type(query.media_type)]))

    def matches(self, found: Unshelved) -> bool:
        """True if a record that no shelf has yet matches the query."""
        has_none_of = found.terms.isdisjoint
        if has_none_of(self.scopes):
            return False
        for factor in self._factors:
            if has_none_of(factor):
                return False
        for needle in self._needles:
            if not any(spelling in found.words for spelling in needle):
                return False
        return self._near is None or self._near.matches(found.record)

    def narrow(self, shelf: Shelf, visible: BitMap) -> BitMap:
        """Return the visible ordinals of a shelf that match the query."""
        for factor in self._factors:
            if not visible:
                return visible
            visible = visible & BitMap().union(*map(shelf.with_term, factor))
        for needle in self._needles:
            if not visible:
                return visible
            numbers = chain.from_iterable(map(shelf.words_with, needle))
            visible = visible & shelf.with_any(list(numbers))
        if self._near is None or not visible:
            return visible
        looks, near = shelf.looks, self._near
        alike = [ordinal for ordinal in visible if near.has(looks[ordinal])]
        return BitMap(o for o in alike if positions.id_of(shelf.position(o)) != near.image_id)


def _any_of(found: Iterable[Facet]) -> tuple[Term, ...]:
    return tuple(term(facet) for facet in found)
