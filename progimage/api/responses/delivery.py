"""Sends the bytes of pictures: from this process, through nginx, or from S3."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast
from urllib.parse import quote, urlsplit

import falcon
from falcon.typing import ReadableIO

from progimage import keys
from progimage.api.requests.conditional import Span, Unsatisfiable, none_match_holds, parse_range
from progimage.api.responses import problems
from progimage.api.responses.disposition import disposition, naming
from progimage.config import Delivery as DeliverySettings
from progimage.config.clock_skew import SKEW_S
from progimage.errors import ConfigError, StoreUnavailable
from progimage.imaging.codecs.format import Format
from progimage.imaging.render import Rendered
from progimage.renditions.cache import Rendition
from progimage.renditions.renditions import Renditions
from progimage.stores import HasLocalPath, HasPresignedUrl, ObjectStore, Reader
from progimage.stores.bytes_reader import BytesReader

PRIVATE = "private, no-store"

# A picture that is opened as a page must not load anything or run scripts.
CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

# For fewer bytes, setting up sendfile takes longer than copying.
_SENT_AT_ONCE_BYTES = 64 * 1024

# The longest lifetime of a presigned URL (AWS Signature Version 4).
_MAX_PRESIGNED_S = 604_800

Open = Callable[[int, int | None], Reader]


def etag_of_rendition(image_id: str, name: str) -> str:
    """Return the ETag of a rendition; neither its bytes nor the store are needed.

    Rendering is deterministic for one engine version, so the inputs identify the bytes.
    """
    return hashlib.sha256(f"{keys.ENGINE_VERSION}/{image_id}/{name}".encode()).hexdigest()[:32]


@contextmanager
def part_opener(renditions: Renditions, rendition: Rendition) -> Iterator[Open]:
    """Yield what opens a part of a rendition; close its reader afterwards if nothing did."""
    is_taken = False

    def open_(start: int, length: int | None) -> Reader:
        nonlocal is_taken
        is_taken = True
        return renditions.narrow(rendition, start, length)

    try:
        yield open_
    finally:
        if not is_taken:
            rendition.reader.close()


class Delivery:
    """Sends stored objects as the settings `delivery` say."""

    def __init__(self, store: ObjectStore, settings: DeliverySettings) -> None:
        if settings.mode == "x-accel" and not isinstance(store, HasLocalPath):
            raise ConfigError("delivery.mode: 'x-accel' needs a file: store that nginx can read")
        if settings.mode == "redirect" and not isinstance(store, HasPresignedUrl):
            raise ConfigError("delivery.mode: 'redirect' needs an s3: store")
        self._store = store
        self._settings = settings

    @property
    def hands_over(self) -> bool:
        """True if another program sends the bytes."""
        return self._settings.mode != "direct"

    def other_origin(self) -> str:
        """Return the origin that clients are redirected to, such as https://s3.example, or ""."""
        if self._settings.mode != "redirect":
            return ""
        store = cast(HasPresignedUrl, self._store)
        parts = urlsplit(store.presigned_url("any", expires_s=1, media_type="image/any"))
        return f"{parts.scheme}://{parts.netloc}"

    def is_unchanged(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        etag: str,
        modified: datetime | None = None,
    ) -> bool:
        """Set the ETag and Last-Modified; set a 304 and return True if the client has this version.

        Args:
            modified: when the bytes were stored, None if the time differs between nodes.

        Source: RFC 9110, section 13.2.2: If-None-Match has precedence.
        """
        resp.set_header("ETag", f'"{etag}"')
        if modified is not None:
            resp.last_modified = modified
        names = req.get_header("If-None-Match")
        if names is None:
            if not _is_since(req.get_header("If-Modified-Since"), modified):
                return False
        elif none_match_holds(names, etag):
            return False
        not_modified(resp)
        return True

    def describe(
        self,
        resp: falcon.Response,
        form: Format,
        *,
        is_public: bool,
        file_name: str,
        download: str | None = None,
        ends_s: int | None = None,
        can_change: bool = False,
    ) -> None:
        """Set the headers of every picture.

        A picture behind a signed link is cached no longer than the link is valid. A private
        picture is not cached at all, so that revoking a link works at once.

        Args:
            download: the file name to save under, "" for `file_name`; None to show it.
            ends_s: when the signed link expires, in seconds since 1970.
            can_change: what the URL shows can change, so a cache has to ask each time.
        """
        resp.content_type = form.media_type
        if not is_public:
            caching = PRIVATE
        elif can_change:
            caching = "public, no-cache"
        elif ends_s is None:
            caching = f"public, max-age={self._settings.max_age_s}, immutable"
        else:
            caching = f"public, max-age={min(_left_s(ends_s), self._settings.max_age_s)}"
        resp.set_header("Cache-Control", caching)
        resp.set_header("Content-Security-Policy", CONTENT_POLICY)
        # Pages of other sites may show pictures.
        resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        resp.set_header("Content-Disposition", disposition(*naming(form, file_name, download)))

    def send(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        *,
        key: str | None,
        size: int,
        etag: str,
        is_public: bool,
        open_: Open,
        ends_s: int | None = None,
    ) -> None:
        """Answer with the object under `key`, or with the reader of `open_` if `key` is None.

        Args:
            open_: returns a reader for a start and a length; only called if this process
                sends the bytes.
            ends_s: when the signed link expires; a redirect expires no later.
        """
        if key is not None and self._settings.mode == "x-accel":
            resp.set_header("X-Accel-Redirect", self._settings.accel_prefix + quote(key))
            return
        if key is not None and self._settings.mode == "redirect":
            self._redirect(resp, key, is_public=is_public, ends_s=ends_s)
            return
        resp.set_header("Accept-Ranges", "bytes")
        span = None
        if req.method == "GET":
            span = parse_range(req.get_header("Range"), req.get_header("If-Range"), etag, size)
        if isinstance(span, Unsatisfiable):
            detail = f"Range: the picture has {size:,} bytes; the range is outside of them"
            problem = problems.document(416, "Range not satisfiable", detail, "RangeNotSatisfiable")
            problems.respond(resp, problem)
            resp.set_header("Content-Range", f"bytes */{size}")
            return
        if isinstance(span, Span):
            resp.status = falcon.HTTP_206
            last = span.start + span.length - 1
            resp.set_header("Content-Range", f"bytes {span.start}-{last}/{size}")
        start, length = span or Span(0, size)
        resp.set_header("Content-Length", str(length))
        if req.method == "HEAD":
            return
        set_body(resp, open_(start, length if span else None), length)

    def _redirect(
        self, resp: falcon.Response, key: str, *, is_public: bool, ends_s: int | None
    ) -> None:
        lasts_s = self._settings.redirect_expires_s
        # The clock of the store may be ahead of this node's.
        expires_s = min(lasts_s + SKEW_S, _MAX_PRESIGNED_S)
        if ends_s is not None:
            expires_s = max(1, min(expires_s, _left_s(ends_s)))
        media_type = resp.content_type or "application/octet-stream"
        store = cast(HasPresignedUrl, self._store)
        url = store.presigned_url(key, expires_s=expires_s, media_type=media_type)
        resp.status = falcon.HTTP_307
        resp.location = url
        # The redirect must not outlive the signature in its URL.
        resp.set_header(
            "Cache-Control",
            f"public, max-age={min(lasts_s, expires_s) // 2}" if is_public else PRIVATE,
        )


