"""The kinds of findings of a check of the store, and what all its parts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from progimage.stores import ObjectStore, Stat

Repairable = Literal[
    "removal cut short",
    "original without record",
    "rendition without picture",
    "rendition under the wrong visibility",
    "working copy without picture",
    "trash without note",
    "note without trash",
    "note without album",
    "external id leads elsewhere",
    "external id without picture",
    "damaged external id",
    "not in the index",
    "only in the index",
    "announcement without record",
    "shelf without manifest",
    "part without job",
]
"""What `check --repair` repairs."""

Kind = (
    Repairable
    | Literal[
        "damaged record",
        "damaged album",
        "damaged job",
        "listed but not found",
        "missing original",
        "altered original",
        "id of another owner or picture",
        "unknown key",
    ]
)

REPAIRABLE: frozenset[str] = frozenset(get_args(Repairable))


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in the store, and whether it was repaired."""

    kind: Kind
    key: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Checking:
    """One pass over a store.

    Attributes:
        repair: whether what is found is repaired.
        oldest_spared: objects younger than this are left alone.
        on_progress: called with every key on the way.
    """

    store: ObjectStore
    repair: bool
    oldest_spared: datetime
    on_progress: Callable[[str], None] = lambda _: None

    def listed(self, prefix: str) -> Iterator[Stat]:
        """Yield the objects with this prefix."""
        for stat in self.store.list(prefix):
            self.on_progress(stat.key)
            yield stat

    def removed(self, kind: Kind, key: str, *, expect: str | None = None) -> Finding:
        """Return the finding that an object is of no use, and remove it for a repair.

        Raises:
            Conflict: it is not at the version `expect`.
        """
        if self.repair:
            self.store.delete(key, expect=expect)
        return Finding(kind, key, self.repair)
