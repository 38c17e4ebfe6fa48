"""Accounts over HTTP: sign up, sign in, stay signed in, sign out, keys for programs."""

from __future__ import annotations

import io
import json

import pytest
from structlog.testing import capture_logs

from progimage.access.accounts.administration import Administration
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.users import Users
from tests.api.conftest import assert_problem, upload
from tests.people import AUTH, PASSWORD


@pytest.fixture
def client(make_client):
    return make_client(auth={**AUTH, "registration": "open"})


@pytest.fixture
def signed_up(client):
    result = client.simulate_post("/users/", json={"username": "ann", "password": PASSWORD})
    assert result.status_code == 201, result.text[:2000]
    return result


def sign_in(client, name="ann", password=PASSWORD, **headers):
    fields = {"username": name, "password": password}
    return client.simulate_post("/tokens/", json=fields, headers=headers)


def refresh(client, token):
    return client.simulate_post("/tokens/", json={"refresh_token": token})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def grant(client, signed_up):
    result = sign_in(client)
    assert result.status_code == 200, result.text[:2000]
    return result.json


def me(client, token) -> int:
    return client.simulate_get("/users/me/", headers=bearer(token)).status_code


def test_a_new_account_can_sign_in_and_see_itself(client, signed_up, grant):
    assert signed_up.headers["location"].endswith("/users/me/")
    assert "password" not in signed_up.text
    assert grant["token_type"] == "bearer"
    assert grant["expires_in"] == 900
    shown = client.simulate_get("/users/me/", headers=bearer(grant["access_token"]))
    assert (shown.json["username"], shown.json["is_admin"]) == ("ann", False)
    assert shown.headers["cache-control"] == "private, no-store"


def test_tokens_are_stored_by_no_cache(client, signed_up):
    assert sign_in(client).headers["cache-control"] == "no-store"


def test_the_store_holds_no_secret(client, store, grant):
    key = client.simulate_post(
        "/users/me/keys/", json={"label": "ci"}, headers=bearer(grant["access_token"])
    )
    with store.open("users/ann.json") as reader:
        stored = reader.read().decode()
    for secret in (PASSWORD, grant["refresh_token"], key.json["key"]):
        assert secret not in stored
        assert secret.rpartition("~")[2] not in stored
    assert json.loads(stored)["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "not the password"), ("nobody-here", PASSWORD), ("!", "")]
)
def test_a_wrong_name_and_a_wrong_password_look_alike(client, signed_up, name, password):
    result, other = sign_in(client, name, password), sign_in(client, "ann", "wrong wrong wrong")
    assert_problem(result, 401)
    assert result.json == other.json
    assert result.headers["www-authenticate"].startswith("Bearer ")


def test_an_unknown_name_costs_a_hash_too(client, monkeypatch):
    hashes = []
    match = Passwords.match
    monkeypatch.setattr(
        Passwords, "match", lambda self, *args: hashes.append(args) or match(self, *args)
    )
    assert sign_in(client, "nobody-here").status_code == 401
    assert hashes == [(None, PASSWORD)]


def test_a_name_is_taken_once_whatever_its_case(client, signed_up):
    for name in ("ann", "ANN", "\uff41\uff4e\uff4e"):
        fields = {"username": name, "password": PASSWORD}
        assert_problem(client.simulate_post("/users/", json=fields), 409, "taken")


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "bob"},
        {"username": "bob", "password": PASSWORD, "is_admin": True},
        {"username": "bob", "password": PASSWORD, "generation": 7},
        {"username": ["bob"], "password": PASSWORD},
        {"username": "bob", "password": "short"},
        {"username": "bob", "password": "\ud800" * 12},
        {"username": "me", "password": PASSWORD},
        {"username": "../bob", "password": PASSWORD},
        {},
    ],
)
def test_an_account_needs_a_valid_name_and_password_and_nothing_else(client, store, fields):
    result = client.simulate_post("/users/", body=json.dumps(fields).encode())
    assert_problem(result, 400)
    assert list(store.list("users/")) == []


