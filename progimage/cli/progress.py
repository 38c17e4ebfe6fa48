"""Progress over the objects of a store, with totals and the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.progress import Progress, TaskID

from progimage.cli.terminal import bar
from progimage.stores import ObjectStore


@contextmanager
def progress_of(store: ObjectStore, sections: Mapping[str, str]) -> Iterator[Callable[[str], None]]:
    """Yield a function to call with each key; it shows a bar on a terminal.

    Args:
        sections: the name of the keys with each prefix. The keys of a section are counted
            at the first of them, so that the bar has a total.
    """
    with bar() as progress:
        yield (lambda _: None) if progress.disable else _Sections(store, sections, progress).count


class _Sections:
    def __init__(self, store: ObjectStore, sections: Mapping[str, str], progress: Progress) -> None:
        self._store = store
        self._sections = sections
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def count(self, key: str) -> None:
        prefix = next((p for p in self._sections if key.startswith(p)), "")
        if prefix not in self._tasks:
            total = sum(1 for _ in self._store.list(prefix)) if prefix else None
            name = self._sections.get(prefix, "other")
            self._tasks[prefix] = self._progress.add_task(name, total=total, note="")
        self._progress.advance(self._tasks[prefix])
