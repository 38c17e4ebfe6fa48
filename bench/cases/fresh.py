"""What the first searches of a node cost that has nothing of the index yet, over a slow link."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from bench.bench import Bench
from bench.cases.searches import LIMIT, queries
from bench.libraries import library
from bench.link import Link, LinkedStore
from bench.report import Table
from progimage.library.index.index import Index
from progimage.library.index.shelf_files import ShelfFiles, scratch_folder
from progimage.library.search.catalogue import Catalogue
from progimage.model import Viewer
from progimage.server.parts import HELPERS
from progimage.stores.folder.store import FilesystemStore

SIZE = 1_000_000
SEARCHES = ("everything", "the 50th tag", "a rare tag", "a rare word")
SPEEDS = (12.5e6, 100e6)
REQUEST_S = 0.03

_STRANGER = Viewer(name="stranger")


class Cost(NamedTuple):
    """What a search took, and then the same search for another thing."""

    seconds: float
    bytes: int
    requests: int
    next_s: float


def fresh(bench: Bench) -> list[Table]:
    """First searches with shelves fetched whole, and by ranges, in turn."""
    size = 500 if bench.smoke else max(bench.pictures, default=SIZE)
    root = library(bench.libraries or bench.work / "libraries", size)
    rows = [
        _row(name, speed, _cost(root, name, speed, False), _cost(root, name, speed, True))
        for speed in (SPEEDS[1:] if bench.smoke else SPEEDS)
        for name in SEARCHES
    ]
    note = (
        f"One process with an empty scratch folder searches {size:,} pictures; each row is a new "
        f"node. The store is a folder behind a simulated link: {1000 * REQUEST_S:.0f} ms until an "
        "answer begins, and bytes at the given speed, which all requests share. Searches have no "
        "time limit here (a server's are partial after five seconds). Then the same kind of search "
        "follows at once for another tag or word, while the rest comes in the background."
    )
    columns = (
        "MB/s",
        "search",
        "whole, s",
        "by ranges, s",
        "ratio",
        "whole: MB, requests",
        "by ranges: MB, requests",
        "next search, whole: ms",
        "by ranges: ms",
    )
    return [Table("Fresh node", note, columns, tuple(rows))]


def _row(name: str, speed: float, whole: Cost, ranges: Cost) -> tuple[str, ...]:
    return (
        f"{speed / 1e6:g}",
        name,
        f"{whole.seconds:.2f}",
        f"{ranges.seconds:.2f}",
        f"{ranges.seconds / whole.seconds:.2f}",
        f"{whole.bytes / 1e6:.1f}, {whole.requests}",
        f"{ranges.bytes / 1e6:.1f}, {ranges.requests}",
        f"{1000 * whole.next_s:.0f}",
        f"{1000 * ranges.next_s:.0f}",
    )


def _cost(root: Path, name: str, speed: float, has_ranges: bool) -> Cost:
    link = Link(speed, REQUEST_S)
    store = LinkedStore(FilesystemStore(root), link, has_ranges=has_ranges)
    query = queries()[name][0]
    another = queries()["two rare tags" if query.tags else "a less common word"][0]
    if not query.tags and not query.needles:
        another = query
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(HELPERS) as threads:
        files = ShelfFiles(store, scratch_folder(Path(folder), "s3://bench"), executor=threads)
        catalogue = Catalogue(Index(store, threads, files), clock=lambda: 0.0)
        began = time.perf_counter()
        catalogue.first(_STRANGER, query, LIMIT)
        seconds = time.perf_counter() - began
        count, requests = link.bytes, link.requests
        catalogue.first(_STRANGER, another, LIMIT)
        next_s = time.perf_counter() - began - seconds
        files.keep_only(())  # ends what goes on in the background
    return Cost(seconds, count, requests, next_s)
