"""What accounts may be called, so that no two are mistaken for each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage import keys
from progimage.access.accounts.names import RESERVED, clean_name, clean_password
from progimage.errors import InvalidField


@pytest.mark.parametrize(
    ("text", "name"),
    [("ann", "ann"), ("ANN", "ann"), (" ann ", "ann"), ("\uff41nn", "ann"), ("a.b_c-9", "a.b_c-9")],
)
def test_names_are_stored_without_case_and_width(text, name):
    assert clean_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", "ab", "a" * 33, ".ann", "ann.", "-ann", "a nn", "a/b", "../x", "a~b", "a\0b"),
        *("\u0430nn", "\u1d00nn", "ann\u200b", "\u0131an", "me", "Admin", "ROOT", "a" * 10_000),
        "ann" + " " * 300,
    ],
)
def test_ambiguous_or_harmful_names_are_refused(text):
    with pytest.raises(InvalidField, match="username"):
        clean_name(text)


@given(st.text(max_size=40))
def test_a_name_is_a_fixed_point_and_a_safe_key(text):
    try:
        name = clean_name(text)
    except InvalidField:
        return
    assert clean_name(name) == name
    assert name not in RESERVED
    assert keys.name_of_user(keys.user(name)) == name


@pytest.mark.parametrize("text", ["", "short", "x" * 257, "aaaaaaaaaaaa", "margaret-ann"])
def test_weak_passwords_are_refused(text):
    with pytest.raises(InvalidField, match="password"):
        clean_password(text, "margaret-ann")


def test_a_password_is_the_same_however_its_accents_are_typed():
    assert clean_password("cafe\u0301 au lait", "ann") == clean_password("caf\u00e9 au lait", "ann")
