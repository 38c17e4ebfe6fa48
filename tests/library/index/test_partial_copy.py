"""A copy of a shelf with holes: what is read is right, whatever the store or a crash leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.library.index import partial_copy
from progimage.library.index.header import BLOCK
from progimage.library.index.partial_copy import PartialCopy, open_partial
from tests.library.index.large import info_of, large

DATA = large()
INFO = info_of(DATA)
COUNT = -(-len(DATA) // BLOCK)


class Source:
    """A store's shelf; `change` makes what is answered wrong."""

    def __init__(self) -> None:
        self.ranges: list[tuple[int, int]] = []
        self.change = lambda data: data

    def __call__(self, start: int, length: int) -> bytes:
        self.ranges.append((start, length))
        return self.change(DATA[start : start + length])


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "copy"


def opened(path: Path, source) -> PartialCopy:
    copy = open_partial(path, INFO, source)
    assert copy is not None
    return copy


def always() -> bool:
    return True


def test_only_the_blocks_that_are_read_are_fetched_and_neighbours_in_one_request(path, source):
    copy = opened(path, source)
    assert copy[3 * BLOCK - 1 : 5 * BLOCK + 1] == DATA[3 * BLOCK - 1 : 5 * BLOCK + 1]
    assert copy[4 * BLOCK : 5 * BLOCK] == DATA[4 * BLOCK : 5 * BLOCK]
    assert copy[-10:] == DATA[-10:]
    assert source.ranges == [
        (0, BLOCK),
        (2 * BLOCK, 4 * BLOCK),
        ((COUNT - 1) * BLOCK, len(DATA) - (COUNT - 1) * BLOCK),
    ]
    assert path.stat().st_blocks * 512 < 8 * BLOCK


def test_blocks_that_are_there_are_not_fetched_again(path, source):
    copy = opened(path, source)
    copy.need(4 * BLOCK, 5 * BLOCK)
    assert copy[2 * BLOCK : 7 * BLOCK] == DATA[2 * BLOCK : 7 * BLOCK]
    assert source.ranges[2:] == [(2 * BLOCK, 2 * BLOCK), (5 * BLOCK, 2 * BLOCK)]


def test_processes_share_what_they_have_fetched(path, source):
    opened(path, source).need(0, 6 * BLOCK)
    source.ranges.clear()
    assert opened(path, source)[BLOCK : 6 * BLOCK] == DATA[BLOCK : 6 * BLOCK]
    assert source.ranges == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(DATA)), st.integers(0, len(DATA)))))
def test_every_slice_is_that_of_the_shelf(path, source, slices):
    copy = opened(path, source)
    for start, end in slices:
        assert copy[start:end] == DATA[start:end]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


