"""`/iiif/manifest/…`: manifests of the IIIF Presentation API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.fronts.iiif.geometry import SizeLimits
from progimage.api.fronts.iiif.identifier import read_identifier
from progimage.api.fronts.iiif.presentation import Presenter
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Parameter, documented, in_path
from progimage.api.parts import Parts
from progimage.api.requests.query import pairs
from progimage.api.requests.raw_path import raw_path
from progimage.api.requests.search import PARAMETERS, QueryParameters, query_of
from progimage.api.responses.delivery import PRIVATE
from progimage.api.responses.json_ld import JSON_LD, send_json_ld
from progimage.api.responses.viewers import facts_caching
from progimage.errors import (
    InvalidLink,
    LinkExpired,
    NotFound,
    OriginFailed,
    OriginTimeout,
    Overloaded,
)
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS

MAX_CANVASES = 1_000
"""Canvases of one manifest: a manifest cannot be read in parts."""

MAX_MANIFESTS = 100
"""Manifests of one collection."""

_MARK = "/iiif/manifest/"
PAGE = "page"
# Every picture in a manifest is public.
_CONDITIONS = tuple(each for each in PARAMETERS if each.name != "visibility")

ANSWERS = {
    200: Answer(
        "The manifest.",
        {JSON_LD: {"type": "object"}, schemas.JSON: {"type": "object"}},
        ("Cache-Control", "ETag", "Vary"),
    ),
    304: Answer("The client has this version.", {}, ("Cache-Control", "ETag", "Vary")),
}
_IDENTIFIER = in_path(
    "path",
    "The identifier of a picture, as in the Image API.",
    schemas.IMAGE_ID.example,
    (NotFound, InvalidLink, LinkExpired, OriginFailed, OriginTimeout),
)


def page_parameter(most: int) -> Parameter:
    """Return the parameter that names one of up to `most` manifests."""
    return Parameter(
        PAGE,
        f"Which {MAX_CANVASES:,} of the pictures, counted from 1; without it, all of them.",
        {"type": "integer", "minimum": 1, "maximum": most},
    )


_PAGE = page_parameter(MAX_MANIFESTS)


class Manifests:
    """Sends manifests of pictures and of searches."""

    def __init__(self, parts: Parts) -> None:
        self._responder = parts.to_viewers
        self._catalogue = parts.catalogue
        self._limits = SizeLimits.of(parts.limits)
        self._urls = parts.urls

    @documented(
        "manifest",
        "viewers",
        ANSWERS,
        parameters=(_IDENTIFIER, schemas.ACCEPT, schemas.IF_NONE_MATCH),
        errors=(Overloaded,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, path: str) -> None:
        """Send the manifest of a picture."""
        identifier = read_identifier(raw_path(req).partition(_MARK)[2].removesuffix("/"))
        shown = self._responder.find(req, identifier)
        document = self._presenter(req).of_picture(shown.record, identifier.segment)
        send_manifest(req, resp, document, shown.caching)

    @documented(
        "search_manifest",
        "viewers",
        ANSWERS,
        parameters=(
            *_CONDITIONS,
            _PAGE,
            schemas.ACCEPT,
            schemas.IF_NONE_MATCH,
        ),
        errors=(NotFound,),
    )
    def on_get_search(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a manifest of the public pictures that match a search, newest first.

        If there are more pictures than fit into a manifest, the answer is a collection of
        manifests.
        """
        parameters = QueryParameters(pairs(req), (*_CONDITIONS, _PAGE))
        viewer = viewer_of(req)
        query = replace(query_of(parameters, viewer), visibility="public")
        label = _label(parameters)
        number = parameters.whole_number(PAGE)
        found = self._catalogue.first(
            ANONYMOUS, query, MAX_CANVASES, offset=(number - 1) * MAX_CANVASES
        )
        if not found.records:
            raise NotFound("no public picture matches this search, and no manifest is empty")
        if found.next is not None and PAGE not in parameters:
            document = self._collection(req, query, parameters, label)
        else:
            document = self._presenter(req).of_pictures(
                [(record, record.id) for record in found.records],
                _path(parameters.encoded(without=())),
                label,
                f"Pictures {range_text(number, len(found.records))}, newest first",
            )
        send_manifest(req, resp, document, PRIVATE if viewer.name else facts_caching())

    def _collection(
        self, req: falcon.Request, query: Query, parameters: QueryParameters, label: str
    ) -> Mapping[str, Any]:
        most = MAX_CANVASES * MAX_MANIFESTS
        # Counts are exact up to the end of the page that is asked for.
        total = self._catalogue.first(ANONYMOUS, query, 1, offset=most - 1).total
        count = min(total.count, most)
        summary = f"{count:,} pictures, newest first"
        if not total.is_exact or total.count > most:
            summary = f"The newest {count:,} pictures; there are more"
        manifests = list_of_manifests(
            count, lambda page: _path(parameters.encoded(without=(), page=page))
        )
        path = _path(parameters.encoded(without=()))
        return self._presenter(req).collection(manifests, path, label, summary)

    def _presenter(self, req: falcon.Request) -> Presenter:
        absolute: Callable[[str], str] = partial(self._urls.absolute, req)
        return Presenter(absolute, self._limits)


def send_manifest(
    req: falcon.Request, resp: falcon.Response, document: Mapping[str, Any], caching: str
) -> None:
    """Send a manifest or a collection."""
    send_json_ld(req, resp, document, is_default=True)
    resp.set_header("Cache-Control", caching)


def list_of_manifests(count: int, path_of: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return path and label of each manifest of so many pictures.

    Args:
        path_of: returns the path of a page.
    """
    return [
        (path_of(str(number)), range_text(number, min(MAX_CANVASES, count - first)))
        for number, first in enumerate(range(0, count, MAX_CANVASES), 1)
    ]


def _path(query: str) -> str:
    return f"/iiif/manifest/?{query}" if query else "/iiif/manifest/"


def range_text(number: int, count: int) -> str:
    """Return which pictures are in the manifest of this number."""
    first = (number - 1) * MAX_CANVASES + 1
    return f"{first:,} to {first + count - 1:,}"


def _label(parameters: QueryParameters) -> str:
    """Return a title for the results of a search."""
    texts = [value for each in _CONDITIONS for value in parameters.all(each.name)]
    return ", ".join(texts) or "All pictures"
