"""A service behind a proxy that removes a path prefix: clients never see a path without it."""

from __future__ import annotations

import json
import re

import pytest
from falcon import testing

from tests.api.conftest import form
from tests.people import AUTH, headers_of

PREFIX = "/img"
PUBLIC_URL = f"https://example.com{PREFIX}"


@pytest.fixture
def client(make_client, store):
    client = make_client(server={"public_url": PUBLIC_URL}, auth=AUTH)
    return testing.TestClient(client.app, headers=headers_of(store, "ann"))


def hrefs(document: object) -> list[str]:
    """Return every link of a document."""
    text = json.dumps(document)
    return re.findall(r'"href": "([^"]+)"', text)


def test_every_link_of_every_document_has_the_prefix(client, jpeg, png):
    stored = client.simulate_post(
        "/images/", **form(("image", jpeg, "a.jpg"), ("tags", "sea"))
    ).json
    client.simulate_post("/images/", **form(("image", png, "b.png"), ("tags", "sky")))
    upload = client.simulate_post("/uploads/", json={}).json
    job = client.simulate_post(
        "/jobs/", json={"images": [stored["id"]], "transforms": ["blur.png"]}
    )
    base = f"/images/{stored['id']}/"
    documents = [stored, upload, job.json]
    for path in ("/", "/images/?limit=1", "/tags/?limit=1", f"{base}metadata/", "/users/me/"):
        documents.append(client.simulate_get(path).json)
    for path in ("/jobs/", f"/jobs/{job.json['id']}/", f"/uploads/{upload['id']}/"):
        documents.append(client.simulate_get(path).json)
    found = [href for document in documents for href in hrefs(document)]
    assert len(found) > 40
    assert [href for href in found if not href.startswith(f"{PREFIX}/")] == []
    pages = [document["next"] for document in documents if document.get("next")]
    assert len(pages) == 2
    assert all(page.startswith(f"{PREFIX}/") for page in pages)


def test_locations_and_signed_links_have_the_address_with_the_prefix(client, jpeg):
    stored = client.simulate_post("/images/", body=jpeg, headers={"Content-Type": "image/jpeg"})
    assert stored.headers["location"] == f"{PUBLIC_URL}/images/{stored.json['id']}/"
    upload = client.simulate_post("/uploads/", json={})
    assert upload.headers["location"] == f"{PUBLIC_URL}/uploads/{upload.json['id']}/"
    link = client.simulate_post(
        f"/images/{stored.json['id']}/links/", json={"transform": "blur.png"}
    ).json["url"]
    assert link.startswith(f"{PUBLIC_URL}/images/{stored.json['id']}/blur.png?sig=")
    # What the proxy passes on verifies: the prefix is no part of what is signed.
    path, _, query = link.removeprefix(PUBLIC_URL).partition("?")
    assert client.simulate_get(path, query_string=query).status_code == 200


def test_the_canonical_link_of_a_rendition_has_the_prefix(client, jpeg):
    stored = client.simulate_post("/images/", body=jpeg, headers={"Content-Type": "image/jpeg"})
    link = client.simulate_get(f"/images/{stored.json['id']}/blur.png").headers["link"]
    assert link.startswith(f"<{PREFIX}/images/")


def test_pages_load_their_files_with_the_prefix(client):
    for path in ("/docs/", "/"):
        text = client.simulate_get(path, headers={"Accept": "text/html"}).text
        loaded = re.findall(r'(?:href|src)="(/[^"]*)"', text)
        assert loaded
        assert [target for target in loaded if not target.startswith(f"{PREFIX}/")] == []


def test_the_description_names_the_address_with_the_prefix(client):
    assert client.simulate_get("/openapi.json").json["servers"] == [{"url": PUBLIC_URL}]
