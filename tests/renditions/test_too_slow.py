"""What was too slow is not tried again for a while."""

from __future__ import annotations

import pytest

from progimage.errors import Overloaded, RenderTimeout
from progimage.renditions.too_slow import TooSlow


@pytest.fixture
def slow(clock):
    return TooSlow(clock)


def fail(slow, key, error):
    with pytest.raises(type(error)), slow.noting(key):
        raise error


def test_the_same_error_comes_again_without_another_try_and_ends(slow, clock):
    fail(slow, "a", RenderTimeout("takes more than 10 s"))
    slow.check("b")
    with pytest.raises(RenderTimeout, match="10 s"):
        slow.check("a")
    clock.now += 601
    slow.check("a")


def test_a_busy_server_is_not_held_against_a_picture(slow):
    fail(slow, "a", Overloaded("busy"))
    slow.check("a")


def test_only_so_many_are_remembered(clock):
    slow = TooSlow(clock, most=2)
    for key in "abc":
        fail(slow, key, RenderTimeout("slow"))
    slow.check("a")
    for key in "bc":
        with pytest.raises(RenderTimeout):
            slow.check(key)
