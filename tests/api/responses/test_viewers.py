"""Private pictures in viewers: one signature for facts, tiles and manifest."""

from __future__ import annotations

import pytest

from progimage.access.signed_links import path_of_any
from tests.api.conftest import assert_problem, opened
from tests.api.signing import keep, signer
from tests.people import AUTH, headers_of

ORIGIN = {"Origin": "https://viewer.example"}
SITE = "http://falconframework.org"


@pytest.fixture
def anybody(make_client):
    return make_client(auth=AUTH)


@pytest.fixture
def image_id(store) -> str:
    """The id of a private picture of ann's."""
    return keep(store).split("/")[2]


@pytest.fixture
def address(anybody, store, image_id) -> str:
    """The address that ann signed for viewers."""
    result = anybody.simulate_post(
        f"/images/{image_id}/links/", json={"transform": "iiif"}, headers=headers_of(store, "ann")
    )
    assert result.status_code == 200, result.text[:2000]
    return result.json["url"].removeprefix(SITE)


@pytest.fixture
def signature(address) -> str:
    return address.partition("~")[2].partition("/")[0]


def test_a_hidden_picture_is_as_missing_as_any_where_the_policy_forbids_tiles(make_client, store):
    client = make_client(auth=AUTH, transforms={"policy": "signed"})
    hidden = keep(store, visibility="public").split("/")[2]
    tile = "0,0,24,16/12,/0/default.png"
    assert_problem(client.simulate_get(f"/iiif/3/{hidden}/{tile}"), 403)
    changes = {"images": [hidden], "visibility": "private"}
    client.simulate_patch("/images/", json=changes, headers=headers_of(store, "ann"))
    answers = [client.simulate_get(f"/iiif/3/{i}/{tile}") for i in (hidden, "0" * 64)]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_a_signed_base_is_repeated_wherever_a_viewer_goes_on(anybody, address, image_id, signature):
    base = f"/iiif/3/{image_id}~{signature}"
    assert address == f"{base}/info.json"
    facts = anybody.simulate_get(address, headers=ORIGIN)
    assert facts.headers["access-control-allow-origin"] == "*"
    assert facts.headers["cache-control"] == "private, no-store"
    assert facts.json["id"] == f"{SITE}{base}"
    tile = anybody.simulate_get(f"{base}/0,0,24,16/12,/0/default.png", headers=ORIGIN)
    assert opened(tile).size == (12, 8)
    assert tile.headers["cache-control"] == "private, no-store"
    assert tile.headers["access-control-allow-origin"] == "*"
    assert f"{SITE}{base}/0,0,24,16/12,8/0/default.png" in tile.headers["link"]
    manifest = anybody.simulate_get(facts.json["partOf"][0]["id"].removeprefix(SITE))
    service = manifest.json["items"][0]["items"][0]["items"][0]["body"]["service"]
    assert service[0]["id"] == f"{SITE}{base}"
    assert service[1]["@id"] == f"{SITE}/iiif/2/{image_id}~{signature}"
    assert anybody.simulate_get(f"/iiif/2/{image_id}~{signature}/info.json").status_code == 200


def test_deep_zoom_takes_the_signature_in_the_query_or_in_the_identifier(
    anybody, image_id, signature
):
    for path in (f"{image_id}.dzi", f"{image_id}_files/4/0_0.jpg"):
        assert_problem(anybody.simulate_get(f"/deepzoom/{path}"), 404)
        result = anybody.simulate_get(f"/deepzoom/{path}", params={"sig": signature})
        assert result.status_code == 200
        signed = path.replace(image_id, f"{image_id}~{signature}")
        assert anybody.simulate_get(f"/deepzoom/{signed}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/iiif/3/{}", "/iiif/3/{}/info.json", "/iiif/2/{}/full/max/0/default.jpg"),
        *("/iiif/manifest/{}", "/deepzoom/{}.dzi", "/deepzoom/{}_files/0/0_0.jpg"),
    ],
)
def test_a_wrong_signature_is_404_as_if_there_was_no_picture(anybody, image_id, signature, path):
    another = "0" * 64
    other_text, _ = signer(AUTH["secret"]).sign(path_of_any(image_id), 60, "any")
    altered = f"{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}"
    for wrong in (
        f"{image_id}~{altered}",
        f"{image_id}~{other_text}",
        f"{another}~{signature}",
        image_id,
    ):
        assert_problem(anybody.simulate_get(path.format(wrong)), 404)
    assert anybody.simulate_get(path.format(f"{image_id}~{signature}")).status_code in (200, 303)


def test_the_signature_shows_neither_the_original_nor_other_renditions(
    anybody, image_id, signature
):
    for path in (f"/images/{image_id}/", f"/images/{image_id}/thumbnail.png"):
        assert_problem(anybody.simulate_get(path, params={"sig": signature}), 404)


def test_under_the_policy_signed_a_signed_base_shows_every_tile(make_client, store, image_id):
    client = make_client(auth=AUTH, transforms={"policy": "signed"})
    result = client.simulate_post(
        f"/images/{image_id}/links/", json={"transform": "iiif"}, headers=headers_of(store, "ann")
    )
    base = result.json["url"].removeprefix(SITE).removesuffix("/info.json")
    assert client.simulate_get(f"{base}/0,0,9,9/max/0/default.jpg").status_code == 200


def test_nothing_is_signed_for_viewers_that_are_not_served(make_client, store, image_id):
    client = make_client(auth=AUTH, iiif={"enabled": False})
    result = client.simulate_post(
        f"/images/{image_id}/links/", json={"transform": "iiif"}, headers=headers_of(store, "ann")
    )
    assert_problem(result, 400, "iiif.enabled")
