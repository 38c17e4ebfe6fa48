"""Writes errors as `application/problem+json` (RFC 9457), from a table of status and title."""

from __future__ import annotations

import errno
import json
import re
from typing import NamedTuple

import falcon
import structlog

from progimage import errors
from progimage.telemetry import audit
from progimage.telemetry.paths import without_signature

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class Kind(NamedTuple):
    """The status and the title of one class of errors."""

    status: int
    title: str
    retry_after_s: int | None = None


# An error that is not listed has the entry of its nearest base class.
KINDS: dict[type[errors.ProgImageError], Kind] = {
    errors.InvalidRequest: Kind(400, "Malformed request"),
    errors.InvalidArgument: Kind(400, "Invalid operation or argument"),
    errors.InvalidField: Kind(400, "Invalid field"),
    errors.DownloadNotAllowed: Kind(400, "URL not allowed"),
    errors.RemoteFailed: Kind(502, "Remote server failed"),
    errors.DownloadFailed: Kind(502, "No picture at this URL"),
    errors.OriginFailed: Kind(502, "Origin failed", 5),
    errors.OriginTimeout: Kind(504, "Origin timeout", 5),
    errors.NotFound: Kind(404, "Not found"),
    errors.Expired: Kind(410, "Gone"),
    errors.Unauthenticated: Kind(401, "Not signed in"),
    errors.BadCredentials: Kind(401, "Invalid credentials"),
    errors.NameTaken: Kind(409, "Name taken"),
    errors.ExternalIdTaken: Kind(409, "External id taken"),
    errors.TooManyAttempts: Kind(429, "Too many attempts"),
    errors.Forbidden: Kind(403, "Forbidden"),
    errors.QuotaExceeded: Kind(403, "Quota exceeded"),
    errors.InvalidLink: Kind(403, "Invalid link"),
    errors.LinkExpired: Kind(403, "Expired link"),
    errors.ForeignOrigin: Kind(403, "Request from another site"),
    errors.ForeignHost: Kind(421, "Unknown host"),
    errors.TransformNotAllowed: Kind(403, "Transform not allowed"),
    errors.NotAcceptable: Kind(406, "No acceptable format"),
    errors.RequestTimeout: Kind(408, "Request timeout"),
    errors.RequestTooLarge: Kind(413, "Request too large"),
    errors.UploadConflict: Kind(409, "Upload conflict"),
    errors.PreconditionFailed: Kind(412, "Precondition failed"),
    errors.PreconditionRequired: Kind(428, "Precondition required"),
    # A status of the checksum extension of tus.
    errors.ChecksumMismatch: Kind(460, "Checksum mismatch"),
    errors.Postponed: Kind(503, "Try again later", 1),
    errors.NoLinkKey: Kind(403, "Links not configured"),
    errors.RateLimited: Kind(429, "Too many requests"),
    errors.PictureError: Kind(422, "Unusable picture"),
    errors.EmptyPicture: Kind(400, "Empty picture"),
    errors.UnsupportedMedia: Kind(415, "Unsupported file type"),
    errors.MismatchedMedia: Kind(415, "Ambiguous file type"),
    errors.CorruptPicture: Kind(422, "Damaged picture"),
    errors.PictureTooLarge: Kind(413, "Picture too large"),
    errors.PictureTooComplex: Kind(422, "Picture too complex"),
    errors.OutputTooLarge: Kind(400, "Result too large"),
    errors.RenderFailed: Kind(422, "Render failed"),
    errors.RenderTimeout: Kind(422, "Render timeout"),
    errors.Overloaded: Kind(503, "Overloaded", 1),
    errors.StoreError: Kind(503, "Store error", 5),
    errors.StoreUnavailable: Kind(503, "Store unavailable", 5),
    errors.StoreFull: Kind(503, "Store full", 60),
    errors.DamagedOriginal: Kind(503, "Damaged original", 3600),
    errors.IndexMissing: Kind(503, "Index missing", 60),
    errors.DamagedRecord: Kind(503, "Damaged record", 3600),
}


