"""`/albums/<id>/images/` and `/albums/<id>/links/`: the pictures of an album, and links to it."""

from __future__ import annotations

from functools import partial

import falcon

from progimage.access.signed_links import path_of_album
from progimage.api.auth.authentication import viewer_of
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Content, Parameter, documented
from progimage.api.openapi.pages import page_size
from progimage.api.parts import Parts
from progimage.api.requests.json_body import read_json
from progimage.api.requests.links import with_limits
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.albums.documents import (
    ALBUM_ID,
    CHANGED,
    PICTURES,
    AlbumChange,
    AlbumLinkRequest,
)
from progimage.api.responses import problems
from progimage.api.responses.signed_link import SignedLink
from progimage.errors import (
    Forbidden,
    InvalidField,
    NoLinkKey,
    NotFound,
    Overloaded,
    TransformNotAllowed,
)
from progimage.library.albums import with_images

_QUERY = (
    schemas.SIGNATURE,
    page_size("pictures", 200, 50),
    Parameter(
        "cursor",
        "Go on after the picture with this id, as `next` of the page before does.",
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    ),
)


class AlbumPictures:
    """The pictures of one album, and signed links to it."""

    def __init__(self, parts: Parts) -> None:
        self._albums = parts.albums
        self._reader = parts.album_reader
        self._policy = parts.policy
        self._writer = parts.links
        self._settings = parts.settings
        self._urls = parts.urls
        self._link_model = with_limits(AlbumLinkRequest, parts.settings)

    @documented(
        "album_images",
        "albums",
        {200: Answer("A page.", {schemas.JSON: PICTURES}, ("Cache-Control",))},
        parameters=(ALBUM_ID, *_QUERY),
        errors=(Overloaded,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, album_id: str) -> None:
        """Send a page of the pictures of an album that the client may see, in order.

        By a signed link to the album, each picture has a link to its renditions that works as
        long.
        """
        parameters = QueryParameters(pairs(req), _QUERY)
        limit = parameters.whole_number("limit")
        seen = self._reader.find(req, album_id, parameters)
        records, last = self._reader.page(seen, limit, parameters.one("cursor"))
        next_page = None
        if last is not None:
            query = parameters.encoded(("cursor",), cursor=last)
            next_page = self._urls.relative(f"/albums/{album_id}/images/?{query}")
        resp.set_header("Cache-Control", "private, no-store")
        resp.media = {
            "kind": "Collection",
            "data": self._reader.documents(seen, records),
            "next": next_page,
        }

    @documented(
        "album_images",
        "albums",
        {
            200: Answer("The album is changed.", {schemas.JSON: CHANGED}),
            207: Answer("Some pictures were not added; each says why.", {schemas.JSON: CHANGED}),
        },
        parameters=(ALBUM_ID,),
        body=Content(
            {schemas.JSON: AlbumChange},
            examples={schemas.JSON: {"add": ["9c1e" * 16], "remove": ["77ab" * 16]}},
        ),
        errors=(Forbidden,),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response, album_id: str) -> None:
        """Add pictures to the album, move them in it, and remove them from it.

        There is no If-Match: changes by several clients at once are all made.
        """
        viewer = viewer_of(req)
        self._albums.find_to_edit(viewer, album_id)
        sent = read_json(req, self._settings.upload, AlbumChange)
        if not (sent.add or sent.remove):
            raise InvalidField("add, remove: expected ids of pictures in one of them")
        wanted = list(dict.fromkeys(sent.add))
        known = {record.id for record in self._reader.records(viewer, wanted)}
        added, removed = tuple(i for i in wanted if i in known), frozenset(sent.remove)
        album = self._albums.change(
            viewer, album_id, lambda current: with_images(current, added, removed, sent.before)
        )
        has_failed = len(added) < len(wanted)
        resp.status = falcon.HTTP_207 if has_failed else falcon.HTTP_200
        resp.media = {
            "msg": "some failed" if has_failed else "ok",
            "revision": album.revision,
            "count": len(album.images),
            "images": [
                {"id": i, "status": 200} if i in known else {"id": i, **_missing(i)} for i in wanted
            ],
        }

    @documented(
        "album_links",
        "albums",
        {200: Answer("The link.", {schemas.JSON: SignedLink}, ("Cache-Control",))},
        parameters=(ALBUM_ID,),
        body=Content(
            {schemas.JSON: partial(with_limits, AlbumLinkRequest)},
            examples={schemas.JSON: {"expires_in": 86400}},
        ),
        errors=(Forbidden, NoLinkKey, TransformNotAllowed),
    )
    def on_post_link(self, req: falcon.Request, resp: falcon.Response, album_id: str) -> None:
        """Sign a link that shows everybody the album and its owner's pictures in it, for a time.

        It shows renditions, not originals. Nothing is stored: the link is valid until it
        expires, or its album or key is removed.
        """
        viewer = viewer_of(req)
        album = self._albums.find_to_edit(viewer, album_id)
        self._writer.require_signer()
        self._policy.check_creation(None, is_account=bool(viewer.name))
        fields = read_json(req, self._settings.upload, self._link_model)
        path = path_of_album(album.id)
        self._writer.send(
            req, resp, path, fields.expires_in, address=f"{path}images/", album=album.id
        )


def _missing(image_id: str) -> dict[str, object]:
    return problems.of_error(NotFound(f"there is no picture {image_id}"))
