"""Whatever a file holds comes out upright, 8 bits a channel, sRGB, frames whole."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from progimage.errors import CorruptPicture, InvalidArgument, PictureTooComplex
from progimage.imaging.codecs.decode import decode, decode_opened
from progimage.imaging.codecs.header import opened
from progimage.imaging.limits import Limits
from tests.imaging.drawing import (
    BLUE,
    CORNERS,
    GREEN,
    RED,
    WHITE,
    animated,
    corners,
    grey_steps,
    is_near,
    pixel,
    put,
    quadrants,
    saved,
    solids,
    with_hole,
)

LIMITS = Limits()
STRICT = Limits(accept_damaged=False)


def _oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _stored(orientation: int, size: tuple[int, int]) -> Image.Image:
    """Return the pixels a camera stores so that `orientation` shows them as `quadrants`."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    image = quadrants(size)
    return image if undo is None else image.transpose(undo)


def _assert_quadrants(image: Image.Image, tolerance: int) -> None:
    seen = corners(image)
    for place, colour in CORNERS.items():
        assert is_near(seen[place], (*colour, 255), tolerance), (place, seen)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pillow_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_pictures_come_out_upright_from_every_orientation(
    pillow_name: str, orientation: int, tmp_path: Path
) -> None:
    data = saved(_stored(orientation, (64, 32)), pillow_name, exif=_oriented(orientation))
    picture = decode(put(tmp_path, data), LIMITS)
    assert picture.size == (64, 32)
    _assert_quadrants(picture.frames[0], tolerance=12)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_part_of_a_shrunk_jpeg_that_is_the_picture_is_known_for_every_orientation(
    orientation: int, tmp_path: Path
) -> None:
    """An eighth of 330 x 210 pixels is 41.25 x 26.25, of 42 x 27 that are decoded."""
    data = saved(_stored(orientation, (330, 210)), "JPEG", exif=_oriented(orientation))
    picture = decode(put(tmp_path, data), LIMITS, target=(41, 26))
    left, top, right, bottom = picture.box
    assert picture.size == (42, 27)
    assert (right - left, bottom - top) == (330 / 8, 210 / 8)
    assert min(left, top) >= 0
    assert (right, bottom) <= picture.size
    whole = picture.frames[0].resize((110, 70), Image.Resampling.BICUBIC, box=picture.box)
    _assert_quadrants(whole, tolerance=12)
    edge = pixel(whole.convert("RGB"), (54, 10)), pixel(whole.convert("RGB"), (56, 10))
    assert edge[0][0] > 128 > edge[0][1], "the middle is still red left of the middle"
    assert edge[1][0] < 128, "and green right of it"


@pytest.mark.parametrize(
    ("target", "size"),
    [(None, (400, 300)), ((400, 300), (400, 300)), ((201, 1), (400, 300)), ((200, 150), (200, 150)),
     ((60, 45), (100, 75)), ((40, 30), (50, 38))],
)  # fmt: skip
def test_a_jpeg_is_decoded_at_the_last_scale_not_below_the_target(
    target: tuple[int, int] | None, size: tuple[int, int], tmp_path: Path
) -> None:
    path = put(tmp_path, saved(quadrants((400, 300)), "JPEG"))
    assert decode(path, LIMITS, target=target).size == size


def test_the_target_is_meant_as_displayed(tmp_path: Path) -> None:
    """Stored 600 x 200, displayed 200 x 600: a quarter of it is 50 x 150."""
    data = saved(_stored(6, (200, 600)), "JPEG", exif=_oriented(6))
    assert decode(put(tmp_path, data), LIMITS, target=(50, 150)).size == (50, 150)


@pytest.mark.parametrize("pillow_name", ["PNG", "BMP", "TIFF"])
def test_other_formats_are_decoded_in_full(pillow_name: str, tmp_path: Path) -> None:
    path = put(tmp_path, saved(quadrants((401, 300)), pillow_name))
    picture = decode(path, LIMITS, target=(60, 45))
    assert picture.box == (0, 0, 401, 300)
    _assert_quadrants(picture.frames[0], tolerance=0)


