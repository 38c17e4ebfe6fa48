"""Who sees and who changes what; hidden pictures leave no trace in any answer."""

from __future__ import annotations

import hashlib

import pytest

from progimage import keys
from progimage.model import Record
from progimage.telemetry import audit
from tests.api.conftest import assert_problem, form
from tests.people import AUTH

REQUIRED = {**AUTH, "mode": "required"}
JPEG = {"Content-Type": "image/jpeg"}
CALLS = [
    ("GET", ""),
    ("HEAD", ""),
    ("DELETE", ""),
    ("GET", "metadata/"),
    ("PATCH", "metadata/"),
    ("DELETE", "renders/"),
    ("GET", "thumbnail"),
    ("GET", "thumbnail.auto"),
    ("GET", "thumbnail.webp"),
    ("GET", "crop:x=9999,width=1,height=1.png"),
    ("HEAD", "thumbnail.webp"),
    ("GET", "srcset/?widths=10"),
    ("POST", "links/"),
    ("GET", "/iiif/3/{}/info.json"),
    ("GET", "/iiif/3/{}/full/max/0/default.jpg"),
    ("GET", "/iiif/manifest/{}"),
    ("GET", "/deepzoom/{}.dzi"),
    ("GET", "/deepzoom/{}_files/0/0_0.jpg"),
]


@pytest.fixture
def ben(make_person):
    return make_person("ben")


@pytest.fixture
def anybody(make_client):
    return make_client(auth=AUTH)


def send(client, data, visibility="public", **params):
    result = client.simulate_post(
        "/images/", body=data, headers=JPEG, params={"visibility": visibility, **params}
    )
    assert result.status_code in (200, 201), result.text[:2000]
    return result


@pytest.fixture
def secret(ann, jpeg) -> str:
    """The path of a private picture of ann's that she has looked at in every way."""
    path = f"/images/{send(ann, jpeg, 'private', tags='diary', title='secret').json['id']}/"
    for method, rest in CALLS:
        if method == "GET":
            ann.simulate_get(at(path, rest))
    return path


def at(path: str, rest: str) -> str:
    """Return the address of `rest` for the picture at `path`."""
    return rest.format(path.split("/")[2]) if rest.startswith("/") else path + rest


def call(client, method, path):
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    json = {"title": "mine"} if method == "PATCH" else None
    return client.simulate_request(method, path, json=json, headers=headers)


class Keys:
    """Notes the store operations on records, originals and renditions."""

    def __init__(self, store, monkeypatch) -> None:
        self.seen: list[tuple[str, str]] = []
        for name in ("open", "stat", "put", "delete", "list"):
            whole = getattr(store, name)

            def noted(key, *args, _name=name, _whole=whole, **kwargs):
                if not key.startswith(keys.USERS):
                    self.seen.append((_name, key))
                return _whole(key, *args, **kwargs)

            monkeypatch.setattr(store, name, noted)


@pytest.mark.parametrize(("method", "rest"), CALLS)
@pytest.mark.parametrize("who", ["ben", "anybody"])
def test_a_private_picture_looks_exactly_as_one_that_is_not_there(
    request, store, monkeypatch, secret, who, method, rest
):
    client, absent = request.getfixturevalue(who), f"/images/{'0' * 64}/"
    noted = Keys(store, monkeypatch)
    hidden = call(client, method, at(secret, rest))
    for_hidden, noted.seen = noted.seen, []
    missing = call(client, method, at(absent, rest))
    assert hidden.status_code == missing.status_code == 404
    image_id = secret.split("/")[2]

    def neutral(text: str) -> str:
        return text.replace(image_id, "0" * 64).replace(f"/{image_id[:2]}/", "/00/")

    assert neutral(hidden.text) == missing.text
    varying = ("x-request-id",)
    assert {k: v for k, v in hidden.headers.items() if k not in varying} == {
        k: v for k, v in missing.headers.items() if k not in varying
    }
    assert [(name, neutral(key)) for name, key in for_hidden] == noted.seen


@pytest.mark.parametrize(("method", "rest"), CALLS)
def test_a_private_picture_takes_the_same_steps_as_one_that_is_not_there(
    ben, monkeypatch, secret, method, rest
):
    steps = []

    def counted(name, whole):
        def call_whole(*args, **kwargs):
            steps.append(name)
            return whole(*args, **kwargs)

        return call_whole

    for owner, name in [(Record, "model_validate_json"), (audit, "record")]:
        monkeypatch.setattr(owner, name, counted(name, getattr(owner, name)))
    call(ben, method, at(secret, rest))
    for_hidden, steps[:] = steps[:], []
    call(ben, method, at(f"/images/{'0' * 64}/", rest))
    assert steps == for_hidden
    assert "model_validate_json" in steps


