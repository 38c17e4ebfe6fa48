"""`GET /images/`: pictures that match a search, by default the newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import falcon

from progimage import keys
from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Parameter, documented
from progimage.api.openapi.pages import collection, page_size
from progimage.api.requests.query import pairs
from progimage.api.requests.search import PARAMETERS, QueryParameters, query_of
from progimage.api.resources.bulk import BulkResource
from progimage.api.resources.images import Uploads
from progimage.api.resources.listing_by_id import EXTERNAL_ID, ID, named
from progimage.api.resources.record_shape import SHAPE, Document, shape
from progimage.api.responses.hal import Urls
from progimage.errors import InvalidRequest, NotFound
from progimage.imaging.did_you_mean import did_you_mean, shown
from progimage.library.search import cursor as cursors
from progimage.library.search.cursor import Cursor, Total
from progimage.library.search.near import DISTANCE, MAX_DISTANCE, near
from progimage.library.search.order import NEWEST_FIRST, ORDERS, Order
from progimage.library.search.page import Page
from progimage.library.search.query import Query
from progimage.model import Record, Viewer

NDJSON = "application/x-ndjson"

LIMIT = page_size("pictures", 1_000, 50)
CURSOR = Parameter(
    "cursor",
    "A position in the list, from `next` or `previous`.",
    {"type": "string", "minLength": 1},
)
_OFFSET = Parameter(
    "offset",
    "The number of pictures to skip.",
    {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 0},
)
_NEAR = (
    Parameter(
        "near",
        "Pictures that look like the one with this id. Those that were turned, mirrored or cut to "
        "a part of it are not found.",
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    ),
    Parameter(
        "near_distance",
        "With `near`: in how many of 64 bits the hashes of what they look like may differ.",
        {"type": "integer", "minimum": 0, "maximum": MAX_DISTANCE, "default": DISTANCE},
    ),
)
_SORT = Parameter(
    "sort",
    "What the list is sorted by: the time of upload, the title (or file name), the size in bytes, "
    "or the local time at which the photograph was taken (or the time of upload); `-` for the "
    "greatest first.",
    {
        "type": "string",
        "enum": [str(order) for order in ORDERS],
        "default": str(NEWEST_FIRST),
    },
)
_PAGING = (LIMIT, CURSOR, _OFFSET)
_QUERY = (*PARAMETERS, ID, EXTERNAL_ID, *_NEAR, _SORT, *SHAPE, *_PAGING)
_PAGE = collection(
    "Collection",
    schemas.PART_OF_PICTURE,
    previous={"type": ["string", "null"], "description": "The previous page."},
    total={"type": "integer", "minimum": 0},
    total_is_exact={"type": "boolean", "description": "False: there are more."},
    is_partial={
        "type": "boolean",
        "description": "True: the limit of work came before the end of the page; "
        "continue at `next`.",
    },
)


class Listing:
    """`/images/`: a page of matches, or all of them as a stream; also uploads."""

    def __init__(self, parts: Components, uploads: Uploads) -> None:
        self._library = parts.library
        self._catalogue = parts.catalogue
        self._urls = parts.urls
        self.on_post = uploads.on_post
        self.on_patch = BulkResource(parts).on_patch

    @documented(
        "images",
        "pictures",
        {
            200: Answer(
                "A page; or every match, one record per line.",
                {schemas.JSON: _PAGE, NDJSON: {"type": "string"}},
                ("Vary", "Cache-Control"),
            )
        },
        parameters=_QUERY,
        errors=(NotFound,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page, or with `Accept: application/x-ndjson` every match."""
        parameters = QueryParameters(pairs(req), _QUERY)
        resp.set_header("Vary", "Accept, Authorization")
        resp.set_header("Cache-Control", "private, no-cache")
        if req.client_prefers((falcon.MEDIA_JSON, NDJSON)) == NDJSON:
            self._stream(viewer_of(req), parameters, resp)
        else:
            self._send_page(viewer_of(req), parameters, resp)

    def _send_page(
        self, viewer: Viewer, parameters: QueryParameters, resp: falcon.Response
    ) -> None:
        found = named(self._library, viewer, parameters)
        if found is not None:
            page = Page(found, Total(len(found), is_exact=True))
            resp.media = _document(page, parameters, self._urls)
            return
        query, order = self._query(parameters, viewer), _order(parameters)
        limit = parameters.whole_number("limit")
        offset = parameters.whole_number("offset")
        text = parameters.one("cursor")
        if text is None:
            page = self._catalogue.first(viewer, query, limit, offset=offset, order=order)
        elif "offset" in parameters:
            raise InvalidRequest("cursor, offset: expected one of them, not both")
        else:
            page = self._catalogue.beside(viewer, query, limit, _cursor(text, order))
        resp.media = _document(page, parameters, self._urls)

    def _stream(self, viewer: Viewer, parameters: QueryParameters, resp: falcon.Response) -> None:
        for paging in _PAGING:
            if paging.name in parameters:
                raise InvalidRequest(
                    f"{paging.name}: not together with Accept: {NDJSON}, which sends every match"
                )
        document = shape(parameters, self._urls)
        waves: Iterator[list[Record]]
        found = named(self._library, viewer, parameters)
        if found is not None:
            waves = iter([found])
        else:
            query, order = self._query(parameters, viewer), _order(parameters)
            waves = self._catalogue.every(viewer, query, order)
        # The first records are read before the status is sent, so that errors still get one.
        first = next(waves, [])
        resp.content_type = NDJSON
        resp.set_header("X-Accel-Buffering", "no")
        resp.stream = _lines(chain([first], waves), document)

    def _query(self, parameters: QueryParameters, viewer: Viewer) -> Query:
        """Return the search that the parameters describe.

        Raises:
            InvalidRequest: a condition is not valid.
            NotFound: the viewer sees no picture that others should look like.
        """
        query = query_of(parameters, viewer)
        image_id = parameters.one("near")
        if image_id is None:
            if "near_distance" in parameters:
                raise InvalidRequest("near_distance: needs near, the id of a picture")
            return query
        if not keys.is_image_id(image_id):
            raise InvalidRequest(
                f"near: expected the id of a picture, 64 hex digits, got {shown(image_id)}"
            )
        distance = parameters.whole_number("near_distance")
        return replace(query, near=near(self._library.find(viewer, image_id), distance))


