"""Pages of other sites, as far as `cors.origins` lets them: what their browsers ask and need."""

from __future__ import annotations

import pytest

from progimage.api.middleware import cors
from progimage.api.openapi import document
from progimage.api.openapi.documented import of_responder
from progimage.config import Settings
from progimage.errors import ConfigError
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.api.conftest import upload
from tests.inline_pool import InlinePool
from tests.people import AUTH

SITE = "https://app.example.com"
OTHER = "https://evil.example.com"
# What every page may read (Fetch standard, 2.2.2), and what only matters to caches.
SAFELISTED = {"Cache-Control", "Content-Length", "Content-Type", "Last-Modified", "Vary"}


@pytest.fixture
def client(make_client):
    return make_client(cors={"origins": [SITE]})


def preflight(client, path, method, origin=SITE, headers="authorization,content-type"):
    return client.simulate_options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        },
    )


def grants(result) -> dict[str, str]:
    return {k: v for k, v in result.headers.items() if k.startswith("access-control-")}


def test_no_origin_is_allowed_unless_it_is_configured(make_client, jpeg):
    client = make_client()
    path = upload(client, jpeg)
    for at in (path, path + "thumbnail.png", "/images/", "/nowhere"):
        assert grants(client.simulate_get(at, headers={"Origin": SITE})) == {}
        assert grants(preflight(client, at, "PATCH")) == {}


def test_only_pages_of_configured_origins_may_read_answers(client, jpeg):
    path = upload(client, jpeg)
    for at in (path, path + "thumbnail.png", path + "thumbnail.nope", "/images/", "/nowhere"):
        ours = client.simulate_get(at, headers={"Origin": SITE})
        assert ours.headers["access-control-allow-origin"] == SITE
        for origin in (OTHER, "null", SITE + ".evil.example", SITE.upper(), SITE + ":443"):
            assert grants(client.simulate_get(at, headers={"Origin": origin})) == {}


def test_caches_store_answers_to_different_origins_separately(client, jpeg):
    path = upload(client, jpeg)
    for headers in ({}, {"Origin": SITE}, {"Origin": OTHER}):
        got = client.simulate_get(path + "thumbnail.auto", headers=headers)
        assert got.headers["vary"] == "Accept, Origin"
        again = {"If-None-Match": got.headers["etag"], **headers}
        known = client.simulate_get(path + "thumbnail.auto", headers=again)
        assert (known.status_code, known.headers["vary"]) == (304, "Accept, Origin")
        assert client.simulate_get("/nowhere", headers=headers).headers["vary"] == "Origin"


def test_where_every_site_may_one_answer_is_for_all(make_client, jpeg):
    client = make_client(cors={"origins": ["*"]})
    path = upload(client, jpeg)
    for headers in ({"Origin": OTHER}, {}):
        got = client.simulate_get(path, headers=headers)
        assert got.headers["access-control-allow-origin"] == "*"
        assert "Link" in got.headers["access-control-expose-headers"]
        assert "vary" not in got.headers


@pytest.mark.parametrize("origins", [[SITE], ["*"]])
def test_credentials_of_the_browser_are_never_allowed(make_client, origins):
    client = make_client(cors={"origins": origins})
    for result in (
        client.simulate_get("/images/", headers={"Origin": SITE}),
        preflight(client, "/images/", "POST"),
    ):
        assert "access-control-allow-credentials" not in result.headers


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/images/", "POST"),
        ("/images/", "PATCH"),
        (f"/images/{'0' * 64}/", "DELETE"),
        (f"/images/{'0' * 64}/metadata/", "PATCH"),
        (f"/images/{'0' * 64}/links/", "POST"),
        (f"/images/{'0' * 64}/thumbnail.png", "GET"),
        ("/on_demand/thumbnail.png", "POST"),
        ("/jobs/", "POST"),
        ("/tokens/", "POST"),
        ("/uploads/", "POST"),
        (f"/uploads/{'0' * 32}/", "PATCH"),
    ],
)
def test_a_preflight_is_answered_even_if_an_account_is_required(make_client, path, method):
    """It comes without a token: browsers send none with it."""
    client = make_client(cors={"origins": [SITE]}, auth={**AUTH, "mode": "required"})
    result = preflight(client, path, method, headers="authorization,if-match")
    assert result.status_code in (200, 204)
    assert result.headers["access-control-allow-origin"] == SITE
    assert method in result.headers["access-control-allow-methods"].split(", ")
    assert result.headers["access-control-allow-headers"] == "authorization,if-match"
    assert int(result.headers["access-control-max-age"]) > 0
    assert grants(preflight(client, path, method, origin=OTHER)) == {}


def test_a_page_can_go_on_with_an_upload_as_tus_does(client, png):
    requested = preflight(client, "/uploads/", "POST", headers="tus-resumable,upload-length")
    assert requested.headers["tus-resumable"] == "1.0.0"
    assert "creation" in requested.headers["tus-extension"]
    headers = {"Origin": SITE, "Tus-Resumable": "1.0.0"}
    made = client.simulate_post("/uploads/", headers={**headers, "Upload-Length": str(len(png))})
    path = made.headers["location"].partition("falconframework.org")[2]
    sent = client.simulate_patch(
        path,
        body=png,
        headers={
            **headers,
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        },
    )
    assert sent.status_code == 204
    for result, needed in ((made, ["location"]), (sent, ["upload-offset", "location"])):
        exposed = result.headers["access-control-expose-headers"].lower().split(", ")
        assert result.headers["access-control-allow-origin"] == SITE
        assert {*needed, "tus-resumable"} <= set(exposed) & result.headers.keys()


def test_refusals_can_be_read_too(make_client):
    client = make_client(cors={"origins": [SITE]}, auth={**AUTH, "mode": "required"})
    result = client.simulate_post("/images/", headers={"Origin": SITE})
    assert (result.status_code, result.headers["access-control-allow-origin"]) == (401, SITE)


def test_a_nodes_numbers_are_for_no_page(make_client):
    client = make_client(cors={"origins": ["*"]})
    for path in ("/metrics", "/metrics/"):
        assert grants(client.simulate_get(path, headers={"Origin": SITE})) == {}
        assert grants(preflight(client, path, "GET")) == {}


def test_every_header_that_the_description_names_can_be_read():
    service = app.create(Settings(store="memory://"), MemoryStore(), InlinePool())
    named: set[str] = set()
    for call in document.calls(service.routes):
        fields = of_responder(call.responder)
        assert fields
        named |= {name for answer in fields.answers.values() for name in answer.headers}
    assert named - SAFELISTED <= set(cors.EXPOSED)


@pytest.mark.parametrize(
    "origin",
    [
        "app.example.com",
        "https://app.example.com/",
        "https://App.example.com",
        "https://*.example.com",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "null",
        "",
        "https://a@b",
        "https://a\nhttps://b",
    ],
)
def test_origins_that_no_browser_sends_are_refused_at_start(make_client, origin):
    with pytest.raises((ConfigError, ValueError), match="cors"):
        make_client(cors={"origins": [origin]})


def test_a_wildcard_excludes_other_origins(make_client):
    with pytest.raises(ValueError, match="stands for every origin"):
        make_client(cors={"origins": ["*", SITE]})
