"""Albums: ordered collections of pictures, each an object in the store.

An album has the ids of its pictures, not copies of them. A picture that is deleted or hidden
is left out when the album is read, and comes back if it is restored or shown again.

    create   note in the owner's list · album, created
    change   album, swapped
    remove   album · note

The album is the commit. A crash between two steps leaves a note without an album, which
lists skip and `progimage check --repair` removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ConfigDict

from progimage import keys
from progimage.errors import (
    Conflict,
    DamagedRecord,
    Forbidden,
    InvalidField,
    KeyMissing,
    NotFound,
    Overloaded,
    PreconditionFailed,
)
from progimage.library import owner_keys
from progimage.library.edits import ATTEMPTS, TICK
from progimage.model import Frozen, Viewer, Visibility
from progimage.stores import ABSENT, ObjectStore, json_objects

MAX_PICTURES = 5_000
"""Pictures of one album: each change writes all their ids."""


class Album(Frozen):
    """An album.

    Attributes:
        owner: "" is the default owner.
        revision: 1 at first, one more with each change.
        cover: the id of one of its pictures; "" for the first.
        images: ids of pictures, in order.
    """

    # Fields that a newer version of the service added are stored again unchanged.
    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    owner: str = ""
    revision: int = 1
    title: str
    description: str = ""
    visibility: Visibility = "private"
    cover: str = ""
    images: tuple[str, ...] = ()
    created: datetime
    modified: datetime

    @property
    def covers(self) -> tuple[str, ...]:
        """The pictures that can stand for the album, the first choice first."""
        return (self.cover, *self.images) if self.cover else self.images


@dataclass(frozen=True, slots=True)
class Albums:
    """The albums of one store."""

    store: ObjectStore
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def create(self, owner: str, fields: dict[str, Any]) -> Album:
        """Store a new album of `owner`.

        Raises:
            InvalidField: it should be private but has no owner, or has too many pictures.
        """
        now = self.clock()
        album = _checked(
            Album(id=keys.new_token(), owner=owner, created=now, modified=now, **fields)
        )
        json_objects.put_empty(self.store, note_of(album))
        json_objects.save(self.store, owner_keys.album(album.id), album, ABSENT)
        return album

    def find(self, viewer: Viewer, album_id: str) -> Album:
        """Return an album that `viewer` may see.

        Raises:
            NotFound: there is none, or none that the viewer may see (the same error).
        """
        return self._read_visible(viewer, album_id)[0]

    def find_to_edit(self, viewer: Viewer, album_id: str) -> Album:
        """Return an album that `viewer` may change.

        Raises:
            NotFound: there is none, or none that the viewer may see.
            Forbidden: it belongs to another owner.
        """
        return self._read_editable(viewer, album_id)[0]

    def find_for_link(self, album_id: str) -> Album:
        """Return an album without a visibility check: for signed links.

        Raises:
            NotFound: there is none.
        """
        return self._read(album_id)[0]

    def change(
        self,
        viewer: Viewer,
        album_id: str,
        change: Callable[[Album], Album],
        is_expected: Callable[[Album], bool] = lambda _: True,
    ) -> Album:
        """Replace an album with the result of `change` for its current version.

        `change` is called again if another process changed the album meanwhile.

        Raises:
            NotFound: there is no such album for this viewer.
            Forbidden: it belongs to another owner.
            PreconditionFailed: the current version is not the expected one.
            InvalidField: the result is not a valid album.
            Overloaded: too many others are changing it.
        """
        for _ in range(ATTEMPTS):
            album, etag = self._read_editable(viewer, album_id)
            if not is_expected(album):
                raise PreconditionFailed(
                    "another client has changed the album since; read it again and send the ETag "
                    "you get as If-Match"
                )
            changed = _checked(change(album))
            if changed == album:
                return album
            changed = changed.model_copy(
                update={
                    "revision": album.revision + 1,
                    "modified": max(self.clock(), album.modified + TICK),
                }
            )
            try:
                json_objects.save(self.store, owner_keys.album(album_id), changed, etag)
            except Conflict:
                continue
            return changed
        raise Overloaded("this album is being changed by other requests; try again")

    def remove(self, viewer: Viewer, album_id: str) -> None:
        """Remove an album; its pictures stay.

        Raises:
            NotFound: there is no such album for this viewer.
            Forbidden: it belongs to another owner.
        """
        album, _ = self._read_editable(viewer, album_id)
        self.store.delete(owner_keys.album(album_id))
        self.store.delete(note_of(album))

    def list(self, owner: str, after: str = "") -> Iterator[tuple[str, Album]]:
        """Yield the albums of an owner with their notes, the newest first.

        Args:
            after: the note of the last album of the page before.
        """
        for stat in self.store.list(owner_keys.albums_of(owner), after):
            album_id = owner_keys.id_of_album_note(stat.key)
            if album_id is None:
                continue
            try:
                album, _ = self._read(album_id)
            except (NotFound, DamagedRecord):
                continue
            if note_of(album) == stat.key:
                yield stat.key, album

    def _read(self, album_id: str) -> tuple[Album, str]:
        if not keys.is_token(album_id):
            raise _not_found(album_id)
        try:
            complaint = f"the album {album_id} is damaged; its operator can restore it"
            return json_objects.load(self.store, owner_keys.album(album_id), Album, complaint)
        except KeyMissing:
            raise _not_found(album_id) from None

    def _read_visible(self, viewer: Viewer, album_id: str) -> tuple[Album, str]:
        album, etag = self._read(album_id)
        if album.visibility == "private" and not can_edit_album(viewer, album):
            raise _not_found(album_id)
        return album, etag

    def _read_editable(self, viewer: Viewer, album_id: str) -> tuple[Album, str]:
        album, etag = self._read_visible(viewer, album_id)
        if not can_edit_album(viewer, album):
            raise Forbidden(
                f"album {album_id} belongs to another owner; only its owner may change it"
            )
        return album, etag


def can_edit_album(viewer: Viewer, album: Album) -> bool:
    """Return True if the viewer may change an album: only its owner may."""
    return album.owner == viewer.name if album.owner else viewer.may_act_for_default_owner


def note_of(album: Album) -> str:
    """Return the key of an album in its owner's list."""
    return owner_keys.album_note(album.owner, album.created, album.id)


