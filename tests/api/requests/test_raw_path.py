"""Paths as the client sent them, and the keys in them."""

from __future__ import annotations

import pytest
from falcon import testing

from progimage.api.requests.raw_path import decoded_key, raw_path
from progimage.errors import InvalidRequest


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a%2Fb//c?d=/e", "/a%2Fb//c"),
        ("http://pictures.example:80/a%20b?c", "/a%20b"),
        ("http://pictures.example", "/"),
    ],
)
def test_a_path_is_neither_decoded_nor_cleaned(target, path):
    req = testing.create_req()
    req.env["RAW_URI"] = target
    assert raw_path(req) == path


def test_servers_that_only_have_the_decoded_path_get_it_encoded_again():
    req = testing.create_req()
    req.env.pop("RAW_URI", None)
    req.env["PATH_INFO"] = "/a b/é?".encode().decode("latin-1")
    assert raw_path(req) == "/a%20b/%C3%A9%3F"


def test_a_key_is_decoded_once():
    assert decoded_key("a%2Fb%2541.png") == "a/b%41.png"


@pytest.mark.parametrize(
    "raw",
    ["", "%ff", "a%00", "a%7f", "..", "a/../b", "a%2F.%2Fb", "a%5C..%5Cb", "a/..;x=1/b", "./a"],
)
def test_keys_that_could_mean_another_file_are_errors(raw):
    with pytest.raises(InvalidRequest, match=r"^key: "):
        decoded_key(raw)


@pytest.mark.parametrize("key", ["...", "a..b", ".hidden", "a/.b", "a;b"])
def test_dots_within_a_name_are_allowed(key):
    assert decoded_key(key) == key
