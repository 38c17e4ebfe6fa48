"""`/tags/`: the tags of the pictures, for tag clouds and completion."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

import falcon

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Parameter, documented
from progimage.api.openapi.pages import collection
from progimage.api.requests.query import pairs
from progimage.api.requests.search import QueryParameters, tag_text
from progimage.api.resources.listing import CURSOR, DEFAULT_LIMIT, LIMIT, MAX_LIMIT
from progimage.errors import InvalidRequest
from progimage.fields import MAX_TAG

_MAX_CURSOR = 400

_PAGE = collection(
    "TagCollection",
    {
        "type": "object",
        "properties": {
            "tag": {"type": "string"},
            "count": {"type": "integer", "minimum": 0},
            "count_is_exact": {"type": "boolean"},
            "_links": schemas.LINKS,
        },
        "required": ["tag", "count", "count_is_exact", "_links"],
    },
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
        parameters=(
            Parameter(
                "prefix",
                "The prefix of the tags; upper and lower case are equal.",
                {"type": "string", "minLength": 1, "maxLength": MAX_TAG},
            ),
            LIMIT,
            CURSOR,
        ),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page of tags with the number of pictures of each."""
        parameters = QueryParameters(pairs(req), ("prefix", "limit", "cursor"))
        prefix, cursor = parameters.one("prefix"), parameters.one("cursor")
        found, last = self._catalogue.tags(
            viewer_of(req),
            parameters.whole_number("limit", 1, MAX_LIMIT, DEFAULT_LIMIT),
            beginning="" if prefix is None else tag_text("prefix", prefix),
            after="" if cursor is None else _decoded(cursor),
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
                f"/tags/?{parameters.encoded(('cursor',), cursor=_encoded(last))}"
            )
            if last
            else None,
        }


def _encoded(slug: str) -> str:
    return base64.urlsafe_b64encode(slug.encode()).decode()


def _decoded(cursor: str) -> str:
    try:
        slug = base64.b64decode(cursor[:_MAX_CURSOR], altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        slug = ""
    if not slug or not slug.isprintable() or "/" in slug or slug.startswith("."):
        raise InvalidRequest(
            "cursor: expected the cursor in 'next' of an earlier answer; "
            "leave it out to begin with the first tag"
        )
    return slug
