"""Bodies that can be sent again."""

from __future__ import annotations

import io

import pytest

from progimage.stores.s3.rewindable import SMALL_BYTES, Tail, rewindable


class Stream(io.BytesIO):
    """Bytes that cannot be read twice."""

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("kind", [io.BytesIO, Stream])
def test_a_small_rest_is_bytes(kind):
    source = kind(b"read" + b"x" * SMALL_BYTES)
    source.read(4)
    with rewindable(source) as body:
        assert body == b"x" * SMALL_BYTES


@pytest.mark.parametrize("kind", [io.BytesIO, Stream])
def test_a_large_rest_can_be_read_twice_from_its_start(kind):
    source = kind(b"read" + b"x" * SMALL_BYTES + b"end")
    source.read(4)
    with rewindable(source) as body:
        assert isinstance(body, Tail)
        assert body.size == SMALL_BYTES + 3
        for _ in range(2):
            assert body.seek(0) == 0
            assert body.read(1) == b"x"
            assert body.tell() == 1
            assert body.read().endswith(b"xend")
        assert body.seek(-3, io.SEEK_END) == SMALL_BYTES


def test_the_first_error_of_the_source_is_the_one_that_is_raised():
    source = io.BytesIO(b"abc")
    tail = Tail(source, 0)
    source.close()
    for _ in range(2):
        with pytest.raises(ValueError, match="closed"):
            tail.read()
    assert isinstance(tail.error, ValueError)
