"""Cursors as text."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from progimage.errors import InvalidRequest
from progimage.library.index import positions
from progimage.library.search.cursor import Cursor, Total, decode
from progimage.library.search.order import ORDERS

AT = positions.position(datetime(2026, 1, 1, tzinfo=UTC), "ab" * 32)
KEYS = {"created": b"", "title": b"harbour", "size": bytes(8), "taken": b"2026-01-01T00:00:00"}


@pytest.mark.parametrize("order", ORDERS, ids=str)
@pytest.mark.parametrize("is_backwards", [False, True])
@pytest.mark.parametrize("total", [Total(0, True), Total(60_000, False)])
def test_a_cursor_is_read_back(order, is_backwards, total):
    cursor = Cursor(AT, is_backwards, total, order, KEYS[order.by])
    assert decode(cursor.encode()) == cursor


def test_a_count_has_an_upper_bound():
    assert decode(Cursor(AT, False, Total(100_000, False)).encode()).total.count == 0xFFFF


@pytest.mark.parametrize("change", [slice(0, 1), slice(3, 4), slice(4, 6)])
def test_a_changed_cursor_is_an_error(change):
    data = bytearray(base64.urlsafe_b64decode(Cursor(AT, False, Total(1, True)).encode()))
    data[change] = b"\xff" * len(data[change])
    with pytest.raises(InvalidRequest, match=r"^cursor: "):
        decode(base64.urlsafe_b64encode(data).decode())


@pytest.mark.parametrize("text", ["", "a", "????", "é", "A" * 50])
def test_other_texts_are_errors(text):
    with pytest.raises(InvalidRequest, match=r"^cursor: "):
        decode(text)
