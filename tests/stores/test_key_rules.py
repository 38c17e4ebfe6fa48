"""Which keys a store accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.errors import BadKey
from progimage.stores.key_rules import check_key, check_prefix

ANY = st.text(max_size=40) | st.text(alphabet="a/.-é\n", max_size=12)


@pytest.mark.parametrize("key", ["a", "a/b", "images/é/1.jpg", "a" * 255, "/".join("a" * 450)])
def test_keys_of_printable_segments_are_accepted(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize(
    "key",
    [
        *("", "/a", "a/", "a//b", ".", "..", "a/.hidden", "a\nb", "a\x00", "\ud800"),
        *("a" * 256, "é" * 128, "/".join("a" * 451)),
    ],
)
def test_other_keys_are_not(key: str) -> None:
    with pytest.raises(BadKey):
        check_key(key)


@given(ANY)
def test_every_beginning_of_a_key_is_a_prefix(key: str) -> None:
    try:
        check_key(key)
    except BadKey:
        return
    for length in range(len(key)):
        check_prefix(key[:length])
