"""`GET /images/` with `id` or `external_id`: pictures that are named, not searched for."""

from __future__ import annotations

import re
from collections.abc import Container

from progimage.api.openapi.documented import Parameter
from progimage.api.requests.search import QueryParameters, query_of
from progimage.errors import InvalidRequest, NotFound
from progimage.fields import MAX_EXTERNAL_ID
from progimage.library import Library, owner_keys
from progimage.model import Record, Viewer

_MIN_DIGITS, _MOST_WITH_ID = 4, 20
_BEGINNING = re.compile(f"[0-9a-f]{{{_MIN_DIGITS},64}}")

ID = Parameter(
    "id",
    f"Up to {_MOST_WITH_ID} pictures whose ids begin with these hex digits. Cannot be "
    "combined with other conditions.",
    {"type": "string", "pattern": f"^{_BEGINNING.pattern}$"},
)
EXTERNAL_ID = Parameter(
    "external_id",
    "The picture with this external id, of `owner` or else of the account that sends the request. "
    "Cannot be combined with other conditions.",
    {"type": "string", "minLength": 1, "maxLength": MAX_EXTERNAL_ID},
)
_WITH_ID = ("id", "fields", "links", "limit")
_WITH_EXTERNAL_ID = ("external_id", "owner", "fields", "links", "limit")


def named(library: Library, viewer: Viewer, parameters: QueryParameters) -> list[Record] | None:
    """Return the pictures that are asked for by an id, None if this is another search.

    Raises:
        InvalidRequest: the id is malformed, or there is another condition.
    """
    if "external_id" in parameters:
        return _with_external_id(library, viewer, parameters)
    if "id" not in parameters:
        return None
    _check_alone(parameters, _WITH_ID, "id: cannot be combined with other conditions")
    beginning = parameters.one("id") or ""
    if not _BEGINNING.fullmatch(beginning):
        raise InvalidRequest(f"id: expected {_MIN_DIGITS} to 64 digits from 0-9 and a-f")
    return library.records.starting_with(viewer, beginning, _MOST_WITH_ID)


def _with_external_id(
    library: Library, viewer: Viewer, parameters: QueryParameters
) -> list[Record]:
    """Return the picture with an external id, if there is one that the viewer may see."""
    _check_alone(parameters, _WITH_EXTERNAL_ID, "external_id: can be combined with owner only")
    owner = query_of(parameters, viewer).owner
    name = viewer.name if owner is None else owner
    if name and not owner_keys.is_owner(name):
        return []
    external_id = parameters.one("external_id") or ""
    if len(external_id) > MAX_EXTERNAL_ID:
        raise InvalidRequest(f"external_id: at most {MAX_EXTERNAL_ID} characters")
    try:
        return [library.external_ids.find(viewer, name, external_id)]
    except NotFound:
        return []


def _check_alone(parameters: QueryParameters, allowed: Container[str], rule: str) -> None:
    """Raise `InvalidRequest` with the rule, if there are other parameters than these."""
    for name in parameters.known:
        if name in parameters and name not in allowed:
            raise InvalidRequest(f"{rule}, not with {name}")
