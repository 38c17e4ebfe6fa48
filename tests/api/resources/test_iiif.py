"""The IIIF Image API over HTTP: statuses, headers, info.json, pixels."""

from __future__ import annotations

import pytest
from PIL import Image

from progimage.api.fronts.iiif.grammar import FORMATS
from tests.api.conftest import assert_problem, opened, upload
from tests.imaging.drawing import GREEN, RED, saved
from tests.origin_client import picture
from tests.people import AUTH

ORIGIN = {"Origin": "https://viewer.example"}


@pytest.fixture
def image_id(uploaded) -> str:
    return uploaded.split("/")[2]


@pytest.fixture
def secret_id(ann, jpeg) -> str:
    """The id of a private picture."""
    result = ann.simulate_post(
        "/images/?visibility=private", body=jpeg, headers={"Content-Type": "image/jpeg"}
    )
    assert result.status_code == 201
    return result.json["id"]


def test_a_region_is_sent_in_the_requested_size_and_format(client, image_id):
    result = client.simulate_get(f"/iiif/3/{image_id}/0,0,24,16/12,8/0/default.png")
    image = opened(result)
    assert result.headers["content-type"] == "image/png"
    assert image.size == (12, 8)
    assert all(
        abs(a - b) < 4 for a, b in zip(image.convert("RGB").getpixel((5, 4)), RED, strict=True)
    )


def test_a_mirrored_picture_has_right_and_left_changed(client, image_id):
    image = opened(client.simulate_get(f"/iiif/3/{image_id}/full/max/!0/default.png"))
    found = image.convert("RGB").getpixel((4, 4))
    assert all(abs(a - b) < 4 for a, b in zip(found, GREEN, strict=True))


def test_a_bitonal_jpeg_is_black_and_white_where_the_picture_is_half_transparent(client):
    path = upload(client, saved(Image.new("RGBA", (16, 16), (200, 0, 0, 128)), "PNG"))
    result = client.simulate_get(f"/iiif/3/{path.split('/')[2]}/full/max/0/bitonal.jpg")
    assert opened(result).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize(("extension", "media_type"), FORMATS.items())
def test_formats(client, image_id, extension, media_type):
    result = client.simulate_get(f"/iiif/3/{image_id}/full/24,/0/default.{extension}")
    assert result.headers["content-type"] == media_type
    assert opened(result).size == (24, 16)


@pytest.mark.parametrize("version", [2, 3])
def test_the_base_uri_leads_to_the_facts(client, image_id, version):
    for path in (f"/iiif/{version}/{image_id}", f"/iiif/{version}/{image_id}/"):
        result = client.simulate_get(path)
        assert result.status_code == 303
        assert result.headers["location"].endswith(f"/iiif/{version}/{image_id}/info.json")


def test_the_facts_of_version_3(client, image_id):
    result = client.simulate_get(
        f"/iiif/3/{image_id}/info.json", headers={"Host": "falconframework.org"}
    )
    context = "http://iiif.io/api/image/3/context.json"
    assert result.headers["content-type"] == f'application/ld+json;profile="{context}"'
    assert result.headers["link"] == '<http://iiif.io/api/image/3/level2.json>;rel="profile"'
    facts = result.json
    assert facts["@context"] == context
    assert facts["id"] == f"http://falconframework.org/iiif/3/{image_id}"
    assert facts["type"] == "ImageService3"
    assert facts["protocol"] == "http://iiif.io/api/image"
    assert facts["profile"] == "level2"
    assert (facts["width"], facts["height"]) == (48, 32)
    assert facts["sizes"] == [{"width": 48, "height": 32}]
    assert facts["tiles"] == [{"width": 512, "scaleFactors": [1]}]
    assert (facts["maxWidth"], facts["maxArea"]) == (8192, 40_000_000)
    assert "sizeUpscaling" in facts["extraFeatures"]
    assert facts["extraFormats"] == ["webp", "gif", "tif", "jp2", "avif"]


def test_the_facts_of_version_2(client, image_id):
    result = client.simulate_get(f"/iiif/2/{image_id}/info.json")
    assert result.headers["content-type"] == "application/json"
    facts = result.json
    assert facts["@id"].endswith(f"/iiif/2/{image_id}")
    level, extras = facts["profile"]
    assert level == "http://iiif.io/api/image/2/level2.json"
    assert "bitonal" in extras["qualities"]
    assert extras["maxWidth"] == 8192


