"""Albums in the store: what a crash leaves, and what maintenance makes of it."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from progimage.errors import InvalidField, NotFound
from progimage.library import owner_keys
from progimage.library.albums import MAX_PICTURES, Albums
from progimage.maintenance.check import Check
from progimage.maintenance.copy_store.copier import Copier
from progimage.maintenance.erase import erase
from progimage.model import Viewer
from progimage.stores.memory import MemoryStore
from tests.stores.dying import Died, DyingStore

ANN = Viewer(name="ann")


@pytest.fixture
def store():
    return MemoryStore()


def findings(store, **options):
    return [finding.kind for finding in Check(store, grace=timedelta(0), **options).run()]


def titles(store, owner="ann"):
    return [album.title for _, album in Albums(store).list(owner)]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("n", [1, 2])
def test_a_crash_during_creation_leaves_all_or_a_note_that_is_repaired(store, n, after):
    with pytest.raises(Died):
        Albums(DyingStore(store, n, after=after)).create("ann", {"title": "Harbours"})
    is_there = (n, after) == (2, True)
    assert titles(store) == (["Harbours"] if is_there else [])
    findings(store, repair=True)
    assert findings(store) == []
    assert titles(store) == (["Harbours"] if is_there else [])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("n", [2, 3])
def test_a_crash_during_removal_leaves_all_or_nothing(store, n, after):
    album = Albums(store).create("ann", {"title": "Harbours"})
    with pytest.raises(Died):
        Albums(DyingStore(store, n, after=after)).remove(ANN, album.id)
    assert titles(store) == (["Harbours"] if (n, after) == (2, False) else [])
    findings(store, repair=True)
    assert findings(store) == []


def test_damage_is_named_and_does_not_hide_other_albums(store):
    albums = Albums(store)
    broken = albums.create("ann", {"title": "broken"})
    albums.create("ann", {"title": "whole"})
    store.put(owner_keys.album(broken.id), io.BytesIO(b"{"), media_type="application/json")
    store.put("albums/odd", io.BytesIO(), media_type="")
    store.put("album-lists/ann/odd", io.BytesIO(), media_type="")
    assert titles(store) == ["whole"]
    assert sorted(findings(store)) == ["damaged album", "unknown key", "unknown key"]


def test_an_album_has_an_end(store):
    album = Albums(store).create("ann", {"title": "Harbours"})
    many = tuple(f"{n:064x}" for n in range(MAX_PICTURES + 1))
    with pytest.raises(InvalidField, match="5,000"):
        Albums(store).change(ANN, album.id, lambda a: a.model_copy(update={"images": many}))


def test_albums_are_copied_and_erased_with_their_account(store):
    albums, target = Albums(store), MemoryStore()
    album = albums.create("ann", {"title": "Harbours"})
    albums.create("ben", {"title": "Boats"})
    with ThreadPoolExecutor(2) as threads:
        list(Copier(store, target, threads).run())
    assert titles(target) == ["Harbours"]
    assert [(item.kind, item.name) for item in erase(store, "ann")] == [("album", album.id)]
    assert titles(store) == []
    assert titles(store, "ben") == ["Boats"]
    with pytest.raises(NotFound):
        albums.find_for_link(album.id)


def test_fields_of_a_newer_version_are_stored_again(store):
    albums = Albums(store)
    album = albums.create("ann", {"title": "Harbours", "frame": "oak"})
    changed = albums.change(ANN, album.id, lambda a: a.model_copy(update={"title": "Boats"}))
    assert changed.model_extra == {"frame": "oak"}
    assert albums.find(ANN, album.id) == changed
