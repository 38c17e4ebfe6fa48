"""The transform policy over HTTP: before any cache, on every path that renders."""

from __future__ import annotations

import pytest

from progimage import keys
from tests.api.conftest import assert_problem, opened, upload
from tests.api.signing import WITH_KEY, get, keep, signed

PRESETS = {"card": "resize:w=24,h=16,fit=cover", "icon": "thumbnail:16x16.png"}
CARD = "resize:fit=cover,height=16,width=24"
CLOSED = ["thumbnail.png", "icon/flip", "card/quality:20", "format:webp", "rotate:0", "card/card"]


def limited(policy: str) -> dict:
    return {**WITH_KEY, "transforms": {"policy": policy}, "presets": PRESETS}


@pytest.fixture(params=["presets", "signed"])
def policy(request) -> str:
    return request.param


@pytest.fixture
def client(make_client, policy):
    return make_client(**limited(policy))


@pytest.fixture
def public(store) -> str:
    return keep(store, visibility="public", owner="")


@pytest.mark.parametrize("path", ["card", "card.webp", "card.auto", CARD, CARD + ".webp", "icon"])
def test_presets_are_made_by_name_and_by_canonical_form(client, public, path):
    assert opened(client.simulate_get(public + path)).size[0] <= 24


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_all_else_is_403_for_every_picture_there_or_not(client, store, public, path, method):
    result = client.simulate_request(method, public + path)
    missing = client.simulate_request(method, f"/images/{'0' * 64}/{path}")
    assert result.status_code == missing.status_code == 403
    assert result.content == missing.content
    assert result.headers["cache-control"] == "no-store"
    assert list(store.list(keys.RENDERS)) == []


def test_a_conversion_counts_as_a_transform_and_the_original_does_not(client, public):
    assert_problem(client.simulate_get(public[:-1] + ".webp"), 403, "its presets (card, icon)")
    assert client.simulate_get(public).status_code == 200


def test_renditions_cached_before_are_refused_too(make_client, policy, public):
    first = make_client(**WITH_KEY).simulate_get(public + "thumbnail.png")
    client = make_client(**limited(policy))
    for headers in ({}, {"If-None-Match": first.headers["etag"]}, {"Range": "bytes=0-1"}):
        assert_problem(client.simulate_get(public + "thumbnail.png", headers=headers), 403)


def test_on_demand_obeys_too(client, png):
    headers = {"Content-Type": "image/png"}
    fine = client.simulate_post("/on_demand/card.png", body=png, headers=headers)
    assert opened(fine).size == (24, 16)
    for path in CLOSED:
        result = client.simulate_post(f"/on_demand/{path}", body=png, headers=headers)
        assert_problem(result, 403, "its presets (card, icon)")
        query = "url=http://pictures.example/a.png"
        assert_problem(client.simulate_get(f"/on_demand/{path}", query_string=query), 403)


class TestSigned:
    @pytest.fixture
    def policy(self) -> str:
        return "signed"

    def test_a_signature_opens_what_is_no_preset(self, client, public):
        link = signed(public + "thumbnail:height=20,width=20.png")
        assert opened(get(client, link)).size == (20, 13)
        assert get(client, link).headers["x-cache"] == "hit"

    def test_a_picture_opened_by_a_signature_stays_closed_without_it(self, client, store, public):
        """Neither from our cache nor from the tree that nginx serves."""
        path = public + "thumbnail.png"
        etag = get(client, signed(path)).headers["etag"]
        assert list(store.list(keys.PUBLIC_RENDERS)) == []
        for headers in ({}, {"If_None_Match": etag}, {"If_None_Match": "*"}):
            assert_problem(get(client, path, **headers), 403)
            assert_problem(get(client, path + "?sig=", **headers), 403)
            assert_problem(get(client, signed(path)[:-5], **headers), 403)

    def test_a_bad_signature_is_403_for_every_picture_there_or_not(self, client, store, public):
        private = keep(store, variant=1)
        for path in (public, private, f"/images/{'0' * 64}/"):
            for link in (
                signed(path + "thumbnail.png", covers=path + "flip.png"),
                signed(path + "thumbnail.png", expires_in_s=-1),
                path + "thumbnail.png?sig=nonsense",
            ):
                assert get(client, link).status_code == 403

    def test_a_valid_signature_for_a_missing_picture_is_404(self, client):
        assert_problem(get(client, signed(f"/images/{'0' * 64}/thumbnail.png")), 404)

    def test_a_private_picture_needs_more_than_a_preset(self, client, store):
        private = keep(store, variant=1)
        assert_problem(client.simulate_get(private + "icon"), 404)
        assert opened(get(client, signed(private + "thumbnail:height=16,width=16.png")))

    def test_an_uploaded_picture_is_transformed_by_a_signature(self, client, png):
        path = "/on_demand/thumbnail.png"
        headers = {"Content-Type": "image/png"}
        query = signed(path).partition("?")[2]
        done = client.simulate_post(path, query_string=query, body=png, headers=headers)
        assert opened(done).size == (48, 32)
        other = client.simulate_post(
            "/on_demand/flip.png", query_string=query, body=png, headers=headers
        )
        assert_problem(other, 403, "not for /on_demand/flip.png")

    def test_a_signature_names_the_url_that_is_fetched(self, client):
        ours, theirs = "url=http://127.0.0.1/a.png", "url=http://127.0.0.1/b.png"
        token = signed("x", covers=f"/on_demand/thumbnail.png?{ours}").partition("?")[2]
        path = "/on_demand/thumbnail.png"
        # Let through, and then stopped for what the address is.
        allowed = client.simulate_get(path, query_string=f"{ours}&{token}")
        assert allowed.json["type"] == "urn:progimage:problem:download-not-allowed"
        for query in (f"{theirs}&{token}", token):
            assert client.simulate_get(path, query_string=query).status_code in (400, 403)
        bare = signed(path).partition("?")[2]
        assert_problem(client.simulate_get(path, query_string=f"{ours}&{bare}"), 403)

    def test_without_an_account_nothing_is_signed(self, client, jpeg):
        path = upload(client, jpeg)
        for transform in ("thumbnail.png", "*"):
            result = client.simulate_post(path + "links/", json={"transform": transform})
            assert_problem(result, 403, "need an account")
        for transform in ("card.png", "original"):
            result = client.simulate_post(path + "links/", json={"transform": transform})
            assert result.status_code == 200


class TestPresets:
    @pytest.fixture
    def policy(self) -> str:
        return "presets"

    def test_a_signature_opens_a_private_picture_but_no_other_transform(self, client, store):
        private = keep(store)
        assert opened(get(client, signed(private + "thumbnail:height=16,width=16.png")))
        assert_problem(get(client, signed(private + "flip.png")), 403, "and no other transforms")

    def test_nothing_is_signed_that_the_policy_forbids(self, client, jpeg):
        path = upload(client, jpeg)
        result = client.simulate_post(path + "links/", json={"transform": "flip"})
        assert_problem(result, 403, "and no other transforms")
        assert client.simulate_post(path + "links/", json={"transform": "*"}).status_code == 200


@pytest.mark.parametrize("name", ["original", "metadata", "renders", "links", "srcset"])
def test_no_preset_has_the_name_of_another_resource(make_client, name):
    with pytest.raises(Exception, match=f"presets: {name} have another meaning"):
        make_client(presets={name: "thumbnail"})