def test_its_owner_sees_it_and_no_cache_may_keep_it(store, ann, secret):
    for rest in ("", "thumbnail.webp", "thumbnail.webp"):
        result = ann.simulate_get(secret + rest)
        assert result.status_code == 200
        assert result.headers["cache-control"] == "private, no-store"
    assert list(store.list(keys.PUBLIC_RENDERS)) == []


@pytest.mark.parametrize(
    "method_and_rest", [("DELETE", ""), ("PATCH", "metadata/"), ("DELETE", "renders/")]
)
@pytest.mark.parametrize("who", ["ben", "anybody"])
def test_a_public_picture_of_another_account_cannot_be_changed(
    request, ann, jpeg, who, method_and_rest
):
    path = send(ann, jpeg).json["location"].partition("falconframework.org")[2]
    method, rest = method_and_rest
    client = request.getfixturevalue(who)
    assert client.simulate_get(path).status_code == 200
    assert_problem(call(client, method, path + rest), 403, "owner")
    assert ann.simulate_get(f"{path}metadata/").json["title"] == ""


def test_equal_bytes_of_two_owners_know_nothing_of_each_other(ann, ben, anybody, jpeg):
    send(ann, jpeg, "private", title="anns", tags="a")
    for client in (ben, anybody):
        result = send(client, jpeg, title="other")
        assert result.status_code == 201
        assert result.json["title"] == "other"
        assert result.json["tags"] == []
    assert send(ben, jpeg, title="again").status_code == 200
    sent = hashlib.sha256(b"ben\0" + jpeg).hexdigest()
    [bens] = ben.simulate_get("/images/?owner=me").json["data"]
    assert bens["id"] == sent
    assert ben.simulate_get("/images/").json["total"] == 2
    assert ann.simulate_get("/images/").json["total"] == 3
    assert anybody.simulate_get("/tags/").json["data"] == []
    assert ben.simulate_delete(f"/images/{sent}/").status_code == 204
    assert ann.simulate_get("/images/?owner=me").json["total"] == 1


def test_a_cursor_of_another_account_shows_only_what_the_viewer_may_see(ann, ben, jpeg, png):
    send(ann, jpeg, "private")
    send(ann, png, "private")
    anns = ann.simulate_get("/images/?limit=1").json["next"]
    assert ann.simulate_get(anns).json["data"] != []
    assert ben.simulate_get(anns).json["data"] == []


def test_an_upload_of_an_account_is_hidden_from_others(ann, ben, anybody, jpeg):
    begun = ann.simulate_post("/uploads/", json={"visibility": "private"}).json
    path = f"/uploads/{begun['id']}/"
    for client in (ben, anybody):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert client.simulate_request(method, path, body=jpeg).status_code == 404
    made = ann.simulate_put(path, body=jpeg)
    assert (made.status_code, made.json["owner"]) == (201, "ann")
    assert anybody.simulate_get(f"/images/{made.json['id']}/").status_code == 404


@pytest.mark.parametrize("field", ["owner", "id", "state", "revision", "generation", "sha256"])
def test_clients_cannot_set_what_only_the_service_knows(ann, png, jpeg, field):
    path = f"/images/{send(ann, jpeg).json['id']}/metadata/"
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    attempts = [
        ann.simulate_post("/images/", body=png, headers=JPEG, params={field: "ben"}),
        ann.simulate_post("/images/", json={"data": "aGk=", field: "ben"}),
        ann.simulate_post("/uploads/", json={field: "ben"}),
        ann.simulate_patch(path, json={field: "ben"}, headers=headers),
    ]
    for result in attempts:
        assert_problem(result, 400, field)
    assert ann.simulate_get(path).json["owner"] == "ann"
    result = ann.simulate_post("/images/", **form((f"{field}", "ben"), ("image", png, "a.png")))
    assert result.status_code in (201, 400)
    assert "ben" not in result.text


@pytest.mark.parametrize("auth", [{}, AUTH])
def test_a_private_picture_needs_an_owner(make_client, jpeg, auth):
    client = make_client(auth=auth)
    params = {"visibility": "private"}
    shared = send(client, jpeg).json["id"]
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    for result in (
        client.simulate_post("/images/", body=jpeg, headers=JPEG, params=params),
        client.simulate_post("/uploads/", json=params),
        client.simulate_patch(f"/images/{shared}/metadata/", json=params, headers=headers),
        client.simulate_post("/jobs/", json={"urls": ["http://a.example/b.png"], **params}),
    ):
        assert_problem(result, 400, "visibility", "auth.mode")