@pytest.mark.parametrize(("registration", "status"), [("admin", 401), ("closed", 403)])
def test_making_accounts_needs_the_right_role(make_client, registration, status):
    client = make_client(auth={**AUTH, "registration": registration})
    fields = {"username": "bob", "password": PASSWORD}
    assert_problem(client.simulate_post("/users/", json=fields), status)


def test_an_administrator_may_make_accounts_and_others_may_not(make_person):
    fields = {"username": "bob", "password": PASSWORD}
    assert_problem(make_person("eve").simulate_post("/users/", json=fields), 403)
    boss = make_person("boss", is_admin=True)
    assert boss.simulate_post("/users/", json=fields).status_code == 201


def test_a_refresh_token_is_valid_once(client, grant):
    again = refresh(client, grant["refresh_token"])
    assert again.status_code == 200
    assert me(client, again.json["access_token"]) == 200
    assert_problem(refresh(client, grant["refresh_token"]), 401, "refresh token")


def test_a_refresh_token_used_twice_ends_the_session_for_both(client, grant):
    successor = refresh(client, grant["refresh_token"]).json["refresh_token"]
    with capture_logs() as logs:
        assert refresh(client, grant["refresh_token"]).status_code == 401
    assert any(line.get("reused") for line in logs)
    assert_problem(refresh(client, successor), 401)


def test_a_refresh_token_is_renewed_although_an_expired_access_token_comes_along(client, grant):
    result = client.simulate_post(
        "/tokens/",
        json={"refresh_token": grant["refresh_token"]},
        headers=bearer("long.since.expired"),
    )
    assert result.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "prt_ann~0~0", "pk_ann~" + "0" * 32 + "~" + "a" * 43])
def test_a_malformed_refresh_token_is_refused(client, grant, token):
    assert_problem(refresh(client, token), 401)


def test_an_ended_session_cannot_be_renewed(client, grant):
    other = sign_in(client).json
    headers = bearer(grant["access_token"])
    listed = client.simulate_get("/tokens/", headers=headers).json["data"]
    assert {session["id"] for session in listed} == {grant["session"], other["session"]}
    path = f"/tokens/{grant['session']}/"
    assert client.simulate_delete(path, headers=headers).status_code == 204
    assert refresh(client, grant["refresh_token"]).status_code == 401
    assert refresh(client, other["refresh_token"]).status_code == 200
    assert_problem(client.simulate_delete(path, headers=headers), 404)


def test_signing_out_everywhere_ends_access_tokens_too(client, grant):
    other = sign_in(client).json
    result = client.simulate_delete("/tokens/", headers=bearer(grant["access_token"]))
    assert result.status_code == 204
    for each in (grant, other):
        assert me(client, each["access_token"]) == 401
        assert refresh(client, each["refresh_token"]).status_code == 401


def test_an_account_cannot_end_the_session_of_another(client, grant, make_person):
    eve = make_person("eve")
    assert_problem(eve.simulate_delete(f"/tokens/{grant['session']}/"), 403)
    fields = {"username": "bob", "password": PASSWORD}
    client.simulate_post("/users/", json=fields)
    bobs = sign_in(client, "bob").json["access_token"]
    result = client.simulate_delete(f"/tokens/{grant['session']}/", headers=bearer(bobs))
    assert_problem(result, 404)


def test_a_changed_password_ends_everything_that_the_old_one_began(client, grant):
    headers = bearer(grant["access_token"])
    wrong = {"password_now": "wrong wrong wrong", "password": "another good one"}
    assert_problem(client.simulate_put("/users/me/password/", json=wrong, headers=headers), 401)
    right = {"password_now": PASSWORD, "password": "another good one"}
    assert (
        client.simulate_put("/users/me/password/", json=right, headers=headers).status_code == 204
    )
    assert me(client, grant["access_token"]) == 401
    assert sign_in(client).status_code == 401
    assert sign_in(client, password="another good one").status_code == 200


