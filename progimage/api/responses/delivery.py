"""How a picture's bytes leave: by us, through nginx, or straight from S3."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import quote, urlsplit

import falcon
from falcon.typing import ReadableIO

from progimage import keys
from progimage.api.requests.conditional import Span, Unsatisfiable, none_match_holds, parse_range
from progimage.api.responses import problems
from progimage.config import Delivery as DeliverySettings
from progimage.config.clock_skew import SKEW_S
from progimage.errors import ConfigError
from progimage.imaging.codecs.formats import Format
from progimage.imaging.render import Rendered
from progimage.stores import HasLocalPath, HasPresignedUrl, ObjectStore, Reader

PUBLIC = "public, max-age=31536000, immutable"
PRIVATE = "private, no-store"

# A picture is data: opened as a page it may load, run and frame nothing.
CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

# Setting up sendfile takes longer than copying so few bytes.
_SENT_AT_ONCE_BYTES = 64 * 1024

# Of a presigned URL; AWS Signature Version 4 takes no more.
_MAX_PRESIGNED_S = 604_800

_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]+")

Open = Callable[[int, int | None], Reader]


def etag_of_rendition(image_id: str, name: str) -> str:
    """Return the ETag of a rendition, which needs neither its bytes nor the store.

    Rendering is deterministic for one engine version, so its inputs stand for its bytes.
    """
    return hashlib.sha256(f"{keys.ENGINE_VERSION}/{image_id}/{name}".encode()).hexdigest()[:32]


class Delivery:
    """Sends stored objects in the way the settings choose."""

    def __init__(self, store: ObjectStore, settings: DeliverySettings) -> None:
        if settings.mode == "x-accel" and not isinstance(store, HasLocalPath):
            raise ConfigError("delivery.mode: 'x-accel' needs a file: store that nginx can read")
        if settings.mode == "redirect" and not isinstance(store, HasPresignedUrl):
            raise ConfigError("delivery.mode: 'redirect' needs an s3: store")
        self._store = store
        self._settings = settings

    @property
    def hands_over(self) -> bool:
        """True if another program than this one sends the bytes."""
        return self._settings.mode != "direct"

    def other_origin(self) -> str:
        """Return where clients are sent for pictures, such as https://s3.example; "" if nowhere."""
        if self._settings.mode != "redirect":
            return ""
        store = cast(HasPresignedUrl, self._store)
        parts = urlsplit(store.presigned_url("any", expires_s=1, media_type="image/any"))
        return f"{parts.scheme}://{parts.netloc}"

    def is_unchanged(self, req: falcon.Request, resp: falcon.Response, etag: str) -> bool:
        """Note `etag`; True, and 304, if the client says that it has that version."""
        resp.set_header("ETag", f'"{etag}"')
        if none_match_holds(req.get_header("If-None-Match"), etag):
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
        ends_s: int | None = None,
    ) -> None:
        """Set the headers that every picture carries.

        What was asked for by a link that ends is kept by nobody for longer; of a private
        picture nobody keeps anything, so that taking a link back works at once.
        """
        resp.content_type = form.media_type
        if not is_public:
            caching = PRIVATE
        elif ends_s is None:
            caching = PUBLIC
        else:
            caching = f"public, max-age={_left_s(ends_s)}"
        resp.set_header("Cache-Control", caching)
        resp.set_header("Content-Security-Policy", CONTENT_POLICY)
        # Pictures are made to be shown on other sites' pages.
        resp.set_header("Cross-Origin-Resource-Policy", "cross-origin")
        resp.set_header("Content-Disposition", disposition(file_name))

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
        """Answer with the object under `key`, or with what `open_` gives if it has none.

        A redirect ends no later than `ends_s`, the end of the link that led here.
        `open_` takes a start and a length; it is only called if the bytes leave by us.
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
            detail = f"Range: the picture has {size:,} bytes, none of which you asked for"
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
        if length <= _SENT_AT_ONCE_BYTES:
            with open_(start, length if span else None) as reader:
                resp.data = reader.read(length)
        else:
            # Falcon wants a stream that takes None for "all"; it only ever gives a number.
            resp.set_stream(cast(ReadableIO, open_(start, length if span else None)), length)

    def _redirect(
        self, resp: falcon.Response, key: str, *, is_public: bool, ends_s: int | None
    ) -> None:
        lasts_s = self._settings.redirect_expires_s
        # The store looks at its own clock, which may be ahead of ours.
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


def not_modified(resp: falcon.Response) -> None:
    """Turn a response into a 304, which has neither body nor type."""
    resp.status = falcon.HTTP_304
    resp.media = None
    resp.delete_header("Content-Type")


def tell_timing(resp: falcon.Response, made: Rendered | None) -> None:
    """Say where the time went, or that the cache had it (`made` is None)."""
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


def disposition(file_name: str) -> str:
    """Return a Content-Disposition that shows the picture and names it if it is saved.

    Source: RFC 6266, section 4.3, with RFC 8187 for what is not ASCII.
    """
    if _PLAIN_NAME.fullmatch(file_name):
        return f'inline; filename="{file_name}"'
    if not file_name:
        return "inline"
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in file_name
    )
    if plain == file_name:
        return f'inline; filename="{plain}"'
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
