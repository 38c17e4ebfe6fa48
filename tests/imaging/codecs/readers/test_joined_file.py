"""Bytes and the rest of a file read as one file."""

from __future__ import annotations

from io import SEEK_CUR, SEEK_END, BufferedReader, BytesIO

from hypothesis import given
from hypothesis import strategies as st

from progimage.imaging.codecs.readers.joined_file import JoinedFile

moves = st.tuples(st.sampled_from([0, SEEK_CUR, SEEK_END]), st.integers(-9, 30), st.integers(0, 12))


@given(st.binary(max_size=9), st.binary(max_size=20), st.data(), st.lists(moves, max_size=8))
def test_it_reads_as_the_joined_bytes_do(head, rest, data, steps):
    start = data.draw(st.integers(0, len(rest)))
    plain = BytesIO(head + rest[start:])
    joined = BufferedReader(JoinedFile(head, BytesIO(rest), start), 4)
    for whence, offset, count in steps:
        length = len(plain.getvalue())
        base = {0: 0, SEEK_CUR: plain.tell(), SEEK_END: length}[whence]
        place = max(0, base + offset)
        assert joined.seek(place - base, whence) == plain.seek(place)
        assert joined.read(count) == plain.read(count)
    joined.seek(0)
    assert joined.read() == plain.getvalue()


def test_the_file_stays_open():
    file = BytesIO(b"abc")
    JoinedFile(b"", file, 0).close()
    assert not file.closed
