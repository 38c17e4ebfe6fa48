"""The oldest of a listing are found by the sums of an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from progimage.renditions.oldest import BytesByAge
from progimage.stores import Stat

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def stat(number: int, minute: int, size: int) -> Stat:
    return Stat(f"renders/{number}", size, "", EPOCH + timedelta(minutes=minute))


LISTINGS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 100)), max_size=30)


@given(LISTINGS, st.integers(-10, 3_000))
def test_no_older_one_is_left_and_no_more_go_than_must(pairs, wanted):
    listing = [stat(number, *pair) for number, pair in enumerate(pairs)]
    ages = BytesByAge()
    for one in listing:
        ages.add(one)
    found = list(ages.oldest(listing, wanted))
    assert ages.total == sum(one.size for one in listing)
    left = [one for one in listing if one not in found]
    assert not found or not left or max(s.modified for s in found) <= min(s.modified for s in left)
    removed = sum(one.size for one in found)
    assert removed >= min(wanted, ages.total)
    assert not found or removed - max(one.size for one in found) < max(wanted, 1)


def test_what_came_after_the_first_listing_stays():
    ages = BytesByAge()
    ages.add(stat(1, 3, 100))
    assert list(ages.oldest([stat(1, 3, 100), stat(2, 4, 100)], 500)) == [stat(1, 3, 100)]
