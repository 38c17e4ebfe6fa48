"""URLs of public bug reports about imgproxy, thumbor and imagor, each with what it should give.

The ids of the tests name the reports at github.com.
"""

from __future__ import annotations

import base64

import pytest

from progimage.api.fronts.foreign import ForeignSource, ForeignUrlError
from progimage.api.fronts.imgproxy.front import ImgproxyFront
from progimage.api.fronts.imgproxy.signature import KeyPair
from progimage.api.fronts.thumbor.front import ThumborFront
from progimage.api.fronts.thumbor.signature import sign
from progimage.imaging.pipeline_parser import parse
from tests.api.fronts import test_imgproxy, test_thumbor

IMGPROXY = ImgproxyFront(is_unsafe=True)
THUMBOR = ThumborFront(is_unsafe=True)
URL = "https://example.com/a.jpg"
BASE64 = base64.urlsafe_b64encode(URL.encode()).decode()


def encoded(url: str) -> str:
    return base64.urlsafe_b64encode(url.encode()).decode()


@pytest.mark.parametrize(
    ("options", "size", "expected"),
    [
        pytest.param("dpr:0.5", (200, 100), (100, 50), id="imgproxy/imgproxy#472"),
        pytest.param("dpr:0.25/w:100", (200, 100), (25, 13), id="imgproxy/imgproxy#472-width"),
        pytest.param(
            "crop:800:600/gravity:fp:1:1/resize:fill:400:300",
            (1200, 1800),
            (400, 300),
            id="imgproxy/imgproxy#327",
        ),
        pytest.param(
            "resize:fit:1819:2581:0/crop:0:0:fp:0.5:0.5",
            (200, 100),
            (200, 100),
            id="okolobaxa/imgproxy-dotnet#3",
        ),
        pytest.param("rs:fit:300:300:0:1", (200, 100), (300, 300), id="imgproxy/imgproxy#139"),
        pytest.param(
            "rs:fit:1000:1000/exar:1/bg:ffffff", (300, 200), (300, 300), id="imgproxy/imgproxy#764"
        ),
        pytest.param(
            "rt:fill-down/s:300:300", (200, 100), (100, 100), id="crocodile2u/imgproxy-php#8"
        ),
    ],
)
def test_sizes_of_imgproxy(options, size, expected):
    assert test_imgproxy.made(options, size=size).size == expected


def test_a_focus_in_a_crop_is_not_scaled():
    """imgproxy/imgproxy#327: the lower right 800 x 600 pixels, then scaled by half."""
    image = test_imgproxy.made("crop:800:600/gravity:fp:1:1/resize:fill:400:300", size=(1200, 1800))
    red, green, column = image.getpixel((0, 0))
    assert red + 256 * column == pytest.approx(400, abs=3)
    assert green == pytest.approx(1200 % 256, abs=3)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param(
            f"s:180:92/{encoded('https://a.b/logo.jpg')}", "https://a.b/logo.jpg", id="#129"
        ),
        pytest.param(
            f"s:180:92/{encoded('https://a.b/l.jpg')}.jpg", "https://a.b/l.jpg", id="#129-ext"
        ),
        pytest.param("w:9/plain/s3://m/3js%25205-a.jpg", "s3://m/3js%205-a.jpg", id="#1298"),
        pytest.param(
            f"w:9/{encoded('s3://m/3js%205-a.jpg')}", "s3://m/3js%205-a.jpg", id="#1298-base64"
        ),
        pytest.param(
            f"w:9/{encoded('https://a.b/uploads?path=1234/p.jpg')}",
            "https://a.b/uploads?path=1234/p.jpg",
            id="#1053",
        ),
        pytest.param(
            "resize%3Afit%3A280%3A280%3Ano%3A0/plain/local%3A//media/8d/4k%20Bild.jpeg",
            "local://media/8d/4k Bild.jpeg",
            id="#1305",
        ),
    ],
)
def test_sources_of_imgproxy(path, source):
    assert IMGPROXY.read(f"/_/{path}").source == source


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/_/300/300/{BASE64}", id="imgproxy/imgproxy#241"),
        pytest.param(f"/_/crop:0:0:gravity:fp:0.5:0.5/{BASE64}", id="okolobaxa/imgproxy-dotnet#3"),
        pytest.param(f"/_/fit/250/250/no/1/{BASE64}", id="imgproxy/imgproxy.rb#1"),
    ],
)
def test_malformed_urls_of_imgproxy(path):
    with pytest.raises(ForeignUrlError) as caught:
        IMGPROXY.read(path).compile(ForeignSource((200, 100)))
    assert caught.value.status == 404


