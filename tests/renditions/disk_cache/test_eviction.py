"""The disk cache never holds more than it may, keeps what is wanted, and survives its writers."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate

import pytest

from progimage.renditions.disk_cache import eviction
from tests.renditions.disk_cache.conftest import ROOM, copies_in, key_of, put, read

SIZE = 12_000
"""Takes three blocks of the disk with its footer; a cache of ROOM holds 85."""


def used(root) -> int:
    """Return what the files take on the disk, drafts included."""
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in copies_in(root))


@pytest.fixture
def stored(store):
    """Return a function that puts a rendition of that number if it is not there, and its key."""
    known = set()

    def keyed(number: int, size: int = SIZE) -> str:
        if number not in known:
            known.add(number)
            put(store, key_of(number), random.Random(number).randbytes(size))
        return key_of(number)

    return keyed


def hits(store, cache, keys) -> int:
    before = store.requests["304"]
    for key in keys:
        read(cache, key)
    return store.requests["304"] - before


def test_it_never_holds_more_than_it_may(cache, root, stored):
    for number in range(200):
        read(cache, stored(number, 1 + number * 300))
        assert used(root) <= ROOM
    assert used(root) > ROOM * 0.9


def test_bytes_that_are_being_written_count(store, cache, root, stored):
    keys = [stored(number, 60_000) for number in range(30)]
    readers = [cache.open(key) for key in keys]
    for reader in readers:
        reader.read(59_000)
        assert used(root) <= ROOM
    assert len(copies_in(root)) == 17  # for the others there is no room
    for reader in readers:
        reader.read(1_000)
        reader.close()
    assert hits(store, cache, keys[:17]) == 17


def test_large_objects_are_not_copied(cache, root, stored):
    read(cache, stored(1, ROOM // 16 + 1))
    assert copies_in(root) == []


def test_copies_read_once_do_not_evict_those_in_use(store, cache, stored):
    wanted = [stored(number) for number in range(40)]
    hits(store, cache, wanted * 2)
    once = iter(range(1_000, 9_000))
    for _ in range(10):
        for _ in range(30):
            read(cache, stored(next(once)))
        hits(store, cache, wanted)
    assert hits(store, cache, wanted) == 40


def test_of_zipf_shaped_requests_it_answers_as_many_as_a_cache_of_the_least_recently_used(
    store, cache, stored
):
    objects, requests, room = 400, 2_500, 85
    weights = list(accumulate(rank**-0.9 for rank in range(1, objects + 1)))
    requested = random.Random(7).choices(range(objects), cum_weights=weights, k=requests)
    recent: dict[int, None] = {}
    expected = 0
    for number in requested:
        expected += number in recent
        recent.pop(number, None)
        recent[number] = None
        if len(recent) > room:
            del recent[next(iter(recent))]
    assert hits(store, cache, [stored(number) for number in requested]) >= expected


def test_a_smaller_bound_holds_from_the_next_start(store, cache, make_cache, root, stored):
    hits(store, cache, [stored(number) for number in range(85)])
    make_cache(max_bytes=ROOM // 2)
    assert ROOM * 0.4 < used(root) <= ROOM // 2


def test_after_a_start_of_the_machine_it_counts_what_is_there(
    store, cache, make_cache, root, stored, tmp_path, monkeypatch
):
    keys = [stored(number) for number in range(60)]
    hits(store, cache, keys)
    monkeypatch.setattr(eviction, "BOOT_ID", tmp_path / "boot")
    (tmp_path / "boot").write_text("another")
    again = make_cache()
    assert hits(store, again, keys) == 60
    for number in range(100, 200):
        read(again, stored(number))
        assert used(root) <= ROOM
    assert len(list(root.glob("index-*.sqlite"))) == 1


def test_a_crowd_writes_one_copy_at_a_time(store, cache, root, stored):
    key, start = stored(1), threading.Barrier(8)

    def ask() -> bytes:
        with cache.open(key) as reader:
            begun = reader.read(10)
            start.wait(30)
            assert len(copies_in(root)) == 1
            start.wait(30)
            return begun + reader.read(SIZE)

    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(ask) for _ in range(8)]
        assert len({answer.result() for answer in answers}) == 1
    assert used(root) == 12_288
    assert hits(store, cache, [key]) == 1


RIVAL = """
import random, sys
from pathlib import Path
from tests.renditions.disk_cache.conftest import ROOM, STORE_URL, key_of, put, read
from progimage.renditions.disk_cache.disk_cache import DiskCache
from progimage.stores.memory import MemoryStore

