"""Importing a thousand URLs: beside what the machine can do, and by more workers."""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import servers, workers
from bench.bench import Bench
from bench.report import Table, spread

_URLS = 1000
_THREADS = 8
_SETTINGS = {
    "PROGIMAGE_CREATE_STORE": "true",
    "PROGIMAGE_DOWNLOAD_ALLOW_PRIVATE": "true",
    "PROGIMAGE_JOBS_PER_HOST": "64",
    "PROGIMAGE_JOBS_HOST_PAUSE_S": "0",
    "PROGIMAGE_JOBS_THREADS": str(_THREADS),
    "PROGIMAGE_JOBS_POLL_S": "0.5",
    "PROGIMAGE_LOG_LEVEL": "info",
    "PROGIMAGE_LOG_FORMAT": "json",
}


def imports(bench: Bench) -> list[Table]:
    """Images a second: hashed and stored by hand, by the embedded runner, by workers."""
    if "progimage" not in bench.wanted:
        return []
    count = 12 if bench.smoke else _URLS
    folder = workers.pictures(bench.work, count)
    rates: dict[str, list[float]] = {}
    with workers.site(folder) as site, workers.redis() as broker:
        urls = [f"{site}/{number}.jpg" for number in range(count)]
        for _ in range(bench.rounds):
            for name, seconds in (
                ("hash and store, by hand", _by_hand(bench, folder, count)),
                ("embedded runner, two web processes", _by_us(bench, urls, {}, 0)),
                ("one Celery worker", _by_us(bench, urls, {"PROGIMAGE_JOBS_BROKER": broker}, 1)),
                ("two Celery workers", _by_us(bench, urls, {"PROGIMAGE_JOBS_BROKER": broker}, 2)),
            ):
                rates.setdefault(name, []).append(count / seconds)
    by_hand = statistics.median(rates["hash and store, by hand"])
    rows = tuple(
        (name, spread(found), f"{statistics.median(found) / by_hand:.2f}")
        for name, found in rates.items()
    )
    growth = statistics.median(rates["two Celery workers"]) / statistics.median(
        rates["one Celery worker"]
    )
    note = (
        f"{count} JPEGs of 640x480 from nginx on the same machine, folder store, {_THREADS} items "
        "at a time in each process, politeness to hosts turned off. By hand: as many threads "
        "read each file, hash it, write it to a new one and flush that and its folder. "
        f"Two workers to one: {growth:.2f}."
    )
    return [Table("Imports", note, ("by", "images a second", "share of by hand"), rows)]


def _by_hand(bench: Bench, folder: Path, count: int) -> float:
    """Return the seconds that it takes to hash the pictures and put them on the disk."""
    with tempfile.TemporaryDirectory(dir=bench.work) as target:

        def keep(number: int) -> None:
            data = (folder / f"{number}.jpg").read_bytes()
            place = Path(target) / hashlib.sha256(data).hexdigest()
            with place.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

        started = time.perf_counter()
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(keep, range(count)))
        return time.perf_counter() - started


def _by_us(bench: Bench, urls: list[str], settings: dict[str, str], count: int) -> float:
    """Return the seconds of an import by `count` workers, or by the web processes if 0."""
    with tempfile.TemporaryDirectory(dir=bench.work) as folder:
        store = Path(folder) / "store"
        environment = {**_SETTINGS, **settings, "PROGIMAGE_STORE": store.absolute().as_uri()}
        with (
            servers.progimage([], store, environment) as server,
            workers.workers(count, environment),
        ):
            return workers.imported(server, urls)
