"""Plain JPEGs are recognised by their header; whatever libjpeg would give up on is not plain."""

from __future__ import annotations

import pytest
from PIL import Image

from progimage.imaging.codecs.jpeg_plain import Component, plain_components
from tests.imaging.drawing import quadrants, saved

ONE, WIDE, TALL, FOUR = Component(1, 1), Component(2, 1), Component(1, 2), Component(2, 2)


def segment(data: bytes, marker: int) -> tuple[int, int]:
    """Return where the first segment with this marker begins and ends."""
    start = data.index(bytes((0xFF, marker)))
    return start, start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")


def replaced(data: bytes, marker: int, change) -> bytes:
    """Return a JPEG with another body in one segment; its length is corrected."""
    start, end = segment(data, marker)
    body = change(bytearray(data[start + 4 : end]))
    if body is None:
        return data[:start] + data[end:]
    return data[: start + 2] + (len(body) + 2).to_bytes(2, "big") + bytes(body) + data[end:]


def setting(at: int, value: int):
    """Return a change of one byte."""

    def change(body: bytearray) -> bytearray:
        body[at] = value
        return body

    return change


@pytest.mark.parametrize(
    ("parameters", "components"),
    [
        ({"subsampling": "4:4:4"}, (ONE, ONE, ONE)),
        ({"subsampling": "4:2:2"}, (WIDE, ONE, ONE)),
        ({"subsampling": "4:2:0"}, (FOUR, ONE, ONE)),
        ({"subsampling": "4:2:0", "optimize": True}, (FOUR, ONE, ONE)),
        ({"subsampling": "4:2:0", "restart_marker_blocks": 2}, (FOUR, ONE, ONE)),
        ({"progressive": True}, ()),
    ],
)
def test_what_cameras_write_is_plain(parameters, components):
    assert plain_components(saved(quadrants(), "JPEG", **parameters)) == components


def test_grey_is_plain_and_inks_are_not():
    assert plain_components(saved(quadrants().convert("L"), "JPEG")) == (ONE,)
    assert plain_components(saved(quadrants().convert("CMYK"), "JPEG")) == ()


def test_luma_of_double_height_is_plain():
    data = replaced(saved(quadrants(), "JPEG"), 0xC0, setting(7, 0x12))
    assert plain_components(data) == (TALL, ONE, ONE)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"GIF89a", b"\xff\xd9" * 9])
def test_what_is_not_a_jpeg_is_not_plain(data):
    assert plain_components(data) == ()


def test_a_header_that_is_cut_is_not_plain():
    data = saved(quadrants(), "JPEG")
    _, end = segment(data, 0xDA)
    assert plain_components(data[:end])
    assert [length for length in range(end) if plain_components(data[:length])] == []


@pytest.mark.parametrize(
    ("marker", "change"),
    [
        pytest.param(0xC0, lambda _: None, id="no frame"),
        pytest.param(0xC0, setting(0, 12), id="12 bits"),
        pytest.param(0xC0, lambda body: body[:1] + b"\0\0" + body[3:], id="no height"),
        pytest.param(0xC0, lambda body: body[:3] + b"\xff\xff" + body[5:], id="too wide"),
        pytest.param(0xC0, setting(5, 4), id="four components announced"),
        pytest.param(0xC0, lambda body: body + b"\0", id="a frame that is too long"),
        pytest.param(0xC0, setting(7, 0x41), id="luma four times as wide"),
        pytest.param(0xC0, setting(7, 0x02), id="no width"),
        pytest.param(0xC0, setting(10, 0x22), id="large chroma"),
        pytest.param(0xC0, setting(9, 1), id="two components of one name"),
        pytest.param(0xC0, setting(8, 3), id="a quantizer that is missing"),
        pytest.param(0xDB, lambda _: None, id="no quantizer"),
        pytest.param(0xDB, setting(0, 0x04), id="quantizer 4"),
        pytest.param(0xDB, setting(0, 0x20), id="a quantizer of 24 bits"),
        pytest.param(0xDB, lambda body: body[:-1], id="a short quantizer"),
        pytest.param(0xC4, lambda _: None, id="no Huffman table"),
        pytest.param(0xC4, setting(0, 0x04), id="Huffman table 4"),
        pytest.param(0xC4, setting(0, 0x20), id="a Huffman table of no kind"),
        pytest.param(0xC4, setting(1, 2), id="all codes of one bit"),
        pytest.param(0xC4, setting(16, 255), id="more codes than symbols"),
        pytest.param(0xC4, setting(20, 16), id="a difference of 16 bits"),
        pytest.param(0xC4, lambda body: body + b"\0", id="a rest behind a Huffman table"),
        pytest.param(0xDA, setting(0, 1), id="a scan of one component"),
        pytest.param(0xDA, setting(1, 2), id="a scan in another order"),
        pytest.param(0xDA, setting(2, 0x33), id="a scan with missing tables"),
        pytest.param(0xDA, lambda body: body[:-1], id="a short scan header"),
    ],
)
def test_a_wrong_header_is_not_plain(marker, change):
    data = saved(quadrants(), "JPEG")
    assert plain_components(data)
    assert plain_components(replaced(data, marker, change)) == ()


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(b"\xff\xdd\x00\x03\x01", id="a short restart interval"),
        pytest.param(b"\xff\xcc\x00\x04\x00\x00", id="arithmetic conditioning"),
        pytest.param(b"\xff\xe0\x00\x01", id="a length that is too short"),
        pytest.param(b"\x00", id="bytes between segments"),
        pytest.param(b"\xff\xd8", id="a second beginning"),
    ],
)
def test_a_segment_that_is_not_plain_makes_none_plain(extra):
    data = saved(quadrants(), "JPEG")
    start, _ = segment(data, 0xDB)
    assert plain_components(data[:start] + extra + data[start:]) == ()


def test_two_frames_are_not_plain():
    data = saved(quadrants(), "JPEG")
    start, end = segment(data, 0xC0)
    assert plain_components(data[:end] + data[start:end] + data[end:]) == ()


def test_a_picture_of_noise_is_as_plain_as_any():
    noise = Image.effect_noise((99, 71), 90).convert("RGB")
    assert plain_components(saved(noise, "JPEG", quality=100, subsampling="4:2:0"))
