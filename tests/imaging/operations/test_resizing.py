import pytest
from PIL import Image

from progimage.errors import InvalidArgument
from tests.imaging.drawing import BLUE, GREEN, RED, WHITE, corners, is_near, pixel, quadrants
from tests.imaging.transforming import apply


@pytest.mark.parametrize(
    ("step", "size"),
    [
        ("thumbnail", (200, 100)),
        ("thumbnail:100x100", (100, 50)),
        ("thumbnail:80x", (80, 40)),
        ("thumbnail:x80", (160, 80)),
        ("thumbnail:500x500", (400, 200)),
        ("thumbnail:50x50,cover", (50, 50)),
        ("resize:100x100", (100, 50)),
        ("resize:100x100,inside", (100, 50)),
        ("resize:100x100,outside", (200, 100)),
        ("resize:100x100,cover", (100, 100)),
        ("resize:100x100,contain", (100, 100)),
        ("resize:100x100,fill", (100, 100)),
        ("resize:w=133", (133, 67)),
        ("resize:h=67", (134, 67)),
        ("resize:w=1", (1, 1)),
        ("resize:800x800", (400, 200)),
        ("resize:800x800,enlarge=true", (800, 400)),
        ("resize:w=800,enlarge=true", (800, 400)),
        ("resize:w=800", (400, 200)),
        ("resize:800x100,fill", (400, 100)),
        ("resize:800x100,fill,enlarge=true", (800, 100)),
        ("resize:800x800,cover", (200, 200)),
        ("resize:800x800,cover,enlarge=true", (800, 800)),
        ("resize:800x800,contain", (800, 800)),
        ("resize:800x400,outside", (400, 200)),
        ("resize:800x400,outside,enlarge=true", (800, 400)),
        ("crop:300x150", (300, 150)),
        ("crop:900x150", (400, 150)),
        ("crop:x=390,y=10", (10, 190)),
        ("crop:x=390,y=190,w=100,h=100", (10, 10)),
        ("crop:w=7", (7, 200)),
    ],
)
def test_a_picture_of_400x200_becomes(step, size):
    assert apply(step, quadrants((400, 200))).size == size


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_a_resized_picture_looks_the_same_in_every_mode(mode):
    image = quadrants((400, 200)).convert(mode)
    small = apply("resize:w=40", image)
    assert small.mode == mode
    assert corners(small) == corners(image)


def test_inside_never_enlarges_unless_asked():
    image = quadrants((8, 4))
    assert apply("thumbnail", image).tobytes() == image.tobytes()
    larger = corners(apply("resize:w=80,enlarge=yes", image))
    assert all(is_near(larger[name], seen, 16) for name, seen in corners(image).items())


def test_cover_keeps_the_middle():
    cut = apply("resize:20x20,cover", quadrants((80, 20)))
    assert pixel(cut, (0, 0)) == RED
    assert pixel(cut, (19, 0)) == GREEN


@pytest.mark.parametrize(
    ("gravity", "left", "right"),
    [("west", RED, RED), ("east", GREEN, GREEN), ("0x0.5", RED, RED), ("0.5x0.5", RED, GREEN),
     ("0.9x0", GREEN, GREEN)],
)  # fmt: skip
def test_cover_keeps_what_gravity_says(gravity, left, right):
    cut = apply(f"resize:20x20,cover,gravity={gravity}", quadrants((80, 20)))
    assert (pixel(cut, (1, 1)), pixel(cut, (18, 1))) == (left, right)


def test_contain_fills_the_rest_with_the_background():
    image = quadrants((40, 20))
    boxed = apply("resize:40x40,contain,background=gold", image)
    assert boxed.mode == "RGB"
    assert pixel(boxed, (0, 9)) == pixel(boxed, (39, 30)) == (255, 215, 0)
    assert boxed.crop((0, 10, 40, 30)).tobytes() == image.tobytes()


def test_contain_is_transparent_by_default():
    boxed = apply("resize:40x40,contain,gravity=north", quadrants((40, 20)))
    assert boxed.mode == "RGBA"
    assert pixel(boxed, (0, 0)) == (*RED, 255)
    assert pixel(boxed, (0, 20)) == (0, 0, 0, 0)


