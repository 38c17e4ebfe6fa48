"""The rendition cache stays within its age and its size, and nothing else is touched."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta

import pytest

from progimage import keys
from progimage.access.transform_policy import TransformPolicy
from progimage.imaging.limits import Limits
from progimage.library import Library
from progimage.maintenance.gc import collect
from progimage.model import ANONYMOUS
from progimage.stores import Stat
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add

NOW = datetime(2026, 1, 31, tzinfo=UTC)
IDS = [digit * 64 for digit in "abcd"]


class AgedStore(MemoryStore):
    """A memory store whose objects have a given age."""

    def __init__(self) -> None:
        super().__init__()
        self.ages: dict[str, timedelta] = {}

    def list(self, prefix, after=""):
        for stat in super().list(prefix, after):
            age = self.ages.get(stat.key, timedelta(0))
            yield Stat(stat.key, stat.size, stat.etag, NOW - age)


@pytest.fixture
def store() -> AgedStore:
    return AgedStore()


def cached(store, image_id: str, days: float, size: int = 100, engine: str | None = None) -> str:
    key = f"{keys.renditions(image_id, public=True)}{engine or keys.ENGINE_VERSION}/blur.jpg"
    store.put(key, io.BytesIO(b"x" * size), media_type="image/jpeg")
    store.ages[key] = timedelta(days=days)
    return key


def copied(store, record, px: int = 2048, days: float = 1) -> str:
    key = keys.working_copy(record.id, record.generation, px, (1200, 900))
    store.put(key, io.BytesIO(b"copy"), media_type="")
    store.ages[key] = timedelta(days=days)
    return key


def copies_left(store) -> set[str]:
    return {stat.key for stat in store.list(keys.COPIES)}


def left(store) -> set[str]:
    return {stat.key for stat in store.list(keys.RENDERS)}


def run(store, days: float = 1000, max_bytes: int = 10**9):
    return collect(store, max_age=timedelta(days=days), max_bytes=max_bytes, clock=lambda: NOW)


def test_old_copies_are_removed(store):
    young, _ = cached(store, IDS[0], days=1), cached(store, IDS[1], days=31)
    sweep = run(store, days=30)
    assert left(store) == {young}
    assert (sweep.seen, sweep.removed, sweep.removed_bytes) == (2, 1, 100)


def test_of_too_many_bytes_the_oldest_go(store):
    keyed = [cached(store, image_id, days=days) for days, image_id in enumerate(IDS)]
    sweep = run(store, max_bytes=250)
    assert left(store) == set(keyed[:2])
    assert (sweep.seen_bytes, sweep.removed_bytes) == (400, 200)


def test_of_one_age_no_more_go_than_must(store):
    for image_id in IDS:
        cached(store, image_id, days=3)
    run(store, max_bytes=250)
    assert len(left(store)) == 2


def test_renditions_of_another_engine_version_are_removed(store):
    ours = cached(store, IDS[0], days=1)
    cached(store, IDS[0], days=1, engine="0")
    run(store)
    assert left(store) == {ours}


def test_facts_about_unused_pictures_of_origins_are_removed(store):
    for name, days in (("old", 40), ("new", 1)):
        key = f"{keys.ORIGINS}shop/ab/{name}.json"
        store.put(key, io.BytesIO(b"{}"), media_type="application/json")
        store.ages[key] = timedelta(days=days)
    collect(store, max_age=timedelta(days=30), max_bytes=10**9, clock=lambda: NOW)
    assert [stat.key for stat in store.list(keys.ORIGINS)] == [f"{keys.ORIGINS}shop/ab/new.json"]


def test_a_limit_of_nothing_empties_the_cache(store):
    for days, image_id in enumerate(IDS):
        cached(store, image_id, days=days)
    run(store, max_bytes=0)
    assert left(store) == set()


def test_within_its_bounds_nothing_goes_and_pictures_never_do(store):
    record = add(Library(store), b"pretend these are pixels")
    store.ages |= {stat.key: timedelta(days=9999) for stat in store.list(keys.IMAGES)}
    remaining = cached(store, IDS[0], days=1)
    assert run(store, days=30, max_bytes=100).removed == 0
    assert left(store) == {remaining}
    assert len(list(store.list(keys.IMAGES))) == 2
    assert Library(store).find_or_restore(record.sha256) == record


def test_the_half_written_files_of_dead_processes_go(tmp_path):
    store = FilesystemStore(tmp_path)
    store.put("images/x", io.BytesIO(b"x"), media_type="image/png")
    stale = tmp_path / ".tmp" / "left-behind"
    stale.parent.mkdir(exist_ok=True)
    stale.write_bytes(b"half")
    os.utime(stale, (0, 0))
    assert run(store).stale_uploads == 1
    assert not stale.exists()


@pytest.mark.parametrize(
    ("mode", "stay"),
    [("open", {"blur", "thumbnail", "original"}), ("presets", {"blur"}), ("signed", {"blur"})],
)
def test_renditions_that_the_policy_no_longer_allows_leave_the_public_cache(store, mode, stay):
    policy = TransformPolicy(mode, {"soft": "blur"}, Limits())
    names = ("blur.jpg", "thumbnail.webp", "original.png", "sha256-00.jpg")
    for public in (True, False):
        for name in names:
            key = f"{keys.renditions(IDS[0], public=public)}{keys.ENGINE_VERSION}/{name}"
            store.put(key, io.BytesIO(b"x"), media_type="image/jpeg")
    collect(
        store,
        max_age=timedelta(days=1),
        max_bytes=10**9,
        is_open=policy.is_name_open,
        clock=lambda: NOW,
    )
    remaining = [stat.key for stat in store.list(keys.PUBLIC_RENDERS)]
    expected = stay if mode != "open" else stay | {"sha256-00"}
    assert {key.rpartition("/")[2].partition(".")[0] for key in remaining} == expected
    assert len(list(store.list(keys.PRIVATE_RENDERS))) == len(names)


def test_working_copies_stay_with_their_originals_and_go_without(store):
    library = Library(store)
    records = [add(library, b"picture %d" % n) for n in range(6)]
    remaining = {copied(store, record, days=1000) for record in records[::2]}
    for record in records[1::2]:
        copied(store, record)
        library.remove(ANONYMOUS, record.id)
        copied(store, record)
    young = copied(store, records[1], days=0)
    assert run(store, days=1, max_bytes=0).working_copies == 2
    assert copies_left(store) == remaining | {young}


def test_working_copies_of_another_upload_of_the_picture_go(store):
    library = Library(store)
    before = add(library, b"picture")
    library.remove(ANONYMOUS, before.id)
    after = add(library, b"picture")
    copied(store, before)
    remaining = copied(store, after)
    run(store)
    assert copies_left(store) == {remaining}


@pytest.mark.parametrize("name", ["1-2048/737x553", "pyramid-1/pyramid"])
def test_working_copies_with_the_names_of_version_0_2_go(store, name):
    record = add(Library(store), b"picture")
    remaining = copied(store, record, px=2048, days=0)
    old = f"{keys.working_copies(record.id)}{record.generation}/{name}"
    store.put(old, io.BytesIO(b"copy"), media_type="image/jpeg")
    collect(store, max_age=timedelta(1), max_bytes=1, copy_px=2048, clock=lambda: NOW)
    assert copies_left(store) == {remaining}


def test_working_copies_made_by_another_setting_go(store):
    record = add(Library(store), b"picture")
    remaining = copied(store, record, px=2048, days=0)
    copied(store, record, px=1024, days=0)
    collect(store, max_age=timedelta(1), max_bytes=1, copy_px=2048, clock=lambda: NOW)
    assert copies_left(store) == {remaining}
    collect(store, max_age=timedelta(1), max_bytes=1, copy_px=0, clock=lambda: NOW)
    assert copies_left(store) == set()
