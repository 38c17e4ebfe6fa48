"""The kinds of findings of a check of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

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
