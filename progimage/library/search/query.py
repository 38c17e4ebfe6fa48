"""Search queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from progimage.library.index import facets
from progimage.library.index.facets import Facet
from progimage.library.index.words import spellings
from progimage.library.search.near import Near
from progimage.model import Record, Visibility


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that must all hold; those that are None or empty match every picture.

    Attributes:
        tags: facets of tags that a picture must all have.
        any_tags: facets of tags of which it must have one.
        needles: as `words.needles` gives them; each must be part of one of its words, as it
            is or without its accents.
        created_after, created_before: aware times, not included.
        near: the pictures that look like one.
    """

    tags: tuple[Facet, ...] = ()
    any_tags: tuple[Facet, ...] = ()
    needles: tuple[str, ...] = ()
    owner: str | None = None
    visibility: Visibility | None = None
    media_type: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    near: Near | None = None

    def matches(self, record: Record) -> bool:
        """True if a picture matches the query."""
        return (
            (self.owner is None or record.owner == self.owner)
            and (self.visibility is None or record.visibility == self.visibility)
            and (self.media_type is None or record.media_type == self.media_type)
            and (self.created_after is None or record.created > self.created_after)
            and (self.created_before is None or record.created < self.created_before)
            and (self.near is None or self.near.matches(record))
            and self._tags_match(record)
            and self._words_match(record)
        )

    def _tags_match(self, record: Record) -> bool:
        if not self.tags and not self.any_tags:
            return True
        there = {facets.tag(tag) for tag in record.tags}
        return there.issuperset(self.tags) and (
            not self.any_tags or not there.isdisjoint(self.any_tags)
        )

    def _words_match(self, record: Record) -> bool:
        if not self.needles:
            return True
        there = facets.words_of(record)
        return all(
            any(spelling in word for spelling in spellings(needle) for word in there)
            for needle in self.needles
        )
