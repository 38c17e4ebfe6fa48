"""Tokens that are made up, altered, expired or hidden in odd places."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import jwt
import pytest

from tests.api.conftest import assert_problem
from tests.people import AUTH, SECRET, account

NOW = int(time.time())
GOOD = {
    "sub": "ann",
    "gen": 1,
    "iss": "progimage",
    "aud": "progimage",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 3600,
}
HEAD = {"kid": "default", "typ": "at+jwt"}


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def by_hand(head: object, claims: object, key: str = SECRET) -> str:
    """Return a token with a correct HMAC, whatever its header says."""
    text = f"{encoded(head)}.{encoded(claims)}"
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def signed(head: dict | None = None, key: str = SECRET, **claims: object) -> str:
    merged = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    return by_hand({"alg": "HS256", **HEAD, **(head or {})}, merged, key)


@pytest.fixture
def client(make_client, store):
    account(store, "ann")
    account(store, "gone", is_disabled=True)
    return make_client(auth=AUTH)


def ask(client, token: str, method: str = "GET", path: str = "/images/"):
    return client.simulate_request(method, path, headers={"Authorization": f"Bearer {token}"})


def test_the_reference_token_of_these_tests_is_valid(client):
    assert ask(client, signed()).status_code == 200
    assert ask(client, jwt.encode(GOOD, SECRET, "HS256", headers=HEAD)).status_code == 200


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(f"{encoded({'alg': 'none', **HEAD})}.{encoded(GOOD)}.", id="none"),
        pytest.param(f"{encoded({'alg': 'NoNe', **HEAD})}.{encoded(GOOD)}.", id="NoNe"),
        pytest.param(signed({"alg": "none"}), id="none, but signed"),
        pytest.param(signed({"alg": "HS512"}), id="another HMAC"),
        pytest.param(signed({"alg": "EdDSA"}), id="another family"),
        pytest.param(signed({"alg": None}), id="no algorithm"),
        pytest.param(signed({"alg": ["HS256"]}), id="algorithms"),
        pytest.param(signed({"kid": "unknown"}), id="unknown kid"),
        pytest.param(signed({"kid": None}), id="no kid"),
        pytest.param(signed({"kid": "../../dev/null"}), id="path as kid"),
        pytest.param(signed({"kid": {"a": 1}}), id="object as kid"),
        pytest.param(signed({"typ": "JWT"}), id="not an access token"),
        pytest.param(signed({"jwk": {"kty": "oct", "k": encoded("x")}}, key="x" * 32), id="jwk"),
        pytest.param(signed(key="another secret of thirty-two bytes"), id="another key"),
        pytest.param(signed({"crit": ["b64"], "b64": False}), id="critical header"),
        pytest.param(signed(exp=NOW - 60), id="expired"),
        pytest.param(signed(nbf=NOW + 3600), id="not yet"),
        pytest.param(signed(iat=NOW + 3600), id="from the future"),
        pytest.param(signed(exp=None), id="for ever"),
        pytest.param(signed(nbf=None), id="no nbf"),
        pytest.param(signed(iat=None), id="no iat"),
        pytest.param(signed(exp="never"), id="exp is a word"),
        pytest.param(signed(exp=1e400), id="exp is infinite"),
        pytest.param(signed(aud="others"), id="for others"),
        pytest.param(signed(aud=["progimage", "others"]), id="for many"),
        pytest.param(signed(iss="others"), id="by others"),
        pytest.param(signed(sub=None), id="nobody"),
        pytest.param(signed(sub="nobody-here"), id="an unknown account"),
        pytest.param(signed(sub="../ann"), id="a path"),
        pytest.param(signed(sub=["ann"]), id="a list"),
        pytest.param(signed(sub="gone"), id="a disabled account"),
        pytest.param(signed(gen=0), id="before the last sign-out"),
        pytest.param(signed(gen=None), id="no generation"),
        pytest.param(by_hand({"alg": "HS256", **HEAD}, ["ann"]), id="claims are a list"),
        pytest.param(signed(more="x" * 5_000), id="oversize"),
        pytest.param(signed()[:-4] + "AAAA", id="altered signature"),
        pytest.param("a" * 200_000, id="very long"),
        pytest.param("..", id="dots"),
        pytest.param("pk_ann~" + "0" * 32 + "~" + "a" * 43, id="API key made up"),
        pytest.param(
            "pk_nobody-here~" + "0" * 32 + "~" + "a" * 43, id="API key of an unknown account"
        ),
        pytest.param("pk_", id="API key cut short"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/images/"), ("POST", "/images/")])
def test_an_invalid_token_is_an_error_even_if_none_is_needed(client, token, method, path):
    result = ask(client, token, method, path)
    assert_problem(result, 401)
    assert result.headers["www-authenticate"] == 'Bearer realm="progimage", error="invalid_token"'
    assert token not in result.text
    assert SECRET not in result.text


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YW5uOnB3",
        f"{signed()}",
        f"Bearer {signed()} x",
        f"Bearer {signed()},Bearer {signed()}",
        f"Bearer {signed()}, Basic YW5uOnB3",
        f"Bearer\t{signed()}",
        f'Bearer token="{signed()}"',
    ],
)
def test_only_one_well_formed_authorization_counts(client, header):
    result = client.simulate_get("/images/", headers={"Authorization": header})
    assert_problem(result, 401)


def test_the_scheme_is_caseless(client):
    headers = {"Authorization": f"bEARER {signed()}"}
    assert client.simulate_get("/users/me/", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "Authorization"])
def test_a_token_in_the_query_is_ignored(client, name):
    assert client.simulate_get(f"/users/me/?{name}={signed()}").status_code == 401


@pytest.mark.parametrize(
    "name", ["X-Authorization", "X-Forwarded-User", "Remote-User", "X-User", "Cookie"]
)
def test_other_headers_say_nothing_about_who_asks(client, name):
    assert client.simulate_get("/users/me/", headers={name: "ann"}).status_code == 401


def test_without_accounts_a_token_is_an_error_and_other_schemes_are_ignored(make_client):
    client = make_client()
    assert_problem(ask(client, signed()), 401, "auth.mode is off")
    basic = {"Authorization": "Basic YW5uOnB3"}
    assert client.simulate_get("/images/", headers=basic).status_code == 200
