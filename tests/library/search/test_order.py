"""The orders of a list."""

from __future__ import annotations

import pytest

from progimage.library.search.order import NEWEST_FIRST, ORDERS, Order


def test_numbers_of_orders_never_change_since_cursors_have_them():
    names = ["created", "-created", "title", "-title", "size", "-size", "taken", "-taken"]
    assert [str(order) for order in ORDERS] == names
    assert str(NEWEST_FIRST) == "-created"


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_the_opposite_of_the_opposite_is_the_same(order):
    assert order.opposite != order
    assert order.opposite.opposite == order
    assert order.opposite.is_reversed != order.is_reversed


def test_the_newest_come_first_without_reversing_positions():
    assert not NEWEST_FIRST.is_reversed
    assert not Order("title").is_reversed
    assert Order("title", is_descending=True).is_reversed
