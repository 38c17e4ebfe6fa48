"""`/external/<owner>/<external id>`, and uploads with ids of other systems."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem, form, opened
from tests.imaging.drawing import quadrants, saved
from tests.people import AUTH, headers_of

IDS = [
    "sku-42",
    "products/42",
    "a b.jpg",
    "Übung & 100% #1?",
    "..%2f",
    "-",
    "漢字",
    "a\\b",
    "~:;,=",
]


def send(client, data: bytes, **fields: str):
    return client.simulate_post(
        "/images/",
        body=data,
        params=fields,
        params_csv=False,
        headers={"Content-Type": "application/octet-stream"},
    )


def get(client, address: str, query: str = "", **headers: str):
    """Send a GET for a path as it is spelt, as gunicorn hands it on."""
    path, _, query = address.partition("?")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    extras = {"RAW_URI": address}
    return client.simulate_get(path, query_string=query, extras=extras, headers=given)


def at(external_id: str, steps: str = "", owner: str = "_") -> str:
    return f"/external/{owner}/{quote(external_id, safe='')}{steps}"


@pytest.mark.parametrize("external_id", IDS)
def test_an_id_of_any_printable_characters_has_an_address(client, jpeg, external_id):
    sent = send(client, jpeg, external_id=external_id)
    assert (sent.status_code, sent.json["external_id"]) == (201, external_id)
    answer = get(client, at(external_id))
    assert answer.content == jpeg
    assert answer.headers["cache-control"] == "public, no-cache"
    assert answer.headers["link"] == f'</images/{sent.json["id"]}/>; rel="canonical"'
    small = get(client, at(external_id, "/resize:w=24.png"))
    assert opened(small).size == (24, 16)
    assert small.headers["cache-control"] == "public, no-cache"
    again = get(client, at(external_id, "/resize:w=24.png"), If_None_Match=small.headers["etag"])
    assert again.status_code == 304
    [found] = client.simulate_get("/images/", params={"external_id": external_id}).json["data"]
    assert found["id"] == sent.json["id"]


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/external/_/sku%C3%BC/", "/external/_/sku%C3%BC"),
        ("/external/_/sku%C3%BC//", "/external/_/sku%C3%BC"),
        ("/external/_/%20sku%C3%BC", "/external/_/sku%C3%BC"),
        ("/external/_/sku%C3%BC%20%20/sepia.png", "/external/_/sku%C3%BC/sepia.png"),
        ("/external/_/sku%C3%BC//sepia.png/", "/external/_/sku%C3%BC/sepia.png"),
        ("/external/_/skuu%CC%88?download=a.jpg", "/external/_/sku%C3%BC?download=a.jpg"),
    ],
)
def test_other_spellings_of_an_address_lead_to_the_one_that_is_cached(
    client, jpeg, address, location
):
    send(client, jpeg, external_id="skuü")
    answer = get(client, address)
    assert (answer.status_code, answer.headers["location"]) == (308, location)
    assert answer.headers["cache-control"] == "no-store"
    assert get(client, location).status_code == 200


@pytest.mark.parametrize(
    "external_id",
    [
        "\x00",
        "a\x1fb",
        "a\nb",
        "a\tb",
        "\x7f",
        "\u200b",
        "a\u202eb",
        ".",
        "..",
        "x" * 201,
        "a\u2028b",
    ],
)
def test_other_texts_are_400(client, jpeg, external_id):
    assert_problem(send(client, jpeg, external_id=external_id), 400, "external_id")
    body = {"data": base64.b64encode(jpeg).decode(), "external_id": external_id}
    assert_problem(client.simulate_post("/", json=body), 400, "external_id")


@pytest.mark.parametrize(
    "address",
    [
        "/external/_/sku-43",
        "/external/_/%2e%2e%2fsku-42",
        "/external/_/sku-42%00",
        "/external/_/SKU-42",
        "/external/_/" + "x" * 3000,
        "/external/ann/sku-42",
        "/external/../sku-42",
        "/external/%2e%2e/sku-42",
        "/external/_%2f_/sku-42",
        "/external/A/sku-42",
        "/external/" + "a" * 300 + "/sku-42",
        "/external/a%00/sku-42",
    ],
)
def test_an_address_that_leads_nowhere_is_404(client, jpeg, address):
    send(client, jpeg, external_id="sku-42")
    assert_problem(get(client, address), 404)


def test_paths_that_are_not_utf_8_and_unknown_steps_are_400(client, jpeg):
    send(client, jpeg, external_id="sku-42")
    assert_problem(get(client, "/external/_/%ff"), 400, "UTF-8")
    assert_problem(get(client, at("sku-42", "/thumbnial")), 400, "did you mean")
    assert_problem(get(client, at("sku-42", "?w=400")), 400, "steps in the path")


def test_another_picture_with_the_id_is_409_and_replaces_it_if_asked(client, jpeg, png):
    old = send(client, jpeg, external_id="sku-42").json
    before = get(client, at("sku-42"))
    assert_problem(send(client, png, external_id="sku-42"), 409, old["id"], "on_external=replace")
    assert len(client.simulate_get("/images/").json["data"]) == 1
    new = send(client, png, external_id="sku-42", on_external="replace")
    assert new.status_code == 201
    after = get(client, at("sku-42"), If_None_Match=before.headers["etag"])
    assert (after.status_code, after.content) == (200, png)
    assert client.simulate_get(f"/images/{old['id']}/metadata/").json["external_id"] == ""
    assert client.simulate_get(f"/images/{old['id']}/").content == jpeg


def test_every_kind_of_upload_takes_an_id(client):
    pictures = [saved(quadrants((20, 10 + n)), "PNG") for n in range(4)]
    ids = [f"sku-{n}" for n in range(4)]
    many = form(("image", pictures[0], "a.png"), ("external_id", ids[0]))
    assert client.simulate_post("/images/", **many).json["external_id"] == ids[0]
    send(client, pictures[1], external_id=ids[1])
    text = base64.b64encode(pictures[2]).decode()
    client.simulate_post("/", json={"data": text, "external_id": ids[2]})
    value = base64.b64encode(ids[3].encode()).decode()
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    headers = {
        **tus,
        "Upload-Length": str(len(pictures[3])),
        "Upload-Metadata": f"external_id {value}",
    }
    made = client.simulate_post("/uploads/", headers=headers, body=pictures[3])
    assert made.status_code == 201, made.text[:2000]
    for picture, external_id in zip(pictures, ids, strict=True):
        assert get(client, at(external_id)).content == picture


def test_several_pictures_cannot_share_an_id(client, jpeg, png):
    parts = form(("image", jpeg, "a.jpg"), ("image", png, "b.png"), ("external_id", "sku-42"))
    assert_problem(client.simulate_post("/images/", **parts), 400, "external_id: belongs to one")


def test_an_edit_changes_the_address(client, jpeg, png):
    path = f"/images/{send(client, jpeg, external_id='sku-42').json['id']}/metadata/"
    send(client, png, external_id="sku-43")
    edit = {"If-Match": "*"}
    taken = client.simulate_patch(path, json={"external_id": "sku-43"}, headers=edit)
    assert_problem(taken, 409, "sku-43")
    changed = client.simulate_patch(path, json={"external_id": "sku-44"}, headers=edit)
    assert changed.json["external_id"] == "sku-44"
    assert get(client, at("sku-44")).content == jpeg
    assert_problem(get(client, at("sku-42")), 404)
    bulk = {"images": [path.split("/")[2]], "external_id": "x"}
    assert client.simulate_patch("/images/", json=bulk).status_code == 400


def test_lists_by_id_take_no_other_condition(client, jpeg):
    image_id = send(client, jpeg, external_id="sku-42").json["id"]
    query = {"external_id": "sku-42", "fields": "id", "links": "0"}
    page = client.simulate_get("/images/", params=query).json
    assert (page["data"], page["total"], page["next"]) == ([{"id": image_id}], 1, None)
    headers = {"Accept": "application/x-ndjson"}
    lines = client.simulate_get("/images/", params=query, headers=headers).text
    assert json.loads(lines) == {"id": image_id}
    assert client.simulate_get("/images/?external_id=other").json["data"] == []
    assert client.simulate_get("/images/?external_id=sku-42&owner=A%00").json["data"] == []
    for other in ("q=boat", "cursor=x", "sort=title", f"near={image_id}"):
        result = client.simulate_get(f"/images/?external_id=sku-42&{other}")
        assert_problem(result, 400, "external_id: ", "with owner only")


class TestAccounts:
    @pytest.fixture
    def client(self, make_client):
        return make_client(auth=AUTH)

    def test_a_private_picture_is_shown_to_its_owner_only(self, client, store, jpeg):
        ann, ben = headers_of(store, "ann"), headers_of(store, "ben")
        query = {"external_id": "sku-42", "visibility": "private"}
        kind = {"Content-Type": "application/octet-stream"}
        client.simulate_post("/images/", body=jpeg, params=query, headers={**ann, **kind})
        own = get(client, at("sku-42", owner="ann"), **ann)
        assert (own.content, own.headers["cache-control"]) == (jpeg, "private, no-store")
        absent = get(client, at("sku-43", owner="ann"), **ben).json["detail"]
        for headers in ({}, ben):
            for steps in ("", "/flip.png", "/nonsense"):
                hidden = get(client, at("sku-42", steps, owner="ann"), **headers)
                assert_problem(hidden, 404)
                assert hidden.json["detail"] == absent.replace("sku-43", "sku-42")
            page = client.simulate_get("/images/?external_id=sku-42&owner=ann", headers=headers)
            assert page.json["data"] == []

    def test_each_account_has_ids_of_its_own(self, client, store, jpeg, png):
        kind = {"Content-Type": "application/octet-stream"}
        for name, data in (("ann", jpeg), ("ben", png)):
            headers = {**headers_of(store, name), **kind}
            sent = client.simulate_post("/?external_id=sku-42", body=data, headers=headers)
            assert sent.status_code == 201
            assert get(client, at("sku-42", owner=name)).content == data
            found = client.simulate_get("/images/?external_id=sku-42", headers=headers).json["data"]
            assert [record["owner"] for record in found] == [name]
        found = client.simulate_get("/images/?external_id=sku-42&owner=ann").json["data"]
        assert [record["owner"] for record in found] == ["ann"]

    def test_the_transform_policy_holds_at_these_addresses_too(self, make_client, store, jpeg):
        client = make_client(transforms={"policy": "presets"}, presets={"small": "resize:w=16"})
        send(client, jpeg, external_id="sku-42")
        assert opened(get(client, at("sku-42", "/small"))).width == 16
        assert_problem(get(client, at("sku-42", "/flip.png")), 403)


def test_a_job_takes_no_external_id(client):
    body = {"urls": ["https://example.com/a.png"], "external_id": "sku-42"}
    assert_problem(client.simulate_post("/jobs/", json=body), 400, "external_id")


def test_the_store_sees_no_text_of_an_id(client, store, jpeg):
    send(client, jpeg, external_id="products/42")
    if isinstance(store, MemoryStore):
        assert not [stat.key for stat in store.list("") if "products" in stat.key]


def test_a_search_for_an_id_that_is_too_long_is_400(client):
    result = client.simulate_get("/images/", params={"external_id": "x" * 201})
    assert_problem(result, 400, "external_id", "200")
