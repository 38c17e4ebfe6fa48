"""Working copies: what is in them, and what is made from them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from progimage.errors import CorruptPicture
from progimage.imaging import planes
from progimage.imaging.codecs import libjpeg
from progimage.imaging.codecs.cicp import colour_space
from progimage.imaging.codecs.colour_management import srgb_profile
from progimage.imaging.codecs.formats import JPEG, PNG, WEBP
from progimage.imaging.codecs.header import opened
from progimage.imaging.inspection import inspect
from progimage.imaging.making_copies import PartOfPlanes, decode_for_copies, make_copies
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.render import render
from progimage.imaging.working_copies import copy_size_for, sizes_of
from tests.imaging.drawing import corners, is_near, put, quadrants, saved
from tests.imaging.transforming import LIMITS

PX = 640
BIG = (1920, 1440)


@pytest.fixture(scope="module")
def photograph():
    """Return a picture with grain: hardly a pixel equals its neighbour."""
    image = quadrants(BIG).filter(ImageFilter.GaussianBlur(3))
    grain = Image.effect_noise(BIG, 30)
    return Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.1)


@pytest.fixture(scope="module")
def drawing():
    """Return flat areas with a black line of two pixels across."""
    image = quadrants(BIG)
    ImageDraw.Draw(image).line((0, 700, 1919, 731), "black", 2)
    return image


def copies_of(image, folder, pillow_name="PNG", px=PX, **parameters):
    """Return the copies of a picture by size, as Pillow opens them."""
    folder.mkdir(exist_ok=True)
    path = put(folder, saved(image, pillow_name, **parameters))
    facts = inspect(path, LIMITS, px, str(folder / "copy"))
    return {size: opened_copy(Path(file).read_bytes()) for size, file in facts.copies.items()}


def opened_copy(data: bytes) -> Image.Image:
    """Return a copy as a picture; of planes, without a format."""
    if not data.startswith(planes.MAGIC):
        return Image.open(BytesIO(data))
    found = planes.read(BytesIO(data))
    return found.joined(found.size, (0, 0, *found.size)).convert("RGB" if found.chroma else "L")


def test_copies_are_upright_srgb_and_bare(photograph, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = photograph.transpose(Image.Transpose.ROTATE_90)
    [copy, *_] = copies_of(turned, tmp_path, "JPEG", exif=exif).values()
    assert copy.size == (480, 360)
    assert not copy.getexif()
    seen, meant = corners(copy), corners(photograph)
    assert all(is_near(seen[place], meant[place], 60) for place in meant)


def test_photographs_become_planes_and_drawings_stay_pictures(photograph, drawing, tmp_path):
    product = Image.new("RGB", BIG, "white")
    product.paste(photograph.crop((0, 0, 1000, 800)), (400, 300))
    for name, image, form in (
        ("a", photograph, None),
        ("b", product, None),
        ("c", drawing, "WEBP"),
    ):
        copies = copies_of(image, tmp_path / name)
        assert {copy.format for copy in copies.values()} == {form}


def test_large_copies_of_photographs_are_jpegs(tmp_path):
    grain = Image.effect_noise((3000, 1000), 30)
    copies = copies_of(grain, tmp_path, px=1600)
    assert {size: copy.format for size, copy in copies.items()} == {
        (1600, 533): "JPEG",
        (1120, 373): None,
        (720, 240): None,
    }


@pytest.mark.parametrize(
    ("step", "form"),
    [
        ("resize:w=200", JPEG),
        ("resize:w=200", WEBP),
        ("resize:150x150,cover,gravity=smart", JPEG),
        ("resize:200x200,contain,bg=ff0000", JPEG),
        ("resize:w=200/grayscale", JPEG),
        ("resize:w=200/compress:9000", JPEG),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_planes_give_what_the_picture_gives(step, form, mode, photograph, tmp_path):
    """Colours are right whether planes stay apart or other steps follow."""
    image = photograph.convert(mode)
    pipeline = parse(step)
    path = put(tmp_path, saved(image, "PNG"))
    copy = inspect(path, LIMITS, PX, str(tmp_path / "copy")).copies[(448, 336)]
    made = []
    for source, whole in ((path, None), (copy, BIG)):
        target = str(tmp_path / "made")
        render(source, pipeline, target, form, LIMITS, whole=whole)
        made.append(Image.open(BytesIO(Path(target).read_bytes())).convert("RGB"))
    assert made[0].size == made[1].size
    for one, other in zip(*(image.split() for image in made), strict=True):
        difference = ImageChops.difference(one, other).histogram()
        mean = sum(level * count for level, count in enumerate(difference)) / sum(difference)
        assert mean < 4


def test_a_grey_drawing_stays_grey_and_lossless(drawing, tmp_path):
    [copy, *_] = copies_of(drawing.convert("L"), tmp_path).values()
    assert (copy.format, copy.mode) == ("PNG", "L")


def test_alpha_is_in_the_copies(photograph, tmp_path):
    cut_out = photograph.copy()
    cut_out.putalpha(Image.linear_gradient("L").resize(BIG))
    [copy, *_] = copies_of(cut_out, tmp_path).values()
    assert (copy.format, copy.mode) == ("WEBP", "RGBA")
    top, bottom = copy.getpixel((5, 0))[3], copy.getpixel((5, copy.height - 1))[3]
    assert top < 5
    assert bottom > 250


def test_animations_have_no_copies(tmp_path):
    frames = [Image.new("P", (2000, 1300), colour) for colour in (1, 2)]
    path = put(tmp_path, saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert inspect(path, LIMITS, PX, str(tmp_path / "copy")).copies == {}


@pytest.mark.parametrize("pillow_name", ["PNG", "JPEG", "WEBP"])
def test_copies_made_later_have_the_bytes_of_those_made_at_the_upload(
    pillow_name, photograph, tmp_path
):
    path = put(tmp_path, saved(photograph, pillow_name, quality=60))
    at_upload = inspect(path, LIMITS, PX, str(tmp_path / "copy")).copies
    assert at_upload
    for size, file in at_upload.items():
        later = tmp_path / "later"
        make_copies(path, LIMITS, PX, {size: str(later)})
        assert later.read_bytes() == Path(file).read_bytes()


def test_facts_are_the_same_with_and_without_copies(photograph, tmp_path):
    path = put(tmp_path, saved(photograph, "JPEG"))
    plain = inspect(path, LIMITS)
    copied = inspect(path, LIMITS, PX, str(tmp_path / "copy"))
    for name in ("format", "media_type", "width", "height", "orientation", "frames", "has_alpha"):
        assert getattr(plain, name) == getattr(copied, name)


@pytest.mark.parametrize("step", ["resize:w=200", "resize:150x150,cover,gravity=east", "thumbnail"])
@pytest.mark.parametrize("pillow_name", ["PNG", "JPEG"])
def test_a_rendition_of_a_copy_looks_like_one_of_the_original(
    step, pillow_name, photograph, tmp_path
):
    path = put(tmp_path, saved(photograph, pillow_name))
    size = copy_size_for(parse(step), BIG, PX, is_jpeg=pillow_name == "JPEG")
    copy = inspect(path, LIMITS, PX, str(tmp_path / "copy")).copies[size]
    pipeline, made = parse(step), []
    for source, whole in ((path, None), (copy, BIG)):
        target = str(tmp_path / "made")
        render(source, pipeline, target, PNG, LIMITS, whole=whole)
        made.append(Image.open(BytesIO(Path(target).read_bytes())).convert("RGB"))
    assert made[0].size == made[1].size
    difference = ImageChops.difference(*made).convert("L").histogram()
    mean = sum(level * count for level, count in enumerate(difference)) / sum(difference)
    assert mean < 2


def test_lines_of_a_drawing_get_no_ringing(drawing, tmp_path):
    """A JPEG of it would have shades of red in the red quarter, far from the line."""
    path = put(tmp_path, saved(drawing, "PNG"))
    copy = inspect(path, LIMITS, PX, str(tmp_path / "copy")).copies[(640, 480)]
    target = str(tmp_path / "made")
    render(copy, parse("resize:w=400"), target, PNG, LIMITS, whole=BIG)
    red = Image.open(BytesIO(Path(target).read_bytes())).convert("RGB").crop((20, 20, 180, 120))
    assert red.getextrema() == ((255, 255), (0, 0), (0, 0))


def test_a_part_of_a_pixel_at_the_edge_is_not_lost(tmp_path):
    """Half of 1925 is 962.5 pixels: the copy has 962, of the whole picture."""
    image = Image.new("RGB", (1925, 1443), "white")
    image.paste("black", (963, 0, 1925, 1443))
    grain = Image.effect_noise(image.size, 12)
    image = ImageChops.multiply(image, Image.merge("RGB", (grain, grain, grain)))
    [copy, *_] = copies_of(image, tmp_path, "JPEG", px=1300, quality=95).values()
    assert copy.size == (962, 721)
    middle = partial(copy.convert("L").getpixel)
    assert middle((475, 300)) > 60
    assert middle((487, 300)) < 25


def test_a_damaged_picture_has_no_copies_and_is_stored_or_refused_as_before(photograph, tmp_path):
    data = saved(photograph, "JPEG")
    path = put(tmp_path, data[: int(len(data) * 0.9)])
    facts = inspect(path, LIMITS, PX, str(tmp_path / "copy"))
    assert facts.damage
    assert facts.copies == {}
    strict = replace(LIMITS, accept_damaged=False)
    with pytest.raises(CorruptPicture):
        inspect(path, strict, PX, str(tmp_path / "copy"))
    assert list(tmp_path.glob("copy*")) == []


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_planes_of_a_jpeg_and_its_pixels_make_the_same_copies(
    subsampling, orientation, photograph, tmp_path, monkeypatch
):
    """Half of the sides is odd, and a half more: chroma has to stay in its place when turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = photograph.resize((2029, 1245))
    path = put(tmp_path, saved(image, "JPEG", quality=92, subsampling=subsampling, exif=exif))
    made = []
    for name in ("planes", "pixels"):
        facts = inspect(path, LIMITS, 1350, str(tmp_path / name))
        made.append([opened_copy(Path(file).read_bytes()) for file in facts.copies.values()])
        monkeypatch.setattr(libjpeg, "library", lambda: None)
    assert len(made[0]) == len(made[1]) == 3
    for one, other in zip(*made, strict=True):
        assert one.size == other.size
        difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
        assert max(ImageStat.Stat(difference).mean) < 1.5


