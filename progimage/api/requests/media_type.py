"""The media type of a request's body."""

from __future__ import annotations

from collections.abc import Sequence

import falcon

JSON = "application/json"


def media_type(req: falcon.Request) -> str:
    """Return the media type that Content-Type names: lower case, without parameters; or ""."""
    return (req.content_type or "").partition(";")[0].strip().lower()


def check_media_type(
    req: falcon.Request, allowed: Sequence[str], hint: str, header: str | None = None
) -> None:
    """Check that the body has one of the media types that are `allowed`.

    Args:
        hint: what to send instead.
        header: the name of a header that lists `allowed` in the answer.

    Raises:
        falcon.HTTPUnsupportedMediaType: it has another one, or none.
    """
    if media_type(req) not in allowed:
        raise falcon.HTTPUnsupportedMediaType(
            title="Unsupported Content-Type",
            description=hint,
            headers={header: ", ".join(allowed)} if header else None,
        )
