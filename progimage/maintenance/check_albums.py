"""Check that every album can be read, and that every note in a list has its album."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from progimage.errors import DamagedRecord, NotFound
from progimage.library import owner_keys
from progimage.library.albums import Album, Albums, note_of
from progimage.maintenance.findings import Finding
from progimage.stores import ObjectStore


def check_albums(
    store: ObjectStore,
    *,
    repair: bool,
    oldest_spared: datetime,
    on_progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Finding]:
    """Yield the findings; with `repair`, notes without an album are removed.

    Notes younger than `oldest_spared` are left alone: an album is written after its note.
    """
    albums = Albums(store)
    for stat in store.list(owner_keys.ALBUMS):
        on_progress(stat.key)
        album_id = owner_keys.id_of_album(stat.key)
        if album_id is None:
            yield Finding("unknown key", stat.key)
            continue
        try:
            albums.find_for_link(album_id)
        except DamagedRecord:
            yield Finding("damaged album", stat.key)
        except NotFound:
            continue
    for stat in store.list(owner_keys.ALBUM_LISTS):
        on_progress(stat.key)
        album_id = owner_keys.id_of_album_note(stat.key)
        if album_id is None:
            yield Finding("unknown key", stat.key)
        elif stat.modified <= oldest_spared and not _is_right(albums, album_id, stat.key):
            if repair:
                store.delete(stat.key)
            yield Finding("note without album", stat.key, repair)


def _is_right(albums: Albums, album_id: str, note: str) -> bool:
    try:
        album: Album = albums.find_for_link(album_id)
    except NotFound:
        return False
    except DamagedRecord:
        return True
    return note_of(album) == note