@pytest.mark.parametrize("operation", ["watermark", "mask"])
def test_a_picture_that_is_hidden_is_gone_from_what_others_made_with_it(
    ann, ben, anybody, jpeg, png, operation
):
    stamp = send(ann, png).json["id"]
    path = f"/images/{send(ben, jpeg).json['id']}/{operation}:image={stamp}.png"
    shown = anybody.simulate_get(path)
    assert (shown.status_code, anybody.simulate_get(path).headers["x-cache"]) == (200, "hit")
    call(ann, "PATCH", f"/images/{stamp}/metadata/")
    assert anybody.simulate_get(path).content == shown.content
    ann.simulate_patch("/images/", json={"images": [stamp], "visibility": "private"})
    for headers in ({}, {"If-None-Match": shown.headers["etag"]}, {"If-None-Match": "*"}):
        for client in (anybody, ben):
            assert_problem(client.simulate_get(path, headers=headers), 400, "no picture")
        known = ann.simulate_get(path, headers=headers)
        assert known.status_code == (304 if headers else 200)
        assert known.headers["cache-control"] == "private, no-store"


class TestWhereAnAccountIsRequired:
    @pytest.fixture
    def anybody(self, make_client):
        return make_client(auth=REQUIRED)

    @pytest.fixture
    def ann(self, make_person):
        return make_person("ann", REQUIRED)

    def test_public_pictures_can_be_read_without_an_account(self, ann, anybody, jpeg):
        path = f"/images/{send(ann, jpeg).json['id']}/"
        for rest in ("", "metadata/", "thumbnail.webp"):
            assert anybody.simulate_get(path + rest).status_code == 200
        assert anybody.simulate_get("/images/").json["total"] == 1

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/"),
            ("POST", "/images/"),
            ("PATCH", "/images/"),
            ("POST", "/uploads/"),
            ("PUT", f"/uploads/{'0' * 32}/"),
            ("PATCH", f"/uploads/{'0' * 32}/"),
            ("POST", "/on_demand/thumbnail"),
            ("GET", "/on_demand/thumbnail?url=http://a.example/"),
            ("POST", "/jobs/"),
            ("GET", "/jobs/"),
            ("DELETE", f"/images/{'0' * 64}/"),
            ("PATCH", f"/images/{'0' * 64}/metadata/"),
            ("DELETE", f"/images/{'0' * 64}/renders/"),
        ],
    )
    def test_calls_that_change_or_cost_something_need_an_account(
        self, anybody, store, method, path
    ):
        result = anybody.simulate_request(method, path, body=b"x", headers=JPEG)
        assert_problem(result, 401, "POST /tokens/")
        assert result.headers["www-authenticate"] == 'Bearer realm="progimage"'
        assert list(store.list("")) == []

    def test_pictures_without_an_owner_are_changed_by_administrators_only(
        self, make_client, make_person, ann, jpeg
    ):
        path = f"/images/{send(make_client(), jpeg).json['id']}/"
        assert_problem(ann.simulate_delete(path), 403)
        boss = make_person("boss", REQUIRED, is_admin=True)
        assert boss.simulate_delete(path).status_code == 204


class TestManyAtOnce:
    def test_each_picture_has_a_result_of_its_own(self, ann, ben, store, jpeg, png):
        mine, theirs = send(ann, jpeg).json["id"], send(ben, png).json["id"]
        ann.simulate_get(f"/images/{mine}/thumbnail.webp")
        fields = {"images": [mine, theirs, "0" * 64, mine], "visibility": "private"}
        result = ann.simulate_patch("/images/", json=fields)
        assert result.status_code == 207
        assert [(item["id"], item["status"]) for item in result.json["images"]] == [
            (mine, 200),
            (theirs, 403),
            ("0" * 64, 404),
        ]
        assert list(store.list(keys.PUBLIC_RENDERS)) == []
        fields["images"] = [mine]
        assert ann.simulate_patch("/images/", json=fields).status_code == 200

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"images": [], "visibility": "public"},
            {"images": ["0" * 64] * 1_001, "visibility": "public"},
            {"images": "0" * 64, "visibility": "public"},
            {"images": [7], "visibility": "public"},
            {"images": ["0" * 64], "visibility": "secret"},
            {"images": ["0" * 64], "visibility": ["public"]},
            {"images": ["0" * 64], "visibility": "public", "owner": "ben"},
        ],
    )
    def test_anything_else_is_refused(self, ann, fields):
        assert_problem(ann.simulate_patch("/images/", json=fields), 400)

    def test_an_id_that_is_half_a_surrogate_pair_is_refused(self, ann):
        body = rb'{"images": ["\ud800"], "visibility": "public"}'
        headers = {"Content-Type": "application/json"}
        result = ann.simulate_patch("/images/", body=body, headers=headers)
        assert_problem(result, 400, "images.0: not valid Unicode")


def test_no_header_of_a_request_gets_into_what_caches_share(make_client, jpeg):
    client = make_client(server={"hosts": ["*"]})
    path = f"/images/{send(client, jpeg).json['id']}/"
    plain = client.simulate_get(f"{path}thumbnail.webp")
    for headers in (
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "gopher"},
        {"Forwarded": "host=evil.example"},
        {"Accept": "text/html;evil"},
        {"X-Original-URL": "/evil"},
    ):
        again = client.simulate_get(f"{path}thumbnail.webp", headers=headers)
        assert again.content == plain.content
        assert "evil" not in repr(again.headers)
