"""What IIIF image requests mean for a picture: sizes, pipelines, canonical spellings, pixels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from progimage.api.fronts.iiif.compile import CompiledRequest, compile_request, tile_pipeline
from progimage.api.fronts.iiif.geometry import SizeLimits
from progimage.errors import InvalidRequest
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.output_limits import check_pipeline
from progimage.imaging.render import transform
from progimage.imaging.tiles import Tile, scale_factors, tile_counts, tile_region, tile_size

LIMITS = Limits()
PICTURE = (3073, 2411)
SIDES = st.integers(1, 30_000)
PICTURES = st.tuples(SIDES, SIDES)


def compiled(text: str, picture=PICTURE, version=3, limits=LIMITS) -> CompiledRequest:
    return compile_request(version, tuple(text.split("/")), picture, limits)


def result_size(text: str, picture=PICTURE, version=3, limits=LIMITS) -> tuple[int, int]:
    """Return the size of the result, from the sizes that the steps declare."""
    size = picture
    for step, operation in compiled(text, picture, version, limits).pipeline.operations():
        size = operation.output_size(size, dict(step.arguments)) or size
    return size


@pytest.mark.parametrize(
    ("request_", "size"),
    [
        ("full/max", (3073, 2411)),
        ("square/max", (2411, 2411)),
        ("100,200,300,400/max", (300, 400)),
        ("3000,2400,512,512/max", (73, 11)),
        ("pct:50,50,25,25/max", (768, 603)),
        ("pct:99.99,99.99,50,50/max", (1, 1)),
        ("full/1000,", (1000, 785)),
        ("full/,1000", (1275, 1000)),
        ("full/pct:50", (1537, 1206)),
        ("full/500,500", (500, 500)),
        ("full/!500,500", (500, 392)),
        ("full/^4000,", (4000, 3138)),
        ("100,100,10,10/^!200,300", (200, 200)),
        ("0,0,10,10/^pct:200", (20, 20)),
        ("full/1,", (1, 1)),
    ],
)
def test_sizes(request_, size):
    assert result_size(f"{request_}/0/default.png") == size


@pytest.mark.parametrize("size", ["3074,", ",2412", "pct:101", "3073,2412", "!4000,4000"])
def test_version_3_enlarges_only_with_a_caret(size):
    with pytest.raises(InvalidRequest, match=r"\^"):
        compiled(f"full/{size}/0/default.jpg")
    assert result_size(f"full/^{size}/0/default.jpg") > PICTURE


@pytest.mark.parametrize(("size", "result"), [("4000,", (4000, 3138)), ("pct:120", (3688, 2893))])
def test_version_2_enlarges(size, result):
    assert result_size(f"full/{size}/0/default.jpg", version=2) == result


def test_version_2_does_not_enlarge_to_fill_a_box():
    assert result_size("full/!9000,9000/0/default.jpg", version=2) == PICTURE


@pytest.mark.parametrize("size", ["^9000,", "^8000,8000", "^pct:900"])
def test_a_size_above_the_limits_is_an_error(size):
    with pytest.raises(InvalidRequest, match="40,000,000"):
        compiled(f"full/{size}/0/default.jpg")


@pytest.mark.parametrize("region", ["3073,0,10,10", "0,2411,10,10", "pct:100,0,10,10"])
def test_a_region_outside_of_the_picture_is_an_error(region):
    with pytest.raises(InvalidRequest, match="outside of the picture"):
        compiled(f"{region}/max/0/default.jpg")


@given(PICTURES, st.booleans())
def test_max_is_as_large_as_the_limits_allow(picture, may_enlarge):
    size = result_size(f"full/{'^' * may_enlarge}max/0/default.jpg", picture)
    limits = SizeLimits.of(LIMITS)
    assert limits.allow(size)
    if limits.allow(picture) and not may_enlarge:
        assert size == picture
    else:
        longer = max(size)
        # One pixel more would be too much, but for what a thin picture loses by rounding.
        assert longer == limits.side or (size[0] + 2) * (size[1] + 2) > limits.area


@st.composite
def tiles(draw) -> tuple[tuple[int, int], Tile]:
    picture = draw(PICTURES)
    factor = draw(st.sampled_from(scale_factors(picture)))
    columns, rows = tile_counts(picture, factor)
    return picture, Tile(factor, draw(st.integers(0, columns - 1)), draw(st.integers(0, rows - 1)))


@given(tiles())
def test_a_tile_has_the_size_of_the_grid_however_its_size_is_spelt(drawn):
    """A tile that is a pixel off leaves a seam."""
    picture, tile = drawn
    region, (width, height) = tile_region(picture, tile), tile_size(picture, tile)
    where = ",".join(map(str, region))
    expected = tile_pipeline(region, (width, height), picture, "jpg")
    assert compiled(f"{where}/{width},{height}/0/default.jpg", picture).pipeline == expected
    # One pixel can be the side of a tile of several levels.
    spellings = [f"{width},"] * (width > 1) + [f",{height}"] * (height > 1)
    for size in spellings:
        for version in (2, 3):
            found = result_size(f"{where}/{size}/0/default.jpg", picture, version)
            assert found == (width, height)
    check_pipeline(expected, picture, 1, LIMITS)


@given(PICTURES, st.data())
def test_a_level_has_its_advertised_size(picture, data):
    factor = data.draw(st.sampled_from(scale_factors(picture)))
    width, height = -(-picture[0] // factor), -(-picture[1] // factor)
    if SizeLimits.of(LIMITS).allow((width, height)):
        assert result_size(f"full/{width},{height}/0/default.jpg", picture) == (width, height)


REQUESTS = st.tuples(
    st.sampled_from(["full", "square", "10,20,300,200", "pct:10,10,33.3,50", "0,0,9999,9999"]),
    st.sampled_from(["max", "50,", ",70", "pct:33", "40,90", "!60,60"]),
    st.sampled_from(["0", "90", "!0", "!180", "22.5", "!359.99"]),
    st.sampled_from(["default", "color", "gray", "bitonal"]),
    st.sampled_from(["jpg", "png", "webp"]),
).map(lambda parts: f"{parts[0]}/{parts[1]}/{parts[2]}/{parts[3]}.{parts[4]}")


@given(REQUESTS, st.tuples(st.integers(400, 5000), st.integers(400, 5000)), st.sampled_from([2, 3]))
def test_the_canonical_spelling_means_the_same_and_is_its_own(text, picture, version):
    first = compiled(text, picture, version)
    again = compiled(first.canonical, picture, version)
    assert again == first


@pytest.mark.parametrize(
    ("text", "version", "canonical"),
    [
        ("full/max/0/default.jpg", 3, "full/max/0/default.jpg"),
        ("0,0,3073,2411/3073,2411/360/color.jpg", 3, "full/max/0/default.jpg"),
        ("square/!100,100/!90.0/gray.png", 3, "331,0,2411,2411/100,100/!90/gray.png"),
        ("full/^6146,/0/default.jpg", 3, "full/^6146,4822/0/default.jpg"),
        ("full/max/0/default.jpg", 2, "full/full/0/default.jpg"),
        ("full/1000,785/0/default.jpg", 2, "full/1000,/0/default.jpg"),
        ("full/1000,786/0/default.jpg", 2, "full/1000,786/0/default.jpg"),
    ],
)
def test_canonical_spellings(text, version, canonical):
    # 6146 x 4822 pixels are within the limits.
    assert compiled(text, version=version).canonical == canonical


def coordinates(size: tuple[int, int]) -> Image.Image:
    """Return a picture each pixel of which says where it is."""
    image = Image.new("RGB", size)
    image.putdata([(x, y, 0) for y in range(size[1]) for x in range(size[0])])
    return image


def shown(text: str, image: Image.Image, version=3) -> Image.Image:
    pipeline = compiled(text, image.size, version).pipeline
    return transform(Picture((image,)), pipeline, LIMITS).frames[0]


PROBE = coordinates((101, 67))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("full/max/0", PROBE),
        ("10,20,30,40/max/0", PROBE.crop((10, 20, 40, 60))),
        ("90,60,30,40/max/0", PROBE.crop((90, 60, 101, 67))),
        ("square/max/0", PROBE.crop((17, 0, 84, 67))),
        ("full/max/90", PROBE.transpose(Image.Transpose.ROTATE_270)),
        ("full/max/!0", PROBE.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
        (
            "0,0,20,10/max/!90",
            PROBE.crop((0, 0, 20, 10))
            .transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            .transpose(Image.Transpose.ROTATE_270),
        ),
    ],
)
def test_pixels_stay_where_they_belong(text, expected):
    found = shown(f"{text}/default.png", PROBE)
    assert found.size == expected.size
    assert ImageChops.difference(found.convert("RGB"), expected).getbbox() is None


def test_a_region_is_scaled_and_nothing_beside_it():
    found = shown("20,10,60,40/30,20/0/default.png", PROBE).convert("RGB")
    for x in range(2, 28):
        for y in range(2, 18):
            red, green, _ = found.getpixel((x, y))
            assert abs(red - (20 + 2 * x + 0.5)) <= 1
            assert abs(green - (10 + 2 * y + 0.5)) <= 1


def test_gray_and_bitonal():
    gray = shown("full/max/0/gray.png", PROBE)
    assert all(len(set(pixel[:3])) == 1 for pixel in gray.convert("RGB").get_flattened_data())
    bitonal = shown("full/max/0/bitonal.png", PROBE)
    assert set(bitonal.convert("L").get_flattened_data()) <= {0, 255}


def test_any_angle_grows_the_canvas():
    assert shown("full/max/45/default.png", PROBE).size == (119, 119)
