"""Which albums a request may see, and the pictures of albums that it may see."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

import falcon

from progimage.access.signed_links import LinkSigner, path_of_album, path_of_any
from progimage.api.auth.authentication import viewer_of
from progimage.api.requests.query import SIGNATURE
from progimage.api.requests.search import QueryParameters
from progimage.api.responses.hal import Urls
from progimage.errors import DamagedRecord, LinkRefused, NotFound
from progimage.library import Library
from progimage.library.albums import Album, Albums, can_edit_album
from progimage.model import Record, Viewer
from progimage.stores.deadline import ContextThreads

# Threads of each web process that read records of albums.
_THREADS = 8

# What a signed link to an album shows of a private picture, whose record stays closed.
_SHOWN_BY_LINKS = (
    *("id", "title", "alt", "media_type", "width", "height", "frames", "has_alpha"),
    *("dominant_colour", "placeholder", "visibility"),
)

# Pictures that are looked at to find one that can stand for an album.
_COVERS = 5


class SeenAlbum(NamedTuple):
    """An album that a request may see.

    Attributes:
        viewer: whose pictures it shows; by a signed link, those of the album's owner.
        ends_s: when the signed link expires, in seconds since 1970; None without one.
    """

    album: Album
    viewer: Viewer
    ends_s: int | None = None


class AlbumReader:
    """Reads albums and their pictures for requests."""

    def __init__(
        self, albums: Albums, library: Library, signer: LinkSigner | None, urls: Urls
    ) -> None:
        self._albums = albums
        self._library = library
        self._signer = signer
        self._urls = urls
        self._threads = ContextThreads(_THREADS, thread_name_prefix="albums")

    def find(self, req: falcon.Request, album_id: str, parameters: QueryParameters) -> SeenAlbum:
        """Return the album that a request names, if it may see it.

        Raises:
            NotFound: there is none, or none that the client may see.
            LinkRefused: the signature is not valid, and the client may see the album.
        """
        viewer, signature = viewer_of(req), parameters.one(SIGNATURE)
        if signature is None:
            return SeenAlbum(self._albums.find(viewer, album_id), viewer)
        try:
            if self._signer is None:
                raise LinkRefused("sig: this service has no key to sign links with")
            grant = self._signer.verify(signature, {"this": path_of_album(album_id)})
        except LinkRefused:
            self._albums.find(viewer, album_id)
            raise
        album = self._albums.find_for_link(album_id)
        return SeenAlbum(album, Viewer(name=album.owner), grant.expires_s)

    def records(self, viewer: Viewer, image_ids: Iterable[str]) -> list[Record]:
        """Return the records that a viewer may see of some pictures, in order."""
        found = self._threads.map(partial(self._record, viewer), image_ids)
        return [record for record in found if record is not None]

    def documents(self, seen: SeenAlbum, image_ids: Iterable[str]) -> list[dict[str, Any]]:
        """Return the documents about pictures of an album, with signed links if it has one."""
        return [self._document(seen, r) for r in self.records(seen.viewer, image_ids)]

    def albums(self, seen: Iterable[SeenAlbum]) -> list[dict[str, Any]]:
        """Return the documents about albums."""
        return list(self._threads.map(self.album, seen))

    def album(self, seen: SeenAlbum) -> dict[str, Any]:
        """Return the document about an album."""
        album, is_owner = seen.album, can_edit_album(seen.viewer, seen.album)
        facts = album.model_dump(mode="json", exclude={"images", *(album.model_extra or ())})
        covers = (self._record(seen.viewer, image_id) for image_id in album.covers[:_COVERS])
        cover = next((record for record in covers if record is not None), None)
        facts["cover"] = cover.id if cover else None
        if is_owner and seen.ends_s is None:
            facts["count"] = len(album.images)
        base = f"/albums/{album.id}/"
        links = {"self": self._urls.link(base), "images": self._urls.link(f"{base}images/")}
        if is_owner and seen.ends_s is None:
            links["links"] = self._urls.link(f"{base}links/")
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
        left_s = max(1, seen.ends_s - int(time.time()))
        token, _ = self._signer.sign(path_of_any(record.id), left_s, "any")
        href = self._urls.relative(f"/images/{record.id}/{{+pipeline}}?{SIGNATURE}={token}")
        links = {"self": document["_links"]["self"]} if record.is_public else {}
        return {**document, "_links": {**links, "rendition": {"href": href, "templated": True}}}
