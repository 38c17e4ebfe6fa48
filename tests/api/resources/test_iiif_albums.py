"""Manifests of albums, held to the rules of the Presentation API 3.0."""

from __future__ import annotations

import pytest

from progimage.api.resources import iiif_albums, iiif_manifests
from progimage.config.sections.http import Iiif
from progimage.library import Library
from tests.api.conftest import assert_problem, opened, upload
from tests.api.resources.test_albums import create
from tests.api.resources.test_iiif_manifests import check_manifest, get, send
from tests.people import AUTH


@pytest.fixture
def anybody(make_client):
    return make_client(auth=AUTH)


@pytest.fixture
def ids(ann, jpeg) -> list[str]:
    """A public picture, a private one with texts, and another public one."""
    first = send(ann, "red", title="First", tags="sea")
    private = upload(
        ann, jpeg, params={"visibility": "private", "title": "Hidden", "description": "secret"}
    )
    return [send(ann, "blue"), private.split("/")[2], first]


def manifest_of(client, album: str) -> str:
    return client.simulate_get(album).json["_links"]["manifest"]["href"]


def signed(ann, album: str) -> str:
    """Return the path of an album by a signed link."""
    url = ann.simulate_post(f"{album}links/", json={"expires_in": 60}).json["url"]
    return f"{album}?{url.partition('?')[2]}"


def canvases(manifest: dict) -> list[str]:
    """Return the identifiers of the canvases, with their signatures."""
    return [canvas["id"].split("/")[-2] for canvas in manifest["items"]]


def test_a_public_album_has_a_manifest_of_its_public_pictures_in_order(ann, anybody, ids):
    album = create(ann, images=ids, visibility="public", description="At dusk")
    path = manifest_of(anybody, album)
    result = get(anybody, path)
    assert result.status_code == 200
    check_manifest(result.json)
    assert result.json["label"] == {"none": ["Harbours"]}
    assert result.json["summary"] == {"none": ["At dusk"]}
    assert canvases(result.json) == [ids[0], ids[2]]
    assert result.headers["cache-control"] == "public, max-age=60"
    assert canvases(get(ann, path).json) == [ids[0], ids[2]], "viewers send no token"


def test_a_signed_link_to_a_private_album_has_private_pictures_and_their_tiles(ann, anybody, ids):
    album = create(ann, images=ids)
    assert_problem(get(anybody, manifest_of(ann, album)), 404)
    path = manifest_of(anybody, signed(ann, album))
    result = get(anybody, path)
    check_manifest(result.json)
    assert result.headers["cache-control"] == "private, no-store"
    assert [identifier.split("~")[0] for identifier in canvases(result.json)] == ids
    for canvas in result.json["items"]:
        body = canvas["items"][0]["items"][0]["body"]
        shown = get(anybody, body["id"])
        assert opened(shown).size == (canvas["width"], canvas["height"])
        assert get(anybody, f"{body['service'][0]['id']}/info.json").status_code == 200


def test_it_says_the_title_only_of_private_pictures(ann, anybody, ids):
    album = create(ann, images=ids)
    manifest = get(anybody, manifest_of(anybody, signed(ann, album))).json
    private = manifest["items"][1]
    assert private["label"] == {"none": ["Hidden"]}
    own = get(anybody, f"/iiif/manifest/{canvases(manifest)[1]}")
    for text in (str(manifest), own.text):
        assert "secret" not in text
    identifier = canvases(manifest)[1]
    signature = identifier.partition("~")[2]
    for path in (
        f"/images/{ids[1]}/?sig={signature}",
        f"/images/{ids[1]}/metadata/?sig={signature}",
        f"/images/{ids[1]}/thumbnail.png?sig={signature}",
        f"/iiif/manifest/{ids[0]}~{signature}x",
    ):
        assert get(anybody, path).status_code in (400, 403, 404), path


def test_a_wrong_signature_reveals_nothing(ann, anybody, ids):
    album = create(ann, images=ids)
    path = manifest_of(anybody, signed(ann, album))
    assert_problem(get(anybody, f"{path}x"), 404)
    assert_problem(get(ann, f"{path}x"), 403, "sig")
    other = create(ann)
    wrong = path.replace(album.split("/")[2], other.split("/")[2])
    assert_problem(get(anybody, wrong), 404)
    assert_problem(get(anybody, "/iiif/manifest/album/nonsense"), 404)


def test_an_album_without_a_picture_to_show_has_no_manifest(ann, ids):
    album = create(ann, images=[ids[1]])
    assert_problem(get(ann, manifest_of(ann, album)), 404, "no manifest is empty")


def test_more_pictures_than_fit_are_a_collection(ann, anybody, monkeypatch):
    for module in (iiif_albums, iiif_manifests):
        monkeypatch.setattr(module, "MAX_CANVASES", 2)
    ids = [send(ann, colour) for colour in ("red", "green", "blue", "white", "black")]
    album = create(ann, images=ids)
    collection = get(anybody, manifest_of(anybody, signed(ann, album))).json
    assert collection["type"] == "Collection"
    manifests = [get(anybody, item["id"]).json for item in collection["items"]]
    found = [i.split("~")[0] for manifest in manifests for i in canvases(manifest)]
    assert found == ids
    assert [manifest["id"] for manifest in manifests] == [i["id"] for i in collection["items"]]
    assert_problem(get(anybody, f"{manifests[0]['id'].partition('?')[0]}?page=5"), 404)


def test_a_manifest_of_a_part_reads_no_pictures_behind_it(ann, anybody, monkeypatch):
    for module in (iiif_albums, iiif_manifests):
        monkeypatch.setattr(module, "MAX_CANVASES", 2)
    ids = [send(ann, colour) for colour in ("red", "green", "blue", "white", "black")]
    path = manifest_of(anybody, create(ann, images=ids, visibility="public"))
    read, find = [], Library.find

    def noting(self, viewer, image_id):
        read.append(image_id)
        return find(self, viewer, image_id)

    monkeypatch.setattr(Library, "find", noting)
    assert canvases(get(anybody, f"{path}?page=1").json) == ids[:2]
    assert sorted(read) == sorted(ids[:2])


def test_manifests_need_a_place_among_a_few(ann, make_client, ids, monkeypatch):
    path = manifest_of(ann, create(ann, images=ids, visibility="public"))
    monkeypatch.setattr(iiif_albums, "PLACES", 0)
    result = get(make_client(auth=AUTH), path)
    assert_problem(result, 503, "manifests of albums")
    assert int(result.headers["retry-after"]) > 0


def test_without_iiif_no_manifest_is_named(make_client):
    client = make_client(iiif=Iiif(enabled=False))
    album = create(client)
    assert "manifest" not in client.simulate_get(album).json["_links"]
