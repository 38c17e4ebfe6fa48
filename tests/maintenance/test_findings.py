"""What the parts of a check share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from progimage.errors import Conflict
from progimage.maintenance.findings import Checking, Finding
from progimage.stores import exists
from progimage.stores.memory import MemoryStore
from tests.stores.contract import put

NOW = datetime.now(UTC)


def test_what_is_listed_is_reported_as_progress() -> None:
    store, seen = MemoryStore(), []
    for key in ("a/1", "a/2", "b/1"):
        put(store, key, b"x")
    found = list(Checking(store, True, NOW, seen.append).listed("a/"))
    assert [stat.key for stat in found] == seen == ["a/1", "a/2"]


@pytest.mark.parametrize("repair", [True, False])
def test_only_a_repair_removes(repair: bool) -> None:
    store = MemoryStore()
    put(store, "key", b"x")
    finding = Checking(store, repair, NOW).removed("part without job", "key")
    assert finding == Finding("part without job", "key", repair)
    assert exists(store, "key") != repair


def test_another_version_is_not_removed() -> None:
    store = MemoryStore()
    put(store, "key", b"x")
    with pytest.raises(Conflict):
        Checking(store, True, NOW).removed("damaged external id", "key", expect="another")
    assert exists(store, "key")
