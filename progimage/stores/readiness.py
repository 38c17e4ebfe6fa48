"""Readiness of a node: its store can write and read, and temporary files have room."""

from __future__ import annotations

import io
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from progimage import keys
from progimage.errors import StoreError
from progimage.stores.object_store import ObjectStore

# Probes within this time share one answer, because each check writes to the store.
_GOOD_FOR_S = 3.0

# A render and an upload of the default size fit into so much.
_LEAST_FREE_BYTES = 64 * 2**20
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
_LEAST_SHARED_BYTES = 2**20


class Fault(NamedTuple):
    """Why a node is not ready: in a few words for every client, in detail for operators."""

    title: str
    detail: str


@dataclass(eq=False)
class Readiness:
    """Looks at the store and at the folders for temporary files, at most every few seconds.

    Args:
        folders: each with a name for people and the bytes that must be free in it.
    """

    store: ObjectStore
    folders: Sequence[tuple[str, Path, int]]
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _fault: Fault | None = field(default=None, init=False)
    _good_until: float = field(default=float("-inf"), init=False)

    def fault(self) -> Fault | None:
        """Return the problem, None if the node is ready."""
        with self._lock:
            if self.clock() >= self._good_until:
                self._fault = self._full_folder() or self._store_fault()
                self._good_until = self.clock() + _GOOD_FOR_S
            return self._fault

    def _full_folder(self) -> Fault | None:
        for name, folder, least in self.folders:
            try:
                facts = os.statvfs(folder)
            except FileNotFoundError:
                continue  # not every system has it; a temporary folder is made when it is used
            free = facts.f_bavail * facts.f_frsize
            if free < least:
                detail = f"{name} has {free:,} bytes left; at least {least:,} are needed"
                return Fault("No room for temporary files", detail)
        return None

    def _store_fault(self) -> Fault | None:
        key = f"{keys.PROBES}ready-{secrets.token_hex(8)}"
        try:
            self.store.put(key, io.BytesIO(b"ready"), media_type="text/plain")
            with self.store.open(key) as reader:
                is_same = reader.read() == b"ready"
            self.store.delete(key)
        except StoreError as error:
            return Fault("Store unavailable", str(error))
        if not is_same:
            return Fault("Store unreliable", "it returned other bytes than were written")
        return None


def readiness_of(store: ObjectStore, temp_folder: Path) -> Readiness:
    """Return the readiness of a node with this store and this temporary folder."""
    return Readiness(
        store,
        [
            ("the temporary folder (TMPDIR)", temp_folder, _LEAST_FREE_BYTES),
            (str(_SHARED_MEMORY), _SHARED_MEMORY, _LEAST_SHARED_BYTES),
        ],
    )
