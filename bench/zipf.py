"""What a large library costs on S3: a model of Zipf-shaped requests; run `python -m bench.zipf`.

Nothing is sent anywhere. Requests ask for renditions with the popularity of Zipf's law;
how much of them a least-recently-used cache answers is Che's approximation (Che, Tung and
Wang 2002, "Hierarchical Web caching systems"), which `tests/bench/test_zipf.py` holds to a real
cache. Prices and per-request costs are arguments, so that the tables can be made again for
other figures. docs/operate/scaling.md shows them.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_BUCKETS_PER_DECADE = 64

# The example of docs/operate/scaling.md.
PICTURES, SIZES, EXPONENT, REQUESTS, RENDITION_BYTES = 100_000_000, 4, 0.9, 10e9, 25_000


@dataclass(frozen=True, slots=True)
class Workload:
    """`objects` renditions, asked for as by Zipf's law with `exponent`."""

    objects: int
    exponent: float

    def ranks(self) -> Iterator[tuple[float, int]]:
        """Yield (weight of one object, how many have about that weight), most wanted first."""
        step, rank = 10 ** (1 / _BUCKETS_PER_DECADE), 1
        while rank <= self.objects:
            end = min(self.objects + 1, max(rank + 1, math.floor(rank * step)))
            yield ((rank + end - 1) / 2) ** -self.exponent, end - rank
            rank = end

    def hit_ratio(self, capacity: float) -> float:
        """Return the part of requests that a cache of `capacity` objects answers."""
        if capacity >= self.objects:
            return 1.0
        buckets = list(self.ranks())
        total = sum(weight * count for weight, count in buckets)
        low, high = 0.0, 1.0

        def filled(time: float) -> float:
            return sum(-math.expm1(-weight / total * time) * count for weight, count in buckets)

        while filled(high) < capacity:
            high *= 2
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if filled(middle) < capacity else (low, middle)
        return sum(
            weight / total * count * -math.expm1(-weight / total * high)
            for weight, count in buckets
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars; S3 Standard's list prices in us-east-1 at the time of writing."""

    get: float = 0.0004 / 1_000
    put: float = 0.005 / 1_000
    gigabyte_month: float = 0.023


@dataclass(frozen=True, slots=True)
class Costs:
    """The cost of one request: requests as `tests/api/test_cost.py` counts them, CPU as measured.

    CPU, from bench/RESULTS.md: 3,761 cached renditions a second on two cores, wrk's share
    included (2026-11-21 03:09); 10.3 ms for one that is made from a working copy (2026-11-29).
    """

    gets_of_hit: int = 1
    gets_of_miss: int = 5
    puts_of_miss: int = 1
    hit_cpu_s: float = 0.000_53
    miss_cpu_s: float = 0.010_3


@dataclass(frozen=True, slots=True)
class Month:
    """The cost of a month of requests."""

    edge_hit_ratio: float
    store_hit_ratio: float
    gets: float
    puts: float
    cores: float
    dollars: float


def month(
    work: Workload,
    requests: float,
    edge_bytes: float,
    cached_bytes: float,
    rendition_bytes: int,
    *,
    hashed_edges: int = 1,
    costs: Costs | None = None,
    prices: Prices | None = None,
) -> Month:
    """Return what `requests` a month cost behind caches of `edge_bytes` each.

    Where each request may go to any of the caches, their number does not matter: every one
    has the hit ratio of its own size. Where the URL's hash chooses among `hashed_edges`,
    they are one cache of all their bytes. The store keeps `cached_bytes` of renditions, as
    `progimage gc` leaves them. What an edge misses, the store has or a node renders.
    """
    costs, prices = costs or Costs(), prices or Prices()
    edge = work.hit_ratio(hashed_edges * edge_bytes / rendition_bytes)
    # Renditions in an edge are in the store too, so the store has the hits in between.
    cached = max(edge, work.hit_ratio(cached_bytes / rendition_bytes))
    arriving, rendered = requests * (1 - edge), requests * (1 - cached)
    found = arriving - rendered
    gets = found * costs.gets_of_hit + rendered * costs.gets_of_miss
    puts = rendered * costs.puts_of_miss
    cpu_s = found * costs.hit_cpu_s + rendered * costs.miss_cpu_s
    stored = min(cached_bytes, work.objects * rendition_bytes)
    return Month(
        edge_hit_ratio=edge,
        store_hit_ratio=1 - rendered / arriving if arriving else 1.0,
        gets=gets,
        puts=puts,
        cores=cpu_s / (30 * 86_400),
        dollars=gets * prices.get + puts * prices.put + stored / 1e9 * prices.gigabyte_month,
    )


def by_size(work: Workload, requests: float, rendition_bytes: int) -> Iterator[str]:
    """Yield the rows of a table: one cache before the service, by its size and the stored part."""
    yield "| CDN cache | cached renditions | CDN hits | store hits | GET | PUT | mean cores | $ |"
    yield "|---|---|---|---|---|---|---|---|"
    for edge_gb in (0, 100, 1_000, 5_000):
        for cached_gb in (500, 2_000, 10_000):
            it = month(work, requests, edge_gb * 1e9, cached_gb * 1e9, rendition_bytes)
            yield (
                f"| {edge_gb:,} GB | {cached_gb:,} GB | {it.edge_hit_ratio:.1%} | "
                f"{it.store_hit_ratio:.1%} | {it.gets / 1e6:,.0f} M | {it.puts / 1e6:,.0f} M | "
                f"{it.cores:.1f} | {it.dollars:,.0f} |"
            )


def by_nodes(work: Workload, requests: float, rendition_bytes: int) -> Iterator[str]:
    """Yield the rows of a table: a cache on each node, by their number and how nodes are chosen."""
    yield "| nodes | cache of each | chosen | hits | GET | PUT | mean cores | $ |"
    yield "|---|---|---|---|---|---|---|---|"
    for nodes in (1, 2, 5, 10, 50):
        for cache_gb in (10, 100):
            for chosen, hashed in (("at random", 1), ("by URL", nodes)):
                it = month(
                    work, requests, cache_gb * 1e9, 10e12, rendition_bytes, hashed_edges=hashed
                )
                yield (
                    f"| {nodes} | {cache_gb} GB | {chosen} | {it.edge_hit_ratio:.1%} | "
                    f"{it.gets / 1e6:,.0f} M | {it.puts / 1e6:,.0f} M | {it.cores:.1f} | "
                    f"{it.dollars:,.0f} |"
                )
                if nodes == 1:
                    break


def requested_again(rate: float, trust_s: float) -> float:
    """Return how many GET a hit costs where copies are trusted for `trust_s` once checked.

    Of a copy asked for at random moments, `rate` times a second: the first after trust ran out
    asks the store; each of the next does, until one comes within `trust_s` of the last, which
    reads the record too; those in the `trust_s` from then on ask nothing.
    """
    expected = rate * trust_s
    soon = -math.expm1(-expected)
    return (2 + 1 / soon) / (1 + 1 / soon + expected) if soon else 1.0


def by_disk(work: Workload, requests: float, rendition_bytes: int) -> Iterator[str]:
    """Yield the rows of a table: what the disk cache of each of ten nodes takes off S3.

    For the library and one of a hundredth of it, with as large a part of the requests.
    """
    yield (
        "| renditions | disk cache | hits | sent by S3 a month "
        "| GET a request, trusting for 5 s, 60 s |"
    )
    yield "|---|---|---|---|---|"
    for part in (100, 1):
        requested, library = requests / part, Workload(work.objects // part, work.exponent)
        rate = requested / 10 / (30 * 86_400)
        ranks = list(library.ranks())
        total = sum(weight * count for weight, count in ranks)
        for cache_gb in (1, 10, 100):
            hits = library.hit_ratio(cache_gb * 1e9 / rendition_bytes)
            sent_tb = requested * (1 - hits) * rendition_bytes / 1e12
            trusting = [
                sum(
                    weight * count / total * requested_again(rate * weight / total, trust_s)
                    for weight, count in ranks
                )
                for trust_s in (5, 60)
            ]
            yield (
                f"| {library.objects * rendition_bytes / 1e9:,.0f} GB | {cache_gb} GB "
                f"| {hits:.1%} | "
                f"{sent_tb:,.1f} of {requested * rendition_bytes / 1e12:,.1f} TB | "
                f"{trusting[0]:.2f}, {trusting[1]:.2f} |"
            )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.zipf")
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--sizes", type=int, default=SIZES, help="renditions of each picture")
    parser.add_argument("--exponent", type=float, default=EXPONENT)
    parser.add_argument("--requests", type=float, default=REQUESTS, help="a month")
    parser.add_argument("--rendition-bytes", type=int, default=RENDITION_BYTES)
    requested = parser.parse_args()
    work = Workload(requested.pictures * requested.sizes, requested.exponent)
    for table in (by_size, by_nodes, by_disk):
        sys.stdout.write(
            "\n".join(table(work, requested.requests, requested.rendition_bytes)) + "\n\n"
        )


if __name__ == "__main__":
    main()