@pytest.mark.parametrize(
    ("profile", "gives_planes"), [("sRGB", True), ("Display P3", False), ("damaged", True)]
)
def test_planes_are_taken_where_a_profile_changes_no_colours(
    profile, gives_planes, photograph, tmp_path
):
    display_p3 = colour_space(12, 13, is_video=False)
    icc = {"sRGB": srgb_profile(), "Display P3": display_p3, "damaged": b"nonsense"}[profile]
    path = put(tmp_path, saved(photograph, "JPEG", icc_profile=icc))
    with opened(path, LIMITS) as header:
        decoded = decode_for_copies(header, sizes_of(header, PX))
    assert isinstance(decoded, PartOfPlanes) is gives_planes


def test_a_copy_of_another_size_is_an_error(photograph, tmp_path):
    path = put(tmp_path, saved(photograph, "JPEG"))
    with pytest.raises(CorruptPicture, match="another size"):
        make_copies(path, LIMITS, PX, {(451, 338): str(tmp_path / "copy")})
    assert not (tmp_path / "copy").exists()


def test_a_drawing_in_a_jpeg_stays_a_picture(drawing, tmp_path):
    copies = copies_of(drawing, tmp_path, "JPEG", quality=95)
    assert {copy.format for copy in copies.values()} == {"WEBP"}
