"""Builds the runner of jobs of a process."""

from __future__ import annotations

from progimage import keys
from progimage.access.admission import Admission
from progimage.config import Settings
from progimage.imaging.pool import RenderPool
from progimage.ingest.download.downloader import Downloader
from progimage.ingest.ingest import Ingest
from progimage.jobs.host_limits import HostLimits
from progimage.jobs.leases import Leases
from progimage.jobs.publish.destinations import destinations
from progimage.jobs.publishing import Publishing
from progimage.jobs.runner import Runner
from progimage.jobs.state import Jobs
from progimage.jobs.work import Work
from progimage.library import Library
from progimage.library.working_copies import WorkingCopies
from progimage.origins.copies import CopyStore
from progimage.origins.opening import open_source
from progimage.origins.pointers import Pointers
from progimage.origins.purging import Purging
from progimage.origins.unlisted import Unlisted
from progimage.renditions.cache_budget import CacheBudget
from progimage.renditions.renditions import Renditions
from progimage.server.large import LargeParts
from progimage.server.parts import policy_of
from progimage.stores import ObjectStore
from progimage.stores.temp_files import TempFolder


def runner_of(
    settings: Settings,
    store: ObjectStore,
    jobs: Jobs,
    library: Library,
    pool: RenderPool,
    folder: TempFolder,
    downloader: Downloader,
    budget: CacheBudget,
    large: LargeParts,
) -> Runner:
    """Return the runner of jobs in this process; its renders have a lower priority."""
    limits, threads = settings.picture_limits(), settings.jobs.threads
    admission = Admission(threads, "items of jobs")
    max_bytes = settings.upload.max_bytes
    copies = WorkingCopies(store, library, settings.render.working_copy_px)
    ingest = Ingest(
        library,
        pool,
        folder,
        limits,
        admission,
        downloader,
        max_bytes=max_bytes,
        working_copies=copies,
        large=large.uploads,
    )
    renders = Renditions(
        store,
        library,
        pool,
        folder,
        limits,
        admission,
        policy_of(settings),
        working_copies=copies,
        allows=budget.allows,
        large=large.pictures,
    )
    hosts = HostLimits(settings.jobs.per_host, settings.jobs.host_pause_s)
    attempts = settings.jobs.attempts
    publishing = Publishing(library, destinations(settings.publish))
    sources = {name: open_source(name, chosen) for name, chosen in settings.origins.items()}
    part = CopyStore(store)
    pointers = (Pointers(store), Pointers(store, keys.ADOPTED))
    purging = Purging(pointers, Library(part, index=Unlisted(part)))
    work = Work(
        jobs,
        library,
        ingest,
        renders,
        hosts,
        limits,
        publishing,
        purging,
        attempts=attempts,
        origins=sources,
    )
    leases = Leases(store, settings.jobs.lease_s)
    return Runner(store, jobs, work, leases, threads=threads, poll_s=settings.jobs.poll_s)
