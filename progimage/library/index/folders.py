"""About how full the folders of the index are, to choose a posting's level."""

from __future__ import annotations

import os
from collections import OrderedDict
from itertools import islice
from threading import Lock

from progimage.library.index import layout
from progimage.library.index.layout import Posting
from progimage.stores import HasLocalPath, ObjectStore

_RECOUNT_EVERY = 64
_REMEMBERED = 50_000


class Folders:
    """Remembers what this process has counted and added itself.

    Counted anew now and then, so that many processes together overfill a folder by
    a little only. A folder that was full stays so in memory; emptied again, it has
    a few names less than it could.
    """

    def __init__(self, store: ObjectStore, crowd: int) -> None:
        self._store = store
        self._crowd = crowd
        self._lock = Lock()
        self._counts: OrderedDict[str, int] = OrderedDict()

    def level_for(self, posting: Posting) -> int:
        """Return the first level on which there is room, counting the posting in."""
        for number in layout.LEVELS[:-1]:
            if self._takes(layout.siblings(posting, number)):
                return number
        return layout.LEVELS[-1]

    def _takes(self, folder: str) -> bool:
        with self._lock:
            count = self._counts.pop(folder, None)
            if count is not None and (count >= self._crowd or count % _RECOUNT_EVERY):
                self._counts[folder] = min(count + 1, self._crowd)
                return count < self._crowd
        count = self._count(folder)
        with self._lock:
            self._counts[folder] = min(count + 1, self._crowd)
            if len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return count < self._crowd

    def _count(self, folder: str) -> int:
        if not isinstance(self._store, HasLocalPath):
            return sum(1 for _ in islice(self._store.list(folder), self._crowd))
        # A listing of the store looks at every file; their names alone come ten times as fast.
        head, _, beginning = folder.rpartition("/")
        try:
            with os.scandir(self._store.local_path(head)) as entries:
                names = (entry for entry in entries if entry.name.startswith(beginning))
                return sum(1 for _ in islice(names, self._crowd))
        except FileNotFoundError:
            return 0
