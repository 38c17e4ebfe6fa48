"""A store that adds something to each call to another store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from progimage.stores.object_store import HasConditionalOpen, HasNames, ObjectStore, Reader, Stat

T = TypeVar("T")

_METHODS = ("put", "open", "stat", "delete", "list")


class StoreWrapper:
    """An `ObjectStore` that forwards every call; subclasses override `_call` and `list`.

    What else the wrapped store can do (local paths, presigned URLs), this one can do too.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        for name in dir(store):
            if not name.startswith("_") and name not in _METHODS:
                setattr(self, name, getattr(store, name))
        if isinstance(store, HasConditionalOpen):
            open_if_changed = store.open_if_changed

            def wrapped(key: str, etag: str) -> Reader | None:
                return self._call("open_if_changed", lambda: open_if_changed(key, etag))

            self.open_if_changed = wrapped
        if isinstance(store, HasNames):
            names = store.names
            self.names = lambda prefix, known=(): self._call("list", lambda: names(prefix, known))

    def put(
        self, key: str, source: BinaryIO, *, media_type: str, expect: str | None = None
    ) -> Stat:
        return self._call(
            "put", lambda: self._store.put(key, source, media_type=media_type, expect=expect)
        )

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        return self._call("open", lambda: self._store.open(key, start, length))

    def stat(self, key: str) -> Stat:
        return self._call("stat", lambda: self._store.stat(key))

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self._call("delete", lambda: self._store.delete(key, expect=expect))

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return self._store.list(prefix, after)

    def _call(self, _operation: str, act: Callable[[], T]) -> T:
        """Return the result of `act`: the call named `_operation` to the wrapped store."""
        return act()
