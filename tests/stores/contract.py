"""What every object store must do: the protocol's sentences, one test or more each.

A store's own test file subclasses a class of these and gives the `store` fixture.
"""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from progimage.errors import BadKey, Conflict, KeyMissing
from progimage.stores import ABSENT, ObjectStore, Reader, Stat

ILLEGAL_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a/..",
    ".tmp/a",
    ".hidden",
    "a/.locks",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "a\u2028b",
    "a\ud800b",
    "n" * 256,
    "é" * 128,
    "/".join(["n" * 225] * 4),
]
ODD_KEYS = [
    "with space",
    " lead and trail ",
    "c:d",
    "w=300,h=200",
    "tilde~",
    "50%",
    "%41",
    "a+b",
    "a&b=c?d#e",
    "quote'\"<>",
    "back\\slash",
    "semi;colon",
    "Ünïcödé",
    "名前",
    "emoji🎈",
    "trailing.",
    "n" * 255,
    "é" * 127,
    "/".join(["n" * 224] * 4),
]


def put(store: ObjectStore, key: str, body: bytes = b"x", expect: str | None = None) -> Stat:
    return store.put(key, io.BytesIO(body), media_type="text/plain", expect=expect)


def get(store: ObjectStore, key: str, start: int = 0, length: int | None = None) -> bytes:
    with store.open(key, start, length) as reader:
        return reader.read()


def keys(store: ObjectStore, prefix: str = "", after: str = "") -> list[str]:
    return [stat.key for stat in store.list(prefix, after)]


class Breaking(io.RawIOBase):
    """A source that gives `size` bytes and then fails."""

    def __init__(self, size: int) -> None:
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        if not self._left:
            raise ConnectionResetError("the sender is gone")
        count = min(self._left, len(buffer))
        buffer[:count] = b"x" * count
        self._left -= count
        return count


