"""A bounded mapping for several threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LockedLru(Generic[Key, Value]):
    """Up to `capacity` values by key; one more drops the one that was not used for longest."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Key) -> Value | None:
        """Return the value of `key`, None if there is none."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Key, value: Value) -> None:
        """Set the value of `key`."""
        self.update(key, lambda _: value)

    def update(self, key: Key, change: Callable[[Value | None], Value]) -> Value:
        """Set and return what `change` makes of the value of `key`, None if there is none."""
        with self._lock:
            value = self._values[key] = change(self._values.get(key))
            self._values.move_to_end(key)
            if len(self._values) > self._capacity:
                self._values.popitem(last=False)
            return value

    def pop(self, key: Key) -> Value | None:
        """Remove `key` and return its value, None if there is none."""
        with self._lock:
            return self._values.pop(key, None)
