"""TIFF of every depth, layout and colour model that libtiff decompresses."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from progimage.errors import CorruptPicture, InvalidArgument
from progimage.imaging.codecs.decode import decode_opened
from progimage.imaging.codecs.header import opened
from progimage.imaging.codecs.readers.tiff_tags import read_tags
from progimage.imaging.inspection import inspect
from tests.imaging.codecs.readers.reading import (
    LIMITS,
    STRICT,
    facts,
    linear_grey_profile,
    read,
    rgba,
)
from tests.imaging.drawing import BLUE, GREEN, RED, is_near, put, quadrants, saved

_CODES = {3: "H", 4: "I", 7: "B", 16: "Q"}


def _tiff(
    samples: bytes,
    size: tuple[int, int],
    bits: int,
    photometric: int,
    channels: int = 1,
    *,
    order: str = "<",
    is_big: bool = False,
    more: dict[int, tuple[int, tuple[int, ...]]] | None = None,
) -> bytes:
    """Return a TIFF of one uncompressed strip, or of the strips and tiles that `more` names."""
    tags: dict[int, tuple[int, tuple[int, ...]]] = {
        256: (4, (size[0],)),
        257: (4, (size[1],)),
        258: (3, (bits,) * channels),
        259: (3, (1,)),
        262: (3, (photometric,)),
        273: (4, (0,)),
        277: (3, (channels,)),
        278: (4, (size[1],)),
        279: (4, (len(samples),)),
        **(more or {}),
    }
    tags = {tag: tags[tag] for tag in sorted(tags) if tags[tag][1]}
    inline, entry = (8, 20) if is_big else (4, 12)
    start = 16 if is_big else 8
    count_code, pointer = ("Q", "Q") if is_big else ("H", "I")
    body_at = start + struct.calcsize("<" + count_code) + entry * len(tags) + inline
    body, entries = b"", b""
    for number, value_of in tags.items():
        kind, values = value_of
        packed = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
        if len(packed) > inline:
            packed, body = struct.pack(order + pointer, body_at + len(body)), body + packed
        entries += struct.pack(f"{order}HH{pointer}", number, kind, len(values))
        entries += packed.ljust(inline, b"\0")
    data_at = body_at + len(body)
    for strips in (273, 324):
        if strips in tags:
            place = list(tags).index(strips) * entry + entry - inline
            many = tags[strips][1]
            if len(many) == 1:
                shift = struct.pack(order + "I", data_at + many[0]).ljust(inline, b"\0")
                entries = entries[:place] + shift + entries[place + inline :]
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if is_big else 42)
    head += struct.pack(order + ("HHQ" if is_big else "I"), *((8, 0, 16) if is_big else (8,)))
    count = struct.pack(order + count_code, len(tags))
    return head + count + entries + bytes(inline) + body + samples


@pytest.mark.parametrize(
    ("bits", "samples", "shown"),
    [
        (2, b"\x1b", (0, 85, 170, 255)),
        (4, b"\x05\xaf", (0, 85, 170, 255)),
        (6, b"\x00\x5a\xbf", (0, 20, 170, 255)),
        (10, b"\x00\x15\x5a\xab\xff", (0, 85, 170, 255)),
        (12, b"\x00\x05\x55\xaa\xaf\xff", (0, 85, 170, 255)),
        (14, b"\x00\x01\x55\x5a\xaa\xbf\xff", (0, 85, 170, 255)),
        (16, struct.pack("<4H", 0, 0x5555, 0xAAAA, 0xFFFF), (0, 85, 170, 255)),
        (32, struct.pack("<4I", 0, 0x55555555, 0xAAAAAAAA, 0xFFFFFFFF), (0, 85, 170, 255)),
    ],
)
@pytest.mark.parametrize("is_white_zero", [False, True])
def test_greys_of_every_depth(
    bits: int, samples: bytes, shown: tuple[int, ...], is_white_zero: bool, tmp_path: Path
) -> None:
    data = _tiff(samples, (4, 1), bits, 0 if is_white_zero else 1)
    image = read(tmp_path, data).frames[0].convert("L")
    expected = [255 - grey if is_white_zero else grey for grey in shown]
    assert is_near(tuple(image.tobytes()), tuple(expected), 1)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("is_big", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_either_byte_order_classic_and_big(
    order: str, is_big: bool, bits: int, tmp_path: Path
) -> None:
    code = "B" if bits == 8 else "H"
    unit = 1 if bits == 8 else 257
    values = [value * unit for value in (255, 0, 0, 10, 20, 30)]
    samples = struct.pack(f"{order}6{code}", *values)
    data = _tiff(samples, (2, 1), bits, 2, 3, order=order, is_big=is_big)
    image = read(tmp_path, data).frames[0]
    assert (rgba(image, (0, 0)), rgba(image, (1, 0))) == ((255, 0, 0, 255), (10, 20, 30, 255))


@pytest.mark.parametrize(
    ("extra", "sample", "alpha", "shown"),
    [
        (2, 100, 128, (100, 100, 100, 128)),
        (1, 64, 128, (128, 128, 128, 128)),
        (0, 100, 128, (100, 100, 100, 128)),
        (0, 100, 0, (100, 100, 100, 255)),
    ],
)
@pytest.mark.parametrize("bits", [8, 16])
def test_a_second_channel_of_grey_is_alpha_unless_it_is_unnamed_and_empty(
    extra: int, sample: int, alpha: int, shown: tuple[int, ...], bits: int, tmp_path: Path
) -> None:
    code, unit = ("B", 1) if bits == 8 else ("H", 257)
    samples = struct.pack(f"<2{code}", sample * unit, alpha * unit)
    data = _tiff(samples, (1, 1), bits, 1, 2, more={338: (3, (extra,))})
    assert is_near(rgba(read(tmp_path, data).frames[0], (0, 0)), shown, 1)


def test_inks_with_alpha(tmp_path: Path) -> None:
    samples = bytes((0, 255, 255, 0, 128))
    data = _tiff(samples, (1, 1), 8, 5, 5, more={338: (3, (2,))})
    assert is_near(rgba(read(tmp_path, data).frames[0], (0, 0)), (255, 0, 0, 128), 2)


def test_inks_of_16_bits(tmp_path: Path) -> None:
    data = _tiff(struct.pack("<4H", 0, 0xFFFF, 0xFFFF, 0), (1, 1), 16, 5, 4)
    assert is_near(rgba(read(tmp_path, data).frames[0], (0, 0)), (255, 0, 0, 255), 2)


# L* 53.24, a* 80.09, b* 67.20 is the red of sRGB; source: CIE 15, with a D65 white.
@pytest.mark.parametrize(
    ("photometric", "bits", "samples"),
    [
        (8, 8, struct.pack("<Bbb", 138, 80, 70)),
        (8, 16, struct.pack("<Hhh", 35_600, 80 * 256, 70 * 256)),
        (9, 8, struct.pack("<BBB", 138, 208, 198)),
    ],
)
def test_lab_is_red_where_it_says_red(
    photometric: int, bits: int, samples: bytes, tmp_path: Path
) -> None:
    image = read(tmp_path, _tiff(samples, (1, 1), bits, photometric, 3)).frames[0]
    assert is_near(rgba(image, (0, 0)), (254, 0, 0, 255), 12)


@pytest.mark.parametrize(
    ("bits", "code", "values", "shown"),
    [
        (32, "f", (1.0, 0.5, 0.0), (255, 128, 0)),
        (64, "d", (1.0, 0.5, 0.0), (255, 128, 0)),
        (16, "e", (1.0, 0.5, 0.0), (255, 128, 0)),
        (32, "f", (200.0, 100.0, 50.0), (200, 100, 50)),
        (32, "f", (4000.0, 2000.0, 0.0), (255, 128, 0)),
    ],
)
def test_colours_as_floats(
    bits: int, code: str, values: tuple[float, ...], shown: tuple[int, ...], tmp_path: Path
) -> None:
    samples = struct.pack(f"<3{code}", *values)
    data = _tiff(samples, (1, 1), bits, 2, 3, more={339: (3, (3, 3, 3))})
    assert is_near(rgba(read(tmp_path, data).frames[0], (0, 0)), (*shown, 255), 1)


def test_planes_one_after_the_other(tmp_path: Path) -> None:
    samples = struct.pack("<6H", 0xFFFF, 0, 0, 0xFFFF, 0, 0)
    more = {
        284: (3, (2,)),
        273: (4, ()),
        279: (4, ()),
        278: (4, (1,)),
    }
    place = 8 + 2 + 12 * 10 + 4 + 6 + 12 + 12
    more[273], more[279] = (4, (place, place + 4, place + 8)), (4, (4, 4, 4))
    image = read(tmp_path, _tiff(samples, (2, 1), 16, 2, 3, more=more)).frames[0]
    assert (rgba(image, (0, 0)), rgba(image, (1, 0))) == ((255, 0, 0, 255), (0, 255, 0, 255))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_compressed_greys_of_16_bits(compression: str, tmp_path: Path) -> None:
    grey = Image.frombytes("I;16", (2, 1), struct.pack("<2H", 0x4000, 0xFFFF))
    image = read(tmp_path, saved(grey, "TIFF", compression=compression)).frames[0]
    assert is_near(tuple(image.convert("L").tobytes()), (64, 255), 1)


def test_orientation_in_xmp_does_not_squeeze_the_picture(tmp_path: Path) -> None:
    xmp = b'<x tiff:Orientation="6"/>'
    buffer = BytesIO()
    quadrants((64, 32)).save(buffer, "TIFF", tiffinfo={700: xmp})
    picture = read(tmp_path, buffer.getvalue())
    assert (picture.size, picture.xmp) == ((64, 32), xmp)
    assert (rgba(picture.frames[0], (0, 0))[:3], rgba(picture.frames[0], (63, 0))[:3]) == (
        RED,
        GREEN,
    )


def test_text_fields_are_preserved_as_exif(tmp_path: Path) -> None:
    buffer = BytesIO()
    quadrants().save(buffer, "TIFF", tiffinfo={271: "Maker", 33432: "Somebody"})
    exif = Image.Exif()
    exif.load(read(tmp_path, buffer.getvalue()).exif)
    assert (exif[271], exif[33432]) == ("Maker", "Somebody")


@pytest.mark.parametrize("kind", [2, 4])
def test_bytes_of_any_kind_are_greys(kind: int, tmp_path: Path) -> None:
    """2 is "signed" and 4 "unknown"; writers do not mean it."""
    data = _tiff(bytes((0, 85, 170, 255)), (4, 1), 8, 1, more={339: (3, (kind,))})
    assert tuple(read(tmp_path, data).frames[0].tobytes()) == (0, 85, 170, 255)


def test_bits_of_samples_that_are_not_there_do_not_matter(tmp_path: Path) -> None:
    data = _tiff(bytes((255, 0, 0)), (1, 1), 8, 2, 3, more={258: (3, (8, 8, 8, 1))})
    assert read(tmp_path, data).frames[0].getpixel((0, 0)) == (255, 0, 0)


def test_a_layout_that_is_not_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorruptPicture, match="samples of 24 bits"):
        facts(tmp_path, _tiff(bytes(3), (1, 1), 24, 1, more={339: (3, (3,))}))


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_hostile_tags_raise_nothing_but_picture_errors(
    noise: bytes, is_little: bool, is_big: bool
) -> None:
    order = "<" if is_little else ">"
    head = (b"II" if is_little else b"MM") + struct.pack(order + "H", 43 if is_big else 42)
    try:
        tags = read_tags(head + noise)
    except CorruptPicture:
        return
    for tag in tags.values:
        assert len(tags.data(tag)) <= len(noise) + 4
        tags.numbers(tag)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_turns_pixels_and_does_not_squeeze_them(
    orientation: int, mode: str, tmp_path: Path
) -> None:
    data = saved(quadrants((64, 32)).convert(mode), "TIFF", tiffinfo={274: orientation})
    turned = saved(quadrants((64, 32)), "JPEG", quality=95, exif=_orientation(orientation))
    image, reference = (read(tmp_path, each).frames[0].convert("L") for each in (data, turned))
    assert image.size == reference.size == ((64, 32) if orientation < 5 else (32, 64))
    assert max(ImageChops.difference(image, reference).resize((4, 4)).tobytes()) < 12


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_of_a_strip_that_is_cut_the_rows_before_are_shown(compression: str, tmp_path: Path) -> None:
    noise = Image.effect_noise((64, 64), 60)
    whole = saved(noise, "TIFF", compression=compression, tiffinfo={278: 64})
    whole = whole if compression == "raw" else _directory_first(whole)
    cut = whole[: len(whole) * 7 // 10]
    image = read(tmp_path, cut).frames[0]
    alpha = image.getchannel("A").resize((1, 64), Image.Resampling.NEAREST).tobytes()
    shown = alpha.count(255)
    assert 30 <= shown <= 50
    assert alpha == b"\xff" * shown + bytes(64 - shown)
    rows = (0, 0, 64, shown)
    assert image.getchannel("L").crop(rows).tobytes() == noise.crop(rows).tobytes()
    assert facts(tmp_path, cut).damage == (
        "the end of the TIFF is missing; strips or tiles cannot be read"
    )
    with pytest.raises(CorruptPicture):
        facts(tmp_path, cut, STRICT)


def _directory_first(data: bytes) -> bytes:
    """Return a TIFF of one strip with the directory before the strip, as most cameras write it."""
    tags = read_tags(data)
    start, size = tags.number(273, 0), tags.number(279, 0)
    names = (256, 257, 258, 259, 262, 277, 278)
    more = {name: (4, (tags.number(name, 1),)) for name in names}
    more |= {name: (3, value) for name, (_, value) in more.items() if name not in (256, 257, 278)}
    return _tiff(data[start : start + size], (64, 64), 8, 1, more=more)


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2), (1, 2), (4, 2)])
def test_luma_and_chroma_without_compression(subsampling: tuple[int, int], tmp_path: Path) -> None:
    across, down = subsampling
    # The red of sRGB. Source: ITU-R BT.601.
    block = bytes((76,)) * across * down + bytes((85, 255))
    data = _tiff(block * 4, (2 * across, 2 * down), 8, 6, 3, more={530: (3, subsampling)})
    assert is_near(rgba(read(tmp_path, data).frames[0], (0, 0)), (255, 0, 0, 255), 4)


@pytest.mark.parametrize("bits", [3, 5, 7, 9, 11, 13, 15])
def test_samples_of_an_odd_number_of_bits(bits: int, tmp_path: Path) -> None:
    top = (1 << bits) - 1
    row = (top << bits | top >> 1) << (-2 * bits % 8)
    data = _tiff(row.to_bytes(-(-2 * bits // 8), "big"), (2, 1), bits, 1)
    image = read(tmp_path, data).frames[0]
    assert image.getpixel((0, 0)) == 255
    assert is_near((image.getpixel((1, 0)),), ((top >> 1) * 255 // top,), 1)


def test_a_file_that_does_not_say_what_its_samples_mean_is_black_and_white(tmp_path: Path) -> None:
    data = _tiff(bytes((0, 85, 170, 255)), (4, 1), 8, 1, more={262: (3, ())})
    assert tuple(read(tmp_path, data).frames[0].tobytes()) == (0, 85, 170, 255)


def test_a_compression_that_is_not_read_is_named(tmp_path: Path) -> None:
    data = _tiff(bytes(64), (8, 8), 8, 1, more={259: (3, (34_887,))})
    with pytest.raises(CorruptPicture, match="34887"):
        facts(tmp_path, data)


def test_a_page_is_chosen_and_smaller_versions_of_a_page_are_none(tmp_path: Path) -> None:
    buffer = BytesIO()
    colours = [RED, GREEN, BLUE]
    pages = [Image.new("RGB", (8, 8), colour) for colour in colours]
    pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    path = put(tmp_path, buffer.getvalue())
    assert inspect(path, LIMITS).pages == 2
    shown = []
    for page in (1, 2):
        with opened(path, LIMITS, page) as source:
            shown.append(decode_opened(source).frames[0].getpixel((0, 0)))
    assert shown == [RED, BLUE]
    with (
        pytest.raises(InvalidArgument, match="from 1 to 2"),
        opened(path, LIMITS, 3),
    ):
        pass


def test_directories_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    data = bytearray(_tiff(bytes(4), (2, 2), 8, 1))
    [count] = struct.unpack_from("<H", data, 8)
    struct.pack_into("<I", data, 10 + 12 * count, 8)
    assert facts(tmp_path, bytes(data)).pages == 2


def test_iptc_fields_of_their_own_become_a_resource(tmp_path: Path) -> None:
    fields = b"\x1c\x02P\0\3Ann"
    data = _tiff(bytes(4), (2, 2), 8, 1, more={33723: (3, struct.unpack("<4H", fields))})
    assert read(tmp_path, data).iptc == b"8BIM\x04\x04\0\0\0\0\0\x08" + fields


def test_values_that_lie_over_each_other_do_not_fill_the_memory() -> None:
    many = 900
    head = b"II*\0" + struct.pack("<IH", 8, many)
    entries = b"".join(struct.pack("<HHII", 1000 + at, 7, 1 << 20, 0) for at in range(many))
    tags = read_tags((head + entries).ljust(1 << 20, b"\0"))
    assert sum(len(tags.data(tag)) for tag in tags.values) <= 64 << 20


@pytest.mark.parametrize("photometric", [0, 1])
def test_dark_greys_of_16_bits_meet_their_profile_before_they_are_cut(
    photometric: int, tmp_path: Path
) -> None:
    """Where white is zero as well."""
    greys = [value if photometric else 65_535 - value for value in range(0, 4096, 64)]
    more = {34675: (7, tuple(linear_grey_profile()))}
    data = _tiff(struct.pack("<64H", *greys), (64, 1), 16, photometric, more=more)
    shown = [rgba(read(tmp_path, data).frames[0], (at, 0))[0] for at in range(64)]
    assert len(set(shown)) > 50
    assert abs(shown[63] - 70) <= 1
