"""`/tags/`: the tags of the pictures, for tag clouds and completion."""

from __future__ import annotations

from urllib.parse import urlencode

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import COUNT, TEXT, Answer, Parameter, documented, object_of
from progimage.api.openapi.pages import collection
from progimage.api.requests import note_cursor
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters, tag_text
from progimage.api.resources.listing import CURSOR, LIMIT
from progimage.fields import MAX_TAG

_PAGE = collection(
    "TagCollection",
    object_of(tag=TEXT, count=COUNT, count_is_exact={"type": "boolean"}, _links=schemas.LINKS),
)
_QUERY = (
    Parameter(
        "prefix",
        "The prefix of the tags; upper and lower case are equal.",
        {"type": "string", "minLength": 1, "maxLength": MAX_TAG},
    ),
    LIMIT,
    CURSOR,
)


class Tags:
    """Lists tags in alphabetical order, optionally by prefix."""

    def __init__(self, parts: Components) -> None:
        self._catalogue = parts.catalogue
        self._urls = parts.urls

    @documented(
        "tags",
        "pictures",
        {200: Answer("A page.", {schemas.JSON: _PAGE}, ("Cache-Control",))},
        parameters=_QUERY,
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page of tags with the number of pictures of each."""
        parameters = QueryParameters(pairs(req), _QUERY)
        prefix = parameters.one("prefix")
        found, last = self._catalogue.tags(
            viewer_of(req),
            parameters.whole_number("limit"),
            beginning="" if prefix is None else tag_text("prefix", prefix),
            after=note_cursor.decoded(parameters.one("cursor"), _is_slug, "tag"),
        )
        resp.set_header("Cache-Control", "private, no-cache")
        resp.set_header("Vary", "Authorization")
        resp.media = {
            "kind": "Collection",
            "data": [
                {
                    "tag": tag.name,
                    "count": tag.count.count,
                    "count_is_exact": tag.count.is_exact,
                    "_links": {
                        "images": self._urls.link(f"/images/?{urlencode({'tag': tag.name})}")
                    },
                }
                for tag in found
            ],
            "next": self._urls.relative(
                f"/tags/?{parameters.encoded(('cursor',), cursor=note_cursor.encoded(last))}"
            )
            if last
            else None,
        }


def _is_slug(text: str) -> bool:
    return text.isprintable() and "/" not in text and text[:1] not in ("", ".")
