"""The preconditions of RFC 9110 that stop a request: If-Match and If-Unmodified-Since."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import falcon

from progimage.api.requests.conditional import match_holds
from progimage.errors import PreconditionFailed, PreconditionRequired

# Longer than any date of HTTP.
_MAX_DATE = 100


def hold(req: falcon.Request, etag: str, modified: datetime | None = None) -> bool:
    """Return True if the request is for the version with `etag`, or for any version.

    Args:
        modified: when that version was written. Without it If-Unmodified-Since is ignored; so it
            is beside If-Match, and if it is not a date.

    Source: RFC 9110, sections 13.1.1, 13.1.4 and 13.2.2.
    """
    if_match = req.get_header("If-Match")
    if if_match is not None:
        return match_holds(if_match, etag)
    since = _date(req.get_header("If-Unmodified-Since"))
    return since is None or modified is None or modified.replace(microsecond=0) <= since


def require(req: falcon.Request, etag: str, modified: datetime | None = None) -> None:
    """Raise `PreconditionFailed` unless `hold`."""
    if not hold(req, etag, modified):
        raise PreconditionFailed(
            "If-Match, If-Unmodified-Since: the current version is not the one that the "
            f'request is for; the current ETag is "{etag}"'
        )


def required_if_match(req: falcon.Request, what: str) -> str:
    """Return If-Match, by which an edit names the version that it is based on.

    Args:
        what: to read for the current version.

    Raises:
        PreconditionRequired: the request has none.
    """
    if_match = req.get_header("If-Match")
    if if_match is None:
        raise PreconditionRequired(
            "send the ETag of the version your edit is based on as If-Match; "
            f"GET the {what} to get it"
        )
    return if_match


def _date(header: str | None) -> datetime | None:
    if header is None or len(header) > _MAX_DATE:
        return None
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
