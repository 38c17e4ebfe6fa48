"""thumbor's and imagor's URLs: sizes and crop windows, filters, statuses, signatures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from progimage.api.fronts.foreign import ForeignSource, ForeignUrlError
from progimage.api.fronts.thumbor.front import ThumborFront
from progimage.api.fronts.thumbor.signature import sign
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.render import transform
from tests.api.fronts.test_imgproxy import bordered, bordered_source, probe

FRONT = ThumborFront(is_unsafe=True)
LIMITS = replace(Limits(), max_steps=40)
KEY = "my-security-key"


def made(path: str, size: tuple[int, int] = (200, 100)) -> Image.Image:
    """Return what the path asks for of the probe picture, whose pixels tell their place."""
    pipeline = FRONT.read(f"/unsafe/{path}").compile(ForeignSource(size)).pipeline
    assert pipeline is not None
    return transform(Picture((probe(size),), (0,)), pipeline, LIMITS).frames[0]


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("a.jpg", (200, 100)),
        ("50x50/a.jpg", (50, 50)),
        ("50x/a.jpg", (50, 25)),
        ("50x0/a.jpg", (50, 25)),
        ("x50/a.jpg", (100, 50)),
        ("0x0/a.jpg", (200, 100)),
        ("origx50/a.jpg", (200, 50)),
        ("300x300/a.jpg", (300, 300)),
        ("fit-in/50x50/a.jpg", (50, 25)),
        ("fit-in/300x300/a.jpg", (200, 100)),
        ("fit-in/300x50/a.jpg", (100, 50)),
        ("full-fit-in/50x50/a.jpg", (100, 50)),
        ("adaptive-fit-in/20x50/a.jpg", (40, 20)),
        ("adaptive-full-fit-in/20x50/a.jpg", (50, 25)),
        ("10x10:60x40/a.jpg", (50, 30)),
        ("10x10:60x40/25x/a.jpg", (25, 15)),
        ("60x40:10x10/a.jpg", (200, 100)),
        ("-50x-50/a.jpg", (50, 50)),
        ("fit-in/50x50/filters:fill(red)/a.jpg", (50, 50)),
        ("50x50/filters:proportion(0.5)/a.jpg", (25, 25)),
        ("fit-in/400x400/filters:upscale()/a.jpg", (400, 200)),
        ("400x400/filters:no_upscale()/a.jpg", (200, 100)),
        ("50x50/filters:rotate(90)/a.jpg", (50, 50)),
        ("50x20/filters:rotate(90)/a.jpg", (20, 50)),
        ("50x20/filters:rotate(45)/a.jpg", (50, 20)),
        ("stretch/50x50/a.jpg", (50, 50)),
        ("50x50/smart/a.jpg", (50, 50)),
    ],
)
def test_the_size_is_thumbors(path, size):
    assert made(path).size == size


@pytest.mark.parametrize(
    ("path", "corner"),
    [
        ("100x100/a.jpg", (50, 0)),
        ("100x100/left/a.jpg", (0, 0)),
        ("100x100/right/a.jpg", (100, 0)),
        ("200x50/top/a.jpg", (0, 0)),
        ("200x50/bottom/a.jpg", (0, 50)),
        ("200x50/left/middle/a.jpg", (0, 25)),
        ("10x20:110x70/a.jpg", (10, 20)),
        ("20x10:120x60/50x50/right/a.jpg", (70, 10)),
        ("100x100/filters:focal(0x0:20x20)/a.jpg", (0, 0)),
        ("100x100/filters:focal(180x40:200x60)/a.jpg", (100, 0)),
        ("20x0:120x50/50x50/filters:focal(100x0:120x20)/a.jpg", (70, 0)),
    ],
)
def test_the_window_is_thumbors(path, corner):
    assert made(path).getpixel((0, 0))[:2] == corner


def test_flips():
    assert made("-200x100/a.jpg").getpixel((0, 0))[:2] == (199, 0)
    assert made("200x-100/a.jpg").getpixel((0, 0))[:2] == (0, 99)


def test_nothing_is_cut_where_both_shapes_round_to_the_same():
    # 201 x 100 asked of 200 x 100: both ratios are 2.0 to two decimals, or nearly.
    pipeline = FRONT.read("/unsafe/100x50/a.jpg").compile(ForeignSource((200, 100))).pipeline
    assert "crop" not in str(pipeline)


def test_filters_work_in_url_order():
    one = FRONT.read("/unsafe/filters:grayscale():brightness(10)/a.jpg").compile(
        ForeignSource((9, 9))
    )
    assert str(one.pipeline) == "grayscale/lighten:amount=26"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rgb(20,-20,0)", (61, 0, 0)),
        ("brightness(20)", (61, 51, 51)),
        ("grayscale()", None),
        ("equalize()", None),
        ("blur(2)", None),
        ("blur(4,2)", None),
        ("sharpen(2,1.0,true)", None),
        ("saturation(1.5)", None),
        ("noise(20)", None),
        ("contrast(20)", None),
        ("convolution(1;2;1;2;4;2;1;2;1,3,true)", None),
        ("round_corner(10,255,0,0)", (255, 0, 0)),
        ("background_color(blue)", None),
        ("strip_exif():strip_icc()", None),
        ("max_age(60)", None),
    ],
)
def test_filters(text, expected):
    image = made(f"filters:{text}/a.jpg").convert("RGB")
    assert image.size == (200, 100)
    if expected:
        assert image.getpixel((10, 0) if "round" not in text else (0, 0))[1:] == expected[1:]


def test_settings():
    compiled = FRONT.read("/unsafe/filters:quality(40):format(webp):max_bytes(9000)/a.jpg")
    pipeline = compiled.compile(ForeignSource((9, 9))).pipeline
    assert pipeline.format == "webp"
    assert pipeline.output.options.quality == 40
    assert pipeline.output.options.max_bytes == 9000


def test_meta_asks_for_facts():
    assert FRONT.read("/unsafe/meta/50x50/a.jpg").is_facts


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("unsafe/50x50/a/b.jpg", "a/b.jpg"),
        ("unsafe/a%20b.jpg", "a b.jpg"),
        ("unsafe/a%2520b.jpg", "a%20b.jpg"),
        ("unsafe/https://example.com/a.jpg", "https://example.com/a.jpg"),
        ("unsafe/filters:blur(1)/a:b.jpg", "a:b.jpg"),
        ("unsafe/fit-in.jpg", "fit-in.jpg"),
        ("unsafe/smart.jpg", "smart.jpg"),
        ("unsafe/50x50.jpg", "50x50.jpg"),
        ("unsafe/50x50/https:/example.com/a.jpg", "https://example.com/a.jpg"),
        ("unsafe/https%3A%2F%2Fexample.com%2Fa.jpg", "https://example.com/a.jpg"),
        ("unsafe/filters%3Ablur%281%29/(a%29.jpg", "(a).jpg"),
    ],
)
def test_a_source_is_decoded_once(path, source):
    assert FRONT.read("/" + path).source == source


@pytest.mark.parametrize(
    "path",
    [
        "",
        "unsafe",
        "unsafe/",
        "unsafe/50x50/",
        "unsafe/filters:blur(1/a.jpg",
        "unsafe/filters:nonsense()/a.jpg",
        "unsafe/filters:blur(x)/a.jpg",
        "unsafe/filters:focal()/a.jpg",
        "unsafe/filters:focal(left)/a.jpg",
        "unsafe/filters:redeye()/a.jpg",
        "unsafe/filters:format(xyz)/a.jpg",
        "unsafe/filters:convolution(1;2,2)/a.jpg",
        "unsafe/99999x10/a.jpg",
        "unsafe/debug/a.jpg",
        "unsafe/%ff.jpg",
        "unsafe/trim/10x10:50x50/a.jpg",
        "wrong/50x50/a.jpg",
    ],
)
def test_malformed_input_is_400(path):
    with pytest.raises(ForeignUrlError) as caught:
        FRONT.read("/" + path).compile(ForeignSource((200, 100)))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "path",
    [
        "10x20%3A50x60/fit-in/30x30/filters%3Afill%28red%29%3Aquality%2880%29",
        "10x20%3a50x60/fit-in/30x30/filters:fill%28red%29:quality%2880%29",
    ],
)
def test_marks_of_the_grammar_may_be_encoded(path):
    plain = "10x20:50x60/fit-in/30x30/filters:fill(red):quality(80)"
    source = ForeignSource((200, 100))
    expected = FRONT.read(f"/unsafe/{plain}/a.jpg").compile(source).pipeline
    assert FRONT.read(f"/unsafe/{path}/a.jpg").compile(source).pipeline == expected


class TestFocal:
    """imagor has more forms than thumbor, and wants `smart` before them."""

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("0x0:1x1", 0),
            ("199x0:200x1", 100),
            ("100x50", 50),
            ("150,50", 100),
            ("0.5x0.5", 50),
            ("0.5x0:1.0x1.0", 100),
            ("0.25,0.1", 0),
            ("9999x9999", 100),
        ],
    )
    @pytest.mark.parametrize("smart", ["", "smart/"])
    def test_the_window_is_around_it(self, text, left, smart):
        url = FRONT.read(f"/unsafe/100x100/{smart}filters:focal({text})/a.jpg")
        pipeline = url.compile(ForeignSource((200, 100))).pipeline
        assert pipeline.canonical == f"crop:height=100,width=100,x={left},y=0"


def test_a_picture_without_frames_has_no_pages():
    with pytest.raises(ForeignUrlError, match="page"):
        FRONT.read("/unsafe/filters:page(2)/a.gif").compile(ForeignSource((200, 100), "jpeg"))


def test_what_imagor_alone_has():
    source = ForeignSource((200, 100), "pdf")
    assert FRONT.read("/unsafe/filters:raw()/a.pdf").compile(source).pipeline is None
    page = FRONT.read("/unsafe/filters:page(2)/a.pdf").compile(source).pipeline
    assert page.canonical == "page:number=2"
    named = FRONT.read("/unsafe/filters:attachment(my boat)/a.pdf").compile(source)
    assert (named.file_name, named.is_attachment) == ("my boat", True)


class TestTrim:
    """Sizes, windows and points count in what the trim leaves."""

    def made(self, path: str, corner: str = "black") -> Image.Image:
        picture = bordered(corner)
        pipeline = FRONT.read(f"/unsafe/{path}").compile(bordered_source(picture)).pipeline
        return transform(Picture((picture,), (0,)), pipeline, LIMITS).frames[0]

    @pytest.mark.parametrize(
        ("path", "size", "corner"),
        [
            ("trim/a.png", (60, 40), (0, 0)),
            ("trim/200x/filters:no_upscale()/a.png", (80, 53), None),
            ("trim/20x20/left/top/a.png", (20, 20), None),
            ("trim/origx20/a.png", (60, 20), (0, 10)),
            ("trim/fit-in/30x30/a.png", (30, 20), None),
            ("trim/adaptive-fit-in/10x30/a.png", (15, 10), None),
            ("trim/10x40/filters:focal(0x0:10x10)/a.png", (10, 40), (0, 0)),
            ("trim/30x20/filters:proportion(0.5)/a.png", (15, 10), None),
            ("trim/fit-in/80x80/filters:fill(red)/a.png", (80, 80), None),
        ],
    )
    def test_goes_with_everything_else(self, path, size, corner):
        image = self.made(path)
        assert image.size == size
        if corner is not None:
            assert image.getpixel((0, 0))[:2] == (100 + corner[0], 100 + corner[1])

    def test_the_colour_may_be_that_of_the_bottom_right_corner(self):
        assert self.made("trim/a.png", "white").size == (80, 60)
        assert self.made("trim:bottom-right/a.png", "white").size == (70, 50)
        assert self.made("trim:bottom-right/a.png").getpixel((0, 0))[:2] == (100, 100)


class TestSignatures:
    PATH = "300x200/my.server.com/some/path/to/image.jpg"

    def test_known_vectors(self):
        assert sign(self.PATH, KEY) == "8ammJH8D-7tXy6kU3lTvoXlhu4o="

    @pytest.mark.parametrize("kind", ["sha1", "sha256", "sha512"])
    def test_any_key_and_hash_may_have_signed(self, kind):
        front = ThumborFront(keys=("other", KEY))
        assert front.read(f"/{sign(self.PATH, KEY, kind)}/{self.PATH}").options.width == 300

    def test_a_quoted_path_verifies_as_it_was_signed(self):
        front = ThumborFront(keys=(KEY,))
        signature = sign("50x50/a b.jpg", KEY)
        assert front.read(f"/{signature}/50x50/a%20b.jpg").source == "a b.jpg"

    @pytest.mark.parametrize("signature", ["", "x", "8ammJH8D", "8ammJH8D-7tXy6kU3lTvoXlhu4p="])
    def test_a_wrong_one_is_400(self, signature):
        with pytest.raises(ForeignUrlError) as caught:
            ThumborFront(keys=(KEY,)).read(f"/{signature}/{self.PATH}")
        assert caught.value.status == 400

    def test_unsafe_only_where_it_is_allowed(self):
        with pytest.raises(ForeignUrlError):
            ThumborFront(keys=(KEY,)).read(f"/unsafe/{self.PATH}")


@given(st.text(alphabet="fit-n/0123456789x:filters(),blurorig;.%-", max_size=60))
def test_any_path_is_read_or_answered(path):
    try:
        FRONT.read("/unsafe/" + path).compile(ForeignSource((200, 100)))
    except ForeignUrlError as error:
        status = error.status
    else:
        status = 200
    assert status in (200, 400)
