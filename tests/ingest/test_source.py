"""Pieces of bytes as one source."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from progimage.ingest.source import Pieces


def test_pieces_are_read_in_any_sizes_and_empty_ones_are_no_end() -> None:
    source = Pieces(iter([b"", b"0123", b"", b"45"]))
    assert [source.read(3) for _ in range(4)] == [b"012", b"3", b"45", b""]


def test_an_error_of_the_pieces_comes_after_the_bytes_before_it() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"01"
        raise OSError("broken")

    source = Pieces(pieces())
    assert source.read(9) == b"01"
    with pytest.raises(OSError, match="broken"):
        source.read(9)
