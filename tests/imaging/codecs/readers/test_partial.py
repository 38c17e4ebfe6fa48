"""Pictures of which a part cannot be decoded."""

from __future__ import annotations

import pytest
from PIL import Image

from progimage.imaging.codecs.readers.partial import decode_partly, shown_part, with_gaps


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "P"])
def test_what_is_missing_is_a_gap(mode):
    size, pixel = (4, 4), len(Image.new(mode, (1, 1)).tobytes())
    row = bytes([7]) * pixel * 4
    image, gaps = decode_partly(mode, size, row * 2, "raw", mode)
    assert gaps.tobytes() == bytes(8) + b"\xff" * 8
    assert shown_part(gaps) == 0.5
    assert image.tobytes()[: len(row) * 2] == row * 2


def test_a_whole_picture_has_no_gaps():
    _, gaps = decode_partly("RGB", (4, 4), bytes(48), "raw", "RGB")
    assert gaps is None


@pytest.mark.parametrize(("mode", "result"), [("L", "LA"), ("RGB", "RGBA"), ("RGBA", "RGBA")])
def test_gaps_become_transparent(mode, result):
    gaps = Image.frombytes("L", (2, 1), b"\0\xff")
    image = with_gaps(Image.new(mode, (2, 1), "white"), gaps)
    assert image.mode == result
    assert image.getchannel("A").tobytes() == b"\xff\0"