def kind_of(error: errors.ProgImageError) -> Kind:
    """Return the status and title of an error."""
    return next(KINDS[family] for family in type(error).__mro__ if family in KINDS)


def document(status: int, title: str, detail: str, name: str) -> dict[str, object]:
    """Return a problem document; its `type` is derived from `name`."""
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return {
        "type": f"urn:progimage:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
    }


def of_error(error: errors.ProgImageError) -> dict[str, object]:
    """Return the problem document of an error of this package."""
    kind = kind_of(error)
    problem = document(kind.status, kind.title, str(error), type(error).__name__)
    if isinstance(error, errors.RemoteFailed):
        problem["retryable"] = error.retryable
    return problem


# Headers set before the error must not reveal a hidden picture.
_OF_PICTURES = (
    "ETag",
    "Last-Modified",
    "Link",
    "Vary",
    "Content-Disposition",
    "X-Accel-Redirect",
    "Accept-Ranges",
)


def respond(
    resp: falcon.Response, problem: dict[str, object], retry_after_s: int | None = None
) -> None:
    """Turn a response into a problem, and discard its earlier body and headers."""
    status = int(str(problem["status"]))
    resp.status = falcon.code_to_http_status(status)
    resp.stream = None
    resp.content_type = MEDIA_TYPE
    # A detail may contain half of a surrogate pair, which UTF-8 cannot encode.
    resp.data = json.dumps(problem, ensure_ascii=False).encode(errors="backslashreplace")
    resp.set_header("Cache-Control", "no-store")
    for header in _OF_PICTURES:
        resp.delete_header(header)
    if retry_after_s is not None:
        resp.set_header("Retry-After", str(retry_after_s))


def install(app: falcon.App[falcon.Request, falcon.Response]) -> None:
    """Make `app` answer every error with a problem document."""
    app.add_error_handler(Exception, _on_unexpected)
    app.add_error_handler(errors.ProgImageError, _on_error)
    app.add_error_handler(falcon.HTTPError, _on_falcon)


def _on_error(
    req: falcon.Request,
    resp: falcon.Response,
    error: errors.ProgImageError,
    params: object,
) -> None:
    kind = kind_of(error)
    retry = kind.retry_after_s
    if isinstance(error, errors.Postponed | errors.RemoteFailed):
        retry = error.retry_after_s
    if isinstance(error, errors.StoreError):
        path = without_signature(req.path)
        log.warning("store error", reason=str(error), method=req.method, path=path)
    if isinstance(error, errors.Unauthenticated | errors.Forbidden | errors.TooManyAttempts):
        audit.record("access", "denied", reason=type(error).__name__, method=req.method)
    respond(resp, of_error(error), retry)
    if isinstance(error, errors.Unauthenticated):
        # RFC 6750, section 3: without credentials there is no error code.
        bad = ', error="invalid_token"' if isinstance(error, errors.BadCredentials) else ""
        resp.set_header("WWW-Authenticate", f'Bearer realm="progimage"{bad}')


_HINTS = {
    404: "there is nothing at this path; GET / lists the resources",
    405: "this path does not support the method {method}; the Allow header lists those it does",
}


def _on_falcon(
    req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: object
) -> None:
    status = error.status_code
    hint = _HINTS.get(status, "").format(method=req.method)
    detail = error.description or hint or error.title or ""
    title = (error.title or "").removeprefix(f"{status} ") or "Bad request"
    respond(resp, document(status, title, detail, type(error).__name__.removeprefix("HTTP")))
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)


# No disk space for temporary files, or no descriptors or memory.
_NO_ROOM = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EROFS)
)


def _on_unexpected(
    req: falcon.Request, resp: falcon.Response, error: Exception, params: object
) -> None:
    path = without_signature(req.path)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        log.error(
            "no room for temporary files", method=req.method, path=path, reason=error.strerror
        )
        detail = "the server has no room for temporary files; try again in a few seconds"
        respond(resp, document(503, "No room", detail, "NoRoom"), 5)
        return
    log.error("unexpected error", method=req.method, path=path, exc_info=error)
    detail = "an unexpected error; the details are in the server's log"
    respond(resp, document(500, "Internal error", detail, "InternalError"))
