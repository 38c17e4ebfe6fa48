"""What does jobs, wired together: in a web process, or in a worker of its own."""

from __future__ import annotations

from progimage.access.admission import Admission
from progimage.access.transform_policy import TransformPolicy
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
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore
from progimage.stores.temp_files import TempFolder


def pool_of(settings: Settings, *, workers: int, niceness: int) -> RenderPool:
    """Return render processes within the limits of the settings."""
    return RenderPool(
        workers=workers,
        timeout_s=settings.render.timeout_s,
        memory_bytes=settings.render.memory_bytes,
        tasks=settings.render.tasks_per_worker,
        niceness=niceness,
    )


def policy_of(settings: Settings) -> TransformPolicy:
    """Return which pipelines are open to anybody: all processes must put renditions alike."""
    limits = settings.limits.to_limits()
    return TransformPolicy(settings.transforms.policy, settings.presets, limits)


def runner_of(
    settings: Settings,
    store: ObjectStore,
    jobs: Jobs,
    library: Library,
    pool: RenderPool,
    folder: TempFolder,
    downloader: Downloader,
) -> Runner:
    """Return what does jobs in this process; its renders never stand before a request's."""
    limits, threads = settings.limits.to_limits(), settings.jobs.threads
    admission = Admission(threads, "items of jobs")
    max_bytes = settings.upload.max_bytes
    ingest = Ingest(library, pool, folder, limits, admission, downloader, max_bytes=max_bytes)
    renders = Renditions(store, library, pool, folder, limits, admission, policy_of(settings))
    hosts = HostLimits(settings.jobs.per_host, settings.jobs.host_pause_s)
    attempts = settings.jobs.attempts
    publishing = Publishing(library, destinations(settings.publish))
    work = Work(jobs, library, ingest, renders, hosts, limits, publishing, attempts=attempts)
    leases = Leases(store, settings.jobs.lease_s)
    return Runner(store, jobs, work, leases, threads=threads, poll_s=settings.jobs.poll_s)
