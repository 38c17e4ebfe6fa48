"""Bodies that a server compressed although asked not to."""

from __future__ import annotations

import gzip
import itertools

import httpcore
import pytest

from progimage.errors import DownloadFailed
from progimage.ingest.download import content_coding


def response(coding: str | None, *pieces: bytes) -> httpcore.Response:
    headers = [] if coding is None else [("Content-Encoding", coding)]
    return httpcore.Response(200, headers=headers, content=iter(pieces))


@pytest.mark.parametrize("coding", [None, "", "identity", " gzip ", "X-GZIP"])
def test_plain_bodies_and_gzip_can_be_read(coding):
    assert content_coding.is_readable(response(coding))


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip;q=1"])
def test_other_codings_cannot(coding):
    assert not content_coding.is_readable(response(coding))


def test_a_plain_body_comes_as_it_is():
    assert list(content_coding.body(response(None, b"a", b"bc"))) == [b"a", b"bc"]


def test_gzip_is_inflated_however_it_is_cut():
    sent = gzip.compress(b"picture" * 1_000)
    pieces = [sent[at : at + 3] for at in range(0, len(sent), 3)]
    assert b"".join(content_coding.body(response("gzip", *pieces))) == b"picture" * 1_000


def test_each_piece_is_of_bounded_size():
    bomb = gzip.compress(bytes(5_000_000))
    pieces = list(content_coding.body(response("gzip", bomb)))
    assert max(map(len, pieces)) <= 64 * 1024
    assert sum(map(len, pieces)) == 5_000_000


def test_nothing_is_read_after_the_end():
    def endless():
        yield gzip.compress(b"picture")
        raise AssertionError("read on")

    sent = httpcore.Response(200, headers=[("Content-Encoding", "gzip")], content=endless())
    assert b"".join(content_coding.body(sent)) == b"picture"


def test_gzip_without_content_is_not_read_without_end():
    header = gzip.compress(b"")[:10]
    empty_blocks = b"\x00\x00\x00\xff\xff" * 10_000
    sent = itertools.chain([header], itertools.repeat(empty_blocks, 1_000))
    with pytest.raises(DownloadFailed, match="without content"):
        list(content_coding.body(response("gzip", *sent)))


@pytest.mark.parametrize(
    "sent", [b"no gzip", gzip.compress(bytes(100), mtime=0)[:-5], b""], ids=["text", "cut", "empty"]
)
def test_other_bytes_and_an_early_end_have_failed(sent):
    with pytest.raises(DownloadFailed):
        list(content_coding.body(response("gzip", sent)))
