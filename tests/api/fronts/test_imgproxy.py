"""imgproxy's URLs: sizes to the pixel, crop windows, statuses and signatures.

The tables are facts about imgproxy's behaviour on a picture of 200 x 100 pixels.
"""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from progimage.api.fronts.foreign import ForeignSource, ForeignUrlError, Size
from progimage.api.fronts.imgproxy.front import ImgproxyFront, grammar_of
from progimage.api.fronts.imgproxy.handlers import HANDLERS
from progimage.api.fronts.imgproxy.names import LONG_NAMES, NOT_SUPPORTED, SECURITY
from progimage.api.fronts.imgproxy.path import split_path
from progimage.api.fronts.imgproxy.signature import KeyPair
from progimage.imaging.codecs.picture import Picture
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline_parser import parse
from progimage.imaging.render import transform

SOURCE = (200, 100)
SOURCE_URL = "plain/local:///geometry.png"
LIMITS = replace(Limits(), max_steps=24)
FRONT = ImgproxyFront(is_unsafe=True)
# The vectors of imgproxy's documentation and of its own tests.
PAIR = KeyPair(b"test-key", b"test-salt")


def probe(size: tuple[int, int] = SOURCE) -> Image.Image:
    """Return a picture in which each pixel's red and green tell its column and row."""
    image = Image.new("RGB", size)
    image.putdata([(x % 256, y % 256, x // 256) for y in range(size[1]) for x in range(size[0])])
    return image


def bordered(corner: str = "black") -> Image.Image:
    """Return 60 x 40 pixels that tell their place, from 100, with a margin of 10.

    Args:
        corner: the colour of the top left pixel; the rest of the margin is black.
    """
    image = Image.new("RGB", (80, 60))
    inside = Image.new("RGB", (60, 40))
    inside.putdata([(100 + x, 100 + y, 200) for y in range(40) for x in range(60)])
    image.paste(inside, (10, 10))
    image.putpixel((0, 0), ImageColor.getrgb(corner))
    return image


def bordered_source(picture: Image.Image) -> ForeignSource:
    """Return a picture as a source that can be measured after a trim."""

    def measure(steps: str) -> tuple[int, int]:
        return transform(Picture((picture,), (0,)), parse(steps), LIMITS).frames[0].size

    return ForeignSource(picture.size, "png", measure)


def made(options: str, front: ImgproxyFront = FRONT, size: tuple[int, int] = SOURCE) -> Image.Image:
    """Return what the options make of the probe picture."""
    path = f"/_/{options}/{SOURCE_URL}" if options else f"/_/{SOURCE_URL}"
    pipeline = front.read(path).compile(ForeignSource(size)).pipeline
    assert pipeline is not None
    frames = (probe(size),)
    return transform(Picture(frames, (0,)), pipeline, LIMITS).frames[0]


def status(options: str, front: ImgproxyFront = FRONT) -> int:
    with pytest.raises(ForeignUrlError) as caught:
        made(options, front)
    return caught.value.status


SIZES = {
    "fit": """
        50x50 50x25, 50x20 40x20, 20x50 20x10, 300x300 200x100, 300x50 100x50, 100x300 100x50,
        0x50 100x50, 50x0 50x25, 0x200 200x100, 300x0 200x100""",
    "fit/el:1": """
        50x50 50x25, 300x300 300x150, 300x125 250x125, 250x300 250x125, 0x200 400x200,
        300x0 300x150""",
    "fit/ex:1": """
        50x50 50x50, 50x20 50x20, 20x50 20x50, 300x300 300x300, 300x125 300x125, 250x300 250x300,
        0x50 100x50, 50x0 50x25, 0x200 200x200, 300x0 300x100""",
    "fit/exar:1": """
        50x50 50x50, 300x300 200x200, 300x125 240x100, 250x500 200x400, 0x50 100x50,
        0x200 200x100, 300x0 200x100""",
    "fill": """
        50x50 50x50, 50x20 50x20, 20x50 20x50, 300x300 200x100, 300x50 200x50, 100x300 100x100,
        0x50 100x50, 50x0 50x25, 0x200 200x100""",
    "fill/el:1": """
        50x50 50x50, 300x300 300x300, 300x125 300x125, 250x300 250x300, 0x200 400x200""",
    "fill/ex:1": "50x50 50x50, 300x300 300x300, 300x50 300x50, 100x300 100x300, 0x200 200x200",
    "fill/exar:1": """
        300x300 200x200, 300x125 240x100, 250x500 200x400, 300x50 300x50, 100x300 100x300""",
    "fill-down": """
        50x50 50x50, 50x20 50x20, 20x50 20x50, 300x300 100x100, 300x125 200x83, 250x300 83x100,
        0x50 100x50, 0x200 200x100""",
    "fill-down/el:1": "300x300 300x300, 300x125 300x125, 250x300 250x300, 0x200 400x200",
    "fill-down/ex:1": "300x300 300x300, 300x125 300x125, 250x300 250x300, 300x50 300x50",
    "force/el:1": "50x50 50x50, 300x40 300x40, 0x50 200x50, 50x0 50x100",
    "auto": "50x20 50x20, 20x50 20x10, 100x50 100x50",
}
ROWS = [
    (kind, *row.split())
    for kind, table in SIZES.items()
    for row in table.replace("\n", " ").split(",")
]


@pytest.mark.parametrize(("kind", "requested", "expected"), ROWS)
def test_the_size_is_imgproxys(kind, requested, expected):
    resizing, _, more = kind.partition("/")
    width, height = requested.split("x")
    image = made(f"rs:{resizing}:{width}:{height}" + (f"/{more}" if more else ""))
    assert "{}x{}".format(*image.size) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("rs:fit:50:50/dpr:2", (100, 50)),
        ("rs:fit:50:50/pd:10:5/dpr:2", (120, 90)),
        ("w:50/z:2", (100, 50)),
        ("w:50/z:2:3", (100, 75)),
        ("rs:fit:50:50/mw:80", (50, 40)),
        ("rs:fit:50:50/mh:40", (50, 40)),
        ("rs:fit:50:50/rot:90", (25, 50)),
        ("rs:fill:50:20/rot:270", (50, 20)),
        ("c:100:50/rs:fit:50:50", (50, 25)),
        ("c:0.5:0.5", (100, 50)),
        ("c:100/rs:fill:50:50", (50, 50)),
        ("pd:1:2:3:4", (206, 104)),
        ("rs:fit:40:0/pd:10:20", (80, 40)),
        ("car:1", (100, 100)),
        ("", (200, 100)),
    ],
)
def test_other_options_that_change_the_size(options, expected):
    assert made(options).size == expected


@pytest.mark.parametrize(
    ("options", "corner"),
    [
        # Left and top of the window, read off the pixels.
        ("c:50:20", (76, 40)),
        ("c:50:20:no", (76, 0)),
        ("c:50:20:soea", (150, 80)),
        ("c:50:20:nowe:10:20", (10, 20)),
        ("c:50:20:soea:10:20", (140, 60)),
        ("c:50:20:nowe:0.1:0.2", (20, 20)),
        ("c:50:20:nowe:190:95", (150, 80)),
        ("c:50:20:fp:0.25:0.5", (25, 40)),
        ("c:50:20:fp:0:1", (0, 80)),
        ("c:50:20/g:we", (0, 40)),
        ("rs:fill:100:100/g:ea", (100, 0)),
        ("rs:fill:100:100/g:we:30", (30, 0)),
        ("rs:fill:100:100/g:ce", (50, 0)),
    ],
)
def test_the_window_is_imgproxys(options, corner):
    left, top, _ = made(options).getpixel((0, 0))
    assert (left, top) == corner


def test_a_crop_counts_in_the_picture_as_rotated():
    # Rotated clockwise, what was left below is above left.
    image = made("rot:90/c:10:10:nowe")
    assert image.getpixel((0, 0))[:2] == (0, 99)


def test_flips_are_along_their_axes():
    assert made("fl:1:0").getpixel((0, 0))[:2] == (199, 0)
    assert made("fl:0:1").getpixel((0, 0))[:2] == (0, 99)
    assert made("fl:1").getpixel((0, 0))[:2] == (199, 0)


def test_the_order_in_the_url_does_not_matter():
    one = FRONT.read(f"/_/bl:2/g:ea/rs:fill:30:30/q:80/{SOURCE_URL}@webp").compile(
        ForeignSource(SOURCE)
    )
    other = FRONT.read(f"/_/q:80/rs:fill:30:30/bl:2/g:ea/{SOURCE_URL}@webp").compile(
        ForeignSource(SOURCE)
    )
    assert one == other


def test_colours_and_filters():
    assert made("br:40").getpixel((10, 10)) == (50, 50, 40)
    assert made("pix:10").getpixel((0, 0)) == made("pix:10").getpixel((9, 9))
    assert made("pd:5/bg:f00").getpixel((0, 0)) == (255, 0, 0)
    assert made("pd:5/bg:0:0:255").getpixel((0, 0)) == (0, 0, 255)


class TestOutput:
    def compiled(self, options: str, source: str = SOURCE_URL):
        return FRONT.read(f"/_/{options}/{source}").compile(ForeignSource(SOURCE))

    @pytest.mark.parametrize("spelling", ["f:webp", "format:webp", "ext:webp"])
    def test_format(self, spelling):
        assert self.compiled(spelling).pipeline.format == "webp"

    def test_the_extension_wins(self):
        assert self.compiled("f:webp", f"{SOURCE_URL}@png").pipeline.format == "png"
        assert self.compiled("w:10", f"{SOURCE_URL}@").pipeline.format is None

    def test_quality_by_format(self):
        compiled = self.compiled("fq:webp:40:avif:30", f"{SOURCE_URL}@avif")
        assert compiled.pipeline.output.options.quality == 30
        assert self.compiled("q:50/fq:webp:40/f:webp").pipeline.output.options.quality == 50

    def test_max_bytes_and_metadata(self):
        options = self.compiled("mb:5000/scp:0/f:jpg").pipeline.output.options
        assert (options.max_bytes, options.metadata) == (5000, "icc")
        assert self.compiled("sm:0").pipeline.output.options.metadata == "exif"

    def test_raw_is_the_source_itself(self):
        compiled = self.compiled("raw:1/att:1/fn:cat")
        assert compiled.pipeline is None
        assert (compiled.is_attachment, compiled.file_name) == (True, "cat")

    def test_a_file_name_may_be_base64(self):
        assert self.compiled("fn:Y2F0:1").file_name == "cat"

    def test_info_asks_for_facts(self):
        assert FRONT.read(f"/info/_/{SOURCE_URL}").is_facts


class TestSources:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("plain/s3://media/a%20b.jpg", "s3://media/a b.jpg"),
            ("plain/https://example.com/a%2Fb%3Fc=1", "https://example.com/a/b?c=1"),
            ("plain/https:/example.com/a.jpg", "https://example.com/a.jpg"),
            ("plain/local:/a.jpg", "local:///a.jpg"),
            ("plain/local:///a+b%2B.jpg", "local:///a+b+.jpg"),
            ("plain/local:///a%2540.jpg", "local:///a%40.jpg"),
            ("plain/local:///%C3%A9.jpg", "local:///é.jpg"),
            ("aHR0cHM6Ly9leGFtcGxlLmNvbS9hLmpwZw", "https://example.com/a.jpg"),
            ("aHR0cHM6Ly9leGFtcGxlLmNvbS9hLmpwZw==.png", "https://example.com/a.jpg"),
            ("aHR0cHM6Ly9l/eGFtcGxlLmNv/bS9hLmpwZw", "https://example.com/a.jpg"),
        ],
    )
    def test_a_source_is_decoded_once(self, text, expected):
        assert FRONT.read(f"/_/{text}").source == expected

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/",
            "/_",
            "/_/",
            "/_/w:10",
            "/_/w:10/plain/",
            "/_/plain/a@png@jpg",
            "/_/***",
            "/_/plain/%ff.jpg",
            "/_/aGk.png.jpg",
            "/_/fill/300/200/sm/0/plain/a.jpg",
        ],
    )
    def test_a_malformed_name_is_404(self, path):
        with pytest.raises(ForeignUrlError) as caught:
            FRONT.read(path)
        assert caught.value.status == 404

    def test_a_missing_signature_is_named(self):
        with pytest.raises(ForeignUrlError, match="signature") as caught:
            FRONT.read(f"/rs:fit:32:32/{SOURCE_URL}")
        assert caught.value.status == 404

    def test_a_file_name_behind_a_base64_source_where_that_is_set(self):
        grammar = grammar_of({}, only_presets=False, base64_with_name=True, watermark="")
        front = ImgproxyFront(is_unsafe=True, grammar=grammar)
        source = "aHR0cHM6Ly9leGFtcGxlLmNvbS9hLmpwZw"
        for text in (f"{source}/boat.jpg", source[:9] + "/" + source[9:] + ".png/boat", source):
            assert front.read(f"/_/w:10/{text}").source == "https://example.com/a.jpg"

    def test_colons_in_options_may_be_encoded(self):
        assert made("rs%3Afit%3A50%3A50").size == (50, 25)


