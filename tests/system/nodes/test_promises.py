"""The specification tells histories that keep it from those that do not."""

from __future__ import annotations

import pytest

from tests.system.nodes.history import (
    Call,
    Counted,
    Edited,
    Fetched,
    Fields,
    History,
    Life,
    Looked,
    Removed,
    Shown,
    Uploaded,
    Walked,
)
from tests.system.nodes.promises import broken

LIFE: Life = ("a", "2026-01-01")
OLD = Fields("old", frozenset({"sea"}), "public")
NEW = Fields("new", frozenset({"sea"}), "public")
HIDDEN = Fields("old", frozenset({"sea"}), "private")


def at(begun: float, ended: float, by: str = "ann") -> dict[str, object]:
    return {"begun": begun, "ended": ended, "by": by, "door": "node"}


def version(revision: int, fields: Fields, life: Life = LIFE) -> Shown:
    return Shown(life, revision, fields)


def uploaded(begun: float = 0, ended: float = 1, life: Life = LIFE, *, is_new=True) -> Uploaded:
    return Uploaded(**at(begun, ended), shown=version(1, OLD, life), is_new=is_new)


def edited(
    begun: float, ended: float, fields: Fields = NEW, base=1, revision=2, by="ann"
) -> Edited:
    return Edited(**at(begun, ended, by), life=LIFE, base=base, fields=fields, revision=revision)


def looked(begun: float, ended: float, shown: Shown | None, by: str = "ann") -> Looked:
    return Looked(**at(begun, ended, by), image_id="a", shown=shown)


def fetched(begun: float, what: str = "thumbnail", *, came: bool, by: str = "ben") -> Fetched:
    return Fetched(**at(begun, begun + 0.1, by), image_id="a", what=what, came=came)


def walked(begun: float, ended: float, *shown: Shown, wanted=(), total=None, by="ann") -> Walked:
    return Walked(
        **at(begun, ended, by),
        wanted=wanted,
        shown=shown,
        first_ended=ended,
        total=len(shown) if total is None else total,
    )


REMOVED = Removed(**at(2, 3), life=LIFE)
AGAIN: Life = ("a", "2026-01-02")

CONSISTENT = {
    "an upload is seen while it is answered": [uploaded(0, 2), looked(1, 1.5, version(1, OLD))],
    "or not yet": [uploaded(0, 2), looked(1, 1.5, None)],
    "an edit is seen while it is answered": [
        uploaded(),
        edited(2, 4),
        looked(2.5, 3, version(2, NEW)),
        looked(3.1, 3.2, version(2, NEW)),
    ],
    "a listing meets either version": [
        uploaded(),
        edited(2, 4),
        walked(3, 5, version(1, OLD)),
        walked(3, 5, version(2, NEW)),
    ],
    "one that is removed meanwhile may be passed by": [uploaded(), REMOVED, walked(1.5, 2.5)],
    "what is cached may be served until it is hidden": [
        uploaded(),
        edited(2, 4, HIDDEN),
        looked(2.5, 3, None, "ben"),
        fetched(3.5, came=True),
    ],
    "what is being made while it is hidden may come": [
        uploaded(),
        Fetched(**at(1.5, 5, "ben"), image_id="a", what="thumbnail", came=False),
        edited(2, 3, HIDDEN),
        fetched(4, came=True),
    ],
    "it is uploaded again after its removal": [
        uploaded(),
        REMOVED,
        looked(3.5, 3.6, None),
        uploaded(4, 5, AGAIN),
        looked(6, 7, version(1, OLD, AGAIN)),
    ],
    "an edit of what was edited meanwhile is refused": [
        uploaded(),
        edited(2, 3),
        edited(2.5, 3.5, HIDDEN, revision=None),
    ],
}

BROKEN = {
    "an upload is not there after its answer": [uploaded(), looked(2, 3, None)],
    "an upload is taken back from who saw it": [
        uploaded(0, 4),
        looked(1, 2, version(1, OLD)),
        looked(2.5, 3, None),
    ],
    "an old version after the answer": [uploaded(), edited(2, 3), looked(4, 5, version(1, OLD))],
    "an old version after the new one was seen": [
        uploaded(),
        edited(2, 6),
        looked(3, 4, version(2, NEW), "ben"),
        looked(4.5, 5, version(1, OLD)),
    ],
    "a version that was never written": [uploaded(), looked(2, 3, version(1, NEW))],
    "a version before it was written": [uploaded(), looked(2, 3, version(2, NEW)), edited(4, 5)],
    "one edit overwrites another": [uploaded(), edited(2, 3), edited(4, 5, HIDDEN)],
    "an edit of the current version is refused": [uploaded(), edited(2, 3, revision=None)],
    "a revision is skipped": [uploaded(), edited(2, 3, revision=3)],
    "a removed picture is there": [uploaded(), REMOVED, looked(4, 5, version(1, OLD))],
    "a removed picture is cached": [uploaded(), REMOVED, fetched(4, came=True)],
    "a hidden picture is cached": [uploaded(), edited(2, 3, HIDDEN), fetched(4, came=True)],
    "a hidden picture is cached after it was made": [
        uploaded(),
        Fetched(**at(1.5, 3.5, "ben"), image_id="a", what="thumbnail", came=True),
        edited(2, 3, HIDDEN),
        fetched(4, came=True),
    ],
    "a hidden original comes": [
        uploaded(),
        edited(2, 3, HIDDEN),
        fetched(4, "original", came=True),
    ],
    "a hidden picture is listed for others": [
        uploaded(),
        edited(2, 3, HIDDEN),
        walked(4, 5, version(2, HIDDEN), by="ben"),
    ],
    "the owner's own picture is not there": [
        uploaded(),
        edited(2, 3, HIDDEN),
        fetched(4, came=False, by="ann"),
    ],
    "a picture is skipped": [uploaded(), walked(2, 3, total=1)],
    "a picture is repeated": [uploaded(), walked(2, 3, *[version(1, OLD)] * 2, total=1)],
    "a listing has an old version": [uploaded(), edited(2, 3), walked(4, 5, version(1, OLD))],
    "an old title is found": [
        uploaded(),
        edited(2, 3),
        walked(4, 5, version(2, NEW), wanted=(("word", "old"),), total=0),
    ],
    "a new title is not found": [
        uploaded(),
        edited(2, 3),
        walked(4, 5, wanted=(("word", "new"),), total=1),
    ],
    "newest last": [
        uploaded(),
        uploaded(0, 1, ("b", "2026-01-03")),
        walked(4, 5, version(1, OLD), version(1, OLD, ("b", "2026-01-03"))),
    ],
    "a total is wrong at rest": [uploaded(), walked(4, 5, version(1, OLD), total=2)],
    "a tag is counted wrong": [uploaded(), Counted(**at(2, 3), counts={"sea": 2})],
    "a tag is missing": [uploaded(), Counted(**at(2, 3), counts={})],
    "a tag of no picture": [uploaded(), Counted(**at(2, 3), counts={"sea": 1, "sky": 1})],
    "what is here is new": [uploaded(), uploaded(2, 3, AGAIN)],
    "what is here is another": [uploaded(), uploaded(2, 3, AGAIN, is_new=False)],
}


@pytest.mark.parametrize("calls", CONSISTENT.values(), ids=CONSISTENT.keys())
def test_it_is_stored(calls: list[Call]):
    assert broken(History(calls)) == []


@pytest.mark.parametrize("calls", BROKEN.values(), ids=BROKEN.keys())
def test_it_is_broken(calls: list[Call]):
    assert broken(History(calls)) != []
