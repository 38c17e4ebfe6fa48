"""What a store holds beside its index, which has names that are drawn at random."""

from __future__ import annotations

from progimage.library.index.keys import INDEX
from progimage.stores import ObjectStore


def keys_outside_index(store: ObjectStore) -> set[str]:
    """Return every key but those of the index."""
    return {stat.key for stat in store.list("") if not stat.key.startswith(INDEX)}


def bytes_of_index(store: ObjectStore) -> bytes:
    """Return everything that the index holds, names of its keys included."""
    found = []
    for stat in list(store.list(INDEX)):
        with store.open(stat.key) as reader:
            found += [stat.key.encode(), reader.read()]
    return b"\n".join(found)
