"""Whatever is put and deleted, a listing is what a sorted dictionary would give."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from progimage.errors import BadKey, Conflict
from progimage.stores import ABSENT
from progimage.stores.folder.store import FilesystemStore
from progimage.stores.memory import MemoryStore
from tests.stores.contract import get, keys, put

# Both sides of "/" in the order of bytes, one prefix of another, and beyond ASCII.
SEGMENTS = st.text(alphabet="a-0é🎈", min_size=1, max_size=2)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
BEGINNINGS = st.builds(lambda key, length: key[:length], KEYS, st.integers(0, 8))


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = self.make_store()
        self.model: dict[str, bytes] = {}

    def make_store(self):
        raise NotImplementedError

    @rule(key=KEYS, body=st.binary(max_size=3), only_if_absent=st.booleans())
    def put(self, key: str, body: bytes, only_if_absent: bool) -> None:
        expect = ABSENT if only_if_absent else None
        if nested(key, self.model):
            with pytest.raises(BadKey):
                put(self.store, key, body, expect)
        elif only_if_absent and key in self.model:
            with pytest.raises(Conflict):
                put(self.store, key, body, expect)
        else:
            put(self.store, key, body, expect)
            self.model[key] = body

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.model.pop(key, None)

    @rule(number=st.integers(0))
    def delete_one_that_exists(self, number: int) -> None:
        if self.model:
            self.delete(sorted(self.model)[number % len(self.model)])

    @rule(prefix=BEGINNINGS, after=BEGINNINGS)
    def list(self, prefix: str, after: str) -> None:
        expected = [key for key in self.model if key.startswith(prefix) and key > after]
        assert keys(self.store, prefix, after) == sorted(expected, key=str.encode)

    @invariant()
    def everything_is_there(self) -> None:
        assert {key: get(self.store, key) for key in keys(self.store)} == self.model


def nested(key: str, others: dict[str, bytes]) -> bool:
    return any(f"{key}/".startswith(f"{o}/") or o.startswith(f"{key}/") for o in others if o != key)


class MemoryMachine(StoreMachine):
    def make_store(self):
        return MemoryStore()


class FilesystemMachine(StoreMachine):
    def make_store(self):
        self.root = Path(mkdtemp())
        return FilesystemStore(self.root)

    @invariant()
    def no_empty_folder_is_left(self) -> None:
        folders = {path for path in self.root.rglob("*") if path.is_dir()}
        empty = {path.name for path in folders if not any(path.iterdir())}
        assert empty <= {".tmp", ".locks"}

    def teardown(self) -> None:
        shutil.rmtree(self.root)


TestMemoryModel = MemoryMachine.TestCase
TestMemoryModel.settings = settings(max_examples=50, deadline=None)
TestFilesystemModel = FilesystemMachine.TestCase
TestFilesystemModel.settings = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
