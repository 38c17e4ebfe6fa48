"""How far a command over a store has come."""

from __future__ import annotations

import io

from rich.console import Console
from rich.progress import Progress

from progimage.cli import progress as module
from progimage.cli.progress import progress_of
from progimage.stores.memory import MemoryStore

KEYS = ["jobs/" + "ab" * 16 + "/a.json", "jobs/" + "cd" * 16 + "/a.json", "strange"]


def test_keys_are_counted_by_section_and_each_section_has_its_total(monkeypatch):
    store = MemoryStore()
    for key in KEYS:
        store.put(key, io.BytesIO(b"x"), media_type="text/plain")
    bar = Progress(console=Console(file=io.StringIO()))
    monkeypatch.setattr(module, "bar", lambda: bar)
    with progress_of(store, {"jobs/": "jobs"}) as count:
        for key in KEYS:
            count(key)
    found = [(task.description, task.completed, task.total) for task in bar.tasks]
    assert found == [("jobs", 2, 2), ("other", 1, None)]


def test_without_a_terminal_nothing_is_listed():
    with progress_of(MemoryStore(), {"jobs/": "jobs"}) as count:
        count("jobs/a")
