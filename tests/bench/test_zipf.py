"""The model of bench/zipf.py against a real least-recently-used cache."""

from __future__ import annotations

import random
from collections import OrderedDict
from itertools import accumulate
from pathlib import Path

import pytest

from bench import zipf
from bench.zipf import Costs, Workload, month


def replay(work: Workload, capacity: int, requests: int) -> float:
    """Return the hit ratio of a real cache, once it is warm."""
    weights = list(accumulate(rank**-work.exponent for rank in range(1, work.objects + 1)))
    requested = random.Random(7).choices(range(work.objects), cum_weights=weights, k=requests)
    cache: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number, thing in enumerate(requested):
        hits += thing in cache and number >= requests // 2
        cache[thing] = None
        cache.move_to_end(thing)
        if len(cache) > capacity:
            cache.popitem(last=False)
    return hits / (requests - requests // 2)


@pytest.mark.parametrize("exponent", [0.7, 0.9, 1.1])
@pytest.mark.parametrize("capacity", [50, 500])
def test_the_model_agrees_with_a_real_cache(exponent, capacity):
    work = Workload(5_000, exponent)
    assert work.hit_ratio(capacity) == pytest.approx(replay(work, capacity, 60_000), abs=0.02)


def test_a_cache_of_everything_always_hits_and_one_of_nothing_never():
    work = Workload(1_000_000, 0.9)
    assert work.hit_ratio(1_000_000) == 1.0
    assert work.hit_ratio(1e-9) == pytest.approx(0, abs=1e-6)


def test_without_an_edge_every_request_reaches_the_store():
    it = month(Workload(1_000, 0.9), 100, edge_bytes=1e-9, cached_bytes=1e9, rendition_bytes=1_000)
    assert it.gets == pytest.approx(100 * Costs().gets_of_hit)
    assert it.puts == 0


@pytest.mark.parametrize("table", [zipf.by_size, zipf.by_nodes, zipf.by_disk])
def test_the_documentation_shows_what_the_model_says(table):
    document = Path(__file__).parents[2] / "docs" / "operate" / "scaling.md"
    work = Workload(zipf.PICTURES * zipf.SIZES, zipf.EXPONENT)
    assert "\n".join(table(work, zipf.REQUESTS, zipf.RENDITION_BYTES)) in document.read_text(
        "utf-8"
    )


@pytest.mark.parametrize("expected", [0.1, 0.5, 2, 20])
def test_the_model_of_trust_agrees_with_a_real_clock(expected):
    drawn, now, requested, trusted, gets = random.Random(7), 0.0, -9.0, -9.0, 0
    for _ in range(40_000):
        now += drawn.expovariate(expected)
        if now - trusted < 1:
            continue
        gets += 1
        if now - requested < 1:
            gets += 1
            trusted = now
        requested = now
    assert zipf.requested_again(expected, 1) == pytest.approx(gets / 40_000, rel=0.02)


def test_nodes_asked_at_random_gain_nothing_and_ones_chosen_by_url_add_up():
    work = Workload(10_000, 0.9)

    def hits(cache_bytes: int, **chosen: int) -> float:
        return month(work, 1e6, cache_bytes, 1e7, 1_000, **chosen).edge_hit_ratio

    assert hits(100_000, hashed_edges=10) == hits(1_000_000) > hits(100_000)
