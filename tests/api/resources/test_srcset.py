"""`/images/<id>/srcset`: addresses and HTML of a picture in several widths."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.api.conftest import assert_problem, opened, upload
from tests.api.signing import get, keep
from tests.imaging.drawing import quadrants, saved
from tests.people import AUTH, headers_of

ORIGIN = "http://falconframework.org"


@pytest.fixture
def wide(client) -> str:
    """The path of a public picture of 1000 x 500."""
    return upload(client, saved(quadrants((1000, 500)), "JPEG"))


def followed(client, url: str):
    return get(client, url.removeprefix(ORIGIN))


class Elements(HTMLParser):
    """The elements of an HTML text with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_each_width_has_an_address_that_shows_the_picture_in_it(client, wide):
    answer = client.simulate_get(
        wide + "srcset", params={"widths": "640,320,5000", "pipeline": "flip.png"}
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-cache"
    images = answer.json["images"]
    assert [(i["width"], i["height"], i["descriptor"]) for i in images] == [
        (320, 160, "320w"),
        (640, 320, "640w"),
        (1000, 500, "1000w"),
    ]
    for image in images:
        assert image["type"] == "image/png"
        assert opened(followed(client, image["url"])).size == (image["width"], image["height"])
    assert answer.json["srcset"] == ", ".join(f"{i['url']} {i['descriptor']}" for i in images)
    assert answer.json["expires"] is None


def test_without_widths_the_usual_ones_up_to_that_of_the_picture(client, wide):
    images = client.simulate_get(wide + "srcset").json["images"]
    assert [image["width"] for image in images] == [320, 640, 960, 1000]
    assert {image["type"] for image in images} == {None}
    assert all(image["url"].endswith(".auto") for image in images)


def test_densities_of_a_width_on_the_page(client, wide):
    query = {"width": "400", "dpr": "1,1.5,3", "pipeline": "grayscale.webp"}
    answer = client.simulate_get(wide + "srcset", params=query).json
    assert [(i["width"], i["descriptor"]) for i in answer["images"]] == [
        (400, "1x"),
        (600, "1.5x"),
        (1000, "2.5x"),
    ]
    [(_, image)] = Elements(answer["img"]).found
    assert (image["width"], image["height"]) == ("400", "200")
    usual = client.simulate_get(wide + "srcset", params={"width": "400"}).json["images"]
    assert [image["descriptor"] for image in usual] == ["1x", "2x"]


def test_heights_follow_the_steps_before_the_resize(client, wide):
    query = {"widths": "200,900", "pipeline": "crop:width=300,height=300"}
    images = client.simulate_get(wide + "srcset", params=query).json["images"]
    assert [(i["width"], i["height"]) for i in images] == [(200, 200), (300, 300)]
    trimmed = client.simulate_get(
        wide + "srcset", params={"widths": "200", "pipeline": "trim"}
    ).json
    assert trimmed["images"][0]["height"] is None
    [(_, image)] = Elements(trimmed["img"]).found
    assert "height" not in image


def test_a_picture_element_offers_the_smallest_format_first(client, wide):
    answer = client.simulate_get(wide + "srcset", params={"widths": "32"}).json
    types = ["image/avif", "image/webp", "image/jpeg"]
    assert [source["type"] for source in answer["sources"]] == types
    for source, media_type in zip(answer["sources"], types, strict=True):
        url = source["srcset"].removesuffix(" 32w")
        assert followed(client, url).headers["content-type"] == media_type
    elements = Elements(answer["picture"]).found
    assert [name for name, _ in elements] == ["picture", "source", "source", "img"]
    assert followed(client, elements[-1][1]["src"]).headers["content-type"] == "image/jpeg"


def test_an_animation_and_a_transparent_picture_have_formats_of_their_own(client):
    gif = saved(quadrants(), "GIF", save_all=True, append_images=[quadrants().rotate(90)])
    clear = quadrants().convert("RGBA")
    clear.putalpha(128)
    png = saved(clear, "PNG")
    for data, types in (
        (gif, ["image/webp", "image/gif"]),
        (png, ["image/avif", "image/webp", "image/png"]),
    ):
        found = client.simulate_get(upload(client, data) + "srcset").json["sources"]
        assert [source["type"] for source in found] == types


def test_texts_are_escaped_in_html(client, wide):
    alternative = """"><script>alert('1')</script> & so on"""
    edit = {"If-Match": "*"}
    client.simulate_patch(wide + "metadata/", json={"alt": alternative}, headers=edit)
    sizes = '50vw"><b'
    answer = client.simulate_get(wide + "srcset", params={"sizes": sizes, "format": "html"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    elements = Elements(answer.text).found
    assert {name for name, _ in elements} == {"picture", "source", "img"}
    assert elements[-1][1]["alt"] == alternative
    assert {attributes["sizes"] for name, attributes in elements[1:]} == {sizes}


def test_a_host_cannot_end_an_attribute(client, wide):
    answer = client.simulate_get(wide + "srcset?format=html", headers={"Host": 'a"onerror=b'})
    assert answer.status_code in (400, 421) or 'a"' not in answer.text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_accept_chooses_html_or_json(client, wide, accept, kind):
    answer = client.simulate_get(wide + "srcset", headers={"Accept": accept})
    assert answer.headers["content-type"] == kind
    assert "Accept" in answer.headers["vary"]


def test_head_and_options(client, wide):
    head = client.simulate_head(wide + "srcset")
    assert (head.status_code, head.content) == (200, b"")
    options = client.simulate_options(wide + "srcset")
    assert options.status_code == 200
    assert "GET" in options.headers["allow"]
    assert_problem(client.simulate_post(wide + "srcset"), 405)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"widths": "0"}, "widths: expected whole numbers from 1 to 8,192"),
        ({"widths": "-1"}, "widths"),
        ({"widths": "1.5"}, "widths"),
        ({"widths": "320,"}, "widths"),
        ({"widths": "9" * 40}, "widths"),
        ({"widths": "٣"}, "widths"),
        ({"widths": ",".join(["1"] * 21)}, "at most 20 numbers, got 21"),
        ({"widths": ",".join(["1"] * 10_000)}, "widths: expected at most 2,000 characters"),
        ({"widths": "1\x002"}, "widths"),
        ({"widths": "32", "dpr": "1"}, "cannot be combined with width or dpr"),
        ({"dpr": "1,2"}, "dpr: needs a width"),
        ({"width": "40", "dpr": "0"}, "dpr: expected numbers from 1 to 5"),
        ({"width": "40", "dpr": "1e3"}, "dpr"),
        ({"width": "99999"}, "width: expected a whole number"),
        ({"sizes": "a\nb"}, "sizes: expected one line"),
        ({"sizes": "x" * 501}, "sizes"),
        ({"pipeline": "thumbnial"}, "did you mean 'thumbnail'"),
        ({"pipeline": "../metadata"}, "no operation named '..'"),
        ({"pipeline": "x" * 1001}, "pipeline: expected at most 1,000"),
        ({"pipeline": "/".join(["flip/mirror"] * 5)}, "at most 10 steps"),
        ({"pipeline": "crop:x=5000"}, "outside the picture"),
        ({"pipeline": f"watermark:image={'0' * 64}"}, "uses another picture"),
        ({"format": "webp"}, "format: expected json or html"),
        ({"expires_in": "0"}, "expires_in"),
        ({"w": "400"}, "no parameter named 'w'"),
    ],
)
def test_nonsense_is_400_and_says_what_works(client, wide, query, words):
    assert_problem(client.simulate_get(wide + "srcset", params=query, params_csv=False), 400, words)