class RoundTrips:
    def test_bytes_are_read_as_they_were_put(self, store: ObjectStore):
        put(store, "a/b", b"hello")
        assert get(store, "a/b") == b"hello"

    @pytest.mark.parametrize("body", [b"", b"\0", bytes(range(256)) * 5_000], ids=len)
    def test_bytes_of_any_size_survive(self, store: ObjectStore, body: bytes):
        assert put(store, "key", body).size == len(body)
        assert get(store, "key") == body

    def test_put_stores_only_what_is_left_of_the_source(self, store: ObjectStore):
        source = io.BytesIO(b"header" + b"body" * 500_000)
        source.seek(6)
        assert store.put("key", source, media_type="text/plain").size == 2_000_000
        assert get(store, "key") == b"body" * 500_000

    def test_put_takes_a_source_that_cannot_seek(self, store: ObjectStore):
        class Pipe(io.BytesIO):
            def seekable(self) -> bool:
                return False

            def seek(self, *_: int) -> int:
                raise io.UnsupportedOperation

        for body in (b"small", b"large" * 500_000):
            store.put("key", Pipe(body), media_type="text/plain")
            assert get(store, "key") == body

    def test_put_replaces_by_default(self, store: ObjectStore):
        put(store, "key", b"first and longer")
        put(store, "key", b"second")
        assert get(store, "key") == b"second"

    @pytest.mark.parametrize("body", [b"", b"hello"])
    def test_put_stat_open_and_list_tell_the_same(self, store: ObjectStore, body: bytes):
        written = put(store, "key", body)
        with store.open("key") as reader:
            opened = reader.stat
        with store.open("key", 1, 2) as reader:
            ranged = reader.stat
        (listed,) = store.list("key")
        for stat in (store.stat("key"), opened, ranged, listed):
            assert (stat.key, stat.size, stat.etag) == ("key", len(body), written.etag)
            assert abs(stat.modified - written.modified) < timedelta(seconds=2)

    def test_modified_is_an_aware_time_of_about_now(self, store: ObjectStore):
        put(store, "key")
        modified = store.stat("key").modified
        assert modified.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - modified) < timedelta(minutes=5)

    def test_etags_are_bare_and_differ_when_the_bytes_do(self, store: ObjectStore):
        etags = [put(store, "key", body).etag for body in (b"1", b"2", b"", b"3")]
        assert len(set(etags)) == 4
        assert all(etag and '"' not in etag and etag != ABSENT for etag in etags)

    def test_readers_meet_the_protocol(self, store: ObjectStore):
        put(store, "key", b"hello")
        with store.open("key") as reader:
            assert isinstance(reader, Reader)
            assert reader.read(2) + reader.read(0) + reader.read(100) == b"hello"
            assert reader.read() == reader.read(1) == b""

    def test_a_put_whose_source_fails_raises_its_error_and_leaves_nothing(self, store: ObjectStore):
        for size in (10, 3_000_000):
            source = io.BufferedReader(Breaking(size))
            with pytest.raises(ConnectionResetError, match="the sender is gone"):
                store.put("key", source, media_type="text/plain")
            assert keys(store) == []

    def test_a_seekable_source_that_fails_leaves_the_old_version(self, store: ObjectStore):
        class Torn(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                chunk = super().read(size)
                if self.tell() > 2_000_000:
                    raise ConnectionResetError("the sender is gone")
                return chunk

        put(store, "key", b"old")
        with pytest.raises(ConnectionResetError, match="the sender is gone"):
            store.put("key", Torn(bytes(3_000_000)), media_type="text/plain")
        assert get(store, "key") == b"old"


class Ranges:
    BODY = b"0123456789"

    @pytest.mark.parametrize(
        ("start", "length", "expected"),
        [
            (0, None, b"0123456789"),
            (0, 10, b"0123456789"),
            (3, 4, b"3456"),
            (3, None, b"3456789"),
            (9, 1, b"9"),
            (8, 100, b"89"),
            (10, None, b""),
            (10, 5, b""),
            (11, 5, b""),
            (5_000, None, b""),
            (0, 0, b""),
            (5, 0, b""),
            (99, 0, b""),
        ],
    )
    def test_a_range_is_cut_at_the_end(
        self, store: ObjectStore, start: int, length: int | None, expected: bytes
    ):
        put(store, "key", self.BODY)
        with store.open("key", start, length) as reader:
            assert reader.read(1) + reader.read() == expected
            assert reader.stat.size == 10

    @pytest.mark.parametrize(("start", "length"), [(0, None), (0, 5), (1, None), (1, 1)])
    def test_every_range_of_an_empty_object_is_empty(
        self, store: ObjectStore, start: int, length: int | None
    ):
        put(store, "key", b"")
        assert get(store, "key", start, length) == b""


class Absence:
    def test_open_and_stat_of_an_absent_key_raise_key_missing(self, store: ObjectStore):
        put(store, "a/b")
        for key in ("c", "a", "a/b/c", "a/c"):
            with pytest.raises(KeyMissing):
                store.stat(key)
            for start, length in ((0, None), (3, 4), (0, 0)):
                with pytest.raises(KeyMissing):
                    store.open(key, start, length)

    def test_deleting_what_is_absent_succeeds(self, store: ObjectStore):
        put(store, "a/b")
        for key in ("c", "a", "a/b/c", "x/y/z"):
            store.delete(key)
        assert keys(store) == ["a/b"]

    def test_a_deleted_object_is_gone(self, store: ObjectStore):
        put(store, "a/b")
        store.delete("a/b")
        with pytest.raises(KeyMissing):
            store.stat("a/b")
        assert keys(store) == []

    def test_a_key_is_free_for_a_folder_when_its_object_is_gone_and_back(self, store: ObjectStore):
        put(store, "a", b"object")
        store.delete("a")
        put(store, "a/b/c", b"in a folder")
        store.delete("a/b/c")
        put(store, "a", b"object again")
        assert keys(store) == ["a"]


class Conditions:
    def test_absent_creates_once(self, store: ObjectStore):
        put(store, "key", b"first", ABSENT)
        with pytest.raises(Conflict):
            put(store, "key", b"second", ABSENT)
        assert get(store, "key") == b"first"

    def test_an_empty_object_is_created_once(self, store: ObjectStore):
        put(store, "mark", b"", ABSENT)
        with pytest.raises(Conflict):
            put(store, "mark", b"", ABSENT)
        with pytest.raises(Conflict):
            put(store, "mark", b"not empty", ABSENT)
        assert get(store, "mark") == b""

    def test_an_empty_object_replaces_and_is_replaced(self, store: ObjectStore):
        for body in (b"", b"text", b"", b""):
            put(store, "key", body)
            assert get(store, "key") == body

    def test_a_large_object_conflicts_as_well(self, store: ObjectStore):
        put(store, "key", b"first", ABSENT)
        with pytest.raises(Conflict):
            put(store, "key", bytes(3_000_000), ABSENT)
        put(store, "key", bytes(3_000_000), store.stat("key").etag)
        assert store.stat("key").size == 3_000_000

    def test_an_etag_replaces_exactly_its_version(self, store: ObjectStore):
        first = put(store, "key", b"first").etag
        second = put(store, "key", b"second", first).etag
        with pytest.raises(Conflict):
            put(store, "key", b"third", first)
        assert get(store, "key") == b"second"
        put(store, "key", b"", second)
        with pytest.raises(Conflict):
            put(store, "key", b"third", second)
        assert get(store, "key") == b""

    def test_an_etag_never_creates(self, store: ObjectStore):
        etag = put(store, "key", b"first").etag
        store.delete("key")
        for body in (b"second", b""):
            with pytest.raises(Conflict):
                put(store, "key", body, etag)
        assert keys(store) == []

    def test_delete_on_condition_removes_only_that_version(self, store: ObjectStore):
        first = put(store, "key", b"first").etag
        second = put(store, "key", b"second").etag
        with pytest.raises(Conflict):
            store.delete("key", expect=first)
        assert get(store, "key") == b"second"
        store.delete("key", expect=second)
        store.delete("key", expect=second)
        assert keys(store) == []

    def test_racing_creators_of_one_key_get_one_success_and_conflicts(self, store: ObjectStore):
        for round_ in range(5):
            bodies = [b"%d" % number for number in range(8)]
            winners = race(store, f"race/{round_}", bodies, ABSENT)
            assert len(winners) == 1
            assert get(store, f"race/{round_}") == winners[0]

    def test_racing_creators_of_one_empty_key_get_one_success(self, store: ObjectStore):
        for round_ in range(5):
            assert race(store, f"race/{round_}", [b""] * 8, ABSENT) == [b""]

    def test_racing_creators_of_equal_bytes_get_one_success(self, store: ObjectStore):
        for round_ in range(5):
            assert race(store, f"race/{round_}", [b"same"] * 8, ABSENT) == [b"same"]

    def test_racing_swappers_of_one_version_get_one_success_and_conflicts(self, store: ObjectStore):
        etag = put(store, "key", b"start").etag
        for round_ in range(5):
            bodies = [b"%d %d" % (round_, number) for number in range(8)]
            winners = race(store, "key", bodies, etag)
            assert len(winners) == 1
            assert get(store, "key") == winners[0]
            etag = store.stat("key").etag

    def test_counting_by_compare_and_swap_loses_no_count(self, store: ObjectStore):
        put(store, "count", b"0")
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(count_up, store, 5) for _ in range(4)]:
                done.result()
        assert get(store, "count") == b"20"

    def test_a_swap_never_overwrites_a_plain_put_it_has_not_seen(self, store: ObjectStore):
        """The last plain put is overwritten only by a client that knows its etag."""
        for round_ in range(10):
            etag = put(store, "key", b"start %d" % round_).etag
            start = threading.Barrier(2)

            def swap(etag: str = etag, start: threading.Barrier = start) -> bool:
                start.wait()
                try:
                    put(store, "key", b"swapped", etag)
                except Conflict:
                    return False
                return True

            with ThreadPoolExecutor(1) as pool:
                swapping = pool.submit(swap)
                start.wait()
                put(store, "key", b"plain")
                swapping.result()
            assert get(store, "key") == b"plain"

    def test_puts_and_deletes_of_neighbours_never_fail(self, store: ObjectStore):
        """Folders come and go under the feet of other writers."""

        def churn(name: int) -> None:
            for _ in range(15):
                put(store, f"a/b/{name}", b"" if name % 2 else b"body")
                store.delete(f"a/b/{name}")

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(churn, name) for name in range(4)]:
                done.result()
        assert keys(store) == []


