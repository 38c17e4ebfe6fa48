"""What clients did and the answers they got: the calls of a run, in terms of the promises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Life = tuple[str, str]
"""Names a picture from its upload to its removal: its id, and when it was created.

The same bytes uploaded again after a removal are the same id and another life.
"""


class Fields(NamedTuple):
    """What can be edited of a picture."""

    title: str
    tags: frozenset[str]
    visibility: str


class Shown(NamedTuple):
    """A version of a picture, as an answer has it."""

    life: Life
    revision: int
    fields: Fields


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request and its answer.

    Attributes:
        begun, ended: when it was sent and when the answer was whole, by one clock for all.
        by: the account of the client; "" is none, which sees public pictures.
        door: the node that was asked, or nginx.
    """

    begun: float
    ended: float
    by: str
    door: str

    def __str__(self) -> str:
        return f"{self.begun:.3f}-{self.ended:.3f} {self.by or 'no account'} through {self.door}"


@dataclass(frozen=True, kw_only=True)
class Uploaded(Call):
    """A picture is stored as it was sent; or it was here before, and stays as it is.

    An item of a job counts from when the job was sent until it is reported complete.
    """

    shown: Shown
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Edited(Call):
    """An edit of the version `base` was made, or else found that it is not the last."""

    life: Life
    base: int
    fields: Fields
    revision: int | None


@dataclass(frozen=True, kw_only=True)
class Removed(Call):
    life: Life


@dataclass(frozen=True, kw_only=True)
class Looked(Call):
    """The record of a picture was asked for; `shown` is None if it was not there."""

    image_id: str
    shown: Shown | None


@dataclass(frozen=True, kw_only=True)
class Fetched(Call):
    """The original or a rendition was asked for, and came, or was not there."""

    image_id: str
    what: str
    came: bool


@dataclass(frozen=True, kw_only=True)
class Walked(Call):
    """A listing or search was read from its first page to its last.

    Attributes:
        wanted: the conditions that all hold: ("tag", t), ("word", w), ("visibility", v).
        first_ended: when the first page had come, which has the total.
        total: None where it is only a lower bound.
    """

    wanted: tuple[tuple[str, str], ...]
    shown: tuple[Shown, ...]
    first_ended: float
    total: int | None


@dataclass(frozen=True, kw_only=True)
class Counted(Call):
    """The tags were listed, with how many pictures have each."""

    counts: dict[str, int]


@dataclass(frozen=True)
class Version:
    """One version of a picture.

    Attributes:
        begun: no client can see it before this.
        answered: who wrote it knows of it since.
        seen: a client knows of it since; the end of the first call that showed it.
    """

    revision: int
    fields: Fields
    begun: float
    answered: float
    seen: float


class Picture:
    """The life of a picture, version after version.

    Attributes:
        versions: by revision, the first at its upload.
        leaves, left: when its removal was asked for and when it was answered; for ever if
            it never was.
    """

    def __init__(self, owner: str, versions: list[Version], leaves: float, left: float) -> None:
        self.owner = owner
        self.versions = versions
        self.leaves, self.left = leaves, left

    def possible(self, call: Call, *, by_answers: bool = False) -> list[Version | None]:
        """Return the versions that a call may meet, None where it may meet no picture.

        A call meets what was there at one moment between its beginning and its end. A
        version is over when the next one was answered, or was seen by anybody: time does
        not go back. With `by_answers` only the answer counts.
        """
        found: list[Version | None] = []
        for version, after in zip(self.versions, [*self.versions[1:], None], strict=True):
            over = self.left
            if after is not None:
                over = after.answered if by_answers else min(after.answered, after.seen)
            if version.begun <= call.ended and over >= call.begun:
                found.append(version)
        first = self.versions[0]
        known = first.answered if by_answers else min(first.answered, first.seen)
        if known >= call.begun or self.leaves <= call.ended:
            found.append(None)
        return found


class History:
    """All calls of a run, and the lives of all pictures as they follow from them."""

    def __init__(self, calls: Iterable[Call]) -> None:
        self.calls = sorted(calls, key=lambda call: call.begun)
        self.edits: defaultdict[Life, list[Edited]] = defaultdict(list)
        for edit in self.of(Edited):
            self.edits[edit.life].append(edit)
        self.pictures = self._lives()
        self.by_id: defaultdict[str, list[Picture]] = defaultdict(list)
        for (image_id, _), picture in self.pictures.items():
            self.by_id[image_id].append(picture)

    def of(self, kind: type[Call]) -> list:
        """Return the calls of a kind, in the order in which they were begun."""
        return [call for call in self.calls if isinstance(call, kind)]

    def _lives(self) -> dict[Life, Picture]:
        seen = self._first_sights()
        removals = {call.life: call for call in self.of(Removed)}
        lives: dict[Life, Picture] = {}
        for upload in self.of(Uploaded):
            life = upload.shown.life
            if not upload.is_new:
                continue
            written = [(1, upload.shown.fields, upload)]
            written += [(e.revision, e.fields, e) for e in self.edits[life] if e.revision]
            versions = [
                Version(n, fields, call.begun, call.ended, seen.get((life, n), call.ended))
                for n, fields, call in sorted(written, key=lambda each: each[0])
            ]
            removal = removals.get(life)
            gone = (removal.begun, removal.ended) if removal else (float("inf"), float("inf"))
            lives[life] = Picture(upload.by, versions, *gone)
        return lives

    def _first_sights(self) -> dict[tuple[Life, int], float]:
        """Return when each version was first known to anybody."""
        sights: dict[tuple[Life, int], float] = {}
        for call in self.calls:
            shown: tuple[Shown, ...] = ()
            if isinstance(call, Looked) and call.shown:
                shown = (call.shown,)
            elif isinstance(call, Walked):
                shown = call.shown
            for one in shown:
                at = (one.life, one.revision)
                sights[at] = min(sights.get(at, call.ended), call.ended)
        return sights
