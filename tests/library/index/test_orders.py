"""Writers, folds, sweeps and searches of one picture, in every order of their store operations.

A search has to see what was acknowledged before it began, and nothing that was not written
before it ended. Orders have up to three switches between processes: all are too many, and few
mistakes need more.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pytest

from progimage import keys
from progimage.library import Library
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.keys import INDEX, LIVE, MANIFEST, announcement
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import rewrite, tidy
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.maintenance.copy_store.pictures import PictureCopier
from progimage.model import Metadata, Record, Viewer
from progimage.stores import ObjectStore, Stat
from progimage.stores.memory import MemoryStore
from tests.candidates import candidate, id_of
from tests.schedules import Actor, every_schedule, play, touch

PICTURE = b"pretend these are pixels"
IMAGE_ID = id_of(PICTURE, "ann")
RECORD = keys.record(IMAGE_ID)
ANN = Viewer(name="ann")


class Remembering(MemoryStore):
    """Remembers every version that the record has had; None is no live record."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: list[Record | None] = [None]

    def put(self, key: str, source: BinaryIO, **kwargs: Any) -> Stat:
        stat = super().put(key, source, **kwargs)
        if key == RECORD:
            with super().open(key) as reader:
                record = Record.model_validate_json(reader.read())
            self.versions.append(record if record.state == "live" else None)
        return stat

    def copy(self) -> Remembering:
        twin = super().copy()
        twin.versions = self.versions.copy()
        return twin


@dataclass
class World:
    """A store, how far it has come for those who were answered, and what was seen wrongly."""

    store: Remembering = field(default_factory=Remembering)
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)

    def copy(self) -> World:
        return World(self.store.copy(), self.acknowledged)

    def acknowledge(self, is_version: Callable[[Record | None], bool]) -> None:
        """Note that a version was answered for, the newest of which this is true."""
        touch(RECORD, "read")
        touch("acknowledged", "write")
        found = [n for n, version in enumerate(self.store.versions) if is_version(version)]
        self.acknowledged = max(self.acknowledged, found[-1])

    def look(self, index: Index) -> None:
        """Search, and note if the result is not what the record was meanwhile."""
        touch("acknowledged", "read")
        oldest = self.acknowledged
        records = Catalogue(index).first(ANN, Query(), 10).records
        touch(RECORD, "read")
        touch("acknowledged", "write")
        possible = self.store.versions[oldest:]
        seen = records[0] if records else None
        if len(records) > 1 or seen not in possible:
            self.wrong.append(f"saw {records}, could be {possible}")
        else:
            # What one search has seen, no later one may unsee.
            self.acknowledged = max(self.acknowledged, oldest + possible.index(seen))


def always_slow() -> Callable[[], float]:
    """Return a clock by which every listing is slow and every wait is over."""
    return itertools.count(0.0, 10.0).__next__


def upload(world: World) -> Actor:
    def act(store: ObjectStore) -> None:
        content = candidate(PICTURE, owner="ann")
        record, _ = Library(store).add(content, Metadata(tags=("new",)))
        world.acknowledge(lambda version: version == record)

    return act


def edit(world: World, *tags: str) -> Actor:
    def act(store: ObjectStore) -> None:
        edited = Library(store).edit(ANN, IMAGE_ID, {"tags": tags}, lambda current: True)
        world.acknowledge(lambda version: version == edited)

    return act


def edit_twice(world: World) -> Actor:
    def act(store: ObjectStore) -> None:
        edit(world, "b")(store)
        edit(world, "c")(store)

    return act


def restore(world: World) -> Actor:
    """Lose the original, and upload it again: the picture gets another generation."""

    def act(store: ObjectStore) -> None:
        restored = Library(store).originals.restore(candidate(PICTURE, owner="ann"))
        world.acknowledge(lambda version: version == restored)
        edit(world, "c")(store)

    return act


def copy(world: World) -> Actor:
    """Bring a picture from another store that was edited there."""

    def act(store: ObjectStore) -> None:
        source = MemoryStore()
        content = candidate(PICTURE, owner="ann")
        Library(source).add(content, Metadata())
        brought = Library(source).edit(ANN, IMAGE_ID, {"tags": ("a",)}, lambda current: True)
        copier = PictureCopier(source, store, Index(store), reads_back=False, verifies_all=False)
        copier.copy(IMAGE_ID)
        world.acknowledge(lambda version: version == brought)

    return act


def remove(world: World) -> Actor:
    def act(store: ObjectStore) -> None:
        Library(store).remove(ANN, IMAGE_ID)
        world.acknowledge(lambda version: version is None)

    return act


def replace(world: World) -> Actor:
    def act(store: ObjectStore) -> None:
        remove(world)(store)
        upload(world)(store)

    return act


def keep(world: World) -> Actor:
    """Fold, merge and sweep as a service does, whose clock races."""

    def act(store: ObjectStore) -> None:
        index = Index(store, seconds=always_slow())
        fold(index, 1)
        sweep(index)
        sweep(index)

    return act


