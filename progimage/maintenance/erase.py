"""Remove an account and everything that belongs to it, when a person asks for that.

The account is disabled first and removed last, when a whole pass has found nothing more. So
uploads that were running are found too, and an interrupted run can be repeated. Jobs are removed
before pictures, because they add pictures. Events of webhooks that were given up are removed too;
those that wait are sent, because they inform receivers of the removals. Finally the shelves of the
index are rewritten, so that they contain no words of the account's pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from progimage.access.accounts.sign_in import disabled
from progimage.access.accounts.users import Users
from progimage.errors import DamagedRecord, NotFound, Overloaded
from progimage.ingest.resumable import keys as upload_keys
from progimage.ingest.resumable import state
from progimage.ingest.resumable.state import ResumableUpload
from progimage.jobs.retention import remove_all_of
from progimage.library import Library, owner_keys
from progimage.library.albums import Albums
from progimage.library.events import NO_EVENTS, Events
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.maintenance.index_upkeep import forget
from progimage.model import Viewer
from progimage.stores import ObjectStore
from progimage.stores.json_objects import delete_all, find
from progimage.telemetry import audit
from progimage.webhooks.queue import forget_failed

Kind = Literal["picture", "album", "job", "upload", "account"]

_PASSES = 10


@dataclass(frozen=True, slots=True)
class Erased:
    """Something that was removed: its kind and its id or name."""

    kind: Kind
    name: str


def erase(
    store: ObjectStore,
    name: str,
    on_progress: Callable[[str], None] = lambda _: None,
    index: Index | None = None,
    events: Events = NO_EVENTS,
) -> Iterator[Erased]:
    """Remove the pictures, albums, jobs, uploads and finally the account of `name`; yield each.

    If there is no account, the remains of a former one are still removed.

    Args:
        events: takes the events of the pictures.

    Raises:
        Overloaded: each pass finds more; something still adds to it.
    """
    index = index or Index(store)
    index.require()
    with suppress(NotFound, DamagedRecord):
        Users(store).change(name, disabled)
    library = Library(store, index=index, events=events)
    for _ in range(_PASSES):
        is_clean = True
        for erased in _one_pass(store, index, library, name, on_progress):
            is_clean = False
            yield erased
        if is_clean:
            break
    else:
        raise Overloaded(
            f"new objects of {name!r} keep appearing; stop what adds them, and try again"
        )
    delete_all(store, owner_keys.external_ids_of(name))
    store.delete(owner_keys.usage(name))
    forget_failed(store, name)
    forget(index)
    if Users(store).remove(name):
        audit.record("account", account=name, erased=True)
        yield Erased("account", name)


def _one_pass(
    store: ObjectStore,
    index: Index,
    library: Library,
    name: str,
    on_progress: Callable[[str], None],
) -> Iterator[Erased]:
    for job_id in remove_all_of(store, name):
        on_progress(job_id)
        yield Erased("job", job_id)
    yield from _uploads(store, name, on_progress)
    viewer, albums = Viewer(name=name), Albums(store)
    for _, album in albums.list(name):
        on_progress(album.id)
        with suppress(NotFound):
            albums.remove(viewer, album.id)
            yield Erased("album", album.id)
    for records in Catalogue(index).every(viewer, Query(owner=name)):
        for record in records:
            on_progress(record.id)
            with suppress(NotFound):
                library.remove(viewer, record.id)
                yield Erased("picture", record.id)
    for _, record in library.trash.list(name):
        on_progress(record.id)
        with suppress(NotFound):
            library.remove(viewer, record.id, from_trash=True)
            yield Erased("picture", record.id)


def _uploads(store: ObjectStore, name: str, on_progress: Callable[[str], None]) -> Iterator[Erased]:
    for upload_id in state.ids(store):
        on_progress(upload_id)
        with suppress(DamagedRecord):
            upload = find(store, upload_keys.record(upload_id), ResumableUpload)
            if upload is not None and upload.owner == name:
                state.remove(store, upload_id)
                yield Erased("upload", upload_id)
