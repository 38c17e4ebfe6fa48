"""Examples of the errors of a call, by their statuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from falcon.util.misc import code_to_http_status

from progimage.api.openapi.documented import Error
from progimage.api.responses import problems
from progimage.errors import BadCredentials

# Errors that every call can have.
_ALWAYS: tuple[Error, ...] = (BadCredentials, 405, 414, 431, 500)

_ONLY_HTTP = {
    404: ("Not found", "not-found"),
    405: ("Method Not Allowed", "method-not-allowed"),
    414: ("URI Too Long", "uri-too-long"),
    415: ("Unsupported Content-Type", "unsupported-media-type"),
    416: ("Range not satisfiable", "range-not-satisfiable"),
    431: ("Request Header Fields Too Large", "request-header-fields-too-large"),
    500: ("Internal error", "internal-error"),
    503: ("Not ready", "not-ready"),
}


def examples(errors: Iterable[Error]) -> dict[int, dict[str, dict[str, Any]]]:
    """Return an example of each error and of those that every call can have.

    The examples are by status, in order, and then by the last part of the problem's type.
    """
    by_status: dict[int, dict[str, dict[str, Any]]] = {}
    for error in (*errors, *_ALWAYS):
        document, about = _example(error)
        slug = str(document["type"]).rpartition(":")[2]
        found = by_status.setdefault(int(document["status"]), {})
        found[slug] = {"summary": about, "value": document}
    return dict(sorted(by_status.items()))


def _example(error: Error) -> tuple[dict[str, Any], str]:
    """Return the problem document of `error`, and one sentence about it."""
    if isinstance(error, int):
        title, slug = _ONLY_HTTP.get(error) or (code_to_http_status(error)[4:], "http-error")
        document = {
            "type": f"urn:progimage:problem:{slug}",
            "title": title,
            "status": error,
            "detail": "what, where, and what would work",
        }
        return document, title
    about = (error.__doc__ or "").strip().partition("\n")[0]
    return problems.of_error(error(about)), about
