"""`/tags/`: the tags there are, for clouds and for completing what is typed."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

import falcon

from progimage.catalogue import Catalogue
from progimage.errors import InvalidRequest
from progimage.web.listing import DEFAULT_LIMIT, MAX_LIMIT
from progimage.web.query import pairs
from progimage.web.search_terms import Given, tag_text
from progimage.web.viewers import viewer_of

_MAX_CURSOR = 400


class Tags:
    """Tags by how they begin, in alphabetical order."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send a page of tags with the number of pictures each has."""
        given = Given(pairs(req), ("prefix", "limit", "cursor"))
        prefix, cursor = given.one("prefix"), given.one("cursor")
        found, last = self._catalogue.tags(
            viewer_of(req),
            given.whole_number("limit", 1, MAX_LIMIT, DEFAULT_LIMIT),
            beginning="" if prefix is None else tag_text("prefix", prefix),
            after="" if cursor is None else _decoded(cursor),
        )
        resp.set_header("Cache-Control", "private, no-cache")
        resp.media = {
            "kind": "Collection",
            "data": [
                {
                    "tag": tag.name,
                    "count": tag.count.count,
                    "count_is_exact": tag.count.is_exact,
                    "_links": {"images": {"href": f"/images/?{urlencode({'tag': tag.name})}"}},
                }
                for tag in found
            ],
            "next": f"/tags/?{given.encoded(('cursor',), cursor=_encoded(last))}" if last else None,
        }

    on_head = on_get


def _encoded(slug: str) -> str:
    return base64.urlsafe_b64encode(slug.encode()).decode()


def _decoded(cursor: str) -> str:
    try:
        slug = base64.b64decode(cursor[:_MAX_CURSOR], altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        slug = ""
    if not slug or not slug.isprintable() or "/" in slug or slug.startswith("."):
        raise InvalidRequest(
            "cursor: expected what 'next' of an earlier answer holds; "
            "leave it out to begin with the first tag"
        )
    return slug
