"""Who may sign links, to what and for how long."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from progimage.access.signed_links import link_key
from tests.api.conftest import assert_problem, opened
from tests.api.signing import get, keep, signer
from tests.people import AUTH, SECRET, headers_of

PAGE = (Path(__file__).parents[3] / "docs" / "signed-links.md").read_text("utf-8")
PRESETS = {"card": "resize:w=24,h=16,fit=cover"}


@pytest.fixture
def client(make_client):
    return make_client(auth=AUTH, presets=PRESETS, links={"max_expires_s": 7200})


@pytest.fixture
def ann(store) -> dict[str, str]:
    return headers_of(store, "ann")


@pytest.fixture
def private(store) -> str:
    """The path of a private picture of ann's."""
    return keep(store)


def sign(client, path: str, headers: dict[str, str], **wanted: object):
    return client.simulate_post(path + "links/", json=wanted, headers=headers)


def followed(client, url: str, **values: str):
    """Follow a link as anybody."""
    for name, value in values.items():
        url = url.replace(f"{{+{name}}}", value)
    return get(client, url.removeprefix("http://falconframework.org"))


def test_an_owner_signs_for_one_form_any_or_the_original(client, ann, private, store):
    one = sign(client, private, ann, transform="thumbnail:16x16.png", expires_in=60)
    assert set(one.json) == {"url", "expires"}
    assert one.headers["cache-control"] == "no-store"
    assert opened(followed(client, one.json["url"])).size == (16, 11)
    until = datetime.fromisoformat(one.json["expires"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < until <= timedelta(seconds=60)
    whole = followed(client, sign(client, private, ann).json["url"])
    same = followed(client, sign(client, private, ann, transform="original").json["url"])
    assert whole.content == same.content
    assert hashlib.sha256(b"ann\0" + whole.content).hexdigest() == private.split("/")[2]
    every = sign(client, private, ann, transform="*")
    assert every.json["templated"] is True
    assert opened(followed(client, every.json["url"], pipeline="flip.png")).size == (48, 32)
    assert_problem(client.simulate_get(private + "flip.png"), 404)


def test_the_url_that_is_signed_is_the_canonical_one(client, ann, private):
    for transform, name in (
        ("card", "/resize:fit=cover,height=16,width=24"),
        ("thumbnail:200x200.jpeg", "/thumbnail.jpg"),
        ("format:webp", ".webp"),
    ):
        url = sign(client, private, ann, transform=transform).json["url"]
        assert url.partition("?")[0].endswith(private[:-1] + name)
        assert opened(followed(client, url))


def test_accounts_that_may_not_change_a_picture_sign_no_links_for_it(client, store, ann, private):
    ben = headers_of(store, "ben")
    public = keep(store, visibility="public", variant=1)
    for headers in ({}, ben):
        assert_problem(sign(client, private, headers, transform="flip"), 404)
        assert_problem(sign(client, public, headers, transform="flip"), 403)
    admin = headers_of(store, "chief", is_admin=True)
    assert_problem(sign(client, private, admin, transform="flip"), 404)
    assert sign(client, public, ann, transform="flip").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"expires_in": 0}, "expires_in: expected a whole number from 1 to 7,200"),
        ({"expires_in": -5}, "expires_in"),
        ({"expires_in": 7201}, "expires_in"),
        ({"expires_in": 10**30}, "expires_in"),
        ({"expires_in": 1.5}, "expires_in"),
        ({"expires_in": True}, "expires_in"),
        ({"expires_in": "60"}, "expires_in"),
        ({"expires_in": None}, "expires_in"),
        ({"transform": None}, "transform: expected a string"),
        ({"transform": ["flip"]}, "transform"),
        ({"transform": ""}, "transform: the pipeline is empty"),
        ({"transform": "rotate:0"}, "transform: the pipeline is empty"),
        ({"transform": "thumbnial"}, "did you mean 'thumbnail'"),
        ({"transform": "../metadata"}, "no operation named '..'"),
        ({"transform": f"watermark:image={'0' * 64}"}, "uses another picture"),
        ({"transfrom": "flip"}, "transfrom: no such field"),
    ],
)
def test_a_link_that_cannot_be_signed_is_an_error(client, ann, private, wanted, words):
    assert_problem(sign(client, private, ann, **wanted), 400, words)


