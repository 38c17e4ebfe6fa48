"""The budget of copies: everything that is written for foreign pictures counts."""

from __future__ import annotations

import io
from concurrent.futures import Executor, Future

from progimage import keys
from progimage.library import Library
from progimage.origins.copies import Copies, CopyStore
from progimage.origins.unlisted import Unlisted
from progimage.stores.memory import MemoryStore

BUDGET = 10_000
ORIGINAL, COPY, RENDITION = 100, 900, 500


class Now(Executor):
    """Runs at once what is submitted."""

    def submit(self, fn, /, *args, **kwargs):
        future: Future[object] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def filled(pictures: int, executor: Executor) -> MemoryStore:
    """Return a store in which copies of so many pictures were written."""
    store = MemoryStore()
    part = CopyStore(store)
    library = Library(part, index=Unlisted(part))
    copies = Copies(part, library, BUDGET, executor)
    for number in range(pictures):
        image_id = f"{number:064x}"
        sizes = {
            keys.original(image_id, "0123456789abcdef"): ORIGINAL,
            keys.working_copy(image_id, "0123456789abcdef", 2048, (1200, 900)): COPY,
            keys.rendition(image_id, "thumbnail", "jpg", public=True): RENDITION,
        }
        for key, size in sizes.items():
            part.put(key, io.BytesIO(bytes(size)), media_type="image/jpeg")
    assert copies.library is library
    return store


def test_everything_counts_and_the_oldest_pictures_go():
    store = filled(50, Now())
    left = list(store.list(keys.FOREIGN))
    assert sum(stat.size for stat in left) <= 1.1 * BUDGET
    assert any(f"{49:064x}" in stat.key for stat in left)
    assert not any(f"{0:064x}" in stat.key for stat in left)


def test_room_is_made_behind_the_writes_and_once_at_a_time():
    waiting = []

    class Later(Now):
        def submit(self, fn, /, *args, **kwargs):
            waiting.append(fn)
            return Future()

    store = filled(50, Later())
    assert len(list(store.list(keys.FOREIGN))) == 150
    assert len(waiting) == 1
    waiting[0]()
    assert sum(stat.size for stat in store.list(keys.FOREIGN)) <= BUDGET
