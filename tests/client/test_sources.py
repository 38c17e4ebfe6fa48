"""What can be uploaded."""

from __future__ import annotations

import io

import pytest

from progimage.client.errors import InvalidCall
from progimage.client.sources import Url, opened


def test_paths_bytes_and_streams_are_read(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"picture")
    with path.open("rb") as stream:
        for source in (path, str(path), stream, b"picture"):
            with opened(source, None) as found:
                name = "" if source == b"picture" else "a.png"
                assert (found.name, found.size_bytes, found.read(2, 3)) == (name, 7, b"ctu")


def test_what_a_stream_has_left_is_the_image():
    stream = io.BytesIO(b"read picture")
    stream.seek(5)
    with opened(stream, "b.png") as found:
        assert (found.name, found.read(0, 7)) == ("b.png", b"picture")


def test_an_address_is_for_the_server_to_fetch():
    with opened("https://example.org/a.png", None) as found:
        assert found == Url("https://example.org/a.png")


@pytest.mark.parametrize("source", ["/no/such/file.png", 5])
def test_what_cannot_be_read_is_an_error(source):
    with pytest.raises(InvalidCall), opened(source, None):
        pass


def test_a_name_that_cannot_be_sent_is_an_error():
    with pytest.raises(InvalidCall, match="not valid UTF-8"), opened(io.BytesIO(b""), "\udcff"):
        pass


def test_a_file_that_became_shorter_is_an_error():
    with opened(b"picture", "a.png") as found, pytest.raises(InvalidCall, match="became shorter"):
        found.read(5, 5)
