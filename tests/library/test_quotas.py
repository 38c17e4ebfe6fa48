"""Quotas: what an account has is counted, and no more is taken than it may have."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from progimage import keys
from progimage.config import Quota
from progimage.errors import NotFound, QuotaExceeded
from progimage.library import Library, owner_keys
from progimage.library.index.index import Index
from progimage.library.quotas import Quotas
from progimage.library.records import read_record
from progimage.model import Metadata, Viewer
from progimage.stores.memory import MemoryStore
from tests.candidates import candidate, id_of
from tests.stores.dying import Died, DyingStore

ANN = Viewer(name="ann")


def library_of(store, **limits: int) -> Library:
    index = Index(store)
    return Library(store, index=index, quotas=Quotas(store, index, Quota(enabled=True, **limits)))


def upload(library: Library, content: bytes, owner: str = "ann") -> None:
    """Store bytes that stand for a picture, as `Ingest.add` does."""
    assert library.quotas
    if library.find_or_restore(id_of(content, owner)) is not None:
        return
    with library.quotas.reserved(owner, len(content)) as reservation:
        _, reservation.is_used = library.add(candidate(content, owner=owner), Metadata())


def held(library: Library, owner: str = "ann") -> tuple[int, int]:
    assert library.quotas
    usage = library.quotas.usage(owner)
    return usage.pictures, usage.size_bytes


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_uploads_and_removals_are_counted(store):
    library = library_of(store)
    upload(library, b"12345")
    upload(library, b"123")
    assert held(library) == (2, 8)
    upload(library, b"123")
    assert held(library) == (2, 8)
    library.trash.add(ANN, id_of(b"123", "ann"), timedelta(days=1))
    assert held(library) == (2, 8)
    library.remove(ANN, id_of(b"123", "ann"), from_trash=True)
    library.remove(ANN, id_of(b"12345", "ann"))
    assert held(library) == (0, 0)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_pictures": 1}, "may have 1 pictures; it has 1 pictures with 5 bytes"),
        (
            {"max_size_bytes": 9},
            "may have 9 bytes; it has 1 pictures with 5 bytes, and this one has 5",
        ),
    ],
)
def test_more_than_the_quota_is_rejected_and_not_stored(store, limits, words):
    library = library_of(store, **limits)
    upload(library, b"12345")
    with pytest.raises(QuotaExceeded, match=words):
        upload(library, b"67890")
    assert held(library) == (1, 5)
    library.remove(ANN, id_of(b"12345", "ann"))
    upload(library, b"67890")
    upload(library, b"12345", owner="ben")


def test_pictures_without_an_owner_have_no_quota(store):
    library = library_of(store, max_pictures=1)
    upload(library, b"1", owner="")
    upload(library, b"2", owner="")
    assert list(store.list(owner_keys.USAGE)) == []


def test_an_account_can_have_limits_of_its_own(store):
    library = library_of(store, max_pictures=1)
    quotas = library.quotas
    assert quotas
    quotas.set_limits("ann", {"max_pictures": 2})
    upload(library, b"1")
    upload(library, b"2")
    with pytest.raises(QuotaExceeded):
        upload(library, b"3")
    quotas.set_limits("ann", {"max_pictures": 0})
    upload(library, b"3")
    assert quotas.set_limits("ann", {"max_pictures": None}).max_pictures == 1
    with pytest.raises(QuotaExceeded):
        quotas.check("ann", 1)


def test_pictures_from_before_quotas_were_on_are_counted_once(store):
    plain = Library(store)
    plain.add(candidate(b"12345", owner="ann"), Metadata())
    plain.add(candidate(b"123", owner="ann"), Metadata())
    plain.trash.add(ANN, id_of(b"123", "ann"), timedelta(days=1))
    assert held(library_of(store)) == (2, 8)
    plain.add(candidate(b"1", owner="ann"), Metadata())
    assert held(library_of(store)) == (2, 8)
    quotas = library_of(store).quotas
    assert quotas
    assert quotas.count("ann").pictures == 3


def test_uploads_at_once_do_not_pass_the_quota_together(store):
    processes = [library_of(store, max_pictures=3) for _ in range(2)]
    start, rejected = threading.Barrier(8), []

    def one(number: int) -> None:
        start.wait(60)
        try:
            upload(processes[number % 2], b"%d" % number)
        except QuotaExceeded:
            rejected.append(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(8)))
    stored = [stat for stat in store.list(keys.IMAGES) if keys.id_of_record(stat.key)]
    assert len(stored) == 8 - len(rejected)
    assert len(stored) >= 3
    # Not too low: who has passed the quota by uploads at once has no room for another.
    assert held(processes[0])[0] >= len(stored)


def test_an_upload_that_fails_after_a_new_count_is_not_taken_off(store):
    library = library_of(store)
    upload(library, b"1")
    quotas = library.quotas
    assert quotas
    with quotas.reserved("ann", 5):
        quotas.count("ann")
    assert held(library) == (1, 1)


def test_removals_of_one_picture_at_once_are_counted_once(store):
    processes = [library_of(store) for _ in range(8)]
    for content in (b"1", b"2", b"3"):
        upload(processes[0], content)
    start = threading.Barrier(8)

    def remove(library: Library) -> None:
        start.wait(60)
        with suppress(NotFound):
            library.remove(ANN, id_of(b"1", "ann"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(remove, processes))
    assert held(processes[0]) == (2, 2)


def test_a_removal_that_another_process_began_is_counted_once(store):
    library = library_of(store)
    upload(library, b"1")
    upload(library, b"2")
    image_id = id_of(b"1", "ann")
    # What finishes it late, and a second time, has the record as it was marked.
    record, etag = read_record(store, image_id)
    library.remove(ANN, image_id)
    library.remover.finish(record, etag)
    library.remover.finish(record, etag)
    assert held(library) == (1, 1)


def crashes() -> list[object]:
    rehearsal = DyingStore(MemoryStore())
    upload(library_of(rehearsal), b"12345")
    return [
        pytest.param(n, after, id=f"{'after' if after else 'at'} {n}")
        for n in range(1, rehearsal.operations + 1)
        for after in (False, True)
    ]


@pytest.mark.parametrize(("n", "after"), crashes())
def test_what_a_crash_leaves_wrong_stops_no_upload(store, n, after):
    with pytest.raises(Died):
        upload(library_of(DyingStore(store, n, after=after)), b"12345")
    library = library_of(store, max_pictures=1)
    upload(library, b"12345")
    assert library.quotas
    assert library.quotas.count("ann").pictures == 1
