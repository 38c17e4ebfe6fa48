"""gzip for JSON that is long enough to gain by it.

Not compressed are:

* pictures, which are compressed already;
* answers with a strong ETag, which names one sequence of bytes (RFC 9110, section 8.8.1);
* answers that no cache may store, and those to requests with a signature: they can hold tokens,
  keys and signed links, whose text could be guessed from the length of a compressed answer
  (BREACH).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, cast

import falcon
from falcon.typing import ReadableIO
from falcon.util.mediatypes import parse_header

_TYPES = frozenset(
    ("application/json", "application/hal+json", "application/ld+json", "application/x-ndjson")
)
# A shorter answer fits into one packet anyway.
_LEAST_BYTES = 1_000
# Higher levels take up to three times as long for lists of records, and gain less than 1 %.
_LEVEL = 5
_GZIP = zlib.MAX_WBITS | 16


class Compression:
    """Falcon middleware that compresses answers for clients that accept gzip."""

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        """Compress the answer, or say by Vary that another client would get it compressed."""
        if not _may_be_compressed(req, resp):
            return
        body: bytes | None = None
        if resp.stream is None:
            body = resp.render_body()
            if body is None or len(body) < _LEAST_BYTES:
                return
        resp.append_header("Vary", "Accept-Encoding")
        if not accepts_gzip(req.get_header("Accept-Encoding")):
            return
        resp.set_header("Content-Encoding", "gzip")
        if body is not None:
            resp.text = None
            resp.data = gzip.compress(body, _LEVEL, mtime=0)
        else:
            # Falcon's type of a stream leaves out iterables, which it sends too.
            pieces = cast(Iterable[bytes], resp.stream)
            resp.stream = cast(ReadableIO, Compressed(pieces))


class Compressed:
    """An iterable of bytes, compressed piece by piece, so that none has to wait for the next."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        """Yield compressed pieces."""
        compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
        for piece in self._pieces:
            yield compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH)
        yield compressor.flush()

    def close(self) -> None:
        """Close the pieces, if they can be closed."""
        close: Any = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def accepts_gzip(header: str | None) -> bool:
    """Return True if Accept-Encoding names gzip and does not exclude it."""
    for item in (header or "").split(",")[:20]:
        name, options = parse_header(item)
        if name.strip().lower() in ("gzip", "x-gzip"):
            try:
                return float(options.get("q", "1")) > 0
            except ValueError:
                return False
    return False


def _may_be_compressed(req: falcon.Request, resp: falcon.Response) -> bool:
    media_type = (resp.content_type or "").partition(";")[0].strip().lower()
    if resp.media is not None and not media_type:
        media_type = "application/json"
    if media_type not in _TYPES:
        return False
    etag = resp.get_header("ETag")
    return (
        resp.status_code not in (204, 206, 304)
        and resp.get_header("Content-Encoding") is None
        and (etag is None or etag.startswith("W/"))
        and "no-store" not in (resp.get_header("Cache-Control") or "")
        and "sig=" not in req.query_string
    )
