"""One holder at a time, and no clock compared with another machine's."""

from __future__ import annotations

import pytest

from progimage.errors import KeyMissing, StoreUnavailable
from progimage.jobs import keys
from progimage.jobs.leases import Lease, Leases
from progimage.stores import ABSENT
from progimage.stores.memory import MemoryStore
from tests.clock import Clock

KEY = keys.lease("0" * 32, 0)


def take(leases: Leases, store) -> Lease | None:
    try:
        current = store.stat(KEY).etag
    except KeyMissing:
        current = ABSENT
    return leases.take(KEY, current)


def test_a_lease_that_is_there_is_not_given_to_another(store, clock):
    ours, theirs = Leases(store, 10, clock), Leases(store, 10, Clock())
    assert take(ours, store)
    assert take(theirs, store) is None


def test_a_lease_that_stays_the_same_for_its_length_is_taken_over_and_lost(store, clock):
    ours, theirs = Leases(store, 10, clock), Leases(store, 10, clock)
    lease = take(ours, store)
    assert take(theirs, store) is None
    clock.now += 9.9
    assert take(theirs, store) is None
    clock.now += 0.2
    assert not lease.is_held(clock.now)
    taken = take(theirs, store)
    assert taken is not None
    ours.renew(lease)
    ours.release(lease)
    assert not lease.is_held(clock.now)
    assert taken.is_held(clock.now)
    assert store.stat(KEY)


def test_a_renewed_lease_is_never_taken_over(store, clock):
    ours, theirs = Leases(store, 10, clock), Leases(store, 10, clock)
    lease = take(ours, store)
    for _ in range(10):
        assert take(theirs, store) is None
        clock.now += 6
        ours.renew(lease)
        assert lease.is_held(clock.now)


def test_clocks_that_differ_by_hours_do_not_matter(store):
    ahead, behind = Clock(), Clock()
    ahead.now += 7200
    ours, theirs = Leases(store, 10, behind), Leases(store, 10, ahead)
    lease = take(ours, store)
    for _ in range(5):
        assert take(theirs, store) is None
        ahead.now, behind.now = ahead.now + 6, behind.now + 6
        ours.renew(lease)
    assert lease.is_held(behind.now)


def test_a_released_lease_is_free_at_once(store, clock):
    ours, theirs = Leases(store, 10, clock), Leases(store, 10, clock)
    ours.release(take(ours, store))
    assert take(theirs, store)


def test_of_two_that_find_a_dead_holders_lease_one_gets_it(store, clock):
    take(Leases(store, 10, clock), store)
    first, second = Leases(store, 10, clock), Leases(store, 10, clock)
    stale = store.stat(KEY).etag
    assert first.take(KEY, stale) is second.take(KEY, stale) is None
    clock.now += 10
    assert first.take(KEY, stale)
    assert second.take(KEY, stale) is None


class Forgetful(MemoryStore):
    """Its answers get lost, before or after the put took effect."""

    loses: bool | None = None

    def put(self, key, source, *, media_type, expect=None):
        if self.loses is False:
            raise StoreUnavailable("the request was lost")
        stat = super().put(key, source, media_type=media_type, expect=expect)
        if self.loses:
            raise StoreUnavailable("the answer was lost")
        return stat


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_renewal_without_an_answer_keeps_the_lease_and_can_be_repeated(clock, took_effect):
    store = Forgetful()
    leases = Leases(store, 10, clock)
    lease = take(leases, store)
    store.loses = took_effect
    clock.now += 5
    leases.renew(lease)
    store.loses = None
    assert lease.is_held(clock.now)
    clock.now += 3
    leases.renew(lease)
    clock.now += 9
    assert lease.is_held(clock.now)