def test_only_pages_that_the_picture_has_are_offered(client, wide):
    pages = [quadrants().rotate(90 * n) for n in range(3)]
    tiff = upload(client, saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    query = {"pipeline": "page:3", "widths": "24"}
    [image] = client.simulate_get(tiff + "srcset", params=query).json["images"]
    assert followed(client, image["url"]).status_code == 200
    for path, page, words in (
        (tiff, 4, "page: expected a whole number from 1 to 3, got 4"),
        (wide, 2, "page: a pdf or tiff has pages, an animation has frames, and this is a jpeg"),
    ):
        for target in (f"{path}srcset?widths=24&pipeline=page:{page}", f"{path}page:{page}.png"):
            assert_problem(client.simulate_get(target), 400, words)


def test_nothing_that_no_server_could_render_is_offered(make_client, jpeg):
    client = make_client(limits={"max_output_pixels": 100})
    path = upload(client, jpeg)
    assert_problem(
        client.simulate_get(path + "srcset", params={"widths": "40"}), 400, "resize first"
    )
    assert client.simulate_get(path + "srcset", params={"widths": "8"}).status_code == 200


class TestPrivatePictures:
    @pytest.fixture
    def client(self, make_client):
        return make_client(auth=AUTH)

    @pytest.fixture
    def private(self, store) -> str:
        return keep(store)

    def test_the_owner_gets_signed_addresses(self, client, store, private):
        ann = headers_of(store, "ann")
        query = {"widths": "16,32", "pipeline": "flip.png", "expires_in": "60"}
        answer = client.simulate_get(private + "srcset", params=query, headers=ann)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json["expires"]
        for image in answer.json["images"]:
            assert opened(followed(client, image["url"])).width == image["width"]
            assert_problem(followed(client, image["url"].partition("?")[0]), 404)
        sources = re.findall(
            r'"(http[^" ]*)',
            client.simulate_get(private + "srcset?widths=16&format=html", headers=ann).text.replace(
                "&amp;", "&"
            ),
        )
        assert len(sources) == 4
        assert all(followed(client, url).status_code == 200 for url in sources)

    def test_for_others_it_does_not_exist(self, client, store, private):
        for headers in ({}, headers_of(store, "ben"), headers_of(store, "chief", is_admin=True)):
            for query in ({}, {"widths": "0"}, {"pipeline": "nonsense"}):
                result = client.simulate_get(private + "srcset", params=query, headers=headers)
                assert_problem(result, 404)

    def test_a_private_picture_in_the_steps_needs_signatures_too(self, client, store, private):
        ann, ben = headers_of(store, "ann"), headers_of(store, "ben")
        public = keep(store, visibility="public", variant=1)
        query = {"widths": "32", "pipeline": f"watermark:image={private.split('/')[2]}"}
        [image] = client.simulate_get(public + "srcset", params=query, headers=ann).json["images"]
        assert opened(followed(client, image["url"])).width == 32
        result = client.simulate_get(public + "srcset", params=query, headers=ben)
        assert_problem(result, 400, "uses another picture")


class TestUnderATransformPolicy:
    def test_only_accounts_get_signatures_to_what_needs_them(self, make_client, store):
        client = make_client(auth=AUTH, transforms={"policy": "signed"})
        public = keep(store, visibility="public")
        ann, ben = headers_of(store, "ann"), headers_of(store, "ben")
        [image] = client.simulate_get(public + "srcset?widths=16", headers=ann).json["images"]
        assert opened(followed(client, image["url"])).width == 16
        assert_problem(client.simulate_get(public + "srcset?widths=16"), 403)
        assert_problem(client.simulate_get(public + "srcset?widths=16", headers=ben), 403)

    def test_presets_are_open_without_a_signature(self, make_client, store):
        presets = {"small": "resize:w=16", "large": "resize:w=32"}
        for policy in ("presets", "signed"):
            client = make_client(auth=AUTH, transforms={"policy": policy}, presets=presets)
            public = keep(store, visibility="public")
            answer = client.simulate_get(public + "srcset?widths=16,32")
            assert answer.json["expires"] is None
            assert all(opened(followed(client, i["url"])) for i in answer.json["images"])
            assert_problem(client.simulate_get(public + "srcset?widths=16,33"), 403)
