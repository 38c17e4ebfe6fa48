"""The tokens of a login."""

from __future__ import annotations

import pytest

from progimage.client.errors import UnexpectedAnswer
from progimage.client.tokens import Tokens


def test_what_a_renewal_leaves_out_stays():
    before = Tokens("first", "refresh", "session")
    assert Tokens.of({"access_token": "second"}, before) == Tokens("second", "refresh", "session")
    assert Tokens.of({"access_token": "second", "refresh_token": "r"}) == Tokens("second", "r")


def test_an_answer_without_a_token_is_an_error():
    with pytest.raises(UnexpectedAnswer):
        Tokens.of({"refresh_token": "r"})


def test_they_are_not_shown():
    assert repr(Tokens("secret", "also secret", "s")) == "Tokens(session='s')"
