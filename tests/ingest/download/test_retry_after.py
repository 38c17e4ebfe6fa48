"""The header Retry-After (RFC 9110, section 10.2.3)."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.ingest.download.retry_after import seconds

DAY_S = 86_400


@pytest.mark.parametrize(
    ("text", "wait_s"), [("0", 0), (" 120 ", 120), ("86401", DAY_S), ("9" * 10_000, DAY_S)]
)
def test_seconds_are_read_up_to_a_day(text: str, wait_s: int) -> None:
    assert seconds(text) == wait_s


@pytest.mark.parametrize(("from_now_s", "least", "most"), [(3_000, 2_000, 3_000), (-9, 0, 0)])
def test_a_date_is_the_time_until_then(from_now_s: float, least: int, most: int) -> None:
    wait_s = seconds(formatdate(time.time() + from_now_s, usegmt=True))
    assert wait_s is not None
    assert least <= wait_s <= most


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", "٣", "Mon, 99 Foo 2026"])
def test_anything_else_is_none(text: str) -> None:
    assert seconds(text) is None


@given(st.text(max_size=60))
def test_any_text_is_read_or_none(text: str) -> None:
    assert seconds(text) in (None, *range(DAY_S + 1))