root, seed = Path(sys.argv[1]), int(sys.argv[2])
store = MemoryStore()
cache = DiskCache(store, STORE_URL, root, ROOM, 0)
cache.start()
drawn = random.Random(seed)
while True:
    number = drawn.randrange(200)
    body = random.Random(number).randbytes(12_000)
    put(store, key_of(number), body)
    assert read(cache, key_of(number)) == body
    if drawn.random() < 0.05:
        cache.forget(f"{drawn.randrange(200):064x}")
    print(".", end="", flush=True)
"""


def test_processes_that_share_it_and_are_killed_keep_the_bound(store, make_cache, root, stored):
    for seed in (0, 2):
        rivals = [
            subprocess.Popen(
                [sys.executable, "-c", RIVAL, str(root), str(seed + number)],
                stdout=subprocess.PIPE,
            )
            for number in range(2)
        ]
        try:
            for _ in range(10):
                for rival in rivals:
                    assert len(rival.stdout.read(20)) == 20
                for rival in rivals:
                    rival.send_signal(signal.SIGSTOP)
                for rival in rivals:  # a signal takes a moment to stop its process
                    os.waitpid(rival.pid, os.WUNTRACED)
                assert used(root) <= ROOM
                for rival in rivals:
                    rival.send_signal(signal.SIGCONT)
        finally:
            for rival in rivals:
                rival.kill()
                rival.wait()
                rival.stdout.close()
    cache = make_cache()
    for number in range(1_000, 1_200):
        read(cache, stored(number))
        assert used(root) <= ROOM
    # Of a draft that was not counted yet an empty file is left, until the machine restarts.
    assert not [path for path in copies_in(root) if path.suffix == ".tmp" and path.stat().st_size]
    assert used(root) > ROOM * 0.9


class TestTrouble:
    """Whatever goes wrong with the disk, the store serves, and the log says so once."""

    @pytest.fixture
    def warnings(self, monkeypatch) -> list[str]:
        reasons: list[str] = []
        monkeypatch.setattr(
            "progimage.renditions.disk_cache.writing.log.warning",
            lambda *_, reason: reasons.append(reason),
        )
        return reasons

    def test_a_full_disk(self, store, cache, root, stored, monkeypatch, warnings):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("progimage.renditions.disk_cache.writing.write_all", full)
        for number in range(5):
            assert len(read(cache, stored(number))) == SIZE
        assert copies_in(root) == []
        assert warnings == ["No space left on device"]
        monkeypatch.undo()
        read(cache, stored(0))
        assert hits(store, cache, [stored(0)]) == 1

    def test_a_folder_that_is_no_longer_there(self, store, cache, root, stored, warnings):
        root.rename(root.with_name("away"))
        for number in range(3):
            assert len(read(cache, stored(number))) == SIZE
        cache.forget("0" * 64)
        assert len(warnings) == 1

    def test_a_folder_that_cannot_be_made(self, store, make_cache, root, stored, warnings):
        root.write_bytes(b"a file")
        cache = make_cache()
        assert len(read(cache, stored(1))) == SIZE
        assert warnings == ["File exists"]

    def test_an_index_that_is_none(self, store, make_cache, root, stored, warnings):
        root.mkdir(mode=0o700)
        boot = eviction.BOOT_ID.read_text().strip() if eviction.BOOT_ID.exists() else "unknown"
        (root / f"index-{boot}.sqlite").write_bytes(os.urandom(10_000))
        cache = make_cache()
        for _ in range(2):
            assert len(read(cache, stored(1))) == SIZE
        assert copies_in(root) == []
        assert warnings == ["file is not a database"]

    def test_an_index_that_others_hold_for_long(
        self, store, cache, make_cache, root, stored, warnings
    ):
        read(cache, stored(0))
        [index] = root.glob("index-*.sqlite")
        busy = sqlite3.connect(index, isolation_level=None)
        busy.execute("BEGIN IMMEDIATE")
        assert len(read(cache, stored(1))) == SIZE
        assert hits(store, cache, [stored(0)]) == 1
        with cache.open(stored(2)) as reader:
            busy.execute("ROLLBACK")
            reader.read(10)
            busy.execute("BEGIN IMMEDIATE")
            reader.read(SIZE)
        busy.close()
        assert warnings == ["database is locked"]
        assert len(copies_in(root)) == 1
        # The room that could not be given back then is given back now.
        for number in (1, 2):
            read(cache, stored(number))
        assert hits(store, cache, [stored(number) for number in range(3)]) == 3
        assert used(root) == 3 * 12_288
