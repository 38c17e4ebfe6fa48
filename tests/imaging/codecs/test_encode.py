"""What a picture becomes in each format."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from progimage.errors import InvalidArgument, OutputTooLarge
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.decode import decode
from progimage.imaging.codecs.encode import encode
from progimage.imaging.codecs.encode_options import EncodeOptions
from progimage.imaging.codecs.fit_bytes import MIN_SEARCHED_QUALITY, Encoded
from progimage.imaging.codecs.format import Format
from progimage.imaging.codecs.formats import AVIF, GIF, HEIC, ICO, JPEG, PNG, TIFF, WEBP, WRITABLE
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from tests.imaging.drawing import (
    BLUE,
    GREEN,
    RED,
    animated,
    corners,
    is_near,
    pixel,
    put,
    quadrants,
    saved,
    solids,
    with_hole,
)

ANIMATED = [form for form in WRITABLE if form.is_animated]
LOSSY = [form for form in WRITABLE if form.default_quality]


def _written(
    picture: Picture, form: Format, options: EncodeOptions | None = None
) -> tuple[bytes, Encoded]:
    buffer = io.BytesIO()
    encoded = encode(picture, buffer, form, options)
    return buffer.getvalue(), encoded


def _read(data: bytes, tmp_path: Path) -> Picture:
    return decode(put(tmp_path, data), Limits())


def _noise(side: int = 128) -> Picture:
    """Return a picture that does not compress, the same on every run."""
    state, values = 1, bytearray()
    for _ in range(side * side * 3):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        values.append(state >> 16 & 0xFF)
    return Picture((Image.frombytes("RGB", (side, side), bytes(values)),))


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_reported_values_are_the_written_ones(form: Format, tmp_path: Path) -> None:
    picture = Picture((quadrants(),))
    path = tmp_path / "written"
    encoded = encode(picture, str(path), form)
    assert encoded.size_bytes == path.stat().st_size
    assert (encoded.width, encoded.height, encoded.frames) == (48, 32, 1)
    assert encoded.quality == form.default_quality
    assert _written(picture, form)[0] == path.read_bytes()


@pytest.mark.parametrize("form", WRITABLE, ids=lambda form: form.name)
def test_equal_pictures_give_equal_bytes(form: Format) -> None:
    assert _written(_noise(), form) == _written(_noise(), form)


def test_a_file_is_written_from_where_it_stands() -> None:
    file = io.BytesIO(b"before")
    file.seek(6)
    encoded = encode(Picture((quadrants(),)), file, JPEG)
    assert file.getvalue()[:8] == b"before\xff\xd8"
    assert encoded.size_bytes == len(file.getvalue()) - 6


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if not f.has_alpha], ids=lambda form: form.name
)
def test_transparency_is_laid_on_the_background(form: Format, tmp_path: Path) -> None:
    picture = Picture((with_hole(),))
    for background in ((255, 255, 255), (200, 100, 0)):
        options = EncodeOptions(background=background, quality=95)
        seen = corners(_read(_written(picture, form, options)[0], tmp_path).frames[0])
        assert is_near(seen["bottom right"], (*background, 255), 6)
        assert is_near(seen["top left"], (*RED, 255), 6)


@pytest.mark.parametrize(("background", "mode"), [((90, 90, 90), "L"), ((90, 0, 0), "RGB")])
def test_a_grey_picture_stays_grey_on_a_grey_background(
    background: tuple[int, int, int], mode: str, tmp_path: Path
) -> None:
    grey = Image.new("LA", (32, 32), (10, 0))
    options = EncodeOptions(background=background)
    picture = _read(_written(Picture((grey,)), JPEG, options)[0], tmp_path)
    assert picture.mode == mode
    assert is_near(pixel(picture.frames[0].convert("RGB"), (16, 16)), background, 4)


@pytest.mark.parametrize("form", [f for f in WRITABLE if f.has_alpha], ids=lambda form: form.name)
def test_transparency_stays_where_the_format_has_it(form: Format, tmp_path: Path) -> None:
    seen = corners(_read(_written(Picture((with_hole(),)), form)[0], tmp_path).frames[0])
    assert seen["bottom right"][3] == 0
    assert is_near(seen["top left"], (*RED, 255), 12)


@pytest.mark.parametrize("form", ANIMATED, ids=lambda form: form.name)
def test_an_animation_may_play_as_often_as_a_gif_can_say(form: Format, tmp_path: Path) -> None:
    # A GIF that is repeated 65,535 times plays once more than 16 bits can say.
    frames = tuple(solids(RED, GREEN, BLUE))
    picture = Picture(frames, durations_ms=(40, 40, 40), loop=65_536)
    assert _read(_written(picture, form)[0], tmp_path).is_animated


@pytest.mark.parametrize("form", ANIMATED, ids=lambda form: form.name)
def test_an_animation_keeps_frames_durations_and_loop(form: Format, tmp_path: Path) -> None:
    frames = tuple(solids(RED, GREEN, BLUE))
    for loop in (0, 1, 3):
        picture = Picture(frames, durations_ms=(40, 120, 300), loop=loop)
        data, encoded = _written(picture, form, EncodeOptions(quality=95))
        back = _read(data, tmp_path)
        assert encoded.frames == 3
        assert back.durations_ms == (40, 120, 300)
        # Pillow neither reads nor writes the loop count of an AVIF.
        assert back.loop == (0 if form is AVIF else loop)
        for frame, colour in zip(back.frames, (RED, GREEN, BLUE), strict=True):
            assert is_near(pixel(frame, (8, 6)), colour, 12)


@pytest.mark.parametrize("form", ANIMATED, ids=lambda form: form.name)
def test_a_frame_does_not_shine_through_the_holes_of_the_next(form: Format, tmp_path: Path) -> None:
    """A spot moves to the right over nothing; where it was, nothing is left."""
    frames = []
    for left in (0, 8, 16):
        frame = Image.new("RGBA", (24, 8), (0, 0, 0, 0))
        frame.paste((*RED, 255), (left, 0, left + 8, 8))
        frame.paste((0, 0, 0, 0), (left, 0, left + 2, 2))
        frames.append(frame)
    picture = Picture(tuple(frames), durations_ms=(100, 100, 100))
    back = _read(_written(picture, form, EncodeOptions(quality=95))[0], tmp_path)
    alphas = [[pixel(f.convert("RGBA"), (x, 4))[3] for x in (4, 12, 20)] for f in back.frames]
    assert alphas == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if not f.is_animated], ids=lambda form: form.name
)
def test_formats_without_animation_get_the_first_frame(form: Format, tmp_path: Path) -> None:
    picture = Picture(tuple(solids(RED, BLUE)), durations_ms=(100, 100))
    data, encoded = _written(picture, form)
    assert encoded.frames == 1
    assert is_near(pixel(_read(data, tmp_path).frames[0].convert("RGB"), (8, 6)), RED, 4)


def test_durations_that_a_gif_cannot_hold_are_rounded(tmp_path: Path) -> None:
    """In hundredths of a second, and no faster than browsers play."""
    picture = Picture(tuple(solids(RED, GREEN, BLUE)), durations_ms=(11, 37, 105), loop=0)
    back = _read(_written(picture, GIF)[0], tmp_path)
    assert back.durations_ms == (20, 40, 100)


def test_a_gif_of_few_colours_has_exactly_these(tmp_path: Path) -> None:
    image = Image.new("RGB", (15, 15))
    image.putdata([(n, 255 - n, n * 7 % 256) for n in range(225)])
    frame = _read(_written(Picture((image,)), GIF)[0], tmp_path).frames[0]
    assert frame.tobytes() == image.tobytes()


def test_a_gif_keeps_black_beside_transparency(tmp_path: Path) -> None:
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (10, 0, 20, 10))
    picture = Picture((image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)), (100, 100))
    back = _read(_written(picture, GIF)[0], tmp_path)
    alphas = [[pixel(frame, (x, 5))[3] for x in (0, 9, 10, 19)] for frame in back.frames]
    assert alphas == [[255, 255, 0, 0], [0, 0, 255, 255]]


def test_an_icon_is_made_to_fit(tmp_path: Path) -> None:
    data, encoded = _written(Picture((quadrants((512, 384)),)), ICO)
    assert (encoded.width, encoded.height) == (256, 192)
    assert _read(data, tmp_path).size == (256, 192)


def test_a_side_that_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputTooLarge, match="a side of a webp has at most 16383"):
        _written(Picture((Image.new("L", (16_384, 1)),)), WEBP)


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_lower_quality_makes_fewer_bytes(form: Format) -> None:
    low = _written(_noise(), form, EncodeOptions(quality=20))[1]
    high = _written(_noise(), form, EncodeOptions(quality=90))[1]
    assert (low.quality, high.quality) == (20, 90)
    assert low.size_bytes < high.size_bytes


@pytest.mark.parametrize(
    "form", [f for f in WRITABLE if f.has_lossless], ids=lambda form: form.name
)
def test_lossless_keeps_every_pixel(form: Format, tmp_path: Path) -> None:
    picture = _noise(64)
    data, encoded = _written(picture, form, EncodeOptions(lossless=True))
    assert encoded.quality is None
    assert _read(data, tmp_path).frames[0].tobytes() == picture.frames[0].tobytes()


@pytest.mark.parametrize("form", [JPEG, AVIF, GIF], ids=lambda form: form.name)
def test_lossless_is_refused_where_there_is_no_such_thing(form: Format) -> None:
    with pytest.raises(InvalidArgument, match=f"{form.name} cannot be lossless; use one of png"):
        _written(_noise(16), form, EncodeOptions(lossless=True))


def test_a_progressive_jpeg_is_progressive() -> None:
    for progressive in (False, True):
        data, _ = _written(_noise(), JPEG, EncodeOptions(progressive=progressive))
        assert (b"\xff\xc2" in data) == progressive


def test_fine_colour_is_preserved_at_high_quality() -> None:
    """Sampling factors of the first component: 2x2 for 4:2:0, 1x1 for 4:4:4."""
    for quality, sampling in ((80, 0x22), (90, 0x11)):
        data, _ = _written(_noise(), JPEG, EncodeOptions(quality=quality))
        assert data[data.index(b"\xff\xc0") + 11] == sampling


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_the_best_quality_that_fits_is_found(form: Format) -> None:
    picture = _noise()
    limit = _written(picture, form, EncodeOptions(quality=60))[1].size_bytes
    data, encoded = _written(picture, form, EncodeOptions(quality=90, max_bytes=limit))
    assert len(data) == encoded.size_bytes <= limit
    assert encoded.quality is not None
    assert encoded.quality >= 60
    assert (encoded.width, encoded.height) == picture.size


def test_a_picture_that_fits_already_keeps_its_quality() -> None:
    assert _written(_noise(), JPEG, EncodeOptions(max_bytes=10**6))[1].quality == 80


@pytest.mark.parametrize("form", LOSSY, ids=lambda form: form.name)
def test_where_no_quality_fits_the_picture_gets_smaller(form: Format, tmp_path: Path) -> None:
    data, encoded = _written(_noise(), form, EncodeOptions(max_bytes=1200))
    assert len(data) <= 1200
    assert encoded.quality == MIN_SEARCHED_QUALITY
    assert encoded.width == encoded.height < 128
    assert _read(data, tmp_path).size == (encoded.width, encoded.height)


def test_a_size_that_nothing_fits_is_refused() -> None:
    with pytest.raises(OutputTooLarge, match="no jpeg of this picture has 100 bytes or less"):
        _written(_noise(), JPEG, EncodeOptions(max_bytes=100))


@pytest.mark.parametrize("form", [PNG, TIFF, GIF], ids=lambda form: form.name)
def test_formats_without_quality_cannot_be_made_to_fit(form: Format) -> None:
    with pytest.raises(OutputTooLarge, match="2500 are allowed, and without loss"):
        _written(_noise(), form, EncodeOptions(max_bytes=2500))


def test_a_format_that_is_only_read_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="heic is read but not written; use one of jpg"):
        _written(_noise(16), HEIC)


def test_settings_carried_over_from_a_frame_are_not_written() -> None:
    frame = quadrants()
    frame.info = {"comment": b"my home", "icc_profile": b"profile", "transparency": (255, 0, 0)}
    for form in (JPEG, PNG, GIF, TIFF):
        assert _written(Picture((frame,)), form) == _written(Picture((quadrants(),)), form)
    assert frame.info["comment"] == b"my home"


def _rewritten(folder: Path, data: bytes, form: Format, quality: int | None = None) -> bytes:
    picture = decode(put(folder, data), Limits())
    target = io.BytesIO()
    encode(picture, target, form, EncodeOptions(quality=quality))
    return target.getvalue()


@pytest.mark.parametrize("is_optimised", [False, True])
@pytest.mark.parametrize("quality", [10, 20, 50, 75])
def test_a_jpeg_of_its_own_size_keeps_to_its_own_quality(
    quality: int, is_optimised: bool, tmp_path: Path
) -> None:
    image = Image.effect_noise((128, 128), 60).convert("RGB")
    data = saved(image, "JPEG", quality=quality, optimize=is_optimised)
    again = _rewritten(tmp_path, data, formats.JPEG)
    assert len(again) <= len(data) * 1.02
    requested = _rewritten(tmp_path, data, formats.JPEG, quality=90)
    assert len(requested) > len(again) * 1.2


def test_a_jpeg_that_is_scaled_has_the_usual_quality(tmp_path: Path) -> None:
    data = saved(Image.effect_noise((128, 128), 60).convert("RGB"), "JPEG", quality=20)
    picture = decode(put(tmp_path, data), Limits())
    smaller = replace(picture, frames=(picture.frames[0].resize((64, 64)),))
    target = io.BytesIO()
    assert encode(smaller, target, formats.JPEG).quality == 80


@pytest.mark.parametrize("pillow_name", ["WEBP", "AVIF"])
def test_a_file_of_low_quality_does_not_grow_without_need(pillow_name: str, tmp_path: Path) -> None:
    image = Image.effect_noise((128, 128), 60).convert("RGB")
    data = saved(image, pillow_name, quality=40)
    again = _rewritten(tmp_path, data, formats.by_name(pillow_name))
    assert len(again) <= len(data) * 1.1


@pytest.mark.parametrize("colours", [2, 16, 200])
def test_a_drawing_of_few_colours_stays_small_and_exact(colours: int, tmp_path: Path) -> None:
    image = Image.effect_mandelbrot((200, 150), (-2, -1.5, 1, 1.5), 60).convert("RGB")
    drawing = image.quantize(colours)
    data = saved(drawing, "PNG", optimize=True)
    again = _rewritten(tmp_path, data, formats.PNG)
    assert len(again) <= len(data) * 1.1 + 50
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGB").tobytes() == drawing.convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_a_drawing_without_a_palette_stays_small_and_exact(mode: str, tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize((300, 200)).convert("RGBA")
    image.paste((200, 30, 60, 128), (20, 20, 90, 90))
    drawing = image.convert(mode)
    data = saved(drawing, "PNG", optimize=True)
    again = _rewritten(tmp_path, data, formats.PNG)
    assert len(again) <= len(data) * 1.1 + 50
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGBA").tobytes() == drawing.convert("RGBA").tobytes()


def test_a_bmp_of_few_colours_stays_one(tmp_path: Path) -> None:
    drawing = quadrants((64, 64)).quantize(4)
    data = saved(drawing, "BMP")
    again = _rewritten(tmp_path, data, formats.BMP)
    assert len(again) <= len(data) + 1024
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGB").tobytes() == drawing.convert("RGB").tobytes()


def test_few_colours_and_a_hole_stay_exact(tmp_path: Path) -> None:
    again = _rewritten(tmp_path, saved(with_hole().quantize(8), "PNG"), formats.PNG)
    with Image.open(io.BytesIO(again)) as result:
        assert result.mode == "P"
        assert corners(result) == corners(with_hole())


def test_half_transparent_pixels_keep_their_alpha(tmp_path: Path) -> None:
    image = Image.new("RGBA", (4, 4), (10, 20, 30, 128))
    again = _rewritten(tmp_path, saved(image, "PNG"), formats.PNG)
    with Image.open(io.BytesIO(again)) as result:
        assert pixel(result.convert("RGBA"), (0, 0)) == (10, 20, 30, 128)


def test_a_lossless_webp_that_would_grow_stays_lossless(tmp_path: Path) -> None:
    data = saved(quadrants((200, 200)), "WEBP", lossless=True)
    assert len(_rewritten(tmp_path, data, formats.WEBP)) <= len(data) * 1.1 + 20


@pytest.mark.parametrize("pillow_name", ["WEBP", "AVIF"])
def test_an_animation_of_low_quality_does_not_grow_without_need(
    pillow_name: str, tmp_path: Path
) -> None:
    picture = Image.effect_mandelbrot((160, 160), (-2, -1.5, 1, 1.5), 90).convert("RGB")
    frames = [picture.crop((n, 0, n + 96, 96)) for n in range(0, 60, 10)]
    data = animated(frames, pillow_name, quality=20)
    again = _rewritten(tmp_path, data, formats.by_name(pillow_name))
    assert len(again) <= len(data) * 1.1 + 500
    assert decode(put(tmp_path, again), Limits()).is_animated


def test_a_lossless_animation_that_would_grow_stays_lossless(tmp_path: Path) -> None:
    frames = [Image.effect_mandelbrot((120, 90), (-2, -1, n, 1), 9) for n in (1, 2, 3)]
    frames = [frame.quantize(8).convert("RGB") for frame in frames]
    data = animated(frames, "WEBP", lossless=True)
    again = _rewritten(tmp_path, data, formats.WEBP)
    assert len(again) <= len(data) * 1.1
    shown = decode(put(tmp_path, again), Limits()).frames
    assert [f.convert("RGB").tobytes() for f in shown] == [f.tobytes() for f in frames]


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits"])
@pytest.mark.parametrize("is_dithered", [False, True])
def test_a_tiff_in_black_and_white_stays_small_and_exact(
    compression: str, is_dithered: bool, tmp_path: Path
) -> None:
    dither = Image.Dither.FLOYDSTEINBERG if is_dithered else Image.Dither.NONE
    page = Image.radial_gradient("L").convert("1", dither=dither)
    data = saved(page, "TIFF", compression=compression)
    again = _rewritten(tmp_path, data, formats.TIFF)
    assert len(again) <= len(data) * 1.05
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("L").tobytes() == page.convert("L").tobytes()


@pytest.mark.parametrize("quality", [30, 75])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_tiff_with_jpeg_inside_does_not_grow(quality: int, mode: str, tmp_path: Path) -> None:
    image = Image.effect_noise((128, 128), 60).convert(mode)
    data = saved(image, "TIFF", compression="jpeg", quality=quality)
    again = _rewritten(tmp_path, data, formats.TIFF)
    assert len(again) <= len(data) * 1.05
    assert _read(again, tmp_path).mode == mode


@pytest.mark.parametrize("options", [{}, {"tiffinfo": {317: 2}}])
@pytest.mark.parametrize("colours", [16, None])
def test_a_tiff_without_loss_does_not_grow(
    options: dict[str, object], colours: int | None, tmp_path: Path
) -> None:
    image = Image.radial_gradient("L").convert("RGB")
    image = image.quantize(colours) if colours else image
    data = saved(image, "TIFF", compression="tiff_lzw", **options)
    again = _rewritten(tmp_path, data, formats.TIFF)
    assert len(again) <= len(data) * 1.05
    with Image.open(io.BytesIO(again)) as result:
        assert result.convert("RGB").tobytes() == image.convert("RGB").tobytes()


@pytest.mark.parametrize("is_text", [False, True])
def test_a_bitmap_in_black_and_white_stays_one(is_text: bool, tmp_path: Path) -> None:
    page = Image.radial_gradient("L").convert("1")
    data = saved(page, "PPM")
    if is_text:
        bits = " ".join("0" if value else "1" for value in page.convert("L").tobytes())
        data = b"P1\n256 256\n" + bits.encode()
    again = _rewritten(tmp_path, data, formats.PNM)
    assert len(again) <= len(data)
    assert _read(again, tmp_path).frames[0].tobytes() == page.convert("L").tobytes()


def test_animated_avif_has_limited_range() -> None:
    """Chromium shows the full range of an animation with too much contrast."""
    picture = Picture(tuple(solids((255, 0, 0), (0, 0, 255))), (40, 40))
    target = io.BytesIO()
    encode(picture, target, formats.AVIF)
    data = target.getvalue()
    at = data.index(b"colrnclx") + 8
    assert data[at + 6] & 0x80 == 0