def test_the_facts_name_the_rights(client, uploaded, image_id):
    licence = "http://creativecommons.org/licenses/by/4.0/"
    edited = client.simulate_patch(
        f"{uploaded}metadata/", json={"rights": licence}, headers={"If-Match": "*"}
    )
    assert edited.json["rights"] == licence
    assert client.simulate_get(f"/iiif/3/{image_id}/info.json").json["rights"] == licence
    assert client.simulate_get(f"/iiif/2/{image_id}/info.json").json["license"] == licence


def test_every_level_is_a_size_that_can_be_requested(client):
    path = upload(client, saved(Image.new("RGB", (1537, 1201), "teal"), "PNG"))
    base = f"/iiif/3/{path.split('/')[2]}"
    facts = client.simulate_get(f"{base}/info.json").json
    assert facts["tiles"] == [{"width": 512, "scaleFactors": [1, 2, 4]}]
    assert [tuple(size.values()) for size in facts["sizes"]] == [
        (385, 301),
        (769, 601),
        (1537, 1201),
    ]
    for size in facts["sizes"]:
        url = f"{base}/full/{size['width']},{size['height']}/0/default.jpg"
        assert opened(client.simulate_get(url)).size == tuple(size.values())


@pytest.mark.parametrize(
    ("version", "accept", "media_type"),
    [
        (2, "application/ld+json", "application/ld+json"),
        (2, "*/*", "application/json"),
        (3, "application/json", "application/json"),
        (3, "application/ld+json, application/json;q=0.5", "application/ld+json"),
        (3, "text/html", "application/ld+json"),
    ],
)
def test_accept_chooses_between_json_and_json_ld(client, image_id, version, accept, media_type):
    path = f"/iiif/{version}/{image_id}/info.json"
    result = client.simulate_get(path, headers={"Accept": accept})
    assert result.headers["content-type"].startswith(media_type)
    assert "Accept" in result.headers["vary"]


def test_links_name_the_canonical_address_and_the_profile(client, image_id):
    for _ in range(2):  # rendered, then from the cache
        result = client.simulate_get(f"/iiif/3/{image_id}/0,0,48,32/24,16/0/color.jpg")
        canonical = f'/iiif/3/{image_id}/full/24,16/0/default.jpg>;rel="canonical"'
        assert canonical in result.headers["link"]
        assert '<http://iiif.io/api/image/3/level2.json>;rel="profile"' in result.headers["link"]


def test_a_tile_is_cached_like_any_rendition(client, image_id):
    path = f"/iiif/3/{image_id}/0,0,24,16/12,8/0/default.png"
    first = client.simulate_get(path)
    again = client.simulate_get(path, headers={"If-None-Match": first.headers["etag"]})
    assert "immutable" in first.headers["cache-control"]
    assert again.status_code == 304
    assert client.simulate_get(path).headers["x-cache"] == "hit"


@pytest.mark.parametrize(
    "path", ["/iiif/3/{}/info.json", "/iiif/2/{}/info.json", "/iiif/manifest/{}", "/iiif/manifest/"]
)
def test_a_document_is_not_sent_again_to_a_client_that_has_it(client, uploaded, image_id, path):
    path = path.format(image_id)
    first = client.simulate_get(path)
    known = {"If-None-Match": first.headers["etag"]}
    again = client.simulate_get(path, headers={**known, "Accept-Encoding": "gzip"})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    change = {"rights": "http://creativecommons.org/licenses/by/4.0/"}
    client.simulate_patch(f"{uploaded}metadata/", json=change, headers={"If-Match": "*"})
    assert client.simulate_get(path, headers=known).status_code == 200


@pytest.mark.parametrize(
    ("rest", "word"),
    [
        ("all/max/0/default.jpg", "region"),
        ("48,0,1,1/max/0/default.jpg", "region"),
        ("full/99,/0/default.jpg", "size"),
        ("full/max/400/default.jpg", "rotation"),
        ("full/max/0/best.jpg", "quality"),
        ("full/max/0/default.pdf", "format"),
        ("full/max/0", "path"),
        ("%FF/max/0/default.jpg", "UTF-8"),
    ],
)
def test_errors_of_a_request_are_400(client, image_id, rest, word):
    assert_problem(client.simulate_get(f"/iiif/3/{image_id}/{rest}"), 400, word)


