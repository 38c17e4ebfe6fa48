"""Uploads, edits, removals and repairs of one picture, in every order of their store operations.

What searches see meanwhile is the subject of tests/library/index/test_orders.py.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from progimage import keys
from progimage.errors import NotFound
from progimage.library import Library, read_record
from progimage.library.index.keys import INDEX
from progimage.maintenance.check import Check
from progimage.model import Metadata, Record, Viewer
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import add, add_with_copies, id_of
from tests.schedules import every_schedule, play
from tests.stored import keys_outside_index

PICTURE = b"pretend these are pixels"
ANN = Viewer(name="ann")


def upload(store: ObjectStore) -> None:
    add(Library(store), PICTURE, Metadata(title="uploaded"), "ann")


def edit(store: ObjectStore) -> None:
    Library(store).edit(ANN, id_of(PICTURE, "ann"), {"title": "edited"}, lambda current: True)


def remove(store: ObjectStore) -> None:
    Library(store).remove(ANN, id_of(PICTURE, "ann"))


def repair(store: ObjectStore) -> None:
    list(Check(store, repair=True).run())


def is_outside_index(key: str) -> bool:
    """Leave out the index, whose operations would make too many orders of everything else."""
    return not key.startswith(INDEX)


def live_record(store: ObjectStore) -> Record | None:
    try:
        record, _ = read_record(store, id_of(PICTURE, "ann"))
    except NotFound:
        return None
    return record if record.state == "live" else None


def assert_no_record_without_bytes(store: ObjectStore) -> None:
    record = live_record(store)
    if record is not None:
        with store.open(keys.original(record.id, record.generation)) as reader:
            assert hashlib.sha256(reader.read()).hexdigest() == record.sha256


@pytest.mark.parametrize(
    "actors",
    [
        (upload, upload),
        (upload, remove),
        (remove, remove),
        (edit, remove),
        (edit, edit),
        (repair, upload),
        (repair, remove),
    ],
    ids=lambda actors: " with ".join(actor.__name__ for actor in actors),
)
@pytest.mark.parametrize("is_there", [True, False], ids=["there before", "not there before"])
def test_no_order_of_two_leaves_a_record_without_bytes(actors, is_there):
    """With up to three switches: all orders are too many, and few bugs need more."""

    before = MemoryStore()
    if is_there:
        upload(before)

    def run(choices: list[int]) -> list[int]:
        store = before.copy()
        width = play(store, actors, choices, is_outside_index, leaves_off=True)
        assert_no_record_without_bytes(store)
        if set(actors) <= {upload, repair}:
            assert live_record(store) is not None
        if set(actors) == {remove}:
            Library(store).finish_removals()
            assert keys_outside_index(store) == set()
        return width

    assert every_schedule(run, switches=3) > 1


def test_no_order_with_three_switches_of_an_upload_and_two_removals_leaves_a_record_without_bytes():
    before = MemoryStore()
    upload(before)

    def run(choices: list[int]) -> list[int]:
        store = before.copy()
        width = play(store, (remove, remove, upload), choices, is_outside_index, leaves_off=True)
        assert_no_record_without_bytes(store)
        list(Check(store, repair=True, grace=timedelta(0)).run())
        left = {stat.key for stat in store.list(keys.IMAGES)}
        assert len(left) == (2 if live_record(store) else 0)
        return width

    assert every_schedule(run, switches=3) > 100


def upload_large(store: ObjectStore) -> None:
    add_with_copies(store, PICTURE, "ann")


@pytest.mark.parametrize("others", [(remove,), (remove, remove)], ids=["a removal", "two removals"])
def test_no_order_of_an_upload_with_copies_and_removals_leaves_a_copy_behind(others):
    """Without a crash none is left, so there is nothing for `check` to repair."""

    before = MemoryStore()
    upload(before)

    def run(choices: list[int]) -> list[int]:
        store = before.copy()
        width = play(store, (upload_large, *others), choices, is_outside_index, leaves_off=True)
        record = live_record(store)
        copies = [stat.key for stat in store.list(keys.COPIES)]
        if record is None:
            assert copies == []
        assert all(f"/{record.generation}-" in key for key in copies if record)
        return width

    assert every_schedule(run, switches=3) > 10