def test_an_api_key_is_shown_once_works_and_can_be_revoked(client, grant):
    headers = bearer(grant["access_token"])
    made = client.simulate_post("/users/me/keys/", json={"label": "ci"}, headers=headers)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    key = made.json["key"]
    assert key.startswith("pk_ann~")
    assert me(client, key) == 200
    listed = client.simulate_get("/users/me/keys/", headers=headers)
    assert [item["label"] for item in listed.json["data"]] == ["ci"]
    assert key.rpartition("~")[2] not in listed.text
    gone = client.simulate_delete(f"/users/me/keys/{made.json['id']}/", headers=headers)
    assert gone.status_code == 204
    assert me(client, key) == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users/me/keys/"),
        ("GET", "/users/me/keys/"),
        ("PUT", "/users/me/password/"),
        ("GET", "/tokens/"),
        ("DELETE", "/tokens/"),
    ],
)
def test_an_api_key_cannot_manage_its_account(ann, method, path):
    assert_problem(ann.simulate_request(method, path, json={}), 403, "API key")


def test_a_disabled_account_is_out_and_its_session_ended(client, store, grant):
    administration = Administration(Users(store), Passwords())
    administration.set_disabled("ann", True)
    assert sign_in(client).json == sign_in(client, "nobody-here").json
    assert refresh(client, grant["refresh_token"]).status_code == 401
    administration.set_disabled("ann", False)
    assert refresh(client, grant["refresh_token"]).status_code == 401
    assert sign_in(client).status_code == 200


def test_guessing_is_slowed_down_for_that_network_only(client, signed_up):
    for _ in range(10):
        assert sign_in(client, password="a wrong password").status_code == 401
    result = sign_in(client)
    assert_problem(result, 429)
    assert 1 <= int(result.headers["retry-after"]) <= 60
    fields = {"username": "ann", "password": PASSWORD}
    assert client.simulate_post("/tokens/", json=fields, remote_addr="192.0.2.7").status_code == 200


def test_without_accounts_there_is_nothing_to_sign_in_to(make_client):
    client = make_client()
    fields = {"username": "ann", "password": PASSWORD}
    for path in ("/tokens/", "/users/"):
        assert_problem(client.simulate_post(path, json=fields), 403, "auth.mode")
    assert_problem(client.simulate_get("/users/me/"), 403, "auth.mode")


def test_important_calls_are_audited_without_secrets(client, signed_up, jpeg):
    with capture_logs() as logs:
        sign_in(client, password="a wrong password")
        token = sign_in(client).json["access_token"]
        headers = bearer(token)
        sent = client.simulate_post(
            "/images/", body=jpeg, headers={"Content-Type": "image/jpeg", **headers}
        )
        path = f"/images/{sent.json['id']}/"
        fields = {"images": [sent.json["id"]], "visibility": "private"}
        client.simulate_patch("/images/", json=fields, headers=headers)
        client.simulate_get(path)
        client.simulate_delete(path, headers=headers)
        client.simulate_get("/", headers=bearer("junk"))
        key = client.simulate_post("/users/me/keys/", json={"label": "x"}, headers=headers)
    audit = [(line["action"], line["outcome"]) for line in logs if line["event"] == "audit"]
    assert audit == [
        ("sign-in", "failed"),
        ("access", "denied"),
        ("sign-in", "ok"),
        ("visibility", "ok"),
        ("access", "denied"),
        ("delete", "ok"),
        ("access", "denied"),
        ("api key", "ok"),
    ]
    everything = repr(logs)
    for secret in (PASSWORD, "a wrong password", token, key.json["key"], "junk"):
        assert secret not in everything


def test_a_record_of_an_account_that_is_damaged_is_no_riddle(client, store, signed_up):
    store.put("users/ann.json", io.BytesIO(b"{"), media_type="")
    assert_problem(sign_in(client), 503, "account")


def test_uploads_of_an_account_are_its_own(client, grant, jpeg):
    path = upload(client, jpeg)
    mine = client.simulate_post(
        "/images/",
        body=jpeg,
        headers={"Content-Type": "image/jpeg", **bearer(grant["access_token"])},
    )
    assert (mine.status_code, mine.json["owner"]) == (201, "ann")
    assert mine.json["id"] not in path
