"""Keys of events."""

from __future__ import annotations

import pytest

from progimage.webhooks import keys

EVENT = "evt_" + "ab" * 16


@pytest.mark.parametrize("key", [keys.queued, keys.given_up])
def test_a_key_says_for_which_receiver_when_and_what(key):
    assert keys.place(key("my-shop", 1_234, EVENT)) == keys.Place("my-shop", 1_234, EVENT)


def test_events_sort_by_the_time_they_are_due():
    found = [keys.queued("shop", time, EVENT) for time in (0, 9, 10, 1_700_000_000_000)]
    assert found == sorted(found)
    assert all(key.startswith(keys.queue("shop")) for key in found)


def test_one_receivers_events_are_not_below_anothers():
    assert not keys.queued("shop-two", 1, EVENT).startswith(keys.queue("shop"))


@pytest.mark.parametrize("key", [keys.pending("token"), keys.lease("shop"), keys.RECOVERY, "a"])
def test_other_keys_have_no_place(key):
    assert keys.place(key) is None