@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_versions_of_objects_are_refused_by_name(scheme: str):
    encoded = base64.urlsafe_b64encode(f"{scheme}://media/a.jpg?v1".encode()).decode()
    for source in (encoded, f"plain/{scheme}://media/a.jpg%3Fv1"):
        with pytest.raises(ForeignUrlError, match="versions of objects") as caught:
            FRONT.read(f"/_/w:10/{source}")
        assert caught.value.status == 422


class TestPages:
    def test_they_count_from_0(self):
        url = FRONT.read("/_/pg:2/plain/local:///a.pdf")
        pipeline = url.compile(ForeignSource(SOURCE, "pdf")).pipeline
        assert pipeline.canonical == "page:number=3"

    @pytest.mark.parametrize("form", ["tiff", "gif", "webp", "png", "avif"])
    def test_they_are_frames_of_animations(self, form: str):
        url = FRONT.read(f"/_/page:1/{SOURCE_URL}")
        pipeline = url.compile(ForeignSource(SOURCE, form)).pipeline
        assert pipeline.canonical == "page:number=2"

    @pytest.mark.parametrize("form", ["jpeg", "svg", "bmp"])
    def test_other_pictures_have_none(self, form: str):
        url = FRONT.read(f"/_/pg:2/{SOURCE_URL}")
        with pytest.raises(ForeignUrlError, match=f"page: a {form} has neither") as caught:
            url.compile(ForeignSource(SOURCE, form))
        assert caught.value.status == 422

    @pytest.mark.parametrize("form", ["pdf", "tiff"])
    def test_a_page_of_another_size_is_resized_from_that(self, form: str):
        measured = []

        def measure(steps: str) -> Size:
            measured.append(steps)
            return (100, 100)

        url = FRONT.read(f"/_/rs:fit:50:50/pg:1/{SOURCE_URL}")
        pipeline = url.compile(ForeignSource((200, 100), form, measure)).pipeline
        assert measured == ["page:2"]
        assert "height=50,width=50" in pipeline.canonical


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("mc:1", "tint:colour=b3b3b3"),
        ("mc:0.5:f00", "tint:amount=0.5,colour=ff0000"),
        ("mc:0", ""),
        ("dt:1:000:fff", "duotone:highlight=ffffff,shadow=000000"),
        ("dt:1", "duotone:highlight=ffffff,shadow=000000"),
        ("dt:0:000:fff", ""),
        ("ra:lanczos3", ""),
        ("da:0", ""),
    ],
)
def test_options_of_the_paid_version(options, expected):
    pipeline = FRONT.read(f"/_/{options}/{SOURCE_URL}").compile(ForeignSource(SOURCE)).pipeline
    assert pipeline.canonical == expected


