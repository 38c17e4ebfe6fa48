"""Tests at start that an S3 server keeps the promises that the service relies on."""

from __future__ import annotations

import io
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from progimage.errors import ConfigError, Conflict, StoreError
from progimage.keys import PROBES
from progimage.stores.object_store import ABSENT, ObjectStore, Stat

_REMEDY = (
    "two writers could overwrite each other unseen. ProgImage needs a server with atomic "
    "conditional puts, such as AWS S3, Ceph or MinIO, or a folder (file://); "
    's3.conditional_writes = "off" accepts that the last writer wins'
)


def prove_conditional_writes(store: ObjectStore, *, racers: int = 8, rounds: int = 3) -> None:
    """Test conditional puts on keys below `probe/`, which are removed again.

    Some servers ignore the conditions; others check, and then write, so that two
    writers at one moment both succeed. `rounds` races of `racers` threads look for
    the latter; a server that passes them has still not been proved free of races.

    Raises:
        ConfigError: the server does not keep its promises; the message has all it breaks.
        StoreUnavailable: the server did not answer.
    """
    probe = _Probe(store)
    faults = []
    try:
        for header, prove, race in (
            ("If-None-Match: *", probe.create_only, probe.race_to_create),
            ("If-Match", probe.compare_and_swap, probe.race_to_swap),
        ):
            try:
                prove()
                for _ in range(rounds):
                    race(racers)
            except _FaultError as fault:
                faults.append(str(fault))
            except ConfigError:
                faults.append(f"does not offer {header} on puts")
    finally:
        probe.clean_up()
    if faults:
        raise ConfigError(f"store: this server {', and '.join(faults)}: {_REMEDY}")


def prove_listing(store: ObjectStore) -> None:
    """Write, read and list a few keys below `probe/`: what is written must be listed at once.

    Raises:
        ConfigError: a listing is late, out of order, or ignores where it is to begin.
        StoreUnavailable: the server did not answer.
    """
    probe = _Probe(store)
    try:
        probe.list_in_order()
    except _FaultError as fault:
        raise ConfigError(
            f"store: this server {fault}: pictures would be missing from listings and purges"
        ) from None
    finally:
        probe.clean_up()


class _FaultError(Exception):
    """A fault of the server; the message is the rest of a sentence that begins with it."""


class _Probe:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._folder = f"{PROBES}{secrets.token_hex(8)}"
        self._keys: list[str] = []

    def create_only(self) -> None:
        key = self._new_key()
        if self._put(key, ABSENT) is None:
            raise _FaultError("rejects If-None-Match: * although the key is new")
        if self._put(key, ABSENT) is not None:
            raise _FaultError("ignores If-None-Match: * on puts")

    def compare_and_swap(self) -> None:
        key = self._new_key()
        first = self._must_put(key)
        second = self._put(key, first.etag)
        if second is None:
            raise _FaultError("rejects If-Match although the etag is the current one")
        if self._put(key, first.etag) is not None:
            raise _FaultError("ignores If-Match on puts")

    def race_to_create(self, racers: int) -> None:
        self._race(self._new_key(), ABSENT, racers, "If-None-Match: *")

    def race_to_swap(self, racers: int) -> None:
        key = self._new_key()
        self._race(key, self._must_put(key).etag, racers, "If-Match")

    def list_in_order(self) -> None:
        # `+`, `~` and what is beyond ASCII show if keys are decoded wrongly or sorted by locale.
        names = sorted(("B", "a+b", "a~b", "b/c", "z", "é"), key=str.encode)
        written = [self._new_key(name) for name in names]
        for key in reversed(written):
            self._must_put(key)
        if [stat.key for stat in self._store.list(self._folder)] != written:
            raise _FaultError("does not list at once and in order what was written")
        if [stat.key for stat in self._store.list(self._folder, after=written[2])] != written[3:]:
            raise _FaultError("ignores where a listing is to begin (start-after)")
        self._store.delete(written[0])
        if next(self._store.list(self._folder)).key != written[1]:
            raise _FaultError("still lists what was deleted")

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
            raise _FaultError(f"let {winners} of {racers} writers with the same {header} succeed")

    def _new_key(self, name: str = "") -> str:
        self._keys.append(f"{self._folder}/{name or len(self._keys)}")
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