def test_only_json_is_taken(client, ann, private):
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        headers = {**ann, "Content-Type": kind}
        result = client.simulate_post(private + "links/", body=b"{}", headers=headers)
        assert_problem(result, 415)


def test_a_link_to_a_watermark_takes_only_what_the_owner_sees(client, store, ann, private):
    bens = keep(store, owner="ben", variant=2).split("/")[2]
    anns = keep(store, variant=3).split("/")[2]
    assert_problem(sign(client, private, ann, transform=f"watermark:image={bens}"), 400)
    done = sign(client, private, ann, transform=f"watermark:image={anns}.png")
    assert opened(followed(client, done.json["url"]))


def test_without_a_key_nothing_is_signed_and_no_link_holds(make_client, store):
    client, path = make_client(), keep(store, owner="", visibility="public")
    assert_problem(sign(client, path, {}, transform="flip"), 403, "can set auth.secret")
    token, _ = signer().sign(path + "flip.png", 60)
    assert_problem(get(client, f"{path}flip.png?sig={token}"), 403, "has no key")


def test_the_policy_signed_needs_a_key(make_client):
    with pytest.raises(ValueError, match=r"transforms\.policy: 'signed'"):
        make_client(transforms={"policy": "signed"})


def test_under_the_policy_signed_an_account_signs_and_orders(make_client, store, ann, private):
    client = make_client(auth=AUTH, transforms={"policy": "signed"})
    url = sign(client, private, ann, transform="flip.png").json["url"]
    assert opened(followed(client, url))
    wanted = {"images": [private.split("/")[2]], "transforms": ["flip.png"]}
    assert client.simulate_post("/jobs/", json=wanted, headers=ann).status_code == 202
    assert_problem(client.simulate_post("/jobs/", json=wanted), 403, "need an account")


def test_an_ed25519_key_signs_links_too_and_a_public_one_none(make_client, store, ann, private):
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    client = make_client(auth={"mode": "optional", "keys": [{"kid": "2026.a", "ed25519": pem}]})
    url = sign(client, private, ann, transform="flip.png").json["url"]
    assert "sig=v1.2026.a." in url
    assert opened(followed(client, url))


def test_an_access_token_is_no_signature_and_a_signature_no_token(client, ann, private):
    url = sign(client, private, ann, transform="flip.png").json["url"]
    token = url.partition("sig=")[2]
    result = client.simulate_get(private, headers={"Authorization": f"Bearer {token}"})
    assert_problem(result, 401)
    credential = ann["Authorization"].partition(" ")[2]
    for sent in (credential, f"v1.default.9999999999.this.{credential[-43:]}"):
        result = client.simulate_get(private + "flip.png", params={"sig": sent})
        assert_problem(result, 404)


def test_invalid_credentials_are_an_error_even_beside_a_valid_link(client, ann, private):
    url = sign(client, private, ann, transform="flip.png").json["url"]
    link = url.removeprefix("http://falconframework.org")
    assert_problem(get(client, link, Authorization="Bearer nonsense"), 401)


def test_the_documented_algorithm_makes_valid_links(make_client, store):
    [example] = [e for e in re.findall(r"```python\n(.*?)```", PAGE, re.S) if "-v1" in e]
    names: dict = {}
    exec(example, names)  # noqa: S102 - the page is ours
    client = make_client(auth={"secret": SECRET})
    private = keep(store)
    names["KEY"] = link_key(SECRET.encode())
    link = names["link"]
    assert opened(get(client, link(private + "thumbnail.webp")))
    assert opened(get(client, link(private)))
    assert opened(get(client, link(private[:-1] + ".png")))
    token = link(private + "*", scope="any").partition("?")[2]
    assert opened(get(client, f"{private}flip.png?{token}"))