def _order(parameters: QueryParameters) -> Order:
    """Return the order that the parameters ask for.

    Raises:
        InvalidRequest: there is no such order.
    """
    value = parameters.one("sort")
    known = {str(order): order for order in ORDERS}
    if value is None:
        return NEWEST_FIRST
    if value in known:
        return known[value]
    hint = did_you_mean(value, list(known)) or f"expected {', '.join(known)}"
    raise InvalidRequest(f"sort: no order named {shown(value)}; {hint}")


def _cursor(text: str, order: Order) -> Cursor:
    """Return the cursor of a text.

    Raises:
        InvalidRequest: it is not a cursor, or belongs to a list in another order.
    """
    cursor = cursors.decode(text)
    if cursor.order != order:
        raise InvalidRequest(
            f"cursor: it belongs to a list with sort={cursor.order}; send that sort with it, or "
            "leave the cursor out"
        )
    return cursor


def _lines(waves: Iterator[list[Record]], document: Document) -> Iterator[bytes]:
    """Yield a line for each record, several at a time.

    An error during the stream closes the connection before the last chunk. From this a client
    of HTTP/1.1 knows that the response is not complete.
    """
    for wave in waves:
        yield b"".join(
            json.dumps(document(record), ensure_ascii=False).encode() + b"\n" for record in wave
        )


def _document(page: Page, parameters: QueryParameters, urls: Urls) -> dict[str, object]:
    document = shape(parameters, urls)

    def url(cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        return urls.relative(
            f"/images/?{parameters.encoded(without=('cursor', 'offset'), cursor=cursor.encode())}"
        )

    return {
        "kind": "Collection",
        "data": [document(record) for record in page.records],
        "next": url(page.next),
        "previous": url(page.previous),
        "total": page.total.count,
        "total_is_exact": page.total.is_exact,
        "is_partial": page.is_partial,
    }
