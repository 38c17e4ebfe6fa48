"""The chunks of a PNG."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from progimage.imaging.codecs.readers.png_chunks import XMP_KEYWORD, chunks, inflated, xmp_of


def png(*, compressed: bool = False) -> bytes:
    info = PngInfo()
    info.add_itxt(XMP_KEYWORD.decode(), "<x:xmpmeta/>", zip=compressed)
    file = io.BytesIO()
    Image.new("L", (3, 2)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_all_chunks_come_in_order_and_none_after_the_end():
    found = list(chunks(png() + b"more"))
    assert [chunk.kind for chunk in found] == [b"IHDR", b"iTXt", b"IDAT", b"IEND"]
    assert all(chunk.is_intact for chunk in found)


def test_a_wrong_checksum_and_a_cut_are_noticed():
    data = bytearray(png())
    data[20] ^= 1
    assert [chunk.is_intact for chunk in chunks(bytes(data))][:2] == [False, True]
    assert not list(chunks(png()[:-20]))[-1].is_intact


@pytest.mark.parametrize("compressed", [False, True])
def test_xmp_is_read(compressed):
    [text] = [c.data for c in chunks(png(compressed=compressed)) if c.kind == b"iTXt"]
    assert xmp_of(text) == b"<x:xmpmeta/>"


def test_text_without_its_parts_is_none():
    assert xmp_of(XMP_KEYWORD + b"\0\0\0") == b""


def test_what_inflates_to_more_than_is_allowed_is_none():
    data = zlib.compress(bytes(1_000))
    assert inflated(data, 1_000) == bytes(1_000)
    assert inflated(data, 999) is None
    assert inflated(data[:-1], 1_000) is None
    assert inflated(b"damaged", 1_000) is None
