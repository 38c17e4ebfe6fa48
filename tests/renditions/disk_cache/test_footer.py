"""The footer of a copy on the disk, by which a damaged one is noticed."""

from __future__ import annotations

import io
import zlib
from datetime import UTC, datetime

import pytest

from progimage import keys
from progimage.errors import BadKey
from progimage.renditions.disk_cache.footer import footer, id_of, is_public_rendition, verified
from progimage.stores import Stat

IMAGE, DATA = "ab" * 32, b"picture" * 50
KEY = keys.rendition(IMAGE, "resize:width=9", "png", public=True)
STAT = Stat(KEY, len(DATA), "etag", datetime.now(UTC))
COPY = DATA + footer(STAT, zlib.crc32(DATA))


def read(tmp_path, data: bytes, key: str = KEY) -> Stat | None:
    path = tmp_path / "copy"
    path.write_bytes(data)
    with io.FileIO(path) as file:
        return verified(file, path.stat(), key)


def test_a_whole_copy_has_the_facts_of_the_object(tmp_path):
    found = read(tmp_path, COPY)
    assert (found.key, found.size, found.etag) == (KEY, len(DATA), "etag")


@pytest.mark.parametrize("at", [0, 100, len(DATA), len(DATA) + 6, len(COPY) - 20, len(COPY) - 1])
def test_a_changed_byte_is_noticed(tmp_path, at):
    data = bytearray(COPY)
    data[at] ^= 1
    assert read(tmp_path, bytes(data)) is None


@pytest.mark.parametrize("data", [b"", COPY[:-1], COPY[1:], COPY[:10], COPY + b"x"])
def test_a_part_of_a_copy_is_none(tmp_path, data):
    assert read(tmp_path, data) is None


def test_a_copy_of_another_rendition_is_none(tmp_path):
    assert read(tmp_path, COPY, KEY.replace("width=9", "width=8")) is None


def test_only_public_renditions_have_copies():
    assert is_public_rendition(KEY)
    assert not is_public_rendition(keys.rendition(IMAGE, "flip", "png", public=False))
    assert id_of(KEY) == IMAGE
    with pytest.raises(BadKey):
        id_of("users/ann.json")
