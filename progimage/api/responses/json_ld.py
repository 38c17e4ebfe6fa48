"""Sends the JSON-LD documents of IIIF."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import falcon

from progimage.api.requests.conditional import none_match_holds
from progimage.api.responses.delivery import not_modified

JSON_LD = "application/ld+json"


def send_json_ld(
    req: falcon.Request, resp: falcon.Response, document: Mapping[str, Any], *, is_default: bool
) -> None:
    """Send a document as JSON-LD or as plain JSON, by the Accept header of the request.

    A client that has it already gets 304.

    Args:
        is_default: JSON-LD is sent unless the client prefers plain JSON; the media type then
            names the context as its profile. Otherwise it is the other way round.

    Sources: IIIF Image API 3.0, section 5.1; 2.1.1, section 5.1.
    """
    offers = (JSON_LD, falcon.MEDIA_JSON) if is_default else (falcon.MEDIA_JSON, JSON_LD)
    chosen = req.client_prefers(offers) or offers[0]
    profile = f';profile="{document["@context"]}"' if is_default and chosen == JSON_LD else ""
    resp.content_type = f"{chosen}{profile}"
    data = json.dumps(document, ensure_ascii=False).encode()
    resp.data = data
    resp.append_header("Vary", "Accept")
    # Weak, since it is the same for both media types, and with compression.
    etag = hashlib.sha256(data).hexdigest()[:32]
    resp.set_header("ETag", f'W/"{etag}"')
    if not none_match_holds(req.get_header("If-None-Match"), etag):
        resp.data = None
        not_modified(resp)
