"""Keys: how they are changed, and that each is good for one algorithm only."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from progimage import config
from progimage.access.accounts.access_tokens import key_ring
from progimage.config import Auth
from progimage.config.clock_skew import APART_S
from progimage.errors import BadCredentials, ConfigError
from progimage.stores.memory import MemoryStore

OLD, NEW = "o" * 32, "n" * 32


def ring(store=None, **settings):
    auth = Auth.model_validate({"mode": "optional", **settings})
    return key_ring(auth, store or MemoryStore())


def claims() -> dict[str, object]:
    now = int(time.time())
    return {"sub": "ann", "gen": 1, "iat": now, "nbf": now, "exp": now + 60}


def pem(key, *, public: bool = False) -> str:
    if public:
        data = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    else:
        data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return data.decode()


def test_changing_keys_ends_no_session():
    before = ring(keys=[{"kid": "old", "secret": OLD}])
    after = ring(keys=[{"kid": "new", "secret": NEW}, {"kid": "old", "secret": OLD}])
    assert after.verify(before.sign(claims()))["sub"] == "ann"
    with pytest.raises(BadCredentials):
        before.verify(after.sign(claims()))


def test_a_token_of_a_node_whose_clock_is_ahead_is_valid_at_once_and_no_longer_than_others():
    ours, now = ring(keys=[{"kid": "own", "secret": OLD}]), int(time.time())

    def made(ago_s: int) -> str:
        times = {"iat": now - ago_s, "nbf": now - ago_s, "exp": now - ago_s + 60}
        return ours.sign({**claims(), **times})

    assert ours.verify(made(5 - APART_S))["sub"] == "ann"
    for ago_s in (-APART_S - 60, 60 + 6):
        with pytest.raises(BadCredentials):
            ours.verify(made(ago_s))


def test_a_node_with_the_public_half_verifies_and_cannot_sign():
    key = Ed25519PrivateKey.generate()
    signer = ring(keys=[{"kid": "ed", "ed25519": pem(key)}])
    public = {"kid": "ed", "ed25519": pem(key, public=True)}
    verifier = ring(keys=[{"kid": "own", "secret": OLD}, public])
    assert verifier.verify(signer.sign(claims()))["sub"] == "ann"
    with pytest.raises(ConfigError, match="first key signs"):
        ring(keys=[public])


def test_the_error_about_an_invalid_key_does_not_show_it():
    for text in (pem(generate_private_key(65537, 2048)), "PRIVATE nonsense", "nonsense"):
        with pytest.raises(ConfigError, match="expected an Ed25519 key") as error:
            ring(keys=[{"kid": "a", "ed25519": text}])
        assert text not in str(error.value)


def test_every_node_of_a_store_shares_the_key_for_development():
    store = MemoryStore()
    token = ring(store, secret="development").sign(claims())
    assert ring(store, secret="development").verify(token)
    with pytest.raises(BadCredentials):
        ring(secret="development").verify(token)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PROGIMAGE_AUTH_MODE": "required"}, "needs a key"),
        ({"PROGIMAGE_AUTH_MODE": "optional"}, "needs a key"),
        ({"PROGIMAGE_AUTH_SECRET": "hunter2"}, "at least 32 bytes"),
        ({"PROGIMAGE_AUTH_KEYS": '[{kid = "a", secret = "hunter2"}]'}, "at least 32 bytes"),
        ({"PROGIMAGE_AUTH_KEYS": '[{kid = "a", hunter2 = "x"}]'}, "AUTH_KEYS"),
        ({"PROGIMAGE_AUTH_KEYS": '[{kid = "a"}]'}, "either secret or ed25519"),
    ],
)
def test_settings_without_a_valid_key_are_an_error_that_shows_no_secret(environ, words, tmp_path):
    file = tmp_path / "local.toml"
    file.touch()
    with pytest.raises(ConfigError) as error:
        config.load(environ, file)
    assert words in str(error.value)
    assert "hunter2" not in str(error.value).replace("auth.keys.0.hunter2", "")
