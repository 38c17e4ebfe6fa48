# ruff: noqa: RUF001 (look-alikes of letters and digits are among the attacks)
"""However an address is spelt, it is read once: a link opens what it is for, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest
from falcon import testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import assert_problem
from tests.api.signing import TRICKS, WITH_KEY, keep, signed, spelt

PIPELINE = "thumbnail:height=16,width=16.png"
# What looks like a digit or letter, or is one in another script.
LOOK_ALIKES = ["１６", "１6", "1６", "١٦", "१६", "𝟏𝟔", "1\u200b6", "\u202e61", "16\u0301", "²", "Ⅵ"]


@pytest.fixture
def client(make_client):
    return make_client(**WITH_KEY)


@pytest.fixture
def private(store) -> str:
    return keep(store)


@pytest.fixture
def ask(client) -> Callable[..., testing.Result]:
    """Return a function that sends a request target as it is, as gunicorn hands it on."""
    return partial(send, client)


def send(client: testing.TestClient, target: str, method: str = "GET", **headers: str) -> Any:
    path, _, query = target.partition("?")
    path = path.partition("#")[0]
    raw = unquote_to_bytes(path.encode()).decode("latin-1")
    extras = {"PATH_INFO": raw, "QUERY_STRING": query, "RAW_URI": target}
    return client.simulate_request(method, "/", headers=headers, extras=extras)


def assert_shut_or_the_same(result: testing.Result, good: testing.Result) -> None:
    """Whatever is a picture is the one picture in the one form; nothing else says anything."""
    if result.status_code >= 400:
        assert_problem(result, result.status_code)
        assert result.status_code in (400, 403, 404, 405)
    elif result.headers["content-type"].startswith("image/"):
        assert result.headers["etag"] == good.headers["etag"]
        assert result.content == good.content
    else:
        assert b"private" not in result.content
    assert "x-injected" not in result.headers


@pytest.mark.parametrize("trick", TRICKS)
def test_no_spelling_makes_a_link_open_anything_else(ask, private, trick):
    link = signed(private + PIPELINE)
    good = ask(link)
    assert good.status_code == 200
    query = link.partition("?")[2]
    result = ask(f"{spelt(trick, private, PIPELINE)}?{query}")
    assert_shut_or_the_same(result, good)
    # Nor does it get by without the link.
    assert_shut_or_the_same(ask(spelt(trick, private, PIPELINE)), good)
    assert ask(spelt(trick, private, PIPELINE)).headers["content-type"] != "image/png"


@pytest.mark.parametrize("number", LOOK_ALIKES)
def test_a_look_alike_is_no_digit(ask, private, number):
    for target in (
        f"{private}thumbnail:height={quote(number)},width=16.png",
        f"{private}thumbnail.png?height={quote(number)}&width=16",
        f"{private.replace('1', number)}{PIPELINE}",
    ):
        query = signed(private + PIPELINE).partition("?")[2]
        result = ask(f"{target}{'&' if '?' in target else '?'}{query}")
        assert result.status_code in (400, 404)
        assert_problem(result, result.status_code)


@pytest.mark.parametrize("trick", ["%2F", "%2f", "/"])
def test_an_encoded_slash_is_a_slash_everywhere(ask, private, trick):
    """The server decodes a path once, before anybody reads it; so there is one reading."""
    query = signed(private + PIPELINE).partition("?")[2]
    assert ask(f"{private[:-1]}{trick}{PIPELINE}?{query}").status_code == 200


def test_an_id_is_64_lowercase_hex_digits_of_ascii(ask, private):
    image_id = private.split("/")[2]
    for other in (
        image_id.upper(),
        image_id[:-1],
        image_id + "0",
        f" {image_id}",
        f"{image_id}%20",
        f"{image_id}.",
        f"{image_id}%0a",
        quote(image_id.replace("a", "а")),
        quote(image_id.replace("1", "１")),
        quote("".join(chr(0xFEE0 + ord(c)) for c in image_id)),
    ):
        if other == quote(image_id):
            continue
        path = f"/images/{other}/{PIPELINE}"
        # Even if a back end signed it so.
        assert_problem(ask(signed(path)), 404)


MUTATIONS = st.tuples(
    st.sampled_from(["put", "drop", "replace", "encode", "swap case", "double", "cut"]),
    st.integers(0, 10_000),
    st.sampled_from(
        [*"/.?&=%;:,~*+-_#\\ @0129azAZ", "%2e", "%2f", "%00", "..", "//", "&sig=", "１"]
    ),
)


def mutated(target: str, mutation: tuple[str, int, str]) -> str:
    kind, at, put = mutation
    at %= len(target)
    letter = target[at]
    changed = {
        "put": put + letter,
        "drop": "",
        "replace": put,
        "encode": f"%{ord(letter):02X}" if letter.isascii() else letter,
        "swap case": letter.swapcase(),
        "double": letter * 2,
    }
    return target[:at] if kind == "cut" else target[:at] + changed[kind] + target[at + 1 :]


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mutations=st.lists(MUTATIONS, min_size=1, max_size=3), data=st.data())
def test_any_altered_link_that_is_accepted_means_the_same(ask, private, mutations, data):
    links = data.draw(st.sampled_from(["", PIPELINE, "thumbnail.png?height=16&width=16"]))
    path, _, query = (private + links).partition("?")
    covers = private + PIPELINE if query else path
    target = signed(path, covers=covers) + (f"&{query}" if query else "")
    good = ask(target)
    assert good.status_code == 200
    for mutation in mutations:
        target = mutated(target, mutation)
        if not target:
            return
    if target.startswith("/"):
        assert_shut_or_the_same(ask(target), good)
