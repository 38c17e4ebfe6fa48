"""How many requests a host gets at a time, and how soon after each other."""

from __future__ import annotations

from progimage.jobs.host_limits import HostLimits


def test_a_host_is_asked_for_so_many_at_a_time_with_a_pause_between(clock):
    hosts = HostLimits(2, 0.5, clock)
    with hosts.turn("http://a.example/1") as first:
        assert first == 0
        with hosts.turn("http://A.example/2") as too_soon:
            assert too_soon == 0.5
        with hosts.turn("http://b.example/1") as other:
            assert other == 0
        clock.now += 0.5
        with hosts.turn("http://a.example/2") as second:
            assert second == 0
            clock.now += 0.5
            with hosts.turn("http://a.example/3") as third:
                assert third > 0
    clock.now += 0.5
    with hosts.turn("http://a.example/3") as third:
        assert third == 0
    assert len(hosts) == 0


def test_a_host_is_the_same_however_it_is_written(clock):
    hosts = HostLimits(1, 0.0, clock)
    spellings = (
        "http://Bücher.example/b",
        "http://XN--BCHER-KVA.example:80/c",
        "https://bücher.example/d",
    )
    with hosts.turn("http://bücher.example/a") as first:
        assert first == 0
        for url in spellings:
            with hosts.turn(url) as wait_s:
                assert wait_s > 0, url
        with hosts.turn("http://bücher.example:8080/e") as wait_s:
            assert wait_s == 0