def _left_s(ends_s: int) -> int:
    return max(0, ends_s - int(time.time()))


def set_body(resp: falcon.Response, reader: Reader, length: int) -> None:
    """Answer with the next `length` bytes of a reader, which is closed once they are sent.

    Raises:
        StoreUnavailable: the store has fewer bytes than that.
    """
    if length <= _SENT_AT_ONCE_BYTES or isinstance(reader, BytesReader):
        with reader:
            data = reader.read(length)
        if len(data) < length:
            # Falcon would announce the bytes that are there, and a cache would store them.
            raise StoreUnavailable("an object in the store ends early")
        resp.data = data
    else:
        # Falcon's type also allows None for "all"; it only passes numbers.
        resp.set_stream(cast(ReadableIO, reader), length)


def not_modified(resp: falcon.Response) -> None:
    """Turn a response into a 304, which has neither body nor type."""
    resp.status = falcon.HTTP_304
    resp.media = None
    resp.delete_header("Content-Type")


def set_timing(resp: falcon.Response, made: Rendered | None) -> None:
    """Set the headers that say how long each step took; `made` is None for a cached picture."""
    resp.set_header("X-Cache", "miss" if made else "hit")
    if made:
        timing = (
            f"decode;dur={made.decode_ms:.1f}, transform;dur={made.transform_ms:.1f}, "
            f"encode;dur={made.encode_ms:.1f}, wait;dur={made.wait_ms:.1f}"
        )
        if made.store_ms:
            timing += f", store;dur={made.store_ms:.1f}"
    else:
        timing = "cache;desc=hit"
    resp.set_header("Server-Timing", timing)


def _is_since(header: str | None, modified: datetime | None) -> bool:
    """Return True if nothing was modified since the time in `header`."""
    if header is None or modified is None:
        return False
    try:
        since = parsedate_to_datetime(header[:64])
    except ValueError:
        return False  # RFC 9110, section 13.1.3: an invalid date is ignored.
    return modified.replace(microsecond=0) <= (since if since.tzinfo else since.replace(tzinfo=UTC))
