"""Sweeping: removes announcements that are in shelves or whose record was never written."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from progimage.library.index import keys
from progimage.library.index.index import GRACE, Index
from progimage.library.index.view import View


def sweep(index: Index, older_than: timedelta = GRACE) -> int:
    """Remove the announcements that no process needs any more; return how many.

    These are announcements that this process has seen in the shelves for long enough, and those
    whose record was never written: the writer died, or announces again (see
    `Announced.confirm`).
    """
    view, now = index.view(), index.seconds()
    due = [key for key, since in view.shelved_since.items() if now - since >= index.sweep_after_s]
    due += unsettled(view, older_than)
    index.each(index.store.delete, due)
    return len(due)


def unsettled(view: View, older_than: timedelta) -> list[str]:
    """Return the announcements of at least this age whose record was never written."""
    oldest = datetime.now(UTC) - older_than
    found = []
    for key, written in view.announced.items():
        change = keys.announcement(key)
        state = view.states.get(change.position) if change and written <= oldest else None
        if state and not state.is_damaged and change in state.unsettled:
            found.append(key)
    return found


def remove_retired(index: Index, older_than: timedelta) -> int:
    """Remove shelves that were replaced long enough ago; return how many."""
    view, now = index.view(), int(time.time())
    due = [s for s in view.manifest.retired if now - s.at >= older_than.total_seconds()]
    index.each(lambda shelf: index.store.delete(keys.shelf(shelf.name)), due)
    return len(due)


def remove_unnamed(index: Index, older_than: timedelta = GRACE) -> int:
    """Remove old shelves of folds that died or lost; return how many.

    A fold publishes within ten minutes or not at all, so `older_than` must be longer.
    """
    due = unnamed(index, older_than)
    index.each(index.store.delete, due)
    return len(due)


def unnamed(index: Index, older_than: timedelta) -> list[str]:
    """Return the keys of shelves of at least this age that no manifest names."""
    limit = datetime.now(UTC) - older_than
    found = [stat.key for stat in index.store.list(keys.SHELVES) if stat.modified <= limit]
    named = index.view().manifest.names if found else frozenset()
    return [key for key in found if (name := keys.name_of_shelf(key)) and name not in named]