@pytest.mark.parametrize(
    ("image", "pillow_name", "mode"),
    [
        (quadrants(), "PNG", "RGB"),
        (with_hole(), "PNG", "RGBA"),
        (grey_steps(), "PNG", "L"),
        (grey_steps().convert("1"), "PNG", "L"),
        (grey_steps().convert("LA"), "PNG", "L"),
        (quadrants().convert("RGBA"), "PNG", "RGB"),
        (quadrants().quantize(16), "PNG", "RGB"),
        (quadrants().convert("YCbCr"), "TIFF", "RGB"),
        (quadrants().convert("LAB"), "TIFF", "RGB"),
        (quadrants().convert("CMYK"), "TIFF", "RGB"),
        (quadrants().convert("CMYK"), "JPEG", "RGB"),
        (grey_steps().convert("I"), "TIFF", "L"),
        (grey_steps().convert("F"), "TIFF", "L"),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else value,
)
def test_every_mode_becomes_a_working_mode(
    image: Image.Image, pillow_name: str, mode: str, tmp_path: Path
) -> None:
    """An alpha channel that hides nothing is dropped on the way."""
    picture = decode(put(tmp_path, saved(image, pillow_name)), LIMITS)
    assert picture.mode == mode
    assert picture.frames[0].info == {}


@pytest.mark.parametrize(("mode", "tolerance"), [("YCbCr", 2), ("LAB", 24), ("CMYK", 0)])
def test_colours_survive_other_colour_models(mode: str, tolerance: int, tmp_path: Path) -> None:
    """Eight bits of LAB are coarse, most of all in blue."""
    data = saved(quadrants().convert(mode), "TIFF")
    _assert_quadrants(decode(put(tmp_path, data), LIMITS).frames[0], tolerance)


def test_inks_of_a_jpeg_are_turned_over_with_and_without_the_adobe_marker(tmp_path: Path) -> None:
    """Programs that strip metadata take the marker away and leave the inks as they are."""
    data = saved(quadrants().convert("CMYK"), "JPEG", quality=95)
    _assert_quadrants(decode(put(tmp_path, data), LIMITS).frames[0], tolerance=8)
    at = data.index(b"\xff\xee")
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    unmarked = data[:at] + data[at + 2 + length :]
    _assert_quadrants(decode(put(tmp_path, unmarked), LIMITS).frames[0], tolerance=8)


def test_sixteen_bit_greys_keep_their_high_part(tmp_path: Path) -> None:
    image = Image.new("I;16", (2, 1))
    image.putpixel((0, 0), 0x8000)
    image.putpixel((1, 0), 0xFFFF)
    for pillow_name in ("PNG", "TIFF"):
        frame = decode(put(tmp_path, saved(image, pillow_name)), LIMITS).frames[0]
        assert (frame.mode, frame.tobytes()) == ("L", bytes([128, 255]))


def test_a_sixteen_bit_transparent_key_is_exact(tmp_path: Path) -> None:
    """0x8001 has the high byte of the transparent 0x8000 and is opaque all the same."""
    image = Image.new("I;16", (2, 1), 0x8000)
    image.putpixel((1, 0), 0x8001)
    data = saved(image, "PNG", transparency=0x8000)
    frame = decode(put(tmp_path, data), LIMITS).frames[0]
    assert (frame.mode, frame.tobytes()) == ("LA", bytes([128, 0, 128, 255]))


@pytest.mark.parametrize(
    ("values", "greys"),
    [((0.0, 0.5, 1.0), (0, 127, 255)), ((0.0, 100.0, 255.0), (0, 100, 255)),
     ((-10.0, 0.0, 10.0), (0, 127, 255)), ((7.5, 7.5, 7.5), (7, 7, 7))],
    ids=["unit", "bytes", "any range", "flat"],
)  # fmt: skip
def test_floating_point_greys_are_scaled(
    values: tuple[float, ...], greys: tuple[int, ...], tmp_path: Path
) -> None:
    image = Image.frombytes("F", (3, 1), struct.pack("3f", *values))
    frame = decode(put(tmp_path, saved(image, "TIFF")), LIMITS).frames[0]
    assert frame.mode == "L"
    assert is_near(tuple(frame.tobytes()), greys, 1)


def test_integers_beyond_sixteen_bits_are_stretched_over_their_range(tmp_path: Path) -> None:
    image = Image.frombytes("I", (3, 1), struct.pack("3i", -1_000_000, 0, 1_000_000))
    frame = decode(put(tmp_path, saved(image, "TIFF")), LIMITS).frames[0]
    assert is_near(tuple(frame.tobytes()), (0, 127, 255), 1)


@pytest.mark.parametrize(
    ("image", "key", "mode"),
    [
        (quadrants(), WHITE, "RGBA"),
        (grey_steps(), 255, "LA"),
        (quadrants().quantize(4), None, "RGBA"),
    ],
    ids=["RGB", "L", "P"],
)
def test_a_transparent_colour_becomes_an_alpha_channel(
    image: Image.Image, key: object, mode: str, tmp_path: Path
) -> None:
    white = pixel(image, (47, 31))[0] if key is None else key
    picture = decode(put(tmp_path, saved(image, "PNG", transparency=white)), LIMITS)
    assert picture.mode == mode
    seen = corners(picture.frames[0])
    assert [seen[place][3] for place in CORNERS] == [255, 255, 255, 0]


def _profiled(pillow_name: str, image: Image.Image, profile: bytes) -> bytes:
    return saved(image, pillow_name, icc_profile=profile)


def swapped_profile() -> bytes:
    """Return an sRGB profile whose red and blue primaries have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_colour_profile_is_applied(mode: str, tmp_path: Path) -> None:
    image = quadrants() if mode == "RGB" else with_hole()
    picture = decode(put(tmp_path, _profiled("PNG", image, swapped_profile())), LIMITS)
    seen = corners(picture.frames[0])
    assert picture.mode == mode
    assert is_near(seen["top left"], (*BLUE, 255), 12)
    assert is_near(seen["bottom left"], (*RED, 255), 12)
    assert seen["bottom right"][3] == (255 if mode == "RGB" else 0)


def test_an_srgb_profile_changes_no_pixel(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = decode(put(tmp_path, _profiled("PNG", quadrants(), profile)), LIMITS)
    assert picture.frames[0].tobytes() == quadrants().tobytes()
    assert picture.icc


@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        bytes(200),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ],
    ids=["text", "zeros", "for another kind of picture"],
)
@pytest.mark.parametrize("image", [quadrants(), grey_steps()], ids=["RGB", "L"])
def test_a_profile_that_makes_no_sense_is_ignored(
    image: Image.Image, profile: bytes, tmp_path: Path
) -> None:
    picture = decode(put(tmp_path, _profiled("PNG", image, profile)), LIMITS)
    assert picture.frames[0].tobytes() == image.tobytes()


def test_a_grey_picture_stays_grey_under_a_colour_profile(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode(put(tmp_path, _profiled("PNG", grey_steps(), profile)), LIMITS).mode == "L"


@pytest.mark.parametrize("pillow_name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_keeps_frames_durations_and_loop(pillow_name: str, tmp_path: Path) -> None:
    parameters = {"quality": 100} if pillow_name in ("WEBP", "AVIF") else {}
    loop = 4 if pillow_name == "GIF" else 5
    data = animated(
        solids(RED, GREEN, BLUE), pillow_name, duration=[50, 120, 300], loop=loop, **parameters
    )
    picture = decode(put(tmp_path, data), LIMITS)
    assert picture.durations_ms == (50, 120, 300)
    assert picture.loop == (0 if pillow_name == "AVIF" else 5)
    assert picture.mode == "RGB"
    for frame, colour in zip(picture.frames, (RED, GREEN, BLUE), strict=True):
        assert is_near(pixel(frame, (8, 6)), colour, 8)


@pytest.mark.parametrize("pillow_name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_can_be_read_as_its_first_frame(pillow_name: str, tmp_path: Path) -> None:
    path = put(tmp_path, animated(solids(RED, BLUE), pillow_name, duration=50))
    picture = decode(path, LIMITS, first_only=True)
    assert picture.durations_ms == (0,)
    assert len(picture.frames) == 1
    assert is_near(pixel(picture.frames[0], (8, 6)), RED, 8)


def test_a_gif_without_a_loop_count_plays_once(tmp_path: Path) -> None:
    picture = decode(put(tmp_path, animated(solids(RED, BLUE), "GIF")), LIMITS)
    assert picture.loop == 1


def test_a_gif_without_durations_plays_as_browsers_play_it(tmp_path: Path) -> None:
    picture = decode(put(tmp_path, animated(solids(RED, BLUE), "GIF")), LIMITS)
    assert picture.durations_ms == (100, 100)


def test_frames_that_draw_only_what_changed_come_out_whole(tmp_path: Path) -> None:
    second = Image.new("RGB", (16, 12), RED)
    second.paste(BLUE, (12, 8, 16, 12))
    for pillow_name in ("GIF", "PNG", "WEBP"):
        parameters = {"lossless": True} if pillow_name == "WEBP" else {}
        data = animated([*solids(RED), second], pillow_name, **parameters)
        frames = decode(put(tmp_path, data), LIMITS).frames
        assert [pixel(frame, (1, 1)) for frame in frames] == [RED, RED]
        assert [pixel(frame, (14, 10)) for frame in frames] == [RED, BLUE]


def test_frames_share_one_mode_though_only_some_are_transparent(tmp_path: Path) -> None:
    frames = [*solids((*RED, 255)), *solids((*BLUE, 0))]
    picture = decode(put(tmp_path, animated(frames, "PNG")), LIMITS)
    assert [frame.mode for frame in picture.frames] == ["RGBA", "RGBA"]
    assert [pixel(frame, (8, 6))[3] for frame in picture.frames] == [255, 0]


def test_the_picture_for_old_readers_is_no_frame_of_an_animated_png(tmp_path: Path) -> None:
    data = animated(solids(GREEN, RED, BLUE), "PNG", default_image=True, duration=200)
    picture = decode(put(tmp_path, data), LIMITS)
    assert [pixel(frame, (8, 6)) for frame in picture.frames] == [RED, BLUE]


def test_pages_and_icon_sizes_are_not_an_animation(tmp_path: Path) -> None:
    pages = animated(solids(RED, BLUE), "TIFF")
    assert [pixel(f, (8, 6)) for f in decode(put(tmp_path, pages), LIMITS).frames] == [RED]
    icon = saved(quadrants((64, 64)), "ICO", sizes=[(16, 16), (64, 64), (32, 32)])
    assert decode(put(tmp_path, icon), LIMITS).size == (64, 64)


def test_further_pictures_behind_a_jpeg_are_not_an_animation(tmp_path: Path) -> None:
    data = animated(solids(RED, BLUE, size=(32, 32)), "MPO")
    frames = decode(put(tmp_path, data), LIMITS).frames
    assert len(frames) == 1
    assert is_near(pixel(frames[0], (8, 6)), RED, 4)


def test_frames_do_not_share_pixels(tmp_path: Path) -> None:
    picture = decode(put(tmp_path, animated(solids(RED, GREEN, BLUE), "GIF")), LIMITS)
    picture.frames[1].paste(WHITE, (0, 0, 16, 12))
    assert [pixel(frame, (8, 6)) for frame in picture.frames] == [RED, WHITE, BLUE]


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (Limits(max_source_side=47), "a side may have at most 47"),
        (Limits(max_source_pixels=48 * 32 - 1), "at most 1535 pixels"),
    ],
)
@pytest.mark.parametrize(
    "pillow_name", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "JPEG2000", "PPM"]
)
def test_a_picture_past_the_limits_is_refused(
    pillow_name: str, limits: Limits, complaint: str, tmp_path: Path
) -> None:
    path = put(tmp_path, saved(quadrants(), pillow_name))
    with pytest.raises(PictureTooComplex, match=complaint):
        decode(path, limits)


@pytest.mark.parametrize("pillow_name", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_past_the_limits_is_refused(pillow_name: str, tmp_path: Path) -> None:
    frames = solids(RED, GREEN, BLUE)
    path = put(tmp_path, animated(frames, pillow_name))
    with pytest.raises(PictureTooComplex, match="2 allowed"):
        decode(path, Limits(max_frames=2))
    with pytest.raises(PictureTooComplex, match="in 3 frames"):
        decode(path, Limits(max_source_pixels=16 * 12 * 3 - 1))


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    """A PNG that claims 30,000 x 30,000 pixels and holds none of them."""
    data = bytearray(saved(Image.new("1", (8, 8)), "PNG"))
    data[16:24] = struct.pack(">II", 30_000, 30_000)
    with pytest.raises((PictureTooComplex, CorruptPicture)):
        decode(put(tmp_path, bytes(data)), LIMITS)


def test_a_header_that_claims_a_part_of_many_terabytes_is_corrupt(tmp_path: Path) -> None:
    data = saved(quadrants(), "JPEG2000")
    boxed = data[:32] + struct.pack(">I4sQ", 1, b"jp2h", 1 << 60)
    with pytest.raises(CorruptPicture):
        decode(put(tmp_path, boxed), LIMITS)


def test_a_text_of_any_length_does_not_matter(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("comment", "x" * 3_000_000, zip=True)
    picture = decode(put(tmp_path, saved(quadrants(), "PNG", pnginfo=text)), LIMITS)
    _assert_quadrants(picture.frames[0], tolerance=0)


def test_a_huge_profile_is_ignored(tmp_path: Path) -> None:
    profile = swapped_profile() + bytes(5_000_000)
    data = saved(quadrants((64, 64)), "TIFF", icc_profile=profile)
    _assert_quadrants(decode(put(tmp_path, data), LIMITS).frames[0], tolerance=0)


@pytest.mark.parametrize("pillow_name", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP"])
def test_a_truncated_picture_is_corrupt(pillow_name: str, tmp_path: Path) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = saved(noise, pillow_name)
    with pytest.raises(CorruptPicture):
        decode(put(tmp_path, data[: len(data) * 2 // 3]), STRICT)


def test_a_message_names_no_file(tmp_path: Path) -> None:
    with pytest.raises(CorruptPicture) as caught:
        decode(put(tmp_path, b"\xff\xd8\xff" + bytes(50)), LIMITS)
    assert str(tmp_path) not in str(caught.value)


def test_exif_is_carried_as_it_was_found(tmp_path: Path) -> None:
    exif = _oriented(6)
    exif[0x010F] = "Camera & Co"
    picture = decode(put(tmp_path, saved(quadrants(), "JPEG", exif=exif)), LIMITS)
    carried = Image.Exif()
    carried.load(picture.exif)
    assert carried[0x010F] == "Camera & Co"
    assert BytesIO(picture.exif).read(4) == b"Exif"


@pytest.mark.parametrize("pillow_name", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("first_only", [False, True])
def test_a_frame_of_an_animation_is_a_still(
    pillow_name: str, first_only: bool, tmp_path: Path
) -> None:
    path = put(tmp_path, animated(solids(RED, BLUE, WHITE), pillow_name, duration=100))
    with opened(path, LIMITS, page=2) as source:
        assert not source.is_animated
        picture = decode_opened(source, first_only=first_only)
    assert len(picture.frames) == 1
    assert is_near(pixel(picture.frames[0].convert("RGB"), (3, 3)), BLUE, 12)


@pytest.mark.parametrize(("pillow_name", "page"), [("GIF", 4), ("WEBP", 4), ("JPEG", 2)])
def test_a_frame_that_is_not_there_is_an_error(pillow_name: str, page: int, tmp_path: Path) -> None:
    frames = solids(RED, BLUE, WHITE)
    data = saved(frames[0], "JPEG") if page == 2 else animated(frames, pillow_name)
    with pytest.raises(InvalidArgument, match="page"), opened(put(tmp_path, data), LIMITS, page):
        pass
