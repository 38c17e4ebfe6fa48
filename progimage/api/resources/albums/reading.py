"""Which albums a request may see, and the pictures of albums that it may see."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple

import falcon

from progimage.access.admission import Admission
from progimage.access.signed_links import path_of_album, path_of_any, path_of_iiif
from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.fronts.iiif.identifier import Identifier
from progimage.api.requests.query import SIGNATURE
from progimage.api.requests.search import QueryParameters
from progimage.errors import DamagedRecord, InvalidLink, InvalidRequest, NotFound
from progimage.library.albums import Album, can_edit_album
from progimage.model import Record, Viewer
from progimage.stores.deadline import ContextThreads

# Threads of each web process that read records of albums.
_THREADS = 8

# What a signed link to an album shows of a private picture, whose record stays closed.
_SHOWN_BY_LINKS = (
    *("id", "title", "alt", "media_type", "width", "height", "frames", "has_alpha"),
    *("dominant_colour", "placeholder", "visibility"),
)

# Records of an album that are read at a time, so that the threads serve requests in turn.
_WAVE = 64

# A request that reads more records than this needs one of a few places.
FREE_LOOKS = 512
PLACES = 8

# What tells of changes that the viewer may not see: pictures that are hidden, added, removed.
_FOR_OWNERS = ("revision", "modified")


class SeenAlbum(NamedTuple):
    """An album that a request may see.

    Attributes:
        viewer: whose pictures it shows; by a signed link, those of the album's owner.
        ends_s: when the signed link expires, in seconds since 1970; None without one.
        signature: of the link; None without one.
    """

    album: Album
    viewer: Viewer
    ends_s: int | None = None
    signature: str | None = None

    @property
    def is_by_owner(self) -> bool:
        """True if its owner reads it, not by a link."""
        return self.ends_s is None and can_edit_album(self.viewer, self.album)

    @property
    def manifest_path(self) -> str:
        """The path of the album's manifest for viewers, signed if the album is."""
        signature = f"~{self.signature}" if self.signature else ""
        return f"/iiif/manifest/album/{self.album.id}{signature}"


