# ruff: noqa: RUF001 (look-alikes of letters and digits are among the attacks)
"""Signatures: what they are made of, what they cover, and what they do not survive."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from progimage.access.signed_links import (
    LinkSigner,
    link_key,
    path_of_any,
    path_of_original,
    path_of_rendition,
    path_of_transform,
)
from progimage.config.clock_skew import APART_S
from progimage.errors import InvalidLink, LinkExpired
from progimage.imaging.pipeline_parser import parse

ID, OTHER_ID = "a" * 64, "b" * 64
SECRET, OLD_SECRET = b"s" * 32, b"o" * 32
KEYS = {"new": link_key(SECRET), "old": link_key(OLD_SECRET)}
NOW = 1_800_000_000
DAY = 86_400
PATH = path_of_rendition(ID, parse("thumbnail.webp"))
MAC_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def signer(keys=KEYS, kid="new", now=NOW, longest=DAY) -> LinkSigner:
    return LinkSigner(keys, kid, longest, clock=lambda: now)


def paths(path=PATH, any_path=None):
    return {"this": path, "any": any_path or path_of_any(ID)}


TOKEN = signer().sign(PATH, 600)[0]


def test_a_signature_holds_for_what_it_was_made_for_until_its_end():
    token, expires = signer().sign(PATH, 600)
    assert expires == datetime.fromtimestamp(NOW + 600, UTC)
    assert signer().verify(token, paths()) == (NOW + 600, "this")
    assert signer(now=NOW + 599).verify(token, paths())
    for now in (NOW + 600, NOW + 601, NOW + 10 * DAY):
        with pytest.raises(LinkExpired, match="2027-01-15T08:10:00Z"):
            signer(now=now).verify(token, paths())


def test_the_algorithm_is_the_documented_one():
    """Written out once more, since back ends sign by it: it must never change within v1."""
    key = hmac.digest(SECRET, b"progimage/link-key/v1", "sha256")
    text = f"progimage-link-v1\nnew\n{NOW + 600}\nthis\n/images/{ID}/thumbnail.webp"
    mac = base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).decode().rstrip("=")
    assert f"v1.new.{NOW + 600}.this.{mac}" == TOKEN
    # By openssl: printf … | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
    assert mac == "oHOHJjjXshmPl8hW4May7U27BMaZTcIgLM4BhLmhtVo"


@pytest.mark.parametrize(
    ("spelt", "path"),
    [
        ("thumbnail.webp", "/thumbnail.webp"),
        ("thumbnail:200x200.WEBP", "/thumbnail.webp"),
        ("rotate:0/thumbnail/format:webp", "/thumbnail.webp"),
        ("thumbnail", "/thumbnail"),
        ("thumbnail.auto", "/thumbnail.auto"),
        ("resize:h=3,w=4.jpeg", "/resize:height=3,width=4.jpg"),
        ("format:png", ".png"),
        ("", "/-"),
        ("rotate:0", "/-"),
    ],
)
def test_the_canonical_path_is_signed(spelt, path):
    assert path_of_rendition(ID, parse(spelt)) == f"/images/{ID}{path}"


def test_the_original_any_rendition_and_no_change_at_all_are_signed_apart():
    made = {
        path_of_original(ID),
        path_of_any(ID),
        path_of_rendition(ID, parse("")),
        path_of_rendition(ID, parse("format:jpg")),
        path_of_transform(parse("")),
        path_of_transform(parse("format:jpg")),
    }
    assert len(made) == 6


def test_a_signature_for_any_rendition_holds_for_its_picture_only():
    token, _ = signer().sign(path_of_any(ID), 600, "any")
    assert signer().verify(token, paths()).scope == "any"
    with pytest.raises(InvalidLink):
        signer().verify(token, paths(any_path=path_of_any(OTHER_ID)))
    with pytest.raises(InvalidLink):
        signer().verify(token, {"this": path_of_any(ID)})


@pytest.mark.parametrize(
    "path",
    [
        path_of_original(ID),
        path_of_any(ID),
        path_of_rendition(OTHER_ID, parse("thumbnail.webp")),
        path_of_rendition(ID, parse("thumbnail.png")),
        path_of_rendition(ID, parse("thumbnail.auto")),
        path_of_rendition(ID, parse("thumbnail")),
        path_of_rendition(ID, parse("thumbnail:201x200.webp")),
        path_of_rendition(ID, parse("thumbnail/flip.webp")),
        path_of_transform(parse("thumbnail.webp")),
    ],
)
def test_a_signature_is_of_no_use_elsewhere(path):
    with pytest.raises(InvalidLink):
        signer().verify(TOKEN, paths(path))


def test_a_key_that_leaves_the_ring_takes_its_links_along():
    token, _ = signer(kid="old").sign(PATH, 600)
    assert signer().verify(token, paths())
    with pytest.raises(InvalidLink):
        signer({"new": KEYS["new"]}).verify(token, paths())


def test_a_link_of_one_key_cannot_pass_for_one_of_another():
    with pytest.raises(InvalidLink):
        signer().verify(TOKEN.replace(".new.", ".old."), paths())


def test_two_names_of_one_secret_make_two_signatures():
    same = {"one": KEYS["new"], "two": KEYS["new"]}
    token, _ = signer(same, "one").sign(PATH, 600)
    with pytest.raises(InvalidLink):
        signer(same, "one").verify(token.replace(".one.", ".two."), paths())


def test_the_secret_itself_signs_no_links():
    token, _ = signer({"new": SECRET}).sign(PATH, 600)
    with pytest.raises(InvalidLink):
        signer().verify(token, paths())


def test_a_link_key_is_not_the_secret_nor_what_a_token_is_signed_with():
    """The label holds a slash, which no base64url text that a JWT is made of does."""
    assert link_key(SECRET) != SECRET
    assert link_key(SECRET) == hmac.new(SECRET, b"progimage/link-key/v1", hashlib.sha256).digest()


def test_an_end_too_far_away_is_refused_however_well_it_is_signed():
    """Above all one in milliseconds, which would last for 50,000 years."""
    for expires_in_s in (DAY + APART_S + 1, 10 * DAY, NOW * 1000 - NOW):
        token, _ = far_signer(expires_in_s)
        with pytest.raises(InvalidLink):
            signer().verify(token, paths())
    assert signer().verify(signer().sign(PATH, DAY)[0], paths())
    # Signed by a node whose clock is ahead.
    assert signer().verify(signer(now=NOW + APART_S).sign(PATH, DAY)[0], paths())


def far_signer(expires_in_s: int) -> tuple[str, str]:
    """Sign without asking whether the time makes a date."""
    expires = str(NOW + expires_in_s)
    text = "\n".join(("progimage-link-v1", "new", expires, "this", PATH))
    mac = hmac.digest(KEYS["new"], text.encode(), "sha256")
    return f"v1.new.{expires}.this.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}", expires


@pytest.mark.parametrize(
    "expires",
    ["", "0", "-1", "+9", "01800000600", " 1800000600", "1800000600 ", "18e8", "1_800_000_600",
     "1800000600.0", "9" * 12, "9" * 400, "inf", "nan", "0x6b49d200",
     "１８０００００６００", "١٨٠٠٠٠٠٦٠٠", "1800000600\n", "1800000600\x00"],
)  # fmt: skip
def test_an_expiry_has_one_spelling_even_if_another_is_signed(expires):
    text = "\n".join(("progimage-link-v1", "new", expires, "this", PATH))
    mac = hmac.digest(KEYS["new"], text.encode(), "sha256")
    token = f"v1.new.{expires}.this.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    with pytest.raises(InvalidLink):
        signer().verify(token, paths())


_HEAD, _MAC = TOKEN.rsplit(".", 1)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "v1",
        "....",
        _MAC,
        TOKEN.removeprefix("v1."),
        TOKEN.replace("v1", "v2"),
        TOKEN.replace("v1", "V1"),
        TOKEN.replace("v1.", ""),
        TOKEN.replace(".new.", ".."),
        TOKEN.replace(".new.", ".NEW."),
        TOKEN.replace(".new.", ".unknown."),
        TOKEN.replace(".new.", ".../new."),
        TOKEN.replace(".new.", f".{'k' * 65}."),
        TOKEN.replace(".this.", ".any."),
        TOKEN.replace(".this.", ".THIS."),
        TOKEN.replace(".this.", "."),
        TOKEN.replace(str(NOW + 600), str(NOW + 601)),
        _HEAD,
        f"{_HEAD}.",
        TOKEN[:-1],
        TOKEN + "=",
        TOKEN + "A",
        TOKEN + " ",
        TOKEN + "\n",
        TOKEN + "\x00",
        " " + TOKEN,
        f"{_HEAD}.{_MAC.swapcase()}",
        f"{_HEAD}.{_MAC[:21]}",
        f"{_HEAD}.{'A' * 43}",
        f"{_HEAD}.{_MAC[:-1]}Ａ",
        f"{TOKEN}.{_MAC}",
        f"{TOKEN},{TOKEN}",
        "v1.none.0.this." + "A" * 43,
        TOKEN * 1000,
        "é" * 43,
        "\ud800",
    ],
)
def test_an_invalid_signature_is_an_error(token):
    with pytest.raises(InvalidLink) as error:
        signer().verify(token, paths())
    assert _MAC not in str(error.value)


def test_each_signature_has_one_spelling():
    """Of the last letter only four bits count: sixteen texts in four are the same bytes."""
    others = [f"{TOKEN[:-1]}{letter}" for letter in MAC_LETTERS if letter != TOKEN[-1]]
    twins = [token for token in others if _bytes(token) == _bytes(TOKEN)]
    assert len(twins) == 3
    for token in others:
        with pytest.raises(InvalidLink):
            signer().verify(token, paths())


def _bytes(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.rsplit(".", 1)[1] + "=")


@given(
    st.integers(0, len(TOKEN)),
    st.integers(0, 3),
    st.text(st.sampled_from(MAC_LETTERS + ".=%é１"), max_size=3),
)
@example(0, 0, "")
def test_no_altered_signature_is_accepted(at, length, put):
    altered = TOKEN[:at] + put + TOKEN[at + length :]
    if altered == TOKEN:
        assert signer().verify(altered, paths())
        return
    with pytest.raises(InvalidLink):
        signer().verify(altered, paths())
