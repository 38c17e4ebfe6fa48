"""`/albums/` and `/albums/<id>/`: create, list, read, edit and remove albums."""

from __future__ import annotations

import falcon

from progimage.api.auth.authentication import author_of, viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, documented
from progimage.api.openapi.pages import page_size
from progimage.api.parts import Parts
from progimage.api.requests import note_cursor
from progimage.api.requests.conditional import match_holds
from progimage.api.requests.json_body import read_json
from progimage.api.requests.media_type import check_media_type
from progimage.api.requests.preconditions import required_if_match
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.albums.documents import ALBUM, ALBUM_ID, ALBUMS, AlbumFields
from progimage.api.resources.albums.reading import SeenAlbum
from progimage.api.resources.listing import CURSOR
from progimage.errors import Forbidden, InvalidField, Overloaded, Unauthenticated
from progimage.library import owner_keys
from progimage.library.albums import Album
from progimage.model import Viewer

_PAGING = (page_size("albums", 100, 20), CURSOR)
_PATCH_TYPES = ("application/merge-patch+json", "application/json")


class AlbumResource:
    """The albums of an account, and one album."""

    def __init__(self, parts: Parts) -> None:
        self._albums = parts.albums
        self._reader = parts.album_reader
        self._settings = parts.settings
        self._urls = parts.urls

    @documented(
        "albums",
        "albums",
        {200: Answer("A page.", {schemas.JSON: ALBUMS}, ("Cache-Control",))},
        parameters=_PAGING,
        errors=(Unauthenticated,),
    )
    def on_get_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page of the albums of the sender, the newest first."""
        parameters = QueryParameters(pairs(req), _PAGING)
        limit = parameters.whole_number("limit")
        viewer = author_of(req)
        albums, following = note_cursor.page(
            parameters,
            limit,
            lambda after: self._albums.list(viewer.name, after),
            owner_keys.albums_of(viewer.name),
            owner_keys.id_of_album_note,
            "album",
        )
        _set_private(resp)
        resp.media = {
            "kind": "Collection",
            "data": self._reader.albums(SeenAlbum(album, viewer) for album in albums),
            "next": self._urls.relative(f"/albums/?{following}") if following else None,
        }

    @documented(
        "album",
        "albums",
        {201: Answer("The album.", {schemas.HAL: ALBUM}, ("Location", "ETag"))},
        body=Content({schemas.JSON: AlbumFields}, examples={schemas.JSON: {"title": "Harbours"}}),
    )
    def on_post_all(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Create an album."""
        viewer = author_of(req)
        sent = read_json(req, self._settings.upload, AlbumFields)
        if not sent.title:
            raise InvalidField("title: missing; expected a string of 1 to 200 characters")
        self._check_visible(viewer, sent.changes().get("images", ()))
        default = {"visibility": "private" if viewer.name else "public"}
        album = self._albums.create(viewer.name, {**default, **sent.changes()})
        resp.status = falcon.HTTP_201
        resp.location = self._urls.absolute(req, f"/albums/{album.id}/")
        self._respond(resp, SeenAlbum(album, viewer))

    @documented(
        "album",
        "albums",
        {200: Answer("The album.", {schemas.HAL: ALBUM}, ("ETag", "Cache-Control"))},
        parameters=(ALBUM_ID, schemas.SIGNATURE),
        errors=(Overloaded,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, album_id: str) -> None:
        """Send an album; its pictures are at `/albums/{album_id}/images/`.

        Its version, `revision`, `modified` and the ETag, is for its owner.
        """
        parameters = QueryParameters(pairs(req), (schemas.SIGNATURE,))
        self._respond(resp, self._reader.find(req, album_id, parameters))

    @documented(
        "album",
        "albums",
        {200: Answer("The album.", {schemas.HAL: ALBUM}, ("ETag",))},
        parameters=(
            ALBUM_ID,
            schemas.IF_MATCH,
        ),
        body=Content(dict.fromkeys(_PATCH_TYPES, AlbumFields)),
        errors=(Forbidden, 415),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response, album_id: str) -> None:
        """Apply a JSON merge patch (RFC 7396) to the version in If-Match.

        `images` sets the pictures and their order.
        """
        check_media_type(
            req, _PATCH_TYPES, f"send a JSON merge patch as {' or '.join(_PATCH_TYPES)}"
        )
        if_match = required_if_match(req, "album")
        viewer = viewer_of(req)
        before = self._albums.find_to_edit(viewer, album_id)
        sent = read_json(req, self._settings.upload, AlbumFields)
        changes = sent.changes()
        if changes.get("title") == "":
            raise InvalidField("title: expected a string of 1 to 200 characters")
        self._check_visible(viewer, set(changes.get("images", ())) - set(before.images))
        album = self._albums.change(
            viewer,
            album_id,
            lambda current: _with_valid_cover(current.model_copy(update=changes), changes),
            lambda current: match_holds(if_match, etag_of(current)),
        )
        self._respond(resp, SeenAlbum(album, viewer))

    @documented(
        "album",
        "albums",
        {204: Answer("The album is removed; its pictures stay.")},
        parameters=(ALBUM_ID,),
        errors=(Forbidden,),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response, album_id: str) -> None:
        """Remove the album; its pictures stay."""
        self._albums.remove(viewer_of(req), album_id)
        resp.status = falcon.HTTP_204

    def _check_visible(self, viewer: Viewer, image_ids: object) -> None:
        """Raise `InvalidField` unless the viewer may see all of these pictures."""
        ids = list(image_ids) if isinstance(image_ids, tuple | set) else []
        seen = {record.id for record in self._reader.records(viewer, ids)}
        missing = next((image_id for image_id in ids if image_id not in seen), None)
        if missing is not None:
            raise InvalidField(f"images: there is no picture {missing}")

    def _respond(self, resp: falcon.Response, seen: SeenAlbum) -> None:
        resp.media = self._reader.album(seen)
        resp.content_type = "application/hal+json"
        # It would tell others of changes to hidden pictures.
        if seen.is_by_owner:
            resp.set_header("ETag", f'"{etag_of(seen.album)}"')
        _set_private(resp)


def etag_of(album: Album) -> str:
    """Return the ETag of an album's current version."""
    return f"{album.revision}-{album.id}"


def _with_valid_cover(album: Album, changes: dict[str, object]) -> Album:
    """Return the album without a cover that is no longer one of its pictures."""
    if "cover" in changes or album.cover in album.images:
        return album
    return album.model_copy(update={"cover": ""})


def _set_private(resp: falcon.Response) -> None:
    resp.set_header("Cache-Control", "private, no-store")