class TestStatuses:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ("nonsense:1", 404),
            ("w:-1", 404),
            ("w:x", 404),
            ("w:1:2", 404),
            ("rot:45", 404),
            ("q:101", 404),
            ("g:fp:2:0", 404),
            ("g:xx", 404),
            ("g:sm:1", 404),
            ("f:xyz", 404),
            ("f:heic", 422),
            ("bg:12345", 404),
            ("fq:webp", 404),
            ("exp:1", 404),
            ("pr:none", 404),
            ("msr:50", 403),
            ("mrd:100", 403),
            ("rs:force:9000:9000/el:1", 422),
            ("ush:1", 422),
            ("g:obj:face", 404),
            ("ar:0", 422),
            ("da:1", 422),
            ("dt:0.5", 422),
            ("ra:nearest", 422),
            ("wm:0.5", 422),
        ],
    )
    def test_errors_have_imgproxys_status(self, options, expected):
        assert status(options) == expected

    def test_a_time_to_come_is_no_error(self):
        assert made("exp:99999999999").size == SOURCE

    def test_a_known_option_that_is_not_supported_is_named(self):
        with pytest.raises(ForeignUrlError, match="blur_detections"):
            made("bd:5")


class TestSignatures:
    def front(self, **options) -> ImgproxyFront:
        return ImgproxyFront(pairs=(KeyPair(b"other", b"pair"), PAIR), **options)

    def test_known_vectors(self):
        assert PAIR.sign("/rs:fill:4:4/plain/local:///test1.png").startswith("My9d3xq_")
        assert PAIR.sign("/asd", 8) == "oWaL7QoW5Ts"
        assert PAIR.sign("/asd").startswith("oWaL7QoW5Ts")

    def test_any_pair_may_have_signed(self):
        path = "/rs:fill:4:4/plain/local:///test1.png"
        url = self.front().read(f"/{PAIR.sign(path)}{path}")
        assert url.source == "local:///test1.png"

    def test_a_truncated_signature_where_it_is_allowed(self):
        path = "/w:4/plain/local:///test1.png"
        assert self.front(signature_bytes=8).read(f"/{PAIR.sign(path, 8)}{path}")
        with pytest.raises(ForeignUrlError):
            self.front().read(f"/{PAIR.sign(path, 8)}{path}")

    @pytest.mark.parametrize("signature", ["_", "unsafe", "", "AAAA", "é", "My9d3xq_"])
    def test_a_wrong_one_is_403(self, signature):
        with pytest.raises(ForeignUrlError) as caught:
            self.front().read(f"/{signature}/w:4/plain/local:///test1.png")
        assert caught.value.status in (403, 404)

    def test_a_trusted_text_takes_the_place_of_a_signature(self):
        front = self.front(trusted=("of-the-shop",))
        assert front.read("/of-the-shop/w:4/plain/local:///a.png").source == "local:///a.png"
        with pytest.raises(ForeignUrlError):
            front.read("/of-the-shop2/w:4/plain/local:///a.png")

    def test_without_keys_nothing_is_signed(self):
        with pytest.raises(ForeignUrlError) as caught:
            ImgproxyFront().read(f"/_/{SOURCE_URL}")
        assert caught.value.status == 403

    def test_a_path_that_a_proxy_changed_still_verifies(self):
        path = "/rs:fill:4:4/plain/s3://media/a.png"
        changed = path.replace("rs:fill:4:4", "rs%3Afill%3A4%3A4").replace("s3://", "s3:/")
        assert self.front().read(f"/{PAIR.sign(path)}{changed}").source == "s3://media/a.png"