def keep_whole(world: World) -> Actor:
    """Fold and rewrite all shelves."""

    def act(store: ObjectStore) -> None:
        index = Index(store, seconds=always_slow())
        fold(index, 1)
        rewrite(index)
        tidy(index)
        sweep(index)
        sweep(index)

    return act


def search(world: World) -> Actor:
    """Search twice with what one process remembers."""

    def act(store: ObjectStore) -> None:
        index = Index(store)
        world.look(index)
        world.look(index)

    return act


class Torn:
    """A store whose listings take time: the manifest is seen first, the rest one step later."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def list(self, prefix: str, after: str = ""):
        if prefix != LIVE:
            return self._inner.list(prefix, after)
        head = [stat for stat in self._inner.list(prefix, after) if stat.key == MANIFEST]
        rest = [stat for stat in self._inner.list(prefix, after) if stat.key != MANIFEST]
        return iter([*rest, *head])


def search_slowly(world: World) -> Actor:
    """Search with listings that take so long that announcements may be swept meanwhile."""

    def act(store: ObjectStore) -> None:
        index = Index(Torn(store), seconds=always_slow())
        world.look(index)
        world.look(index)

    return act


class Named(Torn):
    """A store that lists names alone, as a folder does: a look at each object is a step more."""

    def names(self, prefix: str, known: Container[str] = ()) -> list[str]:
        return [stat.key for stat in self._inner.list(prefix)]


def search_by_names(world: World) -> Actor:
    """Search with listings of names."""

    def act(store: ObjectStore) -> None:
        index = Index(Named(store))
        world.look(index)
        world.look(index)

    return act


def lose_original(store: ObjectStore) -> None:
    [original] = [stat.key for stat in store.list(keys.IMAGES) if "/original-" in stat.key]
    store.delete(original)


def is_step(key: str) -> bool:
    return key == RECORD or key.startswith(INDEX)


def assert_found_as_it_is(store: Remembering) -> None:
    """In the end every process sees the record, by shelves as by announcements."""
    current = [version for version in store.versions[-1:] if version]
    old = Index(store, seconds=always_slow())
    assert Catalogue(old).first(ANN, Query(), 10).records == current
    for _ in range(2):
        fold(old, 1)
        sweep(old)
        sweep(old)
        assert Catalogue(Index(store)).first(ANN, Query(), 10).records == current
    left = [key for stat in store.list(LIVE) if announcement(key := stat.key)]
    unsettled = [key for state in old.view().states.values() for key in state.unsettled]
    assert len(left) == len(unsettled)


@pytest.mark.parametrize(
    "actors",
    [
        (upload, search),
        (edit_twice, search),
        (remove, search),
        (replace, search),
        (upload, keep),
        (copy, keep),
        (copy, search),
        (restore, keep),
        (restore, search),
        (edit_twice, keep),
        (remove, keep),
        (replace, keep),
        (edit_twice, keep_whole),
        (replace, keep_whole),
        (keep, search),
        (keep_whole, search),
        (keep, keep),
        (keep, keep_whole),
        (edit_twice, search_slowly),
        (keep, search_slowly),
        (keep_whole, search_slowly),
        (edit_twice, search_by_names),
        (keep_whole, search_by_names),
    ],
    ids=lambda actors: " with ".join(actor.__name__ for actor in actors),
)
def test_no_order_of_two_shows_what_is_not_so(actors):
    before = World()
    if upload not in actors and copy not in actors:
        upload(before)(before.store)
        if restore in actors:
            lose_original(before.store)
            fold(Index(before.store), 1)
        elif keep in actors or keep_whole in actors:
            edit(before, "a")(before.store)
        else:
            fold(Index(before.store), 1)

    def run(choices: list[int]) -> list[int]:
        world = before.copy()
        width = play(
            world.store, [actor(world) for actor in actors], choices, is_step, leaves_off=True
        )
        assert world.wrong == []
        assert_found_as_it_is(world.store)
        return width

    assert every_schedule(run, switches=3) > 20


@pytest.mark.parametrize(
    "actors",
    [
        (edit, keep, search),
        (remove, keep, search),
        (edit, keep, search_slowly),
        (edit, keep, search_by_names),
        (edit, edit, search),
        (edit, remove, search),
        (edit, keep, keep),
        (edit, edit, keep),
        (edit, remove, keep),
        (edit, keep_whole, search),
    ],
    ids=lambda actors: " with ".join(actor.__name__ for actor in actors),
)
def test_no_order_of_three_with_two_switches_shows_what_is_not_so(actors):
    before = World()
    upload(before)(before.store)
    fold(Index(before.store), 1)
    edit(before, "a")(before.store)

    def run(choices: list[int]) -> list[int]:
        world = before.copy()
        width = play(
            world.store, [actor(world) for actor in actors], choices, is_step, leaves_off=True
        )
        assert world.wrong == []
        assert_found_as_it_is(world.store)
        return width

    assert every_schedule(run, switches=2) > 20