@pytest.mark.parametrize(
    "identifier",
    ["0" * 64, "unknown", "a%2Fb", "[frob]", "origin:shop:a.jpg", "%FF", "~", "%2e%2e"],
)
@pytest.mark.parametrize("rest", ["", "/info.json", "/full/max/0/default.jpg"])
def test_unknown_pictures_are_404(client, identifier, rest):
    assert_problem(client.simulate_get(f"/iiif/3/{identifier}{rest}"), 404)


def test_a_slash_that_is_not_encoded_makes_another_identifier(client):
    assert_problem(client.simulate_get("/iiif/3/a/b/full/max/0/default.jpg"), 404)


@pytest.mark.parametrize(
    "path", ["/iiif/1/x/info.json", "/iiif/4/x/info.json", "/iiif/3", "/iiif/"]
)
def test_other_versions_are_404(client, path):
    assert_problem(client.simulate_get(path), 404)


@pytest.mark.parametrize(
    "rest", ["", "/info.json", "/full/max/0/default.jpg", "/99,0,1,1/max/0/default.jpg"]
)
def test_a_private_picture_looks_like_none_to_others(client, ann, secret_id, rest):
    missing = client.simulate_get(f"/iiif/3/{'0' * 64}{rest}")
    hidden = client.simulate_get(f"/iiif/3/{secret_id}{rest}")
    assert hidden.status_code == 404
    assert hidden.text == missing.text.replace("0" * 64, secret_id)
    assert ann.simulate_get(f"/iiif/3/{secret_id}{rest}").status_code != 404


def test_a_picture_that_was_hidden_is_404_even_where_its_size_is_known(ann, make_client, jpeg):
    image_id = upload(ann, jpeg).split("/")[2]
    anybody = make_client(auth=AUTH)
    tile, outside = (
        f"/iiif/3/{image_id}/{region}/max/0/default.png" for region in ("0,0,9,9", "99,0,1,1")
    )
    assert anybody.simulate_get(tile).status_code == 200
    assert anybody.simulate_get(outside).status_code == 400
    hidden = ann.simulate_patch(
        f"/images/{image_id}/metadata/",
        json={"visibility": "private"},
        headers={"If-Match": "*"},
    )
    assert hidden.status_code == 200
    assert anybody.simulate_get(tile).status_code == 404
    assert anybody.simulate_get(outside).status_code == 404


WITH_ACCOUNTS = {"auth": AUTH}
IN_THE_INTERNET = {"server": {"public_url": "https://pictures.example.org"}}
LISTED = {**WITH_ACCOUNTS, "iiif": {"sites": "listed"}}
LISTS_AND_ORIGINS = [
    "/iiif/manifest/",
    "/iiif/manifest/album/0123",
    "/iiif/3/origin:shop:a.jpg/info.json",
    "/iiif/3/origin%3Ashop%3Aa.jpg/full/9,/0/default.jpg",
]
RESTS = ["/info.json", "/full/9,/0/default.jpg", "/full/x/0/default.jpg"]


@pytest.mark.parametrize("cors", [{}, {"origins": ["https://other.example"]}, {"origins": ["*"]}])
@pytest.mark.parametrize("rest", RESTS)
@pytest.mark.parametrize(
    "settings", [{}, WITH_ACCOUNTS, IN_THE_INTERNET, {"iiif": {"sites": "all"}}]
)
def test_pages_of_all_sites_may_read_public_pictures(make_client, jpeg, settings, cors, rest):
    image_id = upload(make_client(), jpeg).split("/")[2]
    client = make_client(cors=cors, **settings)
    result = client.simulate_get(f"/iiif/3/{image_id}{rest}", headers=ORIGIN)
    assert result.headers["access-control-allow-origin"] == "*"
    assert "Link" in result.headers["access-control-expose-headers"]
    preflight = {**ORIGIN, "Access-Control-Request-Method": "GET"}
    requested = client.simulate_options(f"/iiif/3/{image_id}{rest}", headers=preflight)
    assert requested.headers["access-control-allow-origin"] == "*"
    assert "GET" in requested.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        ({}, LISTS_AND_ORIGINS),
        ({"server": {"public_url": "http://127.0.0.1:8000"}}, LISTS_AND_ORIGINS),
        ({"server": {"public_url": "http://pictures.lan"}}, LISTS_AND_ORIGINS),
        (LISTED, ["/iiif/3/{id}" + rest for rest in RESTS]),
        (LISTED, ["/iiif/manifest/{id}", "/deepzoom/{id}.dzi", *LISTS_AND_ORIGINS]),
    ],
)
def test_pages_of_other_sites_may_not_read_what_only_their_visitor_can_reach(
    make_client, jpeg, settings, paths
):
    image_id = upload(make_client(), jpeg).split("/")[2]
    client = make_client(**settings)
    for path in (path.replace("{id}", image_id) for path in paths):
        result = client.simulate_get(path, headers=ORIGIN)
        assert "access-control-allow-origin" not in result.headers
        preflight = {**ORIGIN, "Access-Control-Request-Method": "GET"}
        requested = client.simulate_options(path, headers=preflight)
        assert "access-control-allow-origin" not in requested.headers


