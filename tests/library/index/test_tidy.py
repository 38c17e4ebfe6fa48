"""Shelves are merged and rewritten, so that they stay few."""

from __future__ import annotations

import pytest

from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.manifest import Row, ShelfInfo
from progimage.library.index.sweep import sweep
from progimage.library.index.tidy import find_run, rewrite, tidy
from progimage.model import ANONYMOUS
from tests.candidates import id_of
from tests.library.index.filled import fill, ids


def test_shelves_grow_by_merging_and_stay_few(store, library):
    index = Index(store)
    for start in range(0, 600, 10):
        fill(library, range(start, start + 10))
        assert fold(index, 1, patch_most=16, most=128) == "published"
        tidy(index, most=128)
        sweep(index)
    rows = index.view().manifest.rows
    assert sum(row.entries for row in rows) == 600
    assert all(shelf.entries <= 128 for row in rows for shelf in row.shelves)
    assert len(rows) <= 24
    assert ids(store) == [id_of(b"%d" % number) for number in reversed(range(600))]


@pytest.mark.parametrize(
    ("entries", "run"),
    [
        ([70] * 7, None),
        ([70] * 8, slice(0, 8)),
        ([5000, *[70] * 8], slice(1, 9)),
        ([70] * 40, slice(0, 16)),
        ([60_000] * 20, None),
    ],
)
def test_eight_neighbours_of_about_one_size_are_merged(entries, run):
    rows = [Row(b"%d" % n, ShelfInfo("", count, 0, 0)) for n, count in enumerate(entries)]
    assert find_run(rows, 65_536) == run


def test_rewriting_leaves_no_record_that_does_not_count(store, library):
    index = Index(store)
    fill(library, range(20))
    fold(index, 1, patch_most=8)
    library.remove(ANONYMOUS, id_of(b"3"))
    library.edit(ANONYMOUS, id_of(b"4"), {"title": "other"}, lambda current: True)
    fold(index, 1)
    [part] = index.view().parts
    assert len(part.range.patch.kills) == 2
    assert rewrite(index) == "published"
    [part] = index.view().parts
    assert part.range.base.n == 19
    assert not part.range.patch.kills
    assert rewrite(index) == "nothing to do"
