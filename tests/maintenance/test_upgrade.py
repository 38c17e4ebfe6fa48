"""A store of an older release is adopted on purpose, and then works like any other."""

from __future__ import annotations

import pytest

from progimage.errors import ConfigError
from progimage.library import Library
from progimage.maintenance import upgrade as upgrading
from progimage.maintenance.upgrade import upgrade
from progimage.model import ANONYMOUS
from progimage.stores.marker import FORMAT, new_marker, read_marker, write_marker
from progimage.stores.memory import MemoryStore
from tests.candidates import add


def test_a_store_without_marker_is_adopted_and_loses_nothing():
    store = MemoryStore()
    record = add(Library(store), b"picture")
    before = {stat.key: stat.etag for stat in store.list("images/")}
    assert upgrade(store).format == FORMAT
    assert read_marker(store) is not None
    assert {stat.key: stat.etag for stat in store.list("images/")} == before
    assert Library(store).find(ANONYMOUS, record.id) == record


def test_it_may_run_again():
    store = MemoryStore()
    add(Library(store), b"picture")
    first = upgrade(store)
    assert upgrade(store) == first


def test_a_folder_that_is_no_store_is_not_adopted():
    store = MemoryStore()
    with pytest.raises(ConfigError, match="nothing to upgrade"):
        upgrade(store)
    assert list(store.list("")) == []


def test_a_newer_store_is_left_alone():
    store = MemoryStore()
    marker = write_marker(store, new_marker().model_copy(update={"format": FORMAT + 1}))
    with pytest.raises(ConfigError, match="upgrade ProgImage"):
        upgrade(store)
    assert read_marker(store) == marker


def test_every_step_from_the_format_of_the_store_is_made_in_order(monkeypatch):
    store, made = MemoryStore(), []
    marker = write_marker(store, new_marker().model_copy(update={"format": FORMAT - 2}))
    steps = {number: lambda _, n=number: made.append(n) for number in (FORMAT - 2, FORMAT - 1)}
    monkeypatch.setattr(upgrading, "STEPS", steps)
    assert upgrade(store) == marker.model_copy(update={"format": FORMAT})
    assert made == [FORMAT - 2, FORMAT - 1]
    assert read_marker(store).format == FORMAT


def test_a_step_that_fails_leaves_the_old_format(monkeypatch):
    store = MemoryStore()
    marker = write_marker(store, new_marker().model_copy(update={"format": FORMAT - 1}))

    def fail(_store):
        raise OSError("away")

    monkeypatch.setattr(upgrading, "STEPS", {FORMAT - 1: fail})
    with pytest.raises(OSError, match="away"):
        upgrade(store)
    assert read_marker(store) == marker
