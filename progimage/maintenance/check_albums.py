"""Check that every album can be read, and that every note in a list has its album."""

from __future__ import annotations

from collections.abc import Iterator

from progimage.errors import DamagedRecord, NotFound
from progimage.library import owner_keys
from progimage.library.albums import Album, Albums, note_of
from progimage.maintenance.findings import Checking, Finding


def check_albums(checking: Checking) -> Iterator[Finding]:
    """Yield the findings; for a repair, notes without an album are removed.

    Young notes are left alone: an album is written after its note.
    """
    albums = Albums(checking.store)
    for stat in checking.listed(owner_keys.ALBUMS):
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
    for stat in checking.listed(owner_keys.ALBUM_LISTS):
        album_id = owner_keys.id_of_album_note(stat.key)
        if album_id is None:
            yield Finding("unknown key", stat.key)
        elif stat.modified <= checking.oldest_spared and not _is_right(albums, album_id, stat.key):
            yield checking.removed("note without album", stat.key)


def _is_right(albums: Albums, album_id: str, note: str) -> bool:
    try:
        album: Album = albums.find_for_link(album_id)
    except NotFound:
        return False
    except DamagedRecord:
        return True
    return note_of(album) == note
