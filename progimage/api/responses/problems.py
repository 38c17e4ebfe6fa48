"""Every error as `application/problem+json` (RFC 9457): status and title in one table."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import falcon
import structlog

from progimage import errors
from progimage.telemetry import audit

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger()


class Kind(NamedTuple):
    """How one class of error looks to a client."""

    status: int
    title: str
    retry_after_s: int | None = None


# The nearest class in an error's family tree counts.
KINDS: dict[type[errors.ProgImageError], Kind] = {
    errors.InvalidRequest: Kind(400, "The request is malformed"),
    errors.InvalidArgument: Kind(400, "An operation or argument is not valid"),
    errors.InvalidField: Kind(400, "A field is not valid"),
    errors.DownloadRefused: Kind(400, "The URL may not be fetched"),
    errors.RemoteFailed: Kind(502, "Another server failed"),
    errors.DownloadFailed: Kind(502, "The URL gave no picture"),
    errors.OriginFailed: Kind(502, "The origin failed", 5),
    errors.OriginTimeout: Kind(504, "The origin did not answer in time", 5),
    errors.NotFound: Kind(404, "Not found"),
    errors.Expired: Kind(410, "No longer there"),
    errors.Unauthenticated: Kind(401, "Sign in first"),
    errors.BadCredentials: Kind(401, "These credentials are not good"),
    errors.NameTaken: Kind(409, "The name is taken"),
    errors.TooManyAttempts: Kind(429, "Too many attempts"),
    errors.Forbidden: Kind(403, "Not yours to change"),
    errors.LinkRefused: Kind(403, "The link is not valid"),
    errors.LinkExpired: Kind(403, "The link has expired"),
    errors.TransformRefused: Kind(403, "This transform is not made here"),
    errors.NotAcceptable: Kind(406, "No acceptable format"),
    errors.RequestTimeout: Kind(408, "The request took too long to arrive"),
    errors.UploadConflict: Kind(409, "The upload is elsewhere by now"),
    errors.PreconditionFailed: Kind(412, "The picture has changed"),
    errors.PreconditionRequired: Kind(428, "If-Match is required"),
    # A status of tus alone; see its checksum extension.
    errors.ChecksumMismatch: Kind(460, "Checksum mismatch"),
    errors.NoLinkKey: Kind(403, "Links are not set up here"),
    errors.RateLimited: Kind(429, "Too many requests"),
    errors.PictureError: Kind(422, "Not a picture we can use"),
    errors.EmptyPicture: Kind(400, "The picture is empty"),
    errors.UnsupportedMedia: Kind(415, "Unsupported kind of file"),
    errors.MismatchedMedia: Kind(415, "The file is not only what it seems"),
    errors.CorruptPicture: Kind(422, "The picture is damaged"),
    errors.PictureTooLarge: Kind(413, "The picture has too many bytes"),
    errors.PictureTooComplex: Kind(422, "The picture is too large to decode"),
    errors.OutputTooLarge: Kind(400, "The result would be too large"),
    errors.RenderFailed: Kind(422, "The picture could not be processed"),
    errors.RenderTimeout: Kind(422, "The picture takes too long to process"),
    errors.Overloaded: Kind(503, "Too busy", 1),
    errors.StoreError: Kind(503, "The store has a problem", 5),
    errors.StoreUnavailable: Kind(503, "The store is not available", 5),
    errors.StoreFull: Kind(503, "The store is full", 60),
    errors.DamagedOriginal: Kind(503, "The stored picture is damaged", 3600),
    errors.IndexMissing: Kind(503, "The index is missing", 60),
    errors.DamagedRecord: Kind(503, "The picture's record is damaged", 3600),
}


def kind_of(error: errors.ProgImageError) -> Kind:
    """Return the status and title of an error."""
    return next(KINDS[family] for family in type(error).__mro__ if family in KINDS)


def document(status: int, title: str, detail: str, name: str) -> dict[str, object]:
    """Return a problem document; `name` makes its `type`, which programs can tell apart."""
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return {
        "type": f"urn:progimage:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
    }


def of_error(error: errors.ProgImageError) -> dict[str, object]:
    """Return the problem document of one of our errors."""
    kind = kind_of(error)
    problem = document(kind.status, kind.title, str(error), type(error).__name__)
    if isinstance(error, errors.RemoteFailed):
        problem["retryable"] = error.retryable
    return problem


# Headers that were set before a picture turned out to be hidden must not reveal it.
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
    """Turn a response into a problem, whatever it was going to be."""
    status = int(str(problem["status"]))
    resp.status = falcon.code_to_http_status(status)
    resp.stream = None
    resp.content_type = MEDIA_TYPE
    # What a client sent may be half of a surrogate pair; so written JSON can hold it too.
    resp.data = json.dumps(problem, ensure_ascii=False).encode(errors="backslashreplace")
    resp.set_header("Cache-Control", "no-store")
    for header in _OF_PICTURES:
        resp.delete_header(header)
    if retry_after_s is not None:
        resp.set_header("Retry-After", str(retry_after_s))


def install(app: falcon.App[falcon.Request, falcon.Response]) -> None:
    """Have `app` answer every error with a problem document."""
    app.add_error_handler(Exception, _on_unexpected)
    app.add_error_handler(errors.ProgImageError, _on_ours)
    app.add_error_handler(falcon.HTTPError, _on_falcon)


def _on_ours(
    req: falcon.Request,
    resp: falcon.Response,
    error: errors.ProgImageError,
    params: object,
) -> None:
    kind = kind_of(error)
    retry = kind.retry_after_s
    if isinstance(
        error,
        errors.Overloaded | errors.RemoteFailed | errors.TooManyAttempts | errors.RateLimited,
    ):
        retry = error.retry_after_s
    if isinstance(error, errors.StoreError):
        log.warning("store trouble", reason=str(error), method=req.method, path=req.path)
    if isinstance(error, errors.Unauthenticated | errors.Forbidden | errors.TooManyAttempts):
        audit.record("access", "denied", reason=type(error).__name__, method=req.method)
    respond(resp, of_error(error), retry)
    if isinstance(error, errors.Unauthenticated):
        # RFC 6750, section 3: what is wrong is only said of credentials that came.
        bad = ', error="invalid_token"' if isinstance(error, errors.BadCredentials) else ""
        resp.set_header("WWW-Authenticate", f'Bearer realm="progimage"{bad}')


_HINTS = {
    404: "there is nothing at this path; GET / lists what there is",
    405: "this path does not take the method {method}; the Allow header lists those it takes",
}


def _on_falcon(
    req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, params: object
) -> None:
    status = error.status_code
    hint = _HINTS.get(status, "").format(method=req.method)
    detail = error.description or hint or error.title or ""
    title = (error.title or "").removeprefix(f"{status} ") or "The request cannot be answered"
    respond(resp, document(status, title, detail, type(error).__name__.removeprefix("HTTP")))
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)


def _on_unexpected(
    req: falcon.Request, resp: falcon.Response, error: Exception, params: object
) -> None:
    log.error("unexpected error", method=req.method, path=req.path, exc_info=error)
    detail = "an error we did not foresee; its details are in the server's log"
    respond(resp, document(500, "Internal error", detail, "InternalError"))
