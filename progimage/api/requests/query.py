"""The query of a URL as pairs, in order, nothing dropped."""

from __future__ import annotations

from urllib.parse import parse_qsl

import falcon

from progimage.errors import InvalidRequest

_MAX_FIELDS = 100


SIGNATURE = "sig"


def signed_pairs(req: falcon.Request) -> tuple[list[tuple[str, str]], str | None]:
    """Return the query as `pairs` does, less the signature of a link, and that signature.

    Raises:
        InvalidRequest: it has two, or what `pairs` raises.
    """
    found = pairs(req)
    signatures = [value for name, value in found if name == SIGNATURE]
    if not signatures:
        return found, None
    if len(signatures) > 1:
        raise InvalidRequest(f"{SIGNATURE}: given twice; a link has one signature")
    return [pair for pair in found if pair[0] != SIGNATURE], signatures[0]


def pairs(req: falcon.Request) -> list[tuple[str, str]]:
    """Return every name and value of the query, blank values too.

    Raises:
        InvalidRequest: it has too many fields, or is not UTF-8.
    """
    if not req.query_string:
        return []
    try:
        return parse_qsl(
            req.query_string, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except UnicodeDecodeError:
        raise InvalidRequest("the query is not percent-encoded UTF-8") from None
    except ValueError:
        raise InvalidRequest(f"the query has more than {_MAX_FIELDS} fields") from None
