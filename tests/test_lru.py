"""The bounded mapping."""

from __future__ import annotations

from progimage.lru import LockedLru


def test_the_value_that_was_not_used_for_longest_is_dropped():
    values: LockedLru[str, int] = LockedLru(2)
    values.put("a", 1)
    values.put("b", 2)
    assert values.get("a") == 1
    values.put("c", 3)
    assert (values.get("a"), values.get("b"), values.get("c")) == (1, None, 3)
    assert len(values) == 2


def test_update_sees_the_value_before_or_none():
    values: LockedLru[str, int] = LockedLru(2)
    assert values.update("a", lambda before: (before or 10) + 1) == 11
    assert values.update("a", lambda before: (before or 10) + 1) == 12


def test_pop_removes_a_value_once():
    values: LockedLru[str, int] = LockedLru(2)
    values.put("a", 1)
    assert (values.pop("a"), values.pop("a")) == (1, None)