class Listings:
    def test_keys_come_in_the_order_of_their_bytes(self, store: ObjectStore):
        names = ["a-b", "a/b", "a/b-", "a0", "ab", "B", "z", "é", "名", "🎈", "\uffdc", "a b", "a!"]
        for name in names:
            put(store, name)
        assert keys(store) == sorted(names, key=str.encode)

    def test_a_prefix_may_end_in_the_middle_of_a_segment(self, store: ObjectStore):
        for name in ("a/b", "ab/x", "abc", "ac", "b"):
            put(store, name)
        assert keys(store, "ab") == ["ab/x", "abc"]
        assert keys(store, "ab/") == ["ab/x"]
        assert keys(store, "abc") == ["abc"]
        assert keys(store, "abcd") == keys(store, "abc/") == []
        assert keys(store, "a/b/c") == keys(store, "no/such/folder/") == []
        assert keys(store) == ["a/b", "ab/x", "abc", "ac", "b"]

    def test_after_is_exclusive_and_need_not_exist(self, store: ObjectStore):
        names = ["a/1", "a/2", "a/3/x", "a/3/y", "a/4", "b"]
        for name in names:
            put(store, name)
        assert keys(store, "", "a/2") == names[2:]
        assert keys(store, "", "a/2x") == names[2:]
        assert keys(store, "a/", "a/3") == names[2:5]
        assert keys(store, "a/", "a/3/") == names[2:5]
        assert keys(store, "a/", "a/3/x") == names[3:5]
        assert keys(store, "a/", "a/3/x/deeper") == names[3:5]
        assert keys(store, "a/3/", "a/1") == names[2:4]
        assert keys(store, "a/", "0") == names[:5]
        assert keys(store, "a/", "b") == keys(store, "", "c") == []

    def test_more_keys_than_a_page_come_once_each(self, store: ObjectStore):
        names = [f"page/{number:04}" for number in range(1_105)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: put(store, name, b""), names))
        assert keys(store, "page/") == names
        assert keys(store, "page/", "page/0099") == names[100:]

    def test_a_listing_may_be_left_at_any_item(self, store: ObjectStore):
        for number in range(5):
            put(store, f"a/{number}")
        assert [stat.key for stat in islice(store.list(""), 2)] == ["a/0", "a/1"]

    def test_a_listing_survives_deletions_and_additions_on_its_way(self, store: ObjectStore):
        names = [f"{folder}/{number}" for folder in "abc" for number in range(3)]
        for name in names:
            put(store, name)
        listing = store.list("")
        seen = [next(listing).key]
        for number in range(3):
            store.delete(f"b/{number}")
        put(store, "a/1x")
        seen += [stat.key for stat in listing]
        assert [key for key in seen if key in names and key[0] != "b"] == names[:3] + names[6:]
        assert seen == sorted(set(seen))

    def test_a_listing_deletes_all_it_finds(self, store: ObjectStore):
        for number in range(150):
            put(store, f"d/{number % 7}/{number}", b"")
        for stat in store.list("d/"):
            store.delete(stat.key)
        assert keys(store) == []