WRONG = {
    "one bit changed": flipped,
    "half": lambda data: data[: len(data) // 2],
    "nothing": lambda data: b"",
    "more": lambda data: data + b"x",
    "the whole shelf": lambda data: DATA,
    "other blocks of it": lambda data: DATA[5 * BLOCK :][: len(data)],
    "another version of it": lambda data: bytes(len(data)),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_blocks_are_found_before_they_are_used(path, source, change):
    copy = opened(path, source)
    source.change = change
    with pytest.raises(StoreUnavailable, match="progimage reindex --from-scratch"):
        copy.need(2 * BLOCK, 4 * BLOCK)
    source.change = lambda data: data
    assert copy[2 * BLOCK : 4 * BLOCK] == DATA[2 * BLOCK : 4 * BLOCK]


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_shelf_whose_first_block_comes_wrong_is_to_be_fetched_whole(path, source, change):
    source.change = change
    assert open_partial(path, INFO, source) is None
    assert not path.exists()


def test_a_store_that_gives_no_ranges_is_to_be_read_whole(path):
    def fetch(start: int, length: int) -> bytes:
        raise StoreUnavailable("the S3 server ignores ranges")

    assert open_partial(path, INFO, fetch) is None


def test_a_shelf_that_was_removed_is_missing_from_the_start_and_later(path, source):
    def missing(start: int, length: int) -> bytes:
        raise KeyMissing("no object")

    with pytest.raises(KeyMissing):
        open_partial(path, INFO, missing)
    opened(path, source)
    with pytest.raises(KeyMissing):
        opened(path, missing).need(BLOCK, 2 * BLOCK)


@pytest.mark.parametrize("left", [b"", b"x", DATA[:BLOCK], DATA[: 3 * BLOCK + 7], DATA + b"x"])
def test_a_file_of_another_length_becomes_right(path, source, left):
    path.write_bytes(left)
    assert opened(path, source)[:] == DATA
    assert path.read_bytes() == DATA


def test_a_block_that_was_damaged_on_the_disk_is_fetched_again(path, source):
    path.write_bytes(DATA[: 2 * BLOCK] + b"xyz" + DATA[2 * BLOCK + 3 :])
    assert opened(path, source)[:] == DATA
    assert source.ranges == [(2 * BLOCK, BLOCK)]
    assert path.read_bytes() == DATA


def test_a_file_that_was_removed_serves_those_who_have_it(path, source):
    copy = opened(path, source)
    path.unlink()
    assert copy[:] == DATA


def test_a_link_in_the_place_of_the_file_is_not_followed(path, source, tmp_path):
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable, match="scratch folder"):
        open_partial(path, INFO, source)


def test_only_this_user_can_read_the_file(path, source):
    opened(path, source)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_is_an_error_and_nothing_else(path, source, monkeypatch):
    copy = opened(path, source)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda file, data, at: len(data) // 2)
        with pytest.raises(StoreUnavailable, match="scratch folder"):
            copy.need(BLOCK, 2 * BLOCK)
    assert copy[BLOCK : 2 * BLOCK] == DATA[BLOCK : 2 * BLOCK]


def test_a_shelf_that_is_read_all_over_takes_few_requests(path, source, monkeypatch):
    monkeypatch.setattr(partial_copy, "MANY", 4)
    copy = opened(path, source)
    for number in range(0, COUNT, 2):
        copy.need(number * BLOCK, number * BLOCK + 1)
    assert len(source.ranges) == 1 + 4 + 1


def test_completing_fetches_what_is_missing(path, source):
    copy = opened(path, source)
    copy.need(4 * BLOCK, 5 * BLOCK)
    assert copy.complete(always)
    assert copy.mapped[:] == DATA
    assert sum(length for _, length in source.ranges) == len(DATA)


def test_completing_ends_when_the_shelf_is_not_wanted_any_more(path, source):
    assert not opened(path, source).complete(lambda: False)
    assert len(source.ranges) == 1


def test_one_process_at_a_time_completes_a_shelf(path, source):
    first, second = opened(path, source), opened(path, source)
    meanwhile = []
    assert first.complete(lambda: meanwhile.append(second.complete(always)) or True)
    assert not any(meanwhile)
    source.ranges.clear()
    assert second.complete(always)
    assert source.ranges == []


def test_what_a_process_reads_for_the_first_time_is_reported(path, source):
    uses: list[int] = []
    copy = opened(path, source)
    copy.on_use = lambda: uses.append(1)
    for _ in range(3):
        copy.need(BLOCK, 2 * BLOCK)
    assert len(uses) == 1


def test_parts_far_apart_are_asked_for_at_the_same_time(path, source):
    together = threading.Barrier(3)

    def fetch(start: int, length: int) -> bytes:
        if start:
            together.wait(60)
        return source(start, length)

    with ThreadPoolExecutor(3) as threads:
        copy = open_partial(path, INFO, fetch, threads)
        assert copy is not None
        places = [2 * BLOCK - 1, 6 * BLOCK, 6 * BLOCK + 9, 9 * BLOCK, 9 * BLOCK]
        copy.need_all([(at, at + 2) for at in places])
        assert sorted(source.ranges[1:]) == [
            (BLOCK, 2 * BLOCK),
            (6 * BLOCK, BLOCK),
            (9 * BLOCK, BLOCK),
        ]
        copy.need_all([(at, at + 2) for at in places])
    for at in places:
        assert copy.mapped[at : at + 2] == DATA[at : at + 2]
    assert len(source.ranges) == 4


def test_parts_are_read_in_turn_without_threads(path, source):
    copy = opened(path, source)
    copy.need_all([(3 * BLOCK, 3 * BLOCK + 1), (7 * BLOCK, 8 * BLOCK + 1)])
    assert source.ranges[1:] == [(3 * BLOCK, BLOCK), (7 * BLOCK, 2 * BLOCK)]


def test_a_wrong_part_is_found_among_several(path, source):
    with ThreadPoolExecutor(3) as threads:
        copy = open_partial(path, INFO, source, threads)
        assert copy is not None
        source.change = flipped
        with pytest.raises(StoreUnavailable):
            copy.need_all([(number * BLOCK, number * BLOCK + 1) for number in (2, 4, 6)])


def test_many_threads_fetch_a_block_once(path, source):
    copy = opened(path, source)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: copy[BLOCK : 2 * BLOCK], range(40)))
    assert set(found) == {DATA[BLOCK : 2 * BLOCK]}
    assert len(source.ranges) == 2


PROCESS = """
import os, random, signal, sys
from pathlib import Path
from progimage.library.index import partial_copy
from progimage.library.index.header import BLOCK
from progimage.library.index.manifest import ShelfInfo
path, shelf, size, crc32, seed, death = sys.argv[1:]
data = Path(shelf).read_bytes()
fetches = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def fetch(start, length):
    global fetches
    fetches += 1
    if death == "in a fetch" and fetches == 4:
        die()
    return data[start:start + length]

def half_written(file, block, at, pwrite=os.pwrite):
    if at >= 5 * BLOCK and death == "in a write":
        pwrite(file, block[:len(block) // 2], at)
        die()
    return pwrite(file, block, at)

os.pwrite = half_written
info = ShelfInfo("name", 0, int(size), int(crc32))
copy = partial_copy.open_partial(Path(path), info, fetch)
if death == "while it completes":
    copy.complete(die)
numbers = list(range(len(data) // BLOCK + 1))
random.Random(int(seed)).shuffle(numbers)
for number in numbers:
    part = slice(number * BLOCK, (number + 1) * BLOCK)
    assert copy[part] == data[part]
"""


def process(tmp_path: Path, seed: int, death: str) -> subprocess.Popen[bytes]:
    shelf = tmp_path / "shelf"
    if not shelf.exists():
        shelf.write_bytes(DATA)
    arguments = [tmp_path / "copy", shelf, INFO.size_bytes, INFO.crc32, seed, death]
    return subprocess.Popen([sys.executable, "-c", PROCESS, *map(str, arguments)])


@pytest.mark.parametrize("death", ["in a fetch", "in a write", "while it completes"])
def test_a_process_that_was_killed_leaves_a_copy_that_others_go_on_with(
    path, source, tmp_path, death
):
    other = opened(path, source)
    assert process(tmp_path, 1, death).wait(60) == -signal.SIGKILL
    assert other[:] == DATA
    assert opened(path, source).complete(always)
    assert path.read_bytes() == DATA


def test_two_processes_fetch_at_once(path, tmp_path, source):
    processes = [process(tmp_path, seed, "") for seed in (1, 2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert opened(path, source)[:] == DATA
    assert source.ranges == []
