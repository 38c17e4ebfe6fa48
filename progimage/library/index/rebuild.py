"""Building an index from the records, for a store that has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from progimage import keys as store_keys
from progimage.errors import DamagedRecord, NotFound
from progimage.library.index import keys, manifest, positions
from progimage.library.index.index import Index
from progimage.library.index.manifest import Manifest, Row
from progimage.library.index.packed import pack, unpack
from progimage.library.index.positions import Position
from progimage.library.index.publish import put_shelf
from progimage.library.index.shelf import MOST
from progimage.library.index.shelf_writer import of_records
from progimage.library.records import read_record
from progimage.model import Record
from progimage.stores import ABSENT, ObjectStore

_WAVE = 1_000


def rebuild(
    index: Index, on_progress: Callable[[str], None] = lambda _: None, most: int = MOST
) -> int:
    """Build an index from the records and publish it; return how many pictures it has.

    Safe beside uploads, edits and removals: they are announced meanwhile, and no announcement
    is removed before there is a manifest. Until then searches fail with an error. Each picture
    takes about 500 bytes of memory.

    Raises:
        Conflict: another process has published an index.
    """
    packed: list[tuple[Position, bytes]] = []
    for record in _live_records(index, on_progress):
        packed.append((positions.position(record.created, record.id), pack(record)))
    packed.sort()
    rows: list[Row] = []
    for start in range(0, len(packed), most):
        records = ((at, _unpacked(data)) for at, data in packed[start : start + most])
        contents = of_records(records)
        first = contents.positions[0] if rows else b""
        rows.append(Row(first, put_shelf(index.store, contents.encode(), len(contents.positions))))
    manifest.swap(index.store, Manifest(1, tuple(rows) or (Row(),)), ABSENT)
    return len(packed)


def remove_others(store: ObjectStore, on_progress: Callable[[str], None] = lambda _: None) -> int:
    """Remove the index of an older version of the service; return how many keys it had."""
    count = 0
    for stat in store.list(keys.INDEX):
        if not stat.key.startswith((keys.LIVE, keys.SHELVES)):
            on_progress(stat.key)
            store.delete(stat.key)
            count += 1
    return count


def _live_records(index: Index, on_progress: Callable[[str], None]) -> Iterator[Record]:
    def read(image_id: str) -> Record | None:
        try:
            record, _ = read_record(index.store, image_id)
        except (NotFound, DamagedRecord):
            return None
        return record if record.state == "live" else None

    ids = _ids(index.store, on_progress)
    while wave := list(islice(ids, _WAVE)):
        yield from filter(None, index.each(read, wave))


def _ids(store: ObjectStore, on_progress: Callable[[str], None]) -> Iterator[str]:
    for stat in store.list(store_keys.IMAGES):
        image_id = store_keys.id_of_record(stat.key)
        if image_id is not None:
            on_progress(stat.key)
            yield image_id


def _unpacked(data: bytes) -> Record:
    return Record.model_validate_json(unpack(data))
