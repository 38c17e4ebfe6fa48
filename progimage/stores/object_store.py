"""The object store, which holds every byte that outlives a request.

The protocol is the specification. Each sentence below is a promise that
`tests/stores/contract.py` checks on every store.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Protocol, runtime_checkable

from progimage.errors import KeyMissing

ABSENT = "<absent>"
"""`expect=ABSENT`: the put succeeds only if the key does not exist."""


@dataclass(frozen=True, slots=True)
class Stat:
    """The facts of one object that a store knows without reading it.

    `etag` is opaque, unquoted and only comparable with other etags of the same key
    in the same store. Versions with different bytes have different etags; equal
    bytes may share one (S3 hashes), so what is swapped by etag must carry something
    that is never the same twice, such as a revision or a random owner.
    `modified` is an aware UTC time by the store's clock, good to a second or two.
    """

    key: str
    size: int
    etag: str
    modified: datetime


@runtime_checkable
class Reader(Protocol):
    """An open object: a readable binary stream that knows its `stat`.

    `stat` describes the whole object, also when only a range was opened.
    Stores that keep real files also give it `fileno()`, positioned at `start`.
    """

    stat: Stat

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...

    def __enter__(self) -> Reader: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


@runtime_checkable
class Verifiable(Protocol):
    """Optional: a reader that can compare its bytes with a checksum."""

    def verify(self) -> bool:
        """Return False if the bytes of the object are not those that were put.

        True if they are, or if there is no checksum to compare with. For readers of whole
        objects, before the first `read`; some are compared as they are read instead.
        """
        ...


class ObjectStore(Protocol):
    """Five methods over keys. All are safe to call from many threads and processes.

    Keys are `/`-separated, non-empty segments of printable characters, at most
    900 bytes of UTF-8 in all and 255 a segment; no segment is `.` or `..` or
    starts with a dot. Anything else raises `BadKey` from every method.
    No key may also be a folder of another (`a` and `a/b`): where folders are real,
    `put` raises `BadKey`; S3 does not notice.

    Any method may raise `StoreUnavailable`. A `put` or `delete` that does may
    have taken effect: check before acting on it.
    """

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        """Store the rest of `source` under `key`, completely or not at all.

        When it returns, the object survives a crash of this process and machine.
        `expect` is None (replace any version), `ABSENT` (create only) or an
        etag (replace exactly that version); among racing writers with the same
        `expect`, exactly one wins. A key that is ever put with an etag is put with one each
        time: Ceph at times drops a put without a condition that races one with. The stream
        is never held whole in memory. Errors of
        `source` go on to the caller, and nothing is stored. `media_type`
        is stored where the store serves objects by itself, as S3 does.

        Raises:
            Conflict: `expect` did not hold; nothing was changed.
        """
        ...

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        """Return a reader of `length` bytes from `start` (or to the end).

        Neither is negative. A range that passes the end is cut there; one that
        begins past it is empty. The reader goes on giving the bytes it began with when the object
        is replaced or deleted meanwhile.

        Raises:
            KeyMissing: there is no such object.
        """
        ...

    def stat(self, key: str) -> Stat:
        """Return the facts of the object, or raise `KeyMissing`."""
        ...

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove the object; removing what is absent succeeds.

        With `expect` only that version is removed. Folders are not objects: they
        come and go with the keys in them.

        Raises:
            Conflict: another version is there; it stays.
        """
        ...

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        """Yield every object whose key starts with `prefix` and is above `after`.

        In ascending order of the keys' UTF-8 bytes, lazily: the cost of the first
        item does not grow with the tree, at most with the number of names in one
        folder. `prefix` is a plain string prefix: it may end in the middle of a
        segment; "" is everything. Both are beginnings of legal keys and need not
        exist. An object written or deleted during the walk may or may not appear;
        all others appear once.
        """
        ...


def exists(store: ObjectStore, key: str) -> bool:
    """Return whether there is an object under `key`."""
    try:
        store.stat(key)
    except KeyMissing:
        return False
    return True


@runtime_checkable
class HasLocalPath(Protocol):
    """Optional: a store whose objects are plain files on this machine."""

    def local_path(self, key: str) -> str:
        """Return the path of the object's file, whether or not it exists."""
        ...


@runtime_checkable
class HasPresignedUrl(Protocol):
    """Optional: a store that can hand out expiring URLs for direct downloads."""

    def presigned_url(self, key: str, *, expires_s: int, media_type: str) -> str:
        """Return a URL that serves the object as `media_type` for `expires_s` seconds."""
        ...


@runtime_checkable
class HasConditionalOpen(Protocol):
    """Optional: a store that sends an object only if the caller has another version."""

    def open_if_changed(self, key: str, etag: str) -> Reader | None:
        """Return a reader as `open` does, or None if the object's etag is `etag`.

        Either way it is one request, and its answer as fresh as that of `open`.

        Raises:
            KeyMissing: there is no such object.
        """
        ...


@runtime_checkable
class HasOwnFiles(Protocol):
    """Optional: a store with files of its own beside the objects."""

    def prepare(self) -> None:
        """Create the missing ones; called once it is known that a store is here."""
        ...

    def remove_stale_uploads(self, older_than_s: float) -> int:
        """Remove files that killed processes left half written; return how many.

        Args:
            older_than_s: only those not written to for so many seconds.
        """
        ...


@runtime_checkable
class HasNames(Protocol):
    """Optional: a store that lists keys at less cost than objects with their facts."""

    def names(self, prefix: str, known: Container[str] = ()) -> Sequence[str]:
        """Return the keys that `list` yields, in no order; the object of one may be gone.

        Args:
            known: keys that this has returned before.
        """
        ...
