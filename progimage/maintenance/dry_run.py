"""A store on which nothing changes, to see what a command would remove."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from progimage.errors import ProgImageError
from progimage.stores import ObjectStore, Reader, Stat


class DryRunStore:
    """An `ObjectStore` that reads from another and ignores deletions."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, *_: Any, **__: Any) -> NoReturn:
        raise ProgImageError(f"a dry run cannot write {key}")

    def open(self, key: str, start: int = 0, length: int | None = None) -> Reader:
        return self._store.open(key, start, length)

    def stat(self, key: str) -> Stat:
        return self._store.stat(key)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        pass

    def list(self, prefix: str, after: str = "") -> Iterator[Stat]:
        return self._store.list(prefix, after)
