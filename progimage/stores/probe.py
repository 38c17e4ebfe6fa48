"""Does this server keep the promises that all else rests on? Asked at start-up."""

from __future__ import annotations

import io
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from progimage.errors import ConfigError, Conflict, StoreError
from progimage.keys import PROBES
from progimage.stores import ABSENT, ObjectStore, Stat

_REMEDY = (
    "two writers could overwrite each other unseen. ProgImage needs a server with atomic "
    "conditional puts, such as AWS S3, Ceph or MinIO, or a folder (file://)"
)


def prove_conditional_writes(store: ObjectStore, *, racers: int = 8, rounds: int = 3) -> None:
    """Try conditional puts on keys below `probe/`, which are removed again.

    Some servers ignore the conditions; others check, and then write, so that two
    writers at one moment both succeed. `rounds` races of `racers` threads look for
    the latter; a server that passes them has still not been proved free of races.

    Raises:
        ConfigError: the server does not keep a promise; the message says which.
        StoreUnavailable: the server could not be asked.
    """
    probe = _Probe(store)
    try:
        probe.create_only()
        probe.compare_and_swap()
        for _ in range(rounds):
            probe.race_to_create(racers)
            probe.race_to_swap(racers)
    finally:
        probe.clean_up()


class _Probe:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._folder = f"{PROBES}{secrets.token_hex(8)}"
        self._keys: list[str] = []

    def create_only(self) -> None:
        key = self._new_key()
        if self._put(key, ABSENT) is None:
            raise _complaint("refuses If-None-Match: * although the key is new")
        if self._put(key, ABSENT) is not None:
            raise _complaint("ignores If-None-Match: * on puts")

    def compare_and_swap(self) -> None:
        key = self._new_key()
        first = self._must_put(key)
        second = self._put(key, first.etag)
        if second is None:
            raise _complaint("refuses If-Match although the etag is the current one")
        if self._put(key, first.etag) is not None:
            raise _complaint("ignores If-Match on puts")

    def race_to_create(self, racers: int) -> None:
        self._race(self._new_key(), ABSENT, racers, "If-None-Match: *")

    def race_to_swap(self, racers: int) -> None:
        key = self._new_key()
        self._race(key, self._must_put(key).etag, racers, "If-Match")

    def clean_up(self) -> None:
        for key in self._keys:
            with suppress(StoreError):
                self._store.delete(key)

    def _race(self, key: str, expect: str, racers: int, header: str) -> None:
        start = threading.Barrier(racers)

        def run() -> Stat | None:
            start.wait()
            return self._put(key, expect)

        with ThreadPoolExecutor(racers) as pool:
            answers = [racer.result() for racer in [pool.submit(run) for _ in range(racers)]]
        winners = sum(answer is not None for answer in answers)
        if winners != 1:
            raise _complaint(f"let {winners} of {racers} writers with the same {header} succeed")

    def _new_key(self) -> str:
        self._keys.append(f"{self._folder}/{len(self._keys)}")
        return self._keys[-1]

    def _must_put(self, key: str) -> Stat:
        body = io.BytesIO(secrets.token_bytes(16))
        return self._store.put(key, body, media_type="application/octet-stream")

    def _put(self, key: str, expect: str) -> Stat | None:
        """Put random bytes; return None on a conflict."""
        body = io.BytesIO(secrets.token_bytes(16))
        try:
            return self._store.put(key, body, media_type="application/octet-stream", expect=expect)
        except Conflict:
            return None


def _complaint(fault: str) -> ConfigError:
    return ConfigError(f"store: this server {fault}: {_REMEDY}")
