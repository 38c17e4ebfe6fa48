"""Libraries with pictures, and what their index has."""

from __future__ import annotations

from datetime import timedelta

from progimage.library import Library
from progimage.library.index.index import Index
from progimage.library.index.keys import LIVE, announcement
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata
from progimage.stores import ObjectStore
from tests.candidates import add

NOW = timedelta(0)


def fill(library: Library, numbers: range) -> None:
    for number in numbers:
        add(library, b"%d" % number, Metadata(tags=("sea",), title=f"n{number}"))


def ids(store: ObjectStore) -> list[str]:
    return [
        record.id for record in Catalogue(Index(store)).first(ANONYMOUS, Query(), 1_000).records
    ]


def announcements(store: ObjectStore) -> list[str]:
    return [stat.key for stat in store.list(LIVE) if announcement(stat.key)]
