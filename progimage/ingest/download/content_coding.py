"""Bodies that a server compressed although asked not to: gzip is inflated, in bounded pieces.

Source: RFC 9110, section 8.4.1.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpcore

from progimage.errors import DownloadFailed
from progimage.ingest.download.exchange import header

_GZIP = (b"gzip", b"x-gzip")
# zlib reads a header of gzip with this window.
_GZIP_WBITS = 31
_INFLATED_AT_ONCE = 64 * 1024
# How many bytes may arrive beyond those that they were inflated to. Readers limit only the
# latter, and gzip can have empty blocks without end.
_MAX_OVERHEAD = 256 * 1024


def is_readable(response: httpcore.Response) -> bool:
    """Return True if the body is not compressed, or by gzip."""
    return _coding(response) in (b"identity", *_GZIP)


def body(response: httpcore.Response) -> Iterator[bytes]:
    """Yield the body without its compression, in pieces of a bounded size, perhaps empty ones.

    Raises:
        DownloadFailed: the body is not the gzip that its head announces, ends early, or has
            many bytes that stand for nothing.
    """
    if _coding(response) not in _GZIP:
        yield from response.iter_stream()
        return
    inflating = zlib.decompressobj(wbits=_GZIP_WBITS)
    overhead = 0
    try:
        for chunk in response.iter_stream():
            rest = chunk
            overhead += len(chunk)
            while rest and not inflating.eof:
                piece = inflating.decompress(rest, _INFLATED_AT_ONCE)
                overhead -= len(piece)
                yield piece
                rest = inflating.unconsumed_tail
            if overhead > _MAX_OVERHEAD:
                raise DownloadFailed("url: the server's gzip has too many bytes without content")
            if inflating.eof:
                return
    except zlib.error:
        raise DownloadFailed("url: the server's answer is not gzip, as its head says") from None
    if not inflating.eof:
        raise DownloadFailed("url: the server's answer ends early", retryable=True)


def _coding(response: httpcore.Response) -> bytes:
    # Some servers send an empty header.
    return (header(response, b"content-encoding") or b"").strip().lower() or b"identity"
