"""PNG as browsers show it: transparency, colours, damage, texts of any length."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from progimage.errors import CorruptPicture, PictureError
from progimage.imaging.codecs import icc
from progimage.imaging.codecs.readers.png import PngReader
from tests.imaging.codecs.readers.reading import CLEAR, STRICT, chunk, facts, png, read, rgba
from tests.imaging.drawing import RED, is_near, pixel, quadrants, saved


@pytest.mark.parametrize(
    ("depth", "row", "key", "shown"),
    [
        (1, b"\x40", 1, [0, None]),
        (2, b"\x18", 1, [0, None, 170]),
        (4, b"\x05\xf0", 5, [0, None, 255]),
        (8, b"\x00\x05\xff", 5, [0, None, 255]),
    ],
)
def test_the_grey_that_is_named_is_transparent(
    depth: int, row: bytes, key: int, shown: list[int | None], tmp_path: Path
) -> None:
    data = png(
        [row], len(shown), depth=depth, colour=0, before=chunk(b"tRNS", struct.pack(">H", key))
    )
    image = read(tmp_path, data).frames[0]
    for at, grey in enumerate(shown):
        assert rgba(image, (at, 0))[3] == (0 if grey is None else 255)
        assert grey is None or rgba(image, (at, 0))[0] == grey
    assert facts(tmp_path, data).has_alpha


def test_a_grey_beyond_the_depth_makes_nothing_transparent(tmp_path: Path) -> None:
    data = png([b"\x40"], 2, depth=1, colour=0, before=chunk(b"tRNS", b"\0\xff"))
    assert not facts(tmp_path, data).has_alpha


def test_only_the_named_colour_is_transparent(tmp_path: Path) -> None:
    key = chunk(b"tRNS", struct.pack(">HHH", 10, 20, 30))
    image = read(tmp_path, png([bytes((10, 20, 30, 10, 20, 31))], 2, before=key)).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))) == (0, (10, 20, 31, 255))


@pytest.mark.parametrize("colour", [0, 2])
def test_a_named_colour_of_16_bits_is_compared_in_full(colour: int, tmp_path: Path) -> None:
    channels = 3 if colour else 1
    row = struct.pack(f">{2 * channels}H", *[0x8000] * channels, *[0x8001] * channels)
    key = chunk(b"tRNS", struct.pack(f">{channels}H", *[0x8000] * channels))
    image = read(tmp_path, png([row], 2, depth=16, colour=colour, before=key)).frames[0]
    assert [rgba(image, (at, 0))[3] for at in (0, 1)] == [0, 255]


def test_grey_and_alpha_of_16_bits_keep_both(tmp_path: Path) -> None:
    row = struct.pack(">4H", 0x1234, 0xFFFF, 0xFF00, 0x8000)
    image = read(tmp_path, png([row], 2, depth=16, colour=4)).frames[0]
    assert image.mode == "LA"
    assert (pixel(image, (0, 0)), pixel(image, (1, 0))) == ((18, 255), (254, 128))


def test_dark_greys_of_16_bits_meet_their_profile_before_they_are_cut(tmp_path: Path) -> None:
    """Cut to 8 bits first, the lowest 4,096 of 65,536 linear greys leave 16 levels."""
    gamma_1 = b"curv" + struct.pack(">II", 0, 0)
    profile = bytearray(icc.rgb_profile(icc.SRGB_PRIMARIES, lambda value: value)[:128])
    profile[16:20] = b"GRAY"
    white = b"XYZ " + struct.pack(">4I", 0, 0xF6D6, 0x1_0000, 0xD32D)
    profile += struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 12) + white + gamma_1
    profile[:4] = struct.pack(">I", len(profile))
    row = struct.pack(">64H", *range(0, 4096, 64))
    packed = chunk(b"iCCP", b"linear\0\0" + zlib.compress(profile))
    image = read(tmp_path, png([row], 64, depth=16, colour=0, before=packed)).frames[0]
    assert len(set(image.tobytes())) > 50
    assert abs(pixel(image, (63, 0))[0] - 70) <= 1


def test_dark_colours_of_16_bits_meet_their_profile_before_they_are_cut(tmp_path: Path) -> None:
    profile = icc.rgb_profile(icc.SRGB_PRIMARIES, lambda value: value)
    row = b"".join(struct.pack(">3H", value, 0, value) for value in range(0, 4096, 64))
    packed = chunk(b"iCCP", b"linear\0\0" + zlib.compress(profile))
    image = read(tmp_path, png([row], 64, depth=16, before=packed)).frames[0]
    assert len(set(image.getchannel("R").tobytes())) > 50
    assert is_near(pixel(image, (63, 0)), (70, 0, 70), 2)


# Measured in Chromium 156 on the greys 32, 128 and 224.
@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ({b"gAMA": 100_000}, (99, 188, 241)),
        ({b"gAMA": 55_556}, (43, 146, 230)),
        ({b"gAMA": 45_455}, (32, 128, 224)),
        ({b"gAMA": 47_000}, (32, 128, 224)),
        ({b"gAMA": 0}, (32, 128, 224)),
        ({b"gAMA": 45_455, b"cHRM": icc.SRGB_PRIMARIES}, (26, 129, 225)),
        ({b"cHRM": icc.SRGB_PRIMARIES}, (32, 128, 224)),
        ({b"sRGB": None, b"gAMA": 100_000}, (32, 128, 224)),
        ({b"iCCP": None, b"gAMA": 100_000}, (32, 128, 224)),
        ({b"cICP": (1, 13, 0, 1), b"gAMA": 100_000}, (32, 128, 224)),
        ({b"cICP": (1, 8, 0, 1), b"sRGB": None}, (99, 188, 241)),
        ({b"cICP": (1, 1, 0, 1)}, (20, 121, 222)),
        ({b"cICP": (9, 16, 0, 1)}, (5, 132, 255)),
        ({b"cICP": (9, 18, 0, 1)}, (14, 99, 228)),
    ],
)
def test_the_first_colour_chunk_that_counts_decides(
    chunks: dict[bytes, object], shown: tuple[int, ...], tmp_path: Path
) -> None:
    before = b"".join(chunk(kind, _colour_chunk(kind, value)) for kind, value in chunks.items())
    row = bytes(value for grey in (32, 128, 224) for value in (grey, grey, grey))
    image = read(tmp_path, png([row], 3, before=before)).frames[0]
    for at, grey in enumerate(shown):
        assert is_near(rgba(image, (at, 0)), (grey, grey, grey, 255), 8)


def _colour_chunk(kind: bytes, value: object) -> bytes:
    if isinstance(value, int):
        return struct.pack(">I", value)
    if kind == b"cHRM" and isinstance(value, tuple):
        numbers = [round(number * 100_000) for number in (*value[6:], *value[:6])]
        return struct.pack(">8I", *numbers)
    if isinstance(value, tuple):
        return bytes(value)
    if kind == b"iCCP":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        return b"sRGB\0\0" + zlib.compress(profile)
    return b"\0"


def test_chromaticities_of_a_wider_space_make_colours_stronger(tmp_path: Path) -> None:
    """Measured in Chromium 156 with the chromaticities of Display P3."""
    before = chunk(b"cICP", bytes((12, 13, 0, 1)))
    image = read(tmp_path, png([bytes((200, 100, 0))], 1, before=before)).frames[0]
    assert is_near(rgba(image, (0, 0)), (215, 93, 0, 255), 2)


def test_a_gamma_holds_for_greys_as_well(tmp_path: Path) -> None:
    before = chunk(b"gAMA", struct.pack(">I", 100_000))
    image = read(tmp_path, png([b"\x80"], 1, colour=0, before=before)).frames[0]
    assert image.mode == "L"
    assert abs(pixel(image, (0, 0))[0] - 188) <= 1


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


def test_a_long_compressed_xmp_packet_and_a_large_profile_are_read(tmp_path: Path) -> None:
    xmp = b"<x>" + b" " * 2_000_000 + b"</x>"
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile += bytes(1_300_000)
    before = chunk(b"iTXt", text) + chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))
    data = saved(quadrants(), "PNG")
    picture = read(tmp_path, data[:33] + before + data[33:])
    assert picture.xmp == xmp
    assert picture.frames[0].tobytes() == quadrants().tobytes()
    assert not facts(tmp_path, data[:33] + before + data[33:]).damage


def test_a_profile_that_inflates_without_end_is_left_out() -> None:
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000)))
    data = saved(quadrants(), "PNG")
    assert PngReader(data[:33] + bomb + data[33:], accepts_damage=True).colour is None


def _noise_png(**parameters: object) -> bytes:
    return saved(Image.effect_noise((64, 64), 90).convert("RGB"), "PNG", **parameters)


def test_of_a_png_that_ends_early_the_upper_rows_are_shown(tmp_path: Path) -> None:
    data = _noise_png()
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
    data = _noise_png()
    with pytest.raises(CorruptPicture, match="most of it"):
        facts(tmp_path, data[: len(data) // 10])


def test_a_png_that_lacks_only_its_end_is_whole(tmp_path: Path) -> None:
    data = saved(quadrants(), "PNG")[:-12]
    assert read(tmp_path, data).frames[0].tobytes() == quadrants().tobytes()
    assert facts(tmp_path, data).damage == "the end of the PNG is missing"


def test_orientation_in_an_exif_chunk_counts_and_in_xmp_it_does_not(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0" + b'<rdf tiff:Orientation="6"/>'
    wide = saved(quadrants((64, 32)), "PNG")
    assert facts(tmp_path, saved(quadrants((64, 32)), "PNG", exif=exif)).orientation == 6
    assert facts(tmp_path, wide[:33] + chunk(b"iTXt", xmp) + wide[33:]).orientation == 1


def test_a_palette_of_16_colours_with_transparent_ones(tmp_path: Path) -> None:
    before = chunk(b"PLTE", bytes((*RED, 1, 2, 3))) + chunk(b"tRNS", b"\0")
    image = read(tmp_path, png([b"\x01"], 2, depth=4, colour=3, before=before)).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))) == (0, (1, 2, 3, 255))


def test_an_index_beyond_the_palette_is_its_last_colour(tmp_path: Path) -> None:
    before = chunk(b"PLTE", bytes(RED))
    image = read(tmp_path, png([b"\x00\x07"], 2, colour=3, before=before)).frames[0]
    assert (rgba(image, (0, 0)), rgba(image, (1, 0))) == ((*RED, 255), (*RED, 255))


def test_missing_pixels_are_transparent_black(tmp_path: Path) -> None:
    data = _noise_png()
    image = read(tmp_path, data[: len(data) // 2]).frames[0]
    assert rgba(image, (0, 63)) == CLEAR


@given(st.binary(max_size=200), st.integers(0, 150))
def test_hostile_chunks_raise_nothing_but_picture_errors(noise: bytes, at: int) -> None:
    data = saved(quadrants((8, 8)), "PNG")
    try:
        reader = PngReader(data[:at] + noise + data[at:], accepts_damage=True)
        if max(reader.size) <= 100:
            list(reader.frames(1))
    except PictureError:
        pass


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


@pytest.mark.parametrize("colour", [0, 2])
def test_the_high_byte_of_a_named_colour_of_8_bits_is_not_looked_at(
    colour: int, tmp_path: Path
) -> None:
    bands = 1 if colour == 0 else 3
    before = chunk(b"tRNS", b"\xff\x64" * bands)
    image = read(
        tmp_path, png([bytes((100,) * bands + (7,) * bands)], 2, colour=colour, before=before)
    )
    assert [rgba(image.frames[0], (at, 0))[3] for at in (0, 1)] == [0, 255]


@pytest.mark.parametrize(
    ("chunks", "alphas"),
    [
        ([(b"PLTE", bytes(6)), (b"tRNS", b"\0\x80")], (0, 128)),
        ([(b"tRNS", b"\0\x80"), (b"PLTE", bytes(6))], (255, 255)),
        ([(b"PLTE", bytes(6)), (b"tRNS", b"\0\x80"), (b"tRNS", b"\x40")], (0, 128)),
        ([(b"PLTE", bytes(6)), (b"tRNS", bytes(300))], (255, 255)),
    ],
)
def test_transparency_of_a_palette_stands_once_behind_it(
    chunks: list[tuple[bytes, bytes]], alphas: tuple[int, int], tmp_path: Path
) -> None:
    before = b"".join(chunk(*each) for each in chunks)
    image = read(tmp_path, png([bytes((0, 1))], 2, colour=3, before=before)).frames[0]
    assert (rgba(image, (0, 0))[3], rgba(image, (1, 0))[3]) == alphas


def test_without_its_palette_a_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptPicture, match="lacks its palette"):
        facts(tmp_path, png([bytes((0, 1))], 2, colour=3))


def test_of_a_palette_only_whole_colours_count(tmp_path: Path) -> None:
    before = chunk(b"PLTE", bytes((1, 2, 3, 4, 5, 6, 7, 8)))
    image = read(tmp_path, png([bytes((0, 1, 2))], 3, colour=3, before=before)).frames[0]
    assert rgba(image, (2, 0))[:3] == (4, 5, 6)


@pytest.mark.parametrize("kind", [b"gAMA", b"iCCP", b"cICP"])
def test_colour_chunks_behind_the_pixels_do_not_count(kind: bytes, tmp_path: Path) -> None:
    values = {b"gAMA": 100_000, b"iCCP": None, b"cICP": (12, 13, 0, 1)}
    after = chunk(kind, _colour_chunk(kind, values[kind]))
    picture = read(tmp_path, png([bytes((250, 10, 10))], 1, after=after))
    assert (rgba(picture.frames[0], (0, 0)), picture.icc) == ((250, 10, 10, 255), b"")


_LINEAR = 99, 188, 241
_PLAIN = 32, 128, 224


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        (chunk(b"sRGB", b"\x09"), _LINEAR),
        (chunk(b"sRGB", b"\0\0"), _LINEAR),
        (chunk(b"sRGB", b"\3"), _PLAIN),
        (chunk(b"cICP", bytes((2, 2, 0, 1))), _LINEAR),
        (chunk(b"cICP", bytes((1, 13, 0, 0))), _LINEAR),
        (
            chunk(
                b"iCCP",
                b"x\0\0"
                + zlib.compress(icc.rgb_profile(icc.SRGB_PRIMARIES, icc.srgb_to_light)[:300]),
            ),
            _LINEAR,
        ),
        (
            chunk(
                b"iCCP",
                b"\0\0" + zlib.compress(icc.rgb_profile(icc.SRGB_PRIMARIES, icc.srgb_to_light)),
            ),
            _LINEAR,
        ),
    ],
)
def test_a_colour_chunk_that_makes_no_sense_leaves_the_next_to_decide(
    first: bytes, shown: tuple[int, ...], tmp_path: Path
) -> None:
    before = first + chunk(b"gAMA", _colour_chunk(b"gAMA", 100_000))
    row = bytes(value for grey in _PLAIN for value in (grey, grey, grey))
    image = read(tmp_path, png([row], 3, before=before)).frames[0]
    for at, grey in enumerate(shown):
        assert is_near(rgba(image, (at, 0)), (grey, grey, grey, 255), 8)


@pytest.mark.parametrize(
    ("is_late", "prefix", "turned"),
    [(False, b"", True), (True, b"", False), (False, b"Exif\0\0", False)],
)
def test_only_a_bare_block_before_the_pixels_turns_them(
    is_late: bool, prefix: bytes, turned: bool, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    block = chunk(b"eXIf", prefix + exif.tobytes().removeprefix(b"Exif\0\0"))
    data = saved(quadrants((48, 32)), "PNG")
    at = data.index(b"IEND") - 4 if is_late else data.index(b"IDAT") - 4
    assert read(tmp_path, data[:at] + block + data[at:]).size == ((32, 48) if turned else (48, 32))
