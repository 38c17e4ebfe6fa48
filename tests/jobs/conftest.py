"""Jobs over a store in memory, run by hand in the calling thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from PIL import Image

from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
from progimage.config import Download
from progimage.imaging.limits import Limits
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.jobs.creation import render_of
from progimage.jobs.host_limits import HostLimits
from progimage.jobs.leases import Leases
from progimage.jobs.model import Request
from progimage.jobs.publish.destination import Destination
from progimage.jobs.publishing import Publishing
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.jobs.work import Work
from progimage.library import Library
from progimage.origins.pointers import Pointers
from progimage.origins.purging import Purging
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from progimage.stores.temp_files import TempFolder
from tests.candidates import add
from tests.imaging.drawing import saved
from tests.inline_pool import InlinePool

LIMITS = Limits()
SCRATCH = TempFolder()


def runner_over(
    store: ObjectStore,
    clock: Callable[[], float],
    length_s: float = 10.0,
    downloader: Downloader | None = None,
    destinations: Mapping[str, Destination] | None = None,
) -> Runner:
    """Return a runner as one process of many has it."""
    jobs, library = Jobs(store), Library(store)
    policy = TransformPolicy("open", {}, LIMITS)
    admission = Admission(9, "renders")
    renders = Renditions(store, library, InlinePool(), SCRATCH, LIMITS, admission, policy)
    downloader = downloader or Downloader(Download(allow_private=True), 10**6)
    ingest = Ingest(
        library, InlinePool(), SCRATCH, LIMITS, Admission(9, "i"), downloader, max_bytes=10**6
    )
    hosts = HostLimits(2, 0.0, clock)
    publishing = Publishing(library, destinations or {})
    purging = Purging((Pointers(store),), library)
    work = Work(jobs, library, ingest, renders, hosts, LIMITS, publishing, purging, attempts=3)
    leases = Leases(store, length_s, clock)
    return Runner(store, jobs, work, leases, threads=4, poll_s=1.0, clock=clock)


def run(runner: Runner) -> None:
    """Do all there is to do, as one thread of a runner does it."""
    while (claim := runner.claim()) is not None:
        runner.work_through(claim)
        runner.leases.release(claim.lease)


def render_job(store: ObjectStore, images: list[object], *transforms: str) -> Request:
    """Create a job in the store."""
    request, entries = render_of(
        images,
        list(transforms) or ["resize:w=4.png"],
        owner="",
        created=datetime.now(UTC),
        max_items=10_000,
        presets={},
        limits=LIMITS,
    )
    Jobs(store).create(request, entries)
    return request


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def pictures(store) -> list[str]:
    """Ids of three small pictures."""
    colours = ("red", "green", "blue")
    return [
        add(Library(store), saved(Image.new("RGB", (8, 6), colour), "PNG")).id for colour in colours
    ]
