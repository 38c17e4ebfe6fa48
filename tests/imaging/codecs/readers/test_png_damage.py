"""PNG that ends early or has wrong checksums."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from progimage.errors import CorruptPicture
from tests.imaging.codecs.readers.reading import (
    STRICT,
    chunk,
    facts,
    noise_png,
    png,
    read,
    rgba,
)
from tests.imaging.drawing import quadrants, saved


@pytest.mark.parametrize("kind", [b"tEXt", b"iCCP", b"gAMA", b"eXIf", b"pHYs"])
def test_a_wrong_checksum_in_a_chunk_that_is_not_needed_costs_that_chunk(
    kind: bytes, tmp_path: Path
) -> None:
    broken = chunk(kind, b"x\0\0\1")[:-4] + bytes(4)
    data = saved(quadrants(), "PNG")
    data = data[:33] + broken + data[33:]
    found = facts(tmp_path, data)
    assert kind.decode() in found.damage
    assert read(tmp_path, data).frames[0].tobytes() == quadrants().tobytes()
    with pytest.raises(CorruptPicture, match=kind.decode()):
        facts(tmp_path, data, STRICT)


def test_a_wrong_checksum_in_the_header_is_refused(tmp_path: Path) -> None:
    data = bytearray(saved(quadrants(), "PNG"))
    data[30] ^= 1
    with pytest.raises(CorruptPicture, match="IHDR"):
        facts(tmp_path, bytes(data))


def test_of_a_png_that_ends_early_the_upper_rows_are_shown(tmp_path: Path) -> None:
    data = noise_png()
    cut = data[: len(data) * 7 // 10]
    alpha = read(tmp_path, cut).frames[0].getchannel("A")
    whole = [alpha.crop((0, row, 64, row + 1)).getextrema() for row in range(64)]
    shown = whole.count((255, 255))
    assert 40 <= shown <= 48
    assert whole == [(255, 255)] * shown + [(0, 0)] * (64 - shown)
    assert "the pixels end early" in facts(tmp_path, cut).damage
    with pytest.raises(CorruptPicture, match="send it again"):
        facts(tmp_path, cut, STRICT)


def test_a_png_of_which_most_is_missing_is_refused(tmp_path: Path) -> None:
    data = noise_png()
    with pytest.raises(CorruptPicture, match="most of it"):
        facts(tmp_path, data[: len(data) // 10])


def test_a_png_that_lacks_only_its_end_is_whole(tmp_path: Path) -> None:
    data = saved(quadrants(), "PNG")[:-12]
    assert read(tmp_path, data).frames[0].tobytes() == quadrants().tobytes()
    assert "end of the PNG" in facts(tmp_path, data).damage


def test_a_stream_that_ends_well_and_too_early_leaves_no_black(tmp_path: Path) -> None:
    rows = [bytes((200, 100, 50)) * 4] * 8
    data = png(rows, 4)
    short = data.replace(_pixels_of(rows), _pixels_of(rows[:5]))
    image = read(tmp_path, short).frames[0]
    assert [rgba(image, (0, row))[3] for row in range(8)] == [255] * 5 + [0] * 3
    assert facts(tmp_path, short).damage == "the pixels end early"


def _pixels_of(rows: list[bytes]) -> bytes:
    return chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))


def test_of_rows_cut_at_their_end_the_rest_is_transparent(tmp_path: Path) -> None:
    """Damaged data that inflates to whole rows is no whole picture."""
    rows = [bytes((200, 100, 50)) * 4] * 8
    stream = zlib.compressobj(0)
    body = stream.compress(b"".join(b"\0" + row for row in rows[:5]))
    body += stream.flush(zlib.Z_FULL_FLUSH)
    short = png(rows, 4).replace(_pixels_of(rows), chunk(b"IDAT", body + b"\x07damaged"))
    image = read(tmp_path, short).frames[0]
    assert [rgba(image, (0, row))[3] for row in range(8)] == [255] * 5 + [0] * 3
