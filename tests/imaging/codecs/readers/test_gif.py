"""GIF as browsers show it: disposal, offsets, loops, ends that are missing."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs.readers.gif import GifReader
from tests.imaging.codecs.readers.reading import CLEAR, STRICT, facts, read, rgba
from tests.imaging.drawing import saved

RED, GREEN, BLUE = (255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)
_PALETTE = bytes((255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9))
SCREEN = (6, 4)


def _lzw(index: int, count: int) -> bytes:
    """Return one-coloured pixels, with a clear code before each."""
    codes = [code for _ in range(count) for code in (4, index)] + [5]
    bits = sum(code << 3 * at for at, code in enumerate(codes))
    data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    blocks = b"".join(
        bytes((len(data[at : at + 255]),)) + data[at : at + 255] for at in range(0, len(data), 255)
    )
    return b"\2" + blocks + b"\0"


def _gif(
    *frames: tuple[tuple[int, int, int, int], int, int],
    transparent: int | None = None,
    loops: int | None = None,
    screen: tuple[int, int] = SCREEN,
) -> bytes:
    """Return a GIF of one-coloured frames: box, palette index and disposal of each."""
    parts = [b"GIF89a", struct.pack("<HHBBB", *screen, 0x91, 3, 0), _PALETTE]
    if loops is not None:
        parts.append(b"!\xff\x0bNETSCAPE2.0\3\1" + struct.pack("<H", loops) + b"\0")
    for (left, top, right, bottom), index, dispose in frames:
        flags = dispose << 2 | (transparent is not None)
        parts.append(b"!\xf9\4" + struct.pack("<BHB", flags, 5, transparent or 0) + b"\0")
        width, height = right - left, bottom - top
        parts.append(b"," + struct.pack("<HHHHB", left, top, width, height, 0))
        parts.append(_lzw(index, width * height))
    return b"".join(parts) + b";"


ALL, CORNER = (0, 0, 6, 4), (0, 0, 2, 2)


@pytest.mark.parametrize(
    ("dispose", "after"), [(0, GREEN), (1, GREEN), (2, CLEAR), (3, RED), (4, RED)]
)
def test_disposal_leaves_restores_or_clears_the_frames_box(
    dispose: int, after: tuple[int, ...], tmp_path: Path
) -> None:
    data = _gif((ALL, 0, 1), (CORNER, 1, dispose), ((5, 3, 6, 4), 2, 1))
    picture = read(tmp_path, data)
    assert rgba(picture.frames[1], (0, 0)) == GREEN
    assert (rgba(picture.frames[2], (0, 0)), rgba(picture.frames[2], (5, 3))) == (after, BLUE)
    assert rgba(picture.frames[2], (3, 1)) == RED


def test_uncovered_pixels_are_transparent_with_any_background(tmp_path: Path) -> None:
    image = read(tmp_path, _gif(((2, 1, 4, 3), 0, 1))).frames[0]
    assert (rgba(image, (2, 1)), rgba(image, (0, 0))) == (RED, CLEAR)


def test_a_transparent_index_lets_the_frames_before_show(tmp_path: Path) -> None:
    picture = read(tmp_path, _gif((ALL, 0, 1), (ALL, 1, 1), transparent=1))
    assert rgba(picture.frames[1], (0, 0)) == RED


def test_a_first_frame_larger_than_the_screen_makes_it_larger(tmp_path: Path) -> None:
    assert read(tmp_path, _gif((ALL, 0, 1), screen=(3, 3))).size == (6, 4)


def test_a_later_frame_that_sticks_out_is_cut(tmp_path: Path) -> None:
    picture = read(tmp_path, _gif((ALL, 0, 1), ((4, 2, 9, 9), 1, 1)))
    assert picture.size == SCREEN
    assert (rgba(picture.frames[1], (5, 3)), rgba(picture.frames[1], (0, 0))) == (GREEN, RED)


@pytest.mark.parametrize(("loops", "plays"), [(None, 1), (0, 0), (3, 4)])
def test_loops_are_counted_after_the_first_time(
    loops: int | None, plays: int, tmp_path: Path
) -> None:
    assert read(tmp_path, _gif((ALL, 0, 1), (ALL, 1, 1), loops=loops)).loop == plays


def test_a_clip_of_300_frames_is_read(tmp_path: Path) -> None:
    assert facts(tmp_path, _gif(*[(ALL, number % 3, 1) for number in range(300)])).frames == 300


def _noise(*, is_interlaced: bool = False) -> bytes:
    return saved(Image.effect_noise((64, 64), 90), "GIF", interlace=is_interlaced)


def test_missing_rows_of_an_interlaced_gif_repeat_those_above(tmp_path: Path) -> None:
    data = _noise(is_interlaced=True)
    image = read(tmp_path, data[: len(data) * 5 // 10]).frames[0]
    assert image.mode == "RGB"
    assert image.crop((0, 62, 64, 63)).tobytes() == image.crop((0, 63, 64, 64)).tobytes()


def test_a_gif_that_lacks_its_last_bytes_is_shown(tmp_path: Path) -> None:
    whole = _gif((ALL, 0, 1))
    found = facts(tmp_path, whole[:-1])
    assert "end of the GIF" in found.damage
    assert rgba(read(tmp_path, whole[:-1]).frames[0], (5, 3)) == RED
    with pytest.raises(CorruptPicture, match="send it again"):
        facts(tmp_path, whole[:-1], STRICT)


def test_of_a_gif_that_ends_early_the_upper_rows_are_shown(tmp_path: Path) -> None:
    data = _noise()
    image = read(tmp_path, data[: len(data) * 5 // 10]).frames[0]
    assert (rgba(image, (0, 10))[3], rgba(image, (0, 63))) == (255, CLEAR)
    whole = Image.open(BytesIO(data)).convert("RGB").crop((0, 0, 64, 20))
    assert image.convert("RGB").crop((0, 0, 64, 20)).tobytes() == whole.tobytes()


def test_a_gif_of_which_most_is_missing_is_refused(tmp_path: Path) -> None:
    data = _noise()
    with pytest.raises(CorruptPicture, match="most of it"):
        facts(tmp_path, data[: len(data) * 3 // 10])


def test_a_last_frame_that_is_cut_leaves_those_before_it(tmp_path: Path) -> None:
    noise = [Image.effect_noise((64, 64), 60 + at) for at in range(3)]
    data = saved(noise[0], "GIF", save_all=True, append_images=noise[1:])
    found = facts(tmp_path, data[:-800])
    assert found.frames == 3
    assert "pixels of a frame" in found.damage


def test_a_later_frame_far_larger_than_the_picture_is_not_decoded() -> None:
    """It would take 4 GB, of which nothing is seen."""
    data = _gif((ALL, 0, 1), (ALL, 1, 1))
    at = data.rfind(b"," + struct.pack("<HHHH", *ALL)) + 1
    data = data[:at] + struct.pack("<HHHH", 0, 0, 65_535, 65_535) + data[at + 8 :]
    reader = GifReader(data, max_frames=9, accepts_damage=True)
    seen = [rgba(frame.image, (0, 0)) for frame in reader.frames(2)]
    assert seen[0] == seen[1]
    assert reader.damage == ["a frame is far larger than the picture"]
    with pytest.raises(CorruptPicture, match="far larger"):
        list(GifReader(data, max_frames=9, accepts_damage=False).frames(2))


@given(st.binary(max_size=60), st.integers(0, 120))
def test_hostile_blocks_raise_nothing_but_picture_errors(noise: bytes, at: int) -> None:
    data = _gif((ALL, 0, 1), (CORNER, 1, 2), loops=0)
    try:
        reader = GifReader(data[:at] + noise + data[at:], max_frames=50, accepts_damage=True)
        if max(reader.size) <= 1_000:
            list(reader.frames(reader.frame_count))
    except PictureError:
        pass


def test_codes_that_begin_at_two_bits_are_read(tmp_path: Path) -> None:
    """Clear and 0, and in three bits 1, the pair of both, and the end."""
    codes = ((2, 2), (0, 2), (1, 3), (4, 3), (3, 3))
    number = at = 0
    for code, width in codes:
        number |= code << at
        at += width
    stream = number.to_bytes(2, "little")
    data = _gif_of_two_colours((4, 1), bytes((1, len(stream))) + stream + b"\0")
    image = read(tmp_path, data).frames[0]
    assert [rgba(image, (x, 0))[0] for x in range(4)] == [0, 255, 0, 255]


def _gif_of_two_colours(size: tuple[int, int], pixels: bytes) -> bytes:
    width, height = (side.to_bytes(2, "little") for side in size)
    screen = b"GIF89a" + width + height + b"\x80\0\0" + bytes(3) + b"\xff" * 3
    return screen + b"," + bytes(4) + width + height + b"\0" + pixels + b";"


def test_an_xmp_packet_is_read(tmp_path: Path) -> None:
    """Adobe writes it without blocks, and 258 bytes that lead a reader of blocks out of it."""
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    extension = b"!\xff\x0bXMP DataXMP" + packet + trailer
    data = _gif(((0, 0, *SCREEN), 0, 0))
    picture = read(tmp_path, data[:-1] + extension + data[-1:])
    assert picture.xmp == packet
    assert rgba(picture.frames[0], (0, 0)) == RED
