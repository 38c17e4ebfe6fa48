"""Refresh tokens and API keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.access.accounts.secret_tokens import API_KEY, REFRESH, new, parse


@pytest.mark.parametrize("kind", [REFRESH, API_KEY])
def test_a_token_is_read_as_it_was_written(kind: str) -> None:
    token = new(kind, "ann")
    assert parse(str(token), kind) == token


def test_a_token_is_of_its_kind_alone() -> None:
    assert parse(str(new(REFRESH, "ann")), API_KEY) is None


def test_each_token_has_a_secret_of_its_own() -> None:
    first, second = new(API_KEY, "ann", "0" * 32), new(API_KEY, "ann", "0" * 32)
    assert first.is_of(first.sha256)
    assert not first.is_of(second.sha256)


def test_logs_do_not_show_the_secret() -> None:
    token = new(API_KEY, "ann")
    assert token.secret not in repr(token)


@pytest.mark.parametrize("change", [str.upper, lambda text: text + "a", lambda text: text[:-1]])
def test_a_changed_token_is_none(change) -> None:
    assert parse(change(str(new(API_KEY, "ann"))), API_KEY) is None


@given(st.text(max_size=300))
def test_other_texts_are_no_tokens(text: str) -> None:
    assert parse(text, API_KEY) is None