class AlbumReader:
    """Reads albums and their pictures for requests."""

    def __init__(self, parts: Components) -> None:
        self._albums = parts.albums
        self._library = parts.library
        self._signer = parts.signer
        self._urls = parts.urls
        self._has_manifests = parts.settings.iiif.enabled
        self._long_looks = Admission(PLACES, "albums of hidden pictures")
        self._threads = ContextThreads(_THREADS, thread_name_prefix="albums")
        # Others than those that read records, since each of these waits for some of those.
        self._list_threads = ContextThreads(_THREADS, thread_name_prefix="lists of albums")

    def find(self, req: falcon.Request, album_id: str, parameters: QueryParameters) -> SeenAlbum:
        """Return the album that a request names, if it may see it.

        Raises:
            NotFound: there is none, or none that the client may see.
            InvalidLink: the signature is not valid, and the client may see the album.
        """
        return self.find_by_signature(viewer_of(req), album_id, parameters.one(SIGNATURE))

    def find_by_signature(self, viewer: Viewer, album_id: str, signature: str | None) -> SeenAlbum:
        """Return an album as a viewer sees it, or a signed link shows it; see `find`."""
        if signature is None:
            return SeenAlbum(self._albums.find(viewer, album_id), viewer)
        try:
            if self._signer is None:
                raise InvalidLink("sig: this service has no key to sign links with")
            grant = self._signer.verify(signature, {"this": path_of_album(album_id)})
        except InvalidLink:
            self._albums.find(viewer, album_id)
            raise
        album = self._albums.find_for_link(album_id)
        return SeenAlbum(album, Viewer(name=album.owner), grant.expires_s, signature)

    def page(
        self, seen: SeenAlbum, limit: int, after: str | None
    ) -> tuple[list[Record], str | None]:
        """Return a page of the visible pictures of an album, and the id to go on after.

        The page is full if there are more, so it does not say how many pictures are hidden.

        Args:
            after: id of the last picture of the page before; None for the first page.

        Raises:
            InvalidRequest: the viewer does not see such a picture in the album.
        """
        images, start = seen.album.images, 0
        if after is not None:
            if after not in images or self._record(seen.viewer, after) is None:
                raise InvalidRequest(
                    "cursor: this picture is not in the album any more; begin with the first page"
                )
            start = images.index(after) + 1
        found = self.first_records(seen.viewer, images[start:], limit + 1)
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    def first_records(
        self, viewer: Viewer, image_ids: Sequence[str], most: int, *, is_limited: bool = True
    ) -> list[Record]:
        """Return the first records that a viewer may see of some pictures, in order.

        Hidden pictures do not shorten the result: more are read until there are `most`, or all
        are read.

        Args:
            is_limited: to read very many records needs one of a few places.

        Raises:
            Overloaded: all places are occupied.
        """
        found: list[Record] = []
        start, wave = 0, min(most, _WAVE)
        with ExitStack() as place:
            while len(found) < most and start < len(image_ids):
                if is_limited and start >= FREE_LOOKS:
                    place.enter_context(self._long_looks.admit())
                    is_limited = False
                found += self.records(viewer, image_ids[start : start + wave])
                start, wave = start + wave, min(2 * wave, _WAVE)
        return found[:most]

    def records(self, viewer: Viewer, image_ids: Iterable[str]) -> list[Record]:
        """Return the records that a viewer may see of some pictures, in order."""
        found = self._threads.map(partial(self._record, viewer), image_ids)
        return [record for record in found if record is not None]

    def documents(self, seen: SeenAlbum, records: Iterable[Record]) -> list[dict[str, Any]]:
        """Return the documents about pictures of an album, with signed links if it has one."""
        return [self._document(seen, record) for record in records]

    def segment(self, seen: SeenAlbum, record: Record) -> str:
        """Return the IIIF identifier of a picture of an album, signed if the album is."""
        if seen.ends_s is None or self._signer is None or record.owner != seen.album.owner:
            return record.id
        # The scope of links to albums, which do not show what the record says.
        token, _ = self._signer.sign(path_of_iiif(record.id), _left_s(seen.ends_s))
        return Identifier(image_id=record.id, signature=token).segment

    def albums(self, seen: Iterable[SeenAlbum]) -> list[dict[str, Any]]:
        """Return the documents about albums."""
        return list(self._list_threads.map(self.album, seen))

    def album(self, seen: SeenAlbum) -> dict[str, Any]:
        """Return the document about an album."""
        album, is_owner = seen.album, seen.is_by_owner
        left_out = {"images", *(album.model_extra or ()), *(() if is_owner else _FOR_OWNERS)}
        facts = album.model_dump(mode="json", exclude=left_out)
        covers = self.first_records(seen.viewer, album.covers, 1, is_limited=not is_owner)
        cover = next(iter(covers), None)
        facts["cover"] = cover.id if cover else None
        if is_owner:
            facts["count"] = len(album.images)
        base = f"/albums/{album.id}/"
        links = {"self": self._urls.link(base), "images": self._urls.link(f"{base}images/")}
        if is_owner:
            links["links"] = self._urls.link(f"{base}links/")
        if self._has_manifests:
            links["manifest"] = self._urls.link(seen.manifest_path)
        if cover:
            links["cover"] = self._document(seen, cover)["_links"].get("rendition", {})
        return {**facts, "_links": links}

    def _record(self, viewer: Viewer, image_id: str) -> Record | None:
        try:
            return self._library.find(viewer, image_id)
        except (NotFound, DamagedRecord):
            return None

    def _document(self, seen: SeenAlbum, record: Record) -> dict[str, Any]:
        document = self._urls.record(record)
        if seen.ends_s is not None and not record.is_public:
            document = {name: document[name] for name in (*_SHOWN_BY_LINKS, "_links")}
        if seen.ends_s is None or self._signer is None or record.owner != seen.album.owner:
            return document
        # A link to an album shows its pictures for as long as the link is valid.
        token, _ = self._signer.sign(path_of_any(record.id), _left_s(seen.ends_s), "any")
        href = self._urls.relative(f"/images/{record.id}/{{+pipeline}}?{SIGNATURE}={token}")
        links = {"self": document["_links"]["self"]} if record.is_public else {}
        return {**document, "_links": {**links, "rendition": {"href": href, "templated": True}}}


def _left_s(ends_s: int) -> int:
    return max(1, ends_s - int(time.time()))
