"""Sends the JSON-LD documents of IIIF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import falcon

JSON_LD = "application/ld+json"


def send_json_ld(
    req: falcon.Request, resp: falcon.Response, document: Mapping[str, Any], *, is_default: bool
) -> None:
    """Send a document as JSON-LD or as plain JSON, by the Accept header of the request.

    Args:
        is_default: JSON-LD is sent unless the client prefers plain JSON; the media type then
            names the context as its profile. Otherwise it is the other way round.

    Sources: IIIF Image API 3.0, section 5.1; 2.1.1, section 5.1.
    """
    offers = (JSON_LD, falcon.MEDIA_JSON) if is_default else (falcon.MEDIA_JSON, JSON_LD)
    chosen = req.client_prefers(offers) or offers[0]
    profile = f';profile="{document["@context"]}"' if is_default and chosen == JSON_LD else ""
    resp.content_type = f"{chosen}{profile}"
    resp.data = json.dumps(document, ensure_ascii=False).encode()
    resp.append_header("Vary", "Accept")
