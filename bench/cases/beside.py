"""Searches in one process while others upload a hundred pictures a second."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import random
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import cycle
from pathlib import Path

from bench.bench import Bench
from bench.cases.searches import queries
from bench.libraries import TAGS, VOCABULARY, Zipf, library, names
from bench.report import Table, verdict
from progimage.imaging.inspection import Facts
from progimage.library import Candidate, Library
from progimage.library.index.fold import FOLD_AT
from progimage.library.index.index import Index
from progimage.library.index.keeper import Keeper
from progimage.library.index.opening import open_index
from progimage.library.index.publish import Merge
from progimage.library.index.shelf_writer import merged_bytes
from progimage.library.search.catalogue import Catalogue
from progimage.model import Metadata, Viewer
from progimage.stores.folder.store import FilesystemStore

LIBRARY = 100_000
RATE = 100
SECONDS = 60.0
WRITERS = 2
FOLDED_WITHIN_S = 120.0

_VIEWER = Viewer(name="stranger")
_PAUSE_S = 0.02
_FACTS = Facts(
    format="JPEG",
    media_type="image/jpeg",
    width=640,
    height=480,
    orientation=1,
    frames=1,
    has_alpha=False,
    dominant_colour="#806040",
    placeholder="",
)


def beside(bench: Bench) -> list[Table]:
    """Times of searches alone and beside uploads, and how many changes wait for a fold."""
    size = 500 if bench.smoke else next(iter(bench.pictures), LIBRARY)
    seconds = 3.0 if bench.smoke else SECONDS
    with tempfile.TemporaryDirectory(dir=bench.work) as folder:
        root = Path(folder) / "library"
        shutil.copytree(library(bench.libraries or bench.work / "libraries", size), root)
        cores = sorted(os.sched_getaffinity(0))
        own, others = {cores[0]}, set(cores[1:] or cores)
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(1 + WRITERS, context, initializer=_pin, initargs=(others,))
        with pool:
            _pin(own)
            try:
                row = _measured(pool, root, seconds)
            finally:
                _pin(set(cores))
    pause = f"{_PAUSE_S * 1000:.0f} ms"
    note = (
        f"{WRITERS} processes upload described pictures of a few bytes to a folder, {RATE} a "
        f"second in all for {seconds:.0f} s, and fold; a third searches a library of {size:,} "
        f"pictures, each kind of `bench searches` in turn with {pause} between, and folds too. "
        "Merges are done in another process, as in the service. The searching process has a core "
        "to itself, all others share the rest. CPU is that of the thread that searches. The last "
        f"column is the time after the last upload until fewer than {FOLD_AT} were in no shelf; "
        "so few wait for up to a minute."
    )
    columns = (
        "uploads a second",
        "upload p50, p95 ms",
        "searches alone: p50, p95 ms",
        "beside: p50, p95 ms",
        "p95 beside / alone",
        "CPU alone: p50, p95 ms",
        "CPU beside: p50, p95 ms",
        "p95 of CPU",
        "announcements at most",
        "folded after, s",
    )
    return [Table("Searches beside uploads", note, columns, (row,))]


def _measured(pool: ProcessPoolExecutor, root: Path, seconds: float) -> tuple[str, ...]:
    index = _index(root)
    catalogue = Catalogue(index)
    keeper = Keeper(index, _elsewhere(pool))
    keeper.start()
    _searches(catalogue, index, time.monotonic() + seconds / 20)  # only warms up
    alone, alone_cpu, _ = _searches(catalogue, index, time.monotonic() + seconds / 4)
    ends = time.time() + seconds + 3.0  # time for the processes to start
    writing = [pool.submit(upload, root, number, ends - seconds, ends) for number in range(WRITERS)]
    time.sleep(max(0.0, ends - seconds - time.time()))
    beside, beside_cpu, most = _searches(catalogue, index, time.monotonic() + seconds)
    times = [ms for part in writing for ms in part.result()]
    began = time.monotonic()
    while len(index.view().states) >= FOLD_AT and time.monotonic() < began + FOLDED_WITHIN_S:
        time.sleep(0.1)
    folded = time.monotonic() - began
    keeper.begin_to_stop()
    return (
        f"{len(times) / seconds:.0f}",
        _percentiles(times),
        _percentiles(alone),
        _percentiles(beside),
        verdict(_p95(beside) / _p95(alone), 2.0, at_most=True),
        _percentiles(alone_cpu),
        _percentiles(beside_cpu),
        f"{_p95(beside_cpu) / _p95(alone_cpu):.2f}",
        f"{most:,}",
        f"{folded:.1f}",
    )


def upload(root: Path, number: int, begins: float, ends: float) -> list[float]:
    """Upload pictures at an even rate between two times; return how long each took, in ms."""
    index = _index(root)
    library_ = Library(index.store, index=index)
    keeper = Keeper(index)
    keeper.start()
    tags, words = Zipf(names(TAGS, 2), 0.9), Zipf(names(VOCABULARY, 3), 1.0)
    random_ = random.Random(number)
    gap = WRITERS / RATE
    times: list[float] = []
    due = begins + gap * number / WRITERS
    while due < ends:
        time.sleep(max(0.0, due - time.time()))
        due += gap
        metadata = Metadata(
            title=" ".join(words.draw(random_, 3)),
            description=" ".join(words.draw(random_, 10)),
            tags=tuple(tags.draw(random_, 3)),
        )
        started = time.perf_counter()
        library_.add(_candidate(), metadata)
        times.append(1000 * (time.perf_counter() - started))
        if time.time() > ends:
            break
    keeper.begin_to_stop()
    return times


def _index(root: Path) -> Index:
    return open_index(FilesystemStore(root), f"file://{root}")


def _pin(cores: set[int]) -> None:
    """Let this process run on these cores only."""
    os.sched_setaffinity(0, cores)


def _elsewhere(pool: ProcessPoolExecutor) -> Merge:
    return lambda parts, most: pool.submit(merged_bytes, parts, most).result()


def _candidate() -> Candidate:
    content = os.urandom(64)
    digest = hashlib.sha256(content).hexdigest()
    return Candidate(io.BytesIO(content), digest, "", digest, len(content), "a.jpg", _FACTS)


def _searches(
    catalogue: Catalogue, index: Index, ends: float
) -> tuple[list[float], list[float], int]:
    """Search until a time.

    Return how long each search took, and how much CPU, in ms, and the most announcements seen.
    """
    times: list[float] = []
    cpu: list[float] = []
    most = 0
    for query in cycle([query for query, before in queries().values() if before is None]):
        if time.monotonic() > ends:
            return times, cpu, most
        started, used = time.perf_counter(), time.thread_time()
        catalogue.first(_VIEWER, query, 50)
        cpu.append(1000 * (time.thread_time() - used))
        times.append(1000 * (time.perf_counter() - started))
        most = max(most, len(index.view().announced))
        time.sleep(_PAUSE_S)
    return times, most


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _percentiles(times: list[float]) -> str:
    return f"{statistics.median(times):.1f}, {_p95(times):.1f}"
