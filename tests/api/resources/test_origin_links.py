"""Signed links to pictures of an origin."""

from __future__ import annotations

import io
from urllib.parse import quote

import pytest
from falcon import testing
from PIL import Image

from progimage.config import Settings
from progimage.server import app
from tests.api.conftest import assert_problem
from tests.inline_pool import InlinePool
from tests.origin_client import picture
from tests.people import AUTH, headers_of

KEY = "2024/a boat+100%.png"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "shop"
    (root / "2024").mkdir(parents=True)
    (root / KEY).write_bytes(picture(300, 200))
    return root


@pytest.fixture
def client(request, root, store) -> testing.TestClient:
    """A service with a private origin and accounts; a test gives settings of the origin."""
    shop = {"from": root.as_uri(), "visibility": "private", **getattr(request, "param", {})}
    settings = Settings.model_validate(
        {
            "store": "memory://",
            "auth": AUTH,
            "origins": {"shop": shop},
            "presets": {"card": "resize:w=24"},
        }
    )
    return testing.TestClient(app.create(settings, store, InlinePool()))


@pytest.fixture
def ann(store) -> dict[str, str]:
    return headers_of(store, "ann")


def sign(client, headers, key: str = KEY, name: str = "shop", **wanted: object) -> testing.Result:
    path = f"/origins/{name}/links/-/{quote(key)}"
    return client.simulate_post(path, json=wanted, headers=headers, extras={"RAW_URI": path})


def follow(client, url: str) -> testing.Result:
    target = url.removeprefix("http://falconframework.org")
    path, _, query = target.partition("?")
    return client.simulate_get(path, query_string=query, extras={"RAW_URI": target})


@pytest.mark.parametrize(
    ("transform", "size", "form"),
    [
        ("resize:w=30.png", (30, 20), "PNG"),
        ("card", (24, 16), "PNG"),
        ("format:webp", (300, 200), "WEBP"),
        ("rotate:90/resize:w=20.jpg", (20, 30), "JPEG"),
    ],
)
def test_an_account_signs_links_for_all_clients(client, ann, transform, size, form):
    result = sign(client, ann, transform=transform, expires_in=60)
    assert result.status_code == 200
    assert result.headers["cache-control"] == "no-store"
    shown = follow(client, result.json["url"])
    image = Image.open(io.BytesIO(shown.content))
    assert (image.size, image.format) == (size, form)
    assert_problem(follow(client, result.json["url"].partition("?")[0]), 404)


def test_a_link_is_for_one_key_and_one_transform(client, ann, root):
    (root / "other.png").write_bytes(picture())
    url = sign(client, ann, transform="card").json["url"]
    signature = url.partition("?")[2]
    assert_problem(follow(client, f"/origins/shop/card/-/other.png?{signature}"), 403)
    assert_problem(follow(client, f"/origins/shop/resize:w=25/-/{quote(KEY)}?{signature}"), 403)


@pytest.mark.parametrize("client", [{"originals": True}], indirect=True)
def test_the_picture_itself_where_the_origin_gives_it(client, ann, root):
    url = sign(client, ann, transform="original").json["url"]
    assert follow(client, url).content == (root / KEY).read_bytes()


def test_urls_that_cannot_be_signed(client, ann):
    assert_problem(sign(client, {}, transform="card"), 404)
    assert_problem(sign(client, ann, transform="original"), 403, "serves renditions")
    assert_problem(sign(client, ann, transform="*"), 400, "names one transform")
    assert_problem(sign(client, ann, transform=""), 400, "the pipeline is empty")
    assert_problem(sign(client, ann, transform="thumbnial"), 400, "did you mean")
    assert_problem(sign(client, ann, transform="card", expires_in=0), 400, "expires_in")
    assert_problem(sign(client, ann, name="shp", transform="card"), 404)
    assert_problem(sign(client, ann, key="../a.png", transform="card"), 400)


@pytest.mark.parametrize("transform", ["format:webp", "resize:w=30.png", "brightness:1.5/flip.jpg"])
def test_the_canonical_link_of_an_answer_leads_to_it(client, ann, transform):
    path = f"/origins/shop/{transform.replace('format:', '.')}/-/{quote(KEY)}"
    first = client.simulate_get(path, headers=ann, extras={"RAW_URI": path})
    assert first.status_code == 200
    link = first.headers["link"].split(">")[0].lstrip("<")
    again = client.simulate_get(link, headers=ann, extras={"RAW_URI": link})
    assert again.headers["etag"] == first.headers["etag"]


def test_one_signature_shows_a_picture_in_viewers(client, ann):
    result = sign(client, ann, transform="iiif")
    info = follow(client, result.json["url"])
    assert info.status_code == 200
    assert f"{info.json['id']}/info.json" == result.json["url"]
    assert follow(client, f"{info.json['id']}/0,0,30,20/15,/0/default.png").status_code == 200
    assert follow(client, info.json["partOf"][0]["id"]).status_code == 200
    unsigned = f"/iiif/3/origin:shop:{quote(KEY, safe='')}/info.json"
    assert_problem(follow(client, unsigned), 404)
    other = result.json["url"].replace("boat", "coat")
    assert_problem(follow(client, other), 403)