class TestPresets:
    def test_a_preset_stands_for_its_options(self):
        grammar = grammar_of({"card": "rs:fill:30:20/q:70"}, only_presets=False, watermark="")
        front = ImgproxyFront(is_unsafe=True, grammar=grammar)
        assert made("pr:card", front).size == (30, 20)
        assert made("pr:card/w:40", front).size == (40, 20)

    def test_the_default_comes_first(self):
        grammar = grammar_of({"default": "w:30"}, only_presets=False, watermark="")
        assert made("", ImgproxyFront(is_unsafe=True, grammar=grammar)).size == (30, 15)

    def test_only_presets(self):
        grammar = grammar_of({"a": "w:30", "b": "h:10"}, only_presets=True, watermark="")
        front = ImgproxyFront(is_unsafe=True, grammar=grammar)
        assert made("a:b", front).size == (20, 10)
        assert made("a", front).size == (30, 15)
        assert status("w:10", front) == 404

    def test_a_preset_that_calls_itself_ends(self):
        grammar = grammar_of({"a": "pr:a/w:30"}, only_presets=False, watermark="")
        assert made("pr:a", ImgproxyFront(is_unsafe=True, grammar=grammar)).size == (30, 15)

    def test_one_that_cannot_be_read_is_an_error_at_start(self):
        with pytest.raises(ForeignUrlError):
            grammar_of({"a": "w:x"}, only_presets=False, watermark="")


