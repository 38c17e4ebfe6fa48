"""Manifests of pictures and of searches, held to the rules of the Presentation API 3.0."""

from __future__ import annotations

import re
from typing import Any

import pytest
from falcon import testing
from PIL import Image

from progimage.api.resources import iiif_manifests
from tests.api.conftest import assert_problem, form, opened, upload
from tests.imaging.drawing import saved
from tests.origin_client import picture

SITE = "http://falconframework.org"
LICENCE = "http://creativecommons.org/licenses/by/4.0/"
IMAGE_SERVICES = {"ImageService2", "ImageService3"}


def send(client: testing.TestClient, colour: str, size=(40, 30), **fields: Any) -> str:
    """Upload a picture and return its id."""
    data = saved(Image.new("RGB", size, colour), "PNG")
    parts = [("image", data, f"{colour}.png"), *fields.items()]
    result = client.simulate_post("/images/", **form(*parts))
    assert result.status_code == 201, result.text[:2000]
    return result.json["id"]


def get(client: testing.TestClient, url: str) -> testing.Result:
    path, _, query = url.removeprefix(SITE).partition("?")
    return client.simulate_get(path, query_string=query)


def check_manifest(manifest: dict[str, Any]) -> None:
    """Hold a manifest to what section 3 and appendix A.1 say that it must have."""
    assert manifest["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert manifest["type"] == "Manifest"
    check_resource(manifest)
    assert manifest["items"]
    ids = []
    for canvas in manifest["items"]:
        assert canvas["type"] == "Canvas"
        check_resource(canvas)
        assert all(
            isinstance(canvas[side], int) and canvas[side] > 0 for side in ("width", "height")
        )
        [page] = canvas["items"]
        assert (page["type"], page["id"].startswith("http")) == ("AnnotationPage", True)
        [annotation] = page["items"]
        assert (annotation["type"], annotation["motivation"]) == ("Annotation", "painting")
        assert annotation["target"] == canvas["id"]
        check_image(annotation["body"])
        ids += [canvas["id"], page["id"], annotation["id"]]
    assert len(set(ids)) == len(ids)
    assert "@context" not in str(manifest["items"])


def check_resource(resource: dict[str, Any]) -> None:
    assert re.fullmatch(r"https?://[^#]+", resource["id"])
    check_language_map(resource["label"])
    if "summary" in resource:
        check_language_map(resource["summary"])
    for pair in resource.get("metadata", []):
        assert set(pair) == {"label", "value"}
        check_language_map(pair["label"])
        check_language_map(pair["value"])
    for image in resource.get("thumbnail", []):
        check_image(image)


def check_language_map(value: object) -> None:
    assert isinstance(value, dict)
    assert value
    for texts in value.values():
        assert isinstance(texts, list)
        assert all(isinstance(text, str) and text for text in texts)


def check_image(image: dict[str, Any]) -> None:
    assert (image["type"], image["format"]) == ("Image", "image/jpeg")
    assert image["id"].startswith("http")
    services = {service.get("type") or service["@type"] for service in image["service"]}
    assert services == IMAGE_SERVICES


def test_the_manifest_of_a_picture(client):
    image_id = send(
        client,
        "teal",
        (900, 300),
        title="Harbour",
        description="At dusk",
        tags="sea,boats",
        rights=LICENCE,
    )
    result = client.simulate_get(f"/iiif/manifest/{image_id}")
    context = "http://iiif.io/api/presentation/3/context.json"
    assert result.headers["content-type"] == f'application/ld+json;profile="{context}"'
    manifest = result.json
    check_manifest(manifest)
    assert manifest["id"] == f"{SITE}/iiif/manifest/{image_id}"
    assert manifest["label"] == {"none": ["Harbour"]}
    assert manifest["summary"] == {"none": ["At dusk"]}
    assert manifest["rights"] == LICENCE
    values = {pair["label"]["en"][0]: pair["value"]["none"] for pair in manifest["metadata"]}
    assert values["Tags"] == ["sea", "boats"]
    assert values["File"] == ["teal.png"]
    [canvas] = manifest["items"]
    assert (canvas["width"], canvas["height"]) == (900, 300)
    body = canvas["items"][0]["items"][0]["body"]
    for image in (body, canvas["thumbnail"][0]):
        assert opened(get(client, image["id"])).size == (image["width"], image["height"])
    assert canvas["thumbnail"][0]["width"] == 400
    service = body["service"][0]
    info = get(client, f"{service['id']}/info.json").json
    assert info["id"] == service["id"]
    assert info["partOf"] == [{"id": manifest["id"], "type": "Manifest"}]


def test_a_picture_without_words_is_named_by_its_file(client, jpeg):
    image_id = upload(client, jpeg).split("/")[2]
    manifest = client.simulate_get(f"/iiif/manifest/{image_id}/").json
    check_manifest(manifest)
    assert "summary" not in manifest
    assert manifest["label"] == {"none": [image_id[:16]]}


def test_pictures_of_an_origin_are_named_by_their_keys_also_where_their_bytes_are_equal(origin):
    (origin.root / "2024").mkdir()
    for key in ("first.png", "2024/second.png"):
        (origin.root / key).write_bytes(picture())
        identifier = f"origin:shop:{key.replace('/', '%2F')}"
        manifest = origin.client.simulate_get(f"/iiif/manifest/{identifier}").json
        assert manifest["label"] == {"none": [key.rpartition("/")[2]]}


def test_a_picture_above_the_limits_is_painted_at_its_largest(make_client):
    client = make_client(limits={"max_output_side": 500, "max_output_pixels": 200_000})
    image_id = send(client, "teal", (900, 600))
    manifest = client.simulate_get(f"/iiif/manifest/{image_id}").json
    body = manifest["items"][0]["items"][0]["items"][0]["body"]
    assert opened(get(client, body["id"])).size == (body["width"], body["height"]) == (500, 333)


def test_a_tag_is_a_manifest_of_its_pictures_newest_first(client):
    ids = [send(client, colour, tags="sea") for colour in ("teal", "navy", "aqua")]
    send(client, "red", tags="land")
    result = client.simulate_get("/iiif/manifest", params={"tag": "sea"})
    check_manifest(result.json)
    assert result.headers["cache-control"] == "public, max-age=60"
    assert result.json["id"] == f"{SITE}/iiif/manifest/?tag=sea"
    assert result.json["label"] == {"none": ["sea"]}
    shown = [canvas["id"].split("/")[-2] for canvas in result.json["items"]]
    assert shown == ids[::-1]
    assert get(client, result.json["id"]).json == result.json


def test_a_search_by_words(client):
    image_id = send(client, "teal", title="Boats & <b>nets</b>")
    result = client.simulate_get("/iiif/manifest/", params={"q": "nets boats"})
    assert [canvas["id"].split("/")[-2] for canvas in result.json["items"]] == [image_id]
    check_manifest(result.json)


def test_a_manifest_of_a_search_has_public_pictures_only(ann, make_client, jpeg, png):
    public = upload(ann, jpeg, params={"tags": "sea"}).split("/")[2]
    upload(ann, png, params={"tags": "sea", "visibility": "private"})
    for client in (ann, testing.TestClient(ann.app)):
        result = client.simulate_get("/iiif/manifest", params={"tag": "sea"})
        assert [canvas["id"].split("/")[-2] for canvas in result.json["items"]] == [public]


@pytest.mark.parametrize("path", ["0" * 64, "unknown", "a%2Fb", "origin:shop:a.jpg"])
def test_missing_pictures_are_404(client, path):
    assert_problem(client.simulate_get(f"/iiif/manifest/{path}"), 404)


def test_a_private_picture_is_404_to_others(ann, png):
    path = upload(ann, png, params={"visibility": "private"})
    image_id = path.split("/")[2]
    assert_problem(testing.TestClient(ann.app).simulate_get(f"/iiif/manifest/{image_id}"), 404)
    assert ann.simulate_get(f"/iiif/manifest/{image_id}").status_code == 200


def test_a_search_without_a_match_is_404(client):
    assert_problem(client.simulate_get("/iiif/manifest", params={"tag": "sea"}), 404, "no public")


@pytest.mark.parametrize(
    ("name", "value"), [("visibility", "private"), ("limit", "5"), ("page", "0"), ("page", "101")]
)
def test_other_parameters_are_errors(client, name, value):
    assert_problem(client.simulate_get("/iiif/manifest", params={name: value}), 400, name)


def test_more_pictures_than_a_manifest_holds_are_a_collection(client, monkeypatch):
    monkeypatch.setattr(iiif_manifests, "MAX_CANVASES", 2)
    colours = ("teal", "navy", "aqua", "red", "lime")
    ids = [send(client, colour, tags="sea") for colour in colours]
    collection = client.simulate_get("/iiif/manifest", params={"tag": "sea"}).json
    assert collection["type"] == "Collection"
    check_resource(collection)
    assert collection["summary"] == {"none": ["5 pictures, newest first"]}
    shown = []
    for item in collection["items"]:
        assert (item["type"], len(item["label"]["none"])) == ("Manifest", 1)
        manifest = get(client, item["id"]).json
        assert manifest["id"] == item["id"]
        check_manifest(manifest)
        shown += [canvas["id"].split("/")[-2] for canvas in manifest["items"]]
    assert shown == ids[::-1]


def test_a_collection_says_if_it_leaves_pictures_out(client, monkeypatch):
    monkeypatch.setattr(iiif_manifests, "MAX_CANVASES", 1)
    monkeypatch.setattr(iiif_manifests, "MAX_MANIFESTS", 2)
    for colour in ("teal", "navy", "aqua"):
        send(client, colour)
    collection = client.simulate_get("/iiif/manifest").json
    assert len(collection["items"]) == 2
    assert collection["summary"] == {"none": ["The newest 2 pictures; there are more"]}