class KeyRules:
    @pytest.mark.parametrize("key", ILLEGAL_KEYS, ids=lambda key: ascii(key)[:20])
    def test_an_illegal_key_is_refused_by_every_method(self, store: ObjectStore, key: str):
        for call in (
            lambda: put(store, key),
            lambda: put(store, key, b"", ABSENT),
            lambda: store.open(key),
            lambda: store.stat(key),
            lambda: store.delete(key),
            lambda: store.delete(key, expect="etag"),
        ):
            with pytest.raises(BadKey):
                call()
        assert keys(store) == []

    @pytest.mark.parametrize("prefix", ["/", "a//", "../", "a/../b", ".t", "a/.", "a\0", "\ud800"])
    def test_list_refuses_what_no_key_can_begin_with(self, store: ObjectStore, prefix: str):
        with pytest.raises(BadKey):
            store.list(prefix)
        with pytest.raises(BadKey):
            store.list("", after=prefix)

    @pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: ascii(key)[:20])
    def test_an_odd_key_works_like_any_other(self, store: ObjectStore, key: str):
        etag = put(store, key, b"odd").etag
        put(store, key, b"even", etag)
        assert get(store, key) == b"even"
        assert get(store, key, 1, 2) == b"ve"
        assert store.stat(key).key == key
        assert keys(store) == keys(store, key) == keys(store, key[:1]) == [key]
        assert keys(store, "", after=key) == []
        store.delete(key)
        assert keys(store) == []