class TestTrim:
    """Sizes, offsets and shares count in what the trim leaves."""

    @pytest.mark.parametrize(
        ("options", "size", "corner"),
        [
            ("t:10", (60, 40), (0, 0)),
            ("t:0", (60, 40), (0, 0)),
            ("t:10/c:20:10:nowe:5:7", (20, 10), (5, 7)),
            ("t:10/c:0.5:0.5:soea", (30, 20), (30, 20)),
            ("t:10/rs:fill:30:40/g:ea:5:0", (30, 40), (25, 0)),
            ("t:10/z:2/el:1", (120, 80), None),
            ("t:10/mw:120/el:1", (120, 80), None),
            ("t:10/rs:auto:20:20", (20, 20), None),
            ("t:10/rs:fit:30:30/exar:1", (30, 30), None),
            ("t:10/rot:90/c:40:60", (40, 60), None),
            ("t:10:000000/c:10:10:fp:0:0", (10, 10), (0, 0)),
        ],
    )
    def test_goes_with_everything_else(self, options, size, corner):
        picture = bordered()
        url = FRONT.read(f"/_/{options}/{SOURCE_URL}")
        pipeline = url.compile(bordered_source(picture)).pipeline
        image = transform(Picture((picture,), (0,)), pipeline, LIMITS).frames[0]
        assert image.size == size
        if corner is not None:
            assert image.getpixel((0, 0))[:2] == (100 + corner[0], 100 + corner[1])