def test_pages_of_listed_sites_may_read_lists_and_origins_too(make_client):
    client = make_client(cors={"origins": [ORIGIN["Origin"]]})
    for path in LISTS_AND_ORIGINS:
        result = client.simulate_get(path, headers=ORIGIN)
        assert result.headers["access-control-allow-origin"] == ORIGIN["Origin"]


def test_answers_to_an_account_are_for_the_sites_of_the_settings(ann, secret_id):
    result = ann.simulate_get(f"/iiif/3/{secret_id}/info.json", headers=ORIGIN)
    assert result.status_code == 200
    assert "access-control-allow-origin" not in result.headers


def test_other_paths_are_as_before(client, uploaded):
    result = client.simulate_get(uploaded, headers=ORIGIN)
    assert "access-control-allow-origin" not in result.headers
    assert "vary" not in result.headers


def test_the_transform_policy_holds(make_client, jpeg):
    client = make_client(transforms={"policy": "presets"})
    image_id = upload(client, jpeg).split("/")[2]
    assert_problem(
        client.simulate_get(f"/iiif/3/{image_id}/full/max/0/default.jpg"), 403, "presets"
    )


def test_it_can_be_turned_off(make_client, jpeg):
    client = make_client(iiif={"enabled": False})
    image_id = upload(client, jpeg).split("/")[2]
    result = client.simulate_get(f"/iiif/3/{image_id}/info.json", headers=ORIGIN)
    assert_problem(result, 404)
    assert "access-control-allow-origin" not in result.headers


def test_a_public_address_with_a_path_is_in_the_id(make_client, jpeg):
    client = make_client(server={"public_url": "https://example.org/img"})
    image_id = upload(client, jpeg).split("/")[2]
    facts = client.simulate_get(f"/iiif/3/{image_id}/info.json").json
    assert facts["id"] == f"https://example.org/img/iiif/3/{image_id}"


def test_a_picture_of_an_origin(origin):
    (origin.root / "2024").mkdir()
    (origin.root / "2024" / "two boats.png").write_bytes(picture(60, 40))
    identifier = "origin:shop:2024%2Ftwo%20boats.png"
    facts = origin.client.simulate_get(f"/iiif/3/{identifier}/info.json")
    assert facts.json["id"].endswith(f"/iiif/3/{identifier}")
    assert (facts.json["width"], facts.json["height"]) == (60, 40)
    tile = origin.client.simulate_get(f"/iiif/3/{identifier}/0,0,30,20/15,/0/default.png")
    assert opened(tile).size == (15, 10)
    assert f"/iiif/3/{identifier}/0,0,30,20/15,10/0/default.png" in tile.headers["link"]


@pytest.mark.parametrize(
    "identifier", ["origin:shop:gone.png", "origin:mall:a.png", "origin:shop:..%2Fa"]
)
def test_a_missing_picture_of_an_origin(origin, identifier):
    assert_problem(origin.client.simulate_get(f"/iiif/3/{identifier}/info.json"), 404)


@pytest.mark.parametrize("origin", [{"visibility": "private"}], indirect=True)
def test_a_picture_of_a_private_origin_needs_an_account(origin):
    (origin.root / "a.png").write_bytes(picture())
    for rest in ("info.json", "full/max/0/default.png"):
        assert_problem(origin.client.simulate_get(f"/iiif/3/origin:shop:a.png/{rest}"), 404)