@pytest.mark.parametrize("name", ["%28name%29", "(name)"])
def test_a_file_name_in_brackets(name):
    """imgproxy/imgproxy#976: signed, and used, as it is sent."""
    pair = KeyPair(b"test-key", b"test-salt")
    path = f"/fn:{name}/plain/local:///a.jpg"
    url = ImgproxyFront(pairs=(pair,)).read(f"/{pair.sign(path)}{path}")
    assert url.compile(ForeignSource((200, 100))).file_name == name


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(
            "fit-in/400x600/filters:quality(80):format(webp):fill(white,1)/a.jpg",
            (400, 600),
            id="thumbor/thumbor#1330",
        ),
        pytest.param(
            "fit-in/64x44/smart/filters:fill%28transparent%29/http://a.b/(revl).jpg",
            (64, 44),
            id="thumbor#833",
        ),
        pytest.param("full-fit-in/33x17/a.jpg", (34, 17), id="cshum/imagor#740"),
        pytest.param("full-fit-in/67x33/a.jpg", (67, 34), id="cshum/imagor#740-odd"),
        pytest.param(
            "fit-in/170x170/filters:format(png):fill(blue)/a.jpg", (170, 170), id="django-thumbor#4"
        ),
        pytest.param("99x0:185x43/fit-in/30x15/a.jpg", (30, 15), id="theCrag/website#2837"),
    ],
)
def test_sizes_of_thumbor(path, expected):
    assert test_thumbor.made(path).size == expected


@pytest.mark.parametrize(
    ("path", "source"),
    [
        pytest.param(
            "fit-in/64x44/filters:fill%28transparent%29/http://a.b/(revl).jpg",
            "http://a.b/(revl).jpg",
            id="thumbor#833",
        ),
        pytest.param(
            "80x80/member/1234567890%3Fts%3D14", "member/1234567890?ts=14", id="thumbor#765"
        ),
        pytest.param(
            "meta/fit-in/9x9/http://a.b/one%20space.jpg",
            "http://a.b/one space.jpg",
            id="thumbor#872",
        ),
        pytest.param(
            "50x50/smart/http://a.b/1.11139912!/image.jpg_gen/i.jpg",
            "http://a.b/1.11139912!/image.jpg_gen/i.jpg",
            id="thumbor#463",
        ),
        pytest.param(
            "9x9/smart/http%3A%2F%2Fa.b%2Fimg%2FDuke%20Spirit.jpg",
            "http://a.b/img/Duke Spirit.jpg",
            id="thumbor#728",
        ),
        pytest.param(
            "fit-in/9x9/http%3A%2F%2Fa.b%2Fone%2520space.jpg%3Fquery%3Dstring",
            "http://a.b/one%20space.jpg?query=string",
            id="thumbor#872-twice",
        ),
        pytest.param("9x9/http://a.b/$cost/i.jpg", "http://a.b/$cost/i.jpg", id="thumbor#570"),
        pytest.param("AAGU_PRD/LG_MS21910~NB.jpg", "AAGU_PRD/LG_MS21910~NB.jpg", id="thumbor#814"),
    ],
)
def test_sources_of_thumbor(path, source):
    assert THUMBOR.read(f"/unsafe/{path}").source == source


def test_filters_that_only_one_site_has_are_named():
    """erusev/parsedown#814 has a link of a site with a filter of its own."""
    path = "fit-in/600x592/filters:strip_icc():format(jpeg):mode_rgb():quality(90)/a.jpeg.jpg"
    with pytest.raises(ForeignUrlError, match="mode_rgb"):
        THUMBOR.read(f"/unsafe/{path}").compile(ForeignSource((200, 100)))


@pytest.mark.parametrize("colour", ["auto", "blur"])
def test_fills_that_are_made_of_the_picture_are_refused_by_name(colour):
    """thumbor/thumbor#877 and #1223."""
    with pytest.raises(ForeignUrlError, match=rf"fill\({colour}\)"):
        test_thumbor.made(f"full-fit-in/50x50/filters:fill({colour})/a.jpg")


def test_offsets_of_watermarks_count_from_the_other_side_below_0():
    """cshum/imagor#745 and imgproxy/imgproxy#313."""
    url = THUMBOR.read(f"/unsafe/filters:watermark({'ab' * 32},-10,-20,50)/a.jpg")
    expected = f"watermark:image={'ab' * 32},opacity=0.5,gravity=southeast,x=10,y=20"
    assert url.compile(ForeignSource((200, 100))).pipeline == parse(expected)


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ("9x9/a~b.jpg", "9x9/a~b.jpg"),
        ("9x9/a~b.jpg", "9x9/a%7Eb.jpg"),
        ("9x9/a+b.jpg", "9x9/a+b.jpg"),
        ("9x9/a%2Bb.jpg", "9x9/a%2Bb.jpg"),
        ("9x9/a+b.jpg", "9x9/a%2Bb.jpg"),
        ("9x9/filters:blur(1)/a.jpg", "9x9/filters:blur%281%29/a.jpg"),
        ("9x9/a'b.jpg", "9x9/a%27b.jpg"),
    ],
)
def test_a_signature_holds_for_what_clients_make_of_a_path(signed, sent):
    """thumbor/thumbor#814, #463, #598 and #637."""
    url = ThumborFront(keys=("key",)).read(f"/{sign(signed, 'key')}/{sent}")
    assert url.source.startswith("a")
