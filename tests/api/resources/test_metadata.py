"""The record over HTTP: read it, edit it, and never lose an update."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.api.conftest import assert_problem
from tests.imaging.drawing import quadrants, saved

PATCH = {"Content-Type": "application/merge-patch+json"}


def patch(client, path, changes, **headers):
    return client.simulate_patch(path, json=changes, headers={**PATCH, **headers})


def test_metadata_comes_with_links_to_everything(client, uploaded):
    result = client.simulate_get(uploaded + "metadata/")
    assert result.headers["content-type"] == "application/hal+json"
    links = result.json["_links"]
    assert links["self"]["href"] == uploaded + "metadata/"
    assert client.simulate_get(links["original"]["href"]).status_code == 200
    thumbnail = links["thumbnail"]["href"].format(width=10, height=10, format="png")
    assert client.simulate_get(thumbnail).status_code == 200
    rendition = links["rendition"]["href"].replace("{+pipeline}", "blur:1/rotate:90")
    assert client.simulate_get(rendition.replace("{format}", "webp")).status_code == 200


def test_an_edit_of_the_current_version_is_taken(client, uploaded):
    path = uploaded + "metadata/"
    etag = client.simulate_get(path).headers["etag"]
    result = patch(client, path, {"title": "Dusk", "tags": ["sea"]}, **{"If-Match": etag})
    assert (result.json["title"], result.json["tags"]) == ("Dusk", ["sea"])
    assert result.headers["etag"] != etag
    again = client.simulate_get(path)
    assert again.json == result.json
    assert again.headers["etag"] == result.headers["etag"]


def test_null_takes_a_field_back(client, uploaded):
    path = uploaded + "metadata/"
    patch(client, path, {"title": "Dusk"}, **{"If-Match": "*"})
    assert patch(client, path, {"title": None}, **{"If-Match": "*"}).json["title"] == ""


def test_custom_fields_are_merged_one_by_one(client, uploaded):
    path = uploaded + "metadata/"
    patch(client, path, {"custom": {"client": "Example Ltd", "roll": "7"}}, **{"If-Match": "*"})
    changes = {"custom": {"roll": None, "frame": "12a"}}
    result = patch(client, path, changes, **{"If-Match": "*"})
    assert result.json["custom"] == {"client": "Example Ltd", "frame": "12a"}
    assert patch(client, path, {"custom": None}, **{"If-Match": "*"}).json["custom"] == {}


def test_the_alternative_text_and_custom_fields_are_found_by_searches(client, uploaded):
    changes = {"alt": "Boats at anchor", "custom": {"client": "Lighthouse"}}
    patch(client, uploaded + "metadata/", changes, **{"If-Match": "*"})
    for word, total in (("anchor", 1), ("lighthouse", 1), ("submarine", 0)):
        assert client.simulate_get("/images/", params={"q": word}).json["total"] == total


def test_a_focal_point_has_four_decimals_and_can_be_removed(client, uploaded):
    path = uploaded + "metadata/"
    changes = {"focal_point": {"x": 0.123456, "y": 1}}
    result = patch(client, path, changes, **{"If-Match": "*"})
    assert result.json["focal_point"] == {"x": 0.1235, "y": 1.0}
    result = patch(client, path, {"focal_point": None}, **{"If-Match": "*"})
    assert result.json["focal_point"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"focal_point": {"x": 1.01, "y": 0}}, "focal_point.x"),
        ({"focal_point": {"x": 0.5}}, "focal_point.y: missing"),
        ({"focal_point": "0.5,0.5"}, "such as 0.3x0.7"),
        ({"focal_point": [0.5, 0.5]}, "focal_point"),
        ({"alt": "a\nb"}, "alt: must be one line"),
        ({"alt": "a" * 501}, "at most 500 characters"),
        ({"custom": {"": "x"}}, "must not be empty"),
        ({"custom": {"a" * 65: "x"}}, "custom"),
        ({"custom": {"a": "x" * 1001}}, "at most 1,000 characters"),
        ({"custom": {"a": {"b": "c"}}}, "custom.a"),
        ({"custom": {f"{n}": "x" for n in range(51)}}, "custom"),
        ({"custom": "[1]"}, "expected a JSON object"),
        ({"custom": "[" * 100_000}, "expected a JSON object"),
    ],
)
def test_a_wrong_field_is_400_and_leaves_the_record_as_it_was(client, uploaded, changes, words):
    path = uploaded + "metadata/"
    assert_problem(patch(client, path, changes, **{"If-Match": "*"}), 400, words)
    assert client.simulate_get(path).json["revision"] == 1


def test_no_edit_makes_more_custom_fields_than_a_record_may_have(client, uploaded):
    path = uploaded + "metadata/"
    full = {f"field {n}": "x" for n in range(50)}
    assert patch(client, path, {"custom": full}, **{"If-Match": "*"}).status_code == 200
    assert_problem(patch(client, path, {"custom": {"more": "x"}}, **{"If-Match": "*"}), 400)


def test_an_edit_must_say_what_it_is_based_on(client, uploaded):
    assert_problem(patch(client, uploaded + "metadata/", {"title": "x"}), 428, "If-Match")


@pytest.mark.parametrize("stale", ['"0-x"', 'W/"1-x"', "nonsense"])
def test_an_edit_of_another_version_is_412(client, uploaded, stale):
    path = uploaded + "metadata/"
    assert_problem(patch(client, path, {"title": "x"}, **{"If-Match": stale}), 412)
    assert client.simulate_get(path).json["title"] == ""


def test_a_weak_etag_is_not_enough_for_an_edit(client, uploaded):
    path = uploaded + "metadata/"
    etag = client.simulate_get(path).headers["etag"]
    assert_problem(patch(client, path, {"title": "x"}, **{"If-Match": f"W/{etag}"}), 412)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": None}, "colour: no such field"),
        ({"owner": "eve"}, "owner: no such field"),
        ({"sha256": "0"}, "sha256: no such field"),
        ({"tags": "sea"}, "tags"),
        ({"tags": [1]}, "tags.0"),
        ([1], "not an object"),
    ],
)
def test_a_wrong_edit_is_400_and_names_the_field(client, uploaded, changes, words):
    result = patch(client, uploaded + "metadata/", changes, **{"If-Match": "*"})
    assert_problem(result, 400, words)


def test_another_content_type_is_415(client, uploaded):
    headers = {"Content-Type": "text/plain", "If-Match": "*"}
    result = client.simulate_patch(uploaded + "metadata/", body="{}", headers=headers)
    assert_problem(result, 415, "merge-patch")
    assert "merge-patch" in result.headers["accept-patch"]


def test_a_client_that_has_the_record_gets_304(client, uploaded):
    etag = client.simulate_get(uploaded + "metadata/").headers["etag"]
    headers = {"If-None-Match": etag}
    assert client.simulate_get(uploaded + "metadata/", headers=headers).status_code == 304


def _photograph() -> bytes:
    exif = Image.Exif()
    exif[272] = "Camera 1"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    gps = exif.get_ifd(0x8825)
    gps.update({1: "N", 2: (51.0, 30.0, 0.0), 3: "W", 4: (0.0, 6.0, 0.0)})
    return saved(quadrants((64, 48)), "JPEG", exif=exif)


def test_a_photograph_says_how_and_to_its_owner_where_it_was_taken(ann, make_person):
    bob = make_person("bob")
    headers = {"Content-Type": "image/jpeg"}
    sent = ann.simulate_post("/images/", body=_photograph(), headers=headers)
    path = f"/images/{sent.json['id']}/metadata/"
    seen = bob.simulate_get(path).json
    assert (seen["capture"]["taken"], seen["capture"]["camera"]) == (
        "2024-05-06T07:08:09",
        "Camera 1",
    )
    assert len(seen["perceptual_hash"]) == 16
    assert ann.simulate_get(path).json["place"] == {"latitude": 51.5, "longitude": -0.1}
    assert "place" not in seen
    for text in (sent.text, bob.simulate_get("/images/").text, ann.simulate_get("/images/").text):
        assert "51.5" not in text


def test_a_record_has_only_the_fields_that_were_asked_for(client, uploaded):
    path = f"{uploaded}metadata/"
    answer = client.simulate_get(path, params={"fields": "id,width", "links": "0"}, params_csv=True)
    assert answer.json == {"id": uploaded.split("/")[2], "width": 48}
    whole = client.simulate_get(path)
    assert answer.headers["etag"] == whole.headers["etag"]
    assert "_links" not in client.simulate_get(path, params={"links": "0"}).json
    assert_problem(client.simulate_get(path, params={"fields": "place"}), 400, "fields")
    assert client.simulate_get(path, params={"unrelated": "1"}).json == whole.json
