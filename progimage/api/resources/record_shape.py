"""Smaller documents about records: some fields, without links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from progimage.api.openapi.documented import Parameter
from progimage.api.requests.search import QueryParameters
from progimage.api.responses.hal import Urls
from progimage.errors import InvalidRequest
from progimage.imaging.did_you_mean import did_you_mean, shown
from progimage.model import PUBLIC_FIELDS, Record

Document = Callable[[Record], dict[str, Any]]

SHAPE = (
    Parameter(
        "fields",
        "Only these fields of each record, separated by commas, such as `id,title`.",
        {"type": "string", "minLength": 1, "maxLength": 500},
    ),
    Parameter(
        "links", "0: without the links of each record.", {"type": "string", "enum": ["0", "1"]}
    ),
)


def shape(parameters: QueryParameters, urls: Urls) -> Document:
    """Return a function that makes the document about a record, with the fields asked for.

    Raises:
        InvalidRequest: there is no such field.
    """
    links, text = parameters.one("links") or "1", parameters.one("fields")
    if links not in ("0", "1"):
        raise InvalidRequest(f"links: expected 0 or 1, got {shown(links)}")
    names = [name.strip() for name in text.split(",")] if text else list(PUBLIC_FIELDS)
    for name in names:
        if name not in PUBLIC_FIELDS:
            hint = did_you_mean(name, PUBLIC_FIELDS) or f"expected {', '.join(PUBLIC_FIELDS)}"
            raise InvalidRequest(f"fields: no field named {shown(name)}; {hint}")
    if text is None and links == "1":
        return urls.record

    def document(record: Record) -> dict[str, Any]:
        facts = record.facts()
        found = {name: facts[name] for name in names}
        return {**found, "_links": urls.of_record(record)} if links == "1" else found

    return document