def test_fill_distorts():
    squeezed = apply("resize:10x40,fill", quadrants((40, 40)))
    assert pixel(squeezed, (0, 0)) == RED
    assert pixel(squeezed, (9, 39)) == WHITE


def test_a_hidden_colour_does_not_bleed_into_a_smaller_picture():
    image = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 19, 40))
    small = apply("resize:w=10", image)
    edge = pixel(small, (4, 5))
    assert 0 < edge[3] < 255
    assert is_near(edge[:3], (255, 0, 0), 2)


def test_crop_takes_a_box_by_its_corner():
    cut = apply("crop:x=24,y=0,w=24,h=16", quadrants((48, 32)))
    assert set(corners(cut).values()) == {(*GREEN, 255)}


@pytest.mark.parametrize(
    ("gravity", "colour"),
    [("northwest", RED), ("ne", GREEN), ("sw", BLUE), ("southeast", WHITE), ("0.2x0.2", RED)],
)
def test_crop_takes_a_corner_by_gravity(gravity, colour):
    cut = apply(f"crop:10x10,gravity={gravity}", quadrants((48, 32)))
    assert cut.getcolors() == [(100, colour)]


def test_crop_is_central_by_default():
    cut = apply("crop:2x2", quadrants((48, 32)))
    assert [pixel(cut, at) for at in ((0, 0), (1, 0), (0, 1), (1, 1))] == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("step", ["crop:x=48,y=0", "crop:x=0,y=32,w=1,h=1"])
def test_crop_outside_the_picture_is_refused_with_its_size(step):
    with pytest.raises(InvalidArgument, match="48x32"):
        apply(step, quadrants((48, 32)))


@pytest.mark.parametrize("spot", [(10, 10), (70, 50), (10, 50), (40, 30)])
def test_smart_gravity_keeps_the_detail(spot):
    image = Image.new("RGB", (96, 64), (90, 120, 150))
    for i in range(0, 16, 2):
        image.paste(WHITE, (spot[0] + i, spot[1] - 8, spot[0] + i + 1, spot[1] + 8))
    part = apply("crop:40x30,gravity=smart", image)
    assert dict(map(reversed, part.getcolors()))[WHITE] == 8 * 16


def test_smart_gravity_is_central_where_there_is_no_detail():
    image = Image.new("RGB", (90, 30), (1, 2, 3))
    image.paste((1, 2, 4), (30, 0, 60, 30))
    assert apply("crop:30x30,gravity=smart", image).getcolors() == [(900, (1, 2, 4))]


def test_smart_gravity_does_not_look_at_hidden_colours():
    image = Image.new("RGBA", (96, 32), (0, 0, 0, 0))
    for x in range(0, 30, 2):
        image.paste((255, 255, 255, 0), (x, 0, x + 1, 32))
    image.paste((255, 0, 0, 255), (70, 8, 80, 24))
    assert apply("crop:32x32,gravity=smart", image).getbbox() is not None


def test_smart_cover_of_a_tiny_picture_works():
    assert apply("resize:1x1,cover,gravity=smart", Image.new("RGB", (2, 1))).size == (1, 1)


@pytest.mark.parametrize("is_high", [False, True])
@pytest.mark.parametrize("place", [300, 1500, 2500])
def test_smart_finds_the_subject_of_a_picture_thirty_times_as_wide_as_high(
    place: int, is_high: bool
) -> None:
    image = Image.new("RGB", (3000, 100), (200, 200, 200))
    for at in range(0, 40, 4):
        image.paste((255, 0, 0), (place + at, 30, place + at + 2, 70))
    if is_high:
        image = image.transpose(Image.Transpose.TRANSPOSE)
    cut = apply("resize:w=100,h=100,fit=cover,gravity=smart", image)
    reds = cut.getchannel("G").point([255] * 100 + [0] * 156).histogram()[255]
    assert reds == 20 * 40
