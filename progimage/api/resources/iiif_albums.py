"""`/iiif/manifest/album/<id>`: manifests of albums."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import falcon

from progimage.access.admission import Admission
from progimage.api.auth.authentication import viewer_of
from progimage.api.fronts.iiif.geometry import SizeLimits
from progimage.api.fronts.iiif.presentation import Presenter
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.albums.documents import ALBUM_ID
from progimage.api.resources.albums.reading import SeenAlbum
from progimage.api.resources.iiif_manifests import (
    ANSWERS,
    MAX_CANVASES,
    PAGE,
    list_of_manifests,
    page_parameter,
    range_text,
    send_manifest,
)
from progimage.api.responses.delivery import PRIVATE
from progimage.api.responses.viewers import facts_caching, without_texts
from progimage.errors import InvalidLink, LinkExpired, NotFound, Overloaded
from progimage.library.albums import MAX_PICTURES
from progimage.model import ANONYMOUS, Record

_MAX_MANIFESTS = MAX_PICTURES // MAX_CANVASES

# Manifests at a time in one web process: each may read all records of an album.
PLACES = 8
_PAGE = page_parameter(_MAX_MANIFESTS)


class AlbumManifests:
    """Sends manifests of albums."""

    def __init__(self, parts: Parts) -> None:
        self._reader = parts.album_reader
        self._limits = SizeLimits.of(parts.limits)
        self._urls = parts.urls
        self._admission = Admission(PLACES, "manifests of albums")

    @documented(
        "album_manifest",
        "viewers",
        ANSWERS,
        parameters=(
            in_path(
                "album",
                "Id of an album; `~` and the signature of a link to it may follow.",
                ALBUM_ID.example,
                (NotFound, InvalidLink, LinkExpired),
            ),
            _PAGE,
            schemas.ACCEPT,
            schemas.IF_NONE_MATCH,
        ),
        errors=(Overloaded,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, album: str) -> None:
        """Send a manifest of the pictures of an album, in its order.

        It has the public pictures; with a signature, also the private ones of the album's owner.
        If there are more pictures than fit into a manifest, the answer is a collection of
        manifests.
        """
        parameters = QueryParameters(pairs(req), (_PAGE,))
        number = parameters.whole_number(PAGE)
        album_id, tilde, signature = album.partition("~")
        viewer = viewer_of(req)
        seen = self._reader.find_by_signature(viewer, album_id, signature if tilde else None)
        page = number if PAGE in parameters else None
        with self._admission.admit():
            document = self._document(req, seen, page)
        is_public = seen.signature is None and not viewer.name
        send_manifest(req, resp, document, facts_caching() if is_public else PRIVATE)

    def _document(
        self, req: falcon.Request, seen: SeenAlbum, page: int | None
    ) -> Mapping[str, Any]:
        """Return the manifest of this number, or without one that of the album.

        Raises:
            NotFound: it would be empty.
        """
        # Viewers send no token with their requests for tiles.
        viewer = ANONYMOUS if seen.signature is None else seen.viewer
        number = page or 1
        most = MAX_PICTURES if page is None else number * MAX_CANVASES
        records = self._reader.first_records(viewer, seen.album.images, most)
        chosen = records[(number - 1) * MAX_CANVASES : number * MAX_CANVASES]
        if not chosen:
            raise NotFound("there is no picture to show, and no manifest is empty")
        presenter = Presenter(partial(self._urls.absolute, req), self._limits)
        path, title = seen.manifest_path, seen.album.title
        if page is None and len(records) > MAX_CANVASES:
            manifests = list_of_manifests(len(records), lambda page: f"{path}?{PAGE}={page}")
            return presenter.collection(manifests, path, title, f"{len(records):,} pictures")
        query = f"?{PAGE}={number}" if page else ""
        summary = seen.album.description or f"Pictures {range_text(number, len(chosen))}"
        pictures = [self._shown(seen, record) for record in chosen]
        return presenter.of_pictures(pictures, path + query, title, summary)

    def _shown(self, seen: SeenAlbum, record: Record) -> tuple[Record, str]:
        return without_texts(record), self._reader.segment(seen, record)