def with_images(
    album: Album, added: tuple[str, ...], removed: frozenset[str], before: str | None
) -> Album:
    """Return an album with pictures added, moved and removed.

    Args:
        added: ids that are put in front of `before`, or at the end; those that are in the
            album already are moved.
        before: the id of a picture of the album; the end if it is not in there.
    """
    moved = removed | set(added)
    at = album.images.index(before) if before in album.images else len(album.images)
    front = [image_id for image_id in album.images[:at] if image_id not in moved]
    back = [image_id for image_id in album.images[at:] if image_id not in moved]
    images = (*front, *(i for i in dict.fromkeys(added) if i not in removed), *back)
    cover = album.cover if album.cover in images else ""
    return album.model_copy(update={"images": images, "cover": cover})


def _checked(album: Album) -> Album:
    """Return the album; raise `InvalidField` if it cannot be stored."""
    if album.visibility == "private" and not album.owner:
        raise InvalidField(
            "visibility: a private album needs an owner; send it with the access token or API "
            "key of an account"
        )
    if len(album.images) > MAX_PICTURES:
        raise InvalidField(f"images: an album has at most {MAX_PICTURES:,} pictures")
    if album.cover and album.cover not in album.images:
        raise InvalidField("cover: expected the id of a picture of the album")
    return album


def _not_found(album_id: str) -> NotFound:
    shown = album_id if keys.is_token(album_id) else "of that id"
    return NotFound(f"there is no album {shown}")