class OpenReaders:
    BODY = bytes(range(256)) * 32_768  # 8 MiB: more than any buffer on the way

    @pytest.mark.parametrize("change", ["replaced", "deleted"])
    def test_a_reader_keeps_the_version_it_began_with(self, store: ObjectStore, change: str):
        put(store, "key", self.BODY)
        with store.open("key") as reader:
            begun = reader.read(1_000)
            if change == "deleted":
                store.delete("key")
            else:
                put(store, "key", b"new")
            assert begun + reader.read() == self.BODY

    def test_a_reader_may_be_closed_unread(self, store: ObjectStore):
        put(store, "key", self.BODY)
        for _ in range(20):
            store.open("key").close()


class ObjectStoreContract(RoundTrips, Ranges, Absence, Conditions, Listings, KeyRules, OpenReaders):
    """All that holds for every store."""


class ConditionalOpens:
    """For stores that send an object only to those who do not have that version."""

    def test_unchanged_answers_are_not_sent_again(self, store: ObjectStore):
        for body in (b"hello", b""):
            etag = put(store, "key", body).etag
            assert store.open_if_changed("key", etag) is None

    def test_another_version_is_sent_whole(self, store: ObjectStore):
        old = put(store, "key", b"old").etag
        new = put(store, "key", b"new bytes")
        for etag in (old, "never-seen", ""):
            with store.open_if_changed("key", etag) as reader:
                assert (reader.stat.size, reader.stat.etag) == (9, new.etag)
                assert reader.read() == b"new bytes"

    def test_an_object_that_is_gone_is_missing_whatever_one_has(self, store: ObjectStore):
        etag = put(store, "key").etag
        store.delete("key")
        with pytest.raises(KeyMissing):
            store.open_if_changed("key", etag)

    def test_bytes_that_come_back_are_what_one_had(self, store: ObjectStore):
        old = put(store, "key", b"old").etag
        put(store, "key", b"new")
        new = put(store, "key", b"old").etag
        with store.open_if_changed("key", old) or store.open("key") as reader:
            assert (reader.stat.etag, reader.read()) == (new, b"old")


class RealFolders:
    """For stores in which no key may be a folder of another."""

    @pytest.mark.parametrize("body", [b"", b"body"])
    @pytest.mark.parametrize("expect", [None, ABSENT])
    def test_a_key_below_an_object_is_refused(
        self, store: ObjectStore, body: bytes, expect: str | None
    ):
        put(store, "a/b")
        for key in ("a/b/c", "a/b/c/d"):
            with pytest.raises(BadKey, match="a/b"):
                put(store, key, body, expect)
        assert keys(store) == ["a/b"]

    @pytest.mark.parametrize("body", [b"", b"body"])
    @pytest.mark.parametrize("expect", [None, ABSENT])
    def test_a_key_above_an_object_is_refused(
        self, store: ObjectStore, body: bytes, expect: str | None
    ):
        put(store, "a/b/c")
        for key in ("a", "a/b"):
            with pytest.raises(BadKey, match="folder"):
                put(store, key, body, expect)
        assert keys(store) == ["a/b/c"]


def race(store: ObjectStore, key: str, bodies: list[bytes], expect: str) -> list[bytes]:
    """Put all `bodies` at once; return those that succeeded."""
    start = threading.Barrier(len(bodies))

    def run(body: bytes) -> list[bytes]:
        start.wait()
        try:
            put(store, key, body, expect)
        except Conflict:
            return []
        return [body]

    with ThreadPoolExecutor(len(bodies)) as pool:
        return [body for won in pool.map(run, bodies) for body in won]


def count_up(store: ObjectStore, times: int, key: str = "count") -> None:
    """Add `times` to the number under `key`, each time by compare-and-swap."""
    while times:
        with store.open(key) as reader:
            number, etag = int(reader.read()), reader.stat.etag
        try:
            put(store, key, b"%d" % (number + 1), etag)
            times -= 1
        except Conflict:
            continue
