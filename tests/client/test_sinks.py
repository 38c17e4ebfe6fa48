"""Where downloads are written."""

from __future__ import annotations

import io
import os

import pytest

from progimage.client.sinks import writing


def test_a_file_appears_when_all_of_it_was_written(tmp_path):
    target = tmp_path / "a.png"
    with writing(target) as writer:
        writer.write(b"first")
        assert not target.exists()
        assert writer.restart()
        writer.write(b"second")
    assert (target.read_bytes(), writer.size_bytes) == (b"second", 6)
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


def test_an_error_leaves_no_file_and_the_old_one_as_it_was(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def broken() -> None:
        with writing(target) as writer:
            writer.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        broken()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_stream_of_the_caller_cannot_be_started_again_once_it_has_data():
    stream = io.BytesIO()
    with writing(stream) as writer:
        assert writer.restart()
        writer.write(b"a")
        assert not writer.restart()
    assert stream.getvalue() == b"a"
