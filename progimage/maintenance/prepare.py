"""Make the missing working copies of a library, while the service runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Literal

from progimage import keys
from progimage.errors import DamagedRecord, NotFound, ProgImageError
from progimage.imaging.limits import is_beyond
from progimage.library import Library, read_record
from progimage.library.working_copies import WorkingCopies
from progimage.model import Record
from progimage.renditions.add_copies import add_copies
from progimage.renditions.renderer import Renderer
from progimage.renditions.sources import Sources
from progimage.stores import ObjectStore
from progimage.stores.temp_files import TempFolder

# Pictures for each worker that are submitted in advance.
_WINDOW = 2


@dataclass(frozen=True, slots=True)
class Prepared:
    """The result for one picture, and how many copies were made; `reason` if it failed."""

    kind: Literal["made", "complete", "failed"]
    image_id: str
    copies: int = 0
    reason: str = ""


@dataclass(eq=False)
class Preparation:
    """Makes missing working copies, several pictures at a time.

    Args:
        executor: with `workers` threads, each of which waits for a render process.
    """

    store: ObjectStore
    renderer: Renderer
    folder: TempFolder
    px: int
    executor: Executor
    workers: int

    def __post_init__(self) -> None:
        self._library = Library(self.store)
        self._copies = WorkingCopies(self.store, self._library, self.px)

    def run(self, on_progress: Callable[[str], None] = lambda _: None) -> Iterator[Prepared]:
        """Yield the result for each picture that should have copies.

        `on_progress` is called with every key on the way. Can be stopped at any point and
        run again.
        """
        waiting: deque[Future[Prepared]] = deque()
        try:
            for record in self._records(on_progress):
                waiting.append(self.executor.submit(self._prepare, record))
                if len(waiting) >= self.workers * _WINDOW:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    def _records(self, on_progress: Callable[[str], None]) -> Iterator[Record]:
        for stat in self.store.list(keys.IMAGES):
            on_progress(stat.key)
            image_id = keys.id_of_record(stat.key)
            if image_id is None:
                continue
            try:
                record, _ = read_record(self.store, image_id)
            except (NotFound, DamagedRecord):
                continue
            if (
                record.state == "live"
                and self._copies.sizes(record)
                and not is_beyond(record.width, record.height, self.renderer.limits)
            ):
                yield record

    def _prepare(self, record: Record) -> Prepared:
        try:
            prefix = keys.working_copies(record.id)
            there = {stat.key for stat in self.store.list(prefix)}
            missing = [
                size
                for size in self._copies.sizes(record)
                if self._copies.key(record, size) not in there
            ]
            if not missing:
                return Prepared("complete", record.id)
            with Sources(self.store, self._library, self.folder) as sources:
                add_copies(self._copies, self.renderer, sources, record, missing)
        except NotFound:
            return Prepared("complete", record.id)
        except (ProgImageError, FileNotFoundError) as error:
            return Prepared("failed", record.id, reason=str(error))
        return Prepared("made", record.id, len(missing))
