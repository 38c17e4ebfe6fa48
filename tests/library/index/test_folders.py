"""However fast pictures come, no folder grows long; however slowly, few folders are made."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from progimage.library.index import layout
from progimage.library.index.facets import ALL
from progimage.library.index.index import Index
from progimage.library.index.layout import Posting
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore

CROWD = 64
START = datetime(2024, 1, 1, tzinfo=UTC)


def write(index: Index, gap: timedelta, number: int) -> None:
    for n in range(number):
        position = layout.position(START + n * gap, f"{n:064x}")
        index.write([Posting(layout.PUBLIC, ALL, position)])


def folders(store: MemoryStore) -> Counter[str]:
    return Counter(stat.key.rpartition("/")[0] for stat in store.list(layout.INDEX))


@pytest.mark.parametrize(
    "gap",
    [
        timedelta(seconds=0.05),
        timedelta(seconds=1),
        timedelta(minutes=1),
        timedelta(hours=1),
        timedelta(days=1),
    ],
    ids=str,
)
def test_folders_are_neither_long_nor_many_at_any_rate(gap):
    store = MemoryStore()
    write(Index(store, crowd=CROWD), gap, 2_000)
    names = folders(store)
    finest = timedelta(seconds=17) / gap
    assert max(names.values()) <= max(CROWD, finest)
    assert len(names) <= 2_000 / 4


def test_a_library_of_one_picture_a_day_fits_into_one_folder_until_that_is_full():
    store = MemoryStore()
    write(Index(store, crowd=CROWD), timedelta(days=1), CROWD)
    assert len(folders(store)) == 1


def test_what_other_processes_write_is_counted_too():
    store = MemoryStore()
    one, other = Index(store, crowd=CROWD), Index(store, crowd=CROWD)
    for index in (one, other, one, other):
        write(index, timedelta(seconds=7), 200)
    assert max(folders(store).values()) <= 2 * CROWD


def test_a_store_without_folders_has_all_on_one_level(tmp_path):
    assert Index(MemoryStore()).levels == (0,)
    assert len(Index(FilesystemStore(tmp_path)).levels) == 5