class TestSkipProcessing:
    @pytest.mark.parametrize(
        ("options", "extension", "form", "is_skipped"),
        [
            ("skp:png", "", "png", True),
            ("skp:jpg:png/rs:fit:30:30", "", "png", True),
            ("skp:jpeg", "", "jpeg", True),
            ("skp:png", "@png", "png", True),
            ("skp:png", "@webp", "png", False),
            ("skp:png/f:webp", "", "png", False),
            ("skp:gif", "", "png", False),
            ("rs:fit:30:30", "", "png", False),
        ],
    )
    def test_the_source_is_sent_as_it_is_if_its_format_is_named(
        self, options, extension, form, is_skipped
    ):
        url = FRONT.read(f"/_/{options}/{SOURCE_URL}{extension}")
        assert (url.compile(ForeignSource(SOURCE, form)).pipeline is None) == is_skipped


def test_a_watermark_is_the_operators_picture():
    grammar = grammar_of({}, only_presets=False, watermark="ab" * 32)
    front = ImgproxyFront(is_unsafe=True, grammar=grammar)
    compiled = front.read(f"/_/wm:0.5:soea:10:20:0.2/{SOURCE_URL}").compile(ForeignSource(SOURCE))
    assert compiled.pipeline.references == {"ab" * 32}


def test_a_watermark_of_text():
    text = base64.urlsafe_b64encode("Entwurf é".encode()).decode()
    assert made(f"wmt:{text}/wm:0.5").size == SOURCE


def test_every_short_name_leads_to_an_option_that_is_known():
    known = {*HANDLERS, *NOT_SUPPORTED, *SECURITY, "preset", "expires"}
    assert set(LONG_NAMES.values()) <= known
    assert not set(LONG_NAMES) & {*HANDLERS} - {"dpr", "raw"}


@given(st.text(alphabet=":/@.%abcwrs0123456789-_ plain", max_size=80))
def test_any_path_is_read_or_answered(path):
    try:
        FRONT.read("/_/" + path).compile(ForeignSource(SOURCE))
    except ForeignUrlError as error:
        outcome = error.status
    else:
        outcome = 200
    assert outcome in (200, 403, 404, 422)


@given(st.text(max_size=40))
def test_any_text_can_be_split(path):
    try:
        parts = split_path(path)
    except ForeignUrlError:
        return
    assert parts.source
