"""Maintain a store: check and repair it, rebuild its index, limit its cache, measure it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.filesize import decimal

from progimage import keys
from progimage.access.transform_policy import TransformPolicy
from progimage.cli.configured import configured_store
from progimage.cli.connection import AsJson
from progimage.cli.progress import progress_of
from progimage.cli.quarantine import rebuilder_of
from progimage.cli.terminal import Table, message, print_json, progress
from progimage.jobs import keys as job_keys
from progimage.jobs.retention import remove_ended
from progimage.library import Library
from progimage.library.quotas import open_quotas
from progimage.maintenance.check import Check
from progimage.maintenance.dry_run import DryRunStore
from progimage.maintenance.findings import REPAIRABLE
from progimage.maintenance.gc import collect
from progimage.maintenance.index_upkeep import keep_up
from progimage.maintenance.reindex import reindex as rebuild
from progimage.maintenance.stats import measure
from progimage.maintenance.trash import empty_expired
from progimage.server.origins import silent_origins
from progimage.server.parts import index_of

app = typer.Typer()

# Records read at the same time, within the connections of `open_store`.
_THREADS = 16

_SECTIONS = {
    keys.IMAGES: "images",
    keys.RENDERS: "renditions",
    keys.USERS: "accounts",
    "index/": "index",
    job_keys.JOBS: "jobs",
}

Grace = Annotated[
    float, typer.Option(min=0, help="ignore what is younger: it may belong to a running upload")
]


@app.command()
def check(
    repair: Annotated[
        bool, typer.Option(help="finish deletions, rebuild records, correct the index")
    ] = False,
    grace_minutes: Grace = 60.0,
) -> None:
    """Verify every image of the store against its record.

    Exit code 1 if anything is wrong that was not repaired. Origins that do not answer are named.
    """
    settings, store = configured_store()
    counts: Counter[str] = Counter()
    records = 0
    remaining: set[str] = set()
    grace = timedelta(minutes=grace_minutes)
    with (
        progress_of(store, _SECTIONS) as count,
        ThreadPoolExecutor(_THREADS) as threads,
        rebuilder_of(settings, store) as rebuilder,
    ):
        index = index_of(settings, store, threads)
        checking = Check(store, repair=repair, grace=grace, index=index, rebuilder=rebuilder)

        def on_key(key: str) -> None:
            nonlocal records
            records += keys.id_of_record(key) is not None
            count(key)

        for finding in checking.run(on_key):
            counts[finding.kind] += 1
            if not finding.repaired:
                remaining.add(finding.kind)
            print(f"{'repaired' if finding.repaired else 'found'}: {finding.kind}: {finding.key}")
    summary = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    message(f"{summary or 'no errors found'}; images checked: {records:,}")
    for advice in _advice(remaining):
        message(advice)
    for name, reason in silent_origins(settings):
        message(f"origin {name!r} does not answer: {reason}")
    if remaining:
        raise typer.Exit(1)


def _advice(kinds: set[str]) -> Iterator[str]:
    """Yield a line for each command that repairs some of these findings."""
    if kinds & REPAIRABLE:
        yield "`progimage check --repair` repairs: " + ", ".join(sorted(kinds & REPAIRABLE))
    if kinds & {"damaged record", "missing original", "altered original"}:
        yield (
            "`progimage copy-store BACKUP STORE --repair --verify-all` replaces damaged records, "
            "originals and accounts by those of a back-up or another copy of the store"
        )
    if kinds & {"unknown key", "id of another owner or picture"}:
        yield "no command removes unknown keys or wrong ids; look at them and delete them by hand"


@app.command()
def reindex(
    is_from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch", help="remove the index first; searches fail until it is built"
        ),
    ] = False,
    has_old_spelling: Annotated[bool, typer.Option("--anew", hidden=True)] = False,
) -> None:
    """Build the index from the records, or repair the existing one while the service runs."""
    settings, store = configured_store()
    with progress("reindexing") as count, ThreadPoolExecutor(_THREADS) as threads:
        index = index_of(settings, store, threads)
        is_rebuilt = is_from_scratch or has_old_spelling
        done = rebuild(index, from_scratch=is_rebuilt, on_progress=count)
    if done.old_keys:
        print(f"removed {done.old_keys:,} keys of an older version's index")
    if done.built:
        print(f"built an index of {done.built:,} pictures")
    else:
        print(f"repaired {done.added:,} pictures and removed {done.removed:,} from the index")


@app.command()
def gc(
    max_age_days: Annotated[
        float | None, typer.Option(min=0, help="instead of the setting cache.max_age_days")
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option(min=0, help="instead of the setting cache.max_bytes")
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only print what would be removed")
    ] = False,
) -> None:
    """Limit cached renditions by age, size and policy; remove old jobs, uploads and trash.

    It can run while the service does.
    """
    settings, store = configured_store()
    if is_dry_run:
        store = DryRunStore(store)
    age = settings.cache.max_age_days if max_age_days is None else max_age_days
    size = settings.cache.max_bytes if max_bytes is None else max_bytes
    limits = settings.picture_limits()
    policy = TransformPolicy(settings.transforms.policy, settings.presets, limits)
    with progress_of(store, _SECTIONS) as count:
        removed = collect(
            store,
            max_age=timedelta(days=age),
            max_bytes=size,
            copy_px=settings.render.working_copy_px,
            is_open=policy.is_name_open,
            on_progress=count,
        )
        jobs = remove_ended(store, datetime.now(UTC), timedelta(days=settings.jobs.keep_days))
        if is_dry_run:
            trashed = empty_expired(store, None)
        else:
            with ThreadPoolExecutor(_THREADS) as threads:
                index = index_of(settings, store, threads)
                quotas = open_quotas(store, index, settings.quota)
                trashed = empty_expired(store, Library(store, index=index, quotas=quotas))
                done = keep_up(index)
    print(
        f"{'would remove' if is_dry_run else 'removed'} "
        f"{removed.removed} of {removed.seen} renditions, "
        f"{removed.removed_bytes:,} of {removed.seen_bytes:,} bytes, "
        f"{removed.working_copies} unused working copies, "
        f"{removed.stale_uploads} unfinished files, "
        f"{removed.expired_uploads} expired uploads, {jobs} old jobs "
        f"and {trashed} images of the trash"
    )
    if not is_dry_run:
        print(f"removed {done.announcements} announcements and {done.shelves} shelves of the index")


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Count the objects of the store and their bytes, by kind."""
    _, store = configured_store()
    with progress("counting") as count:
        amounts = measure(store, count)
    if as_json:
        print_json({name: asdict(amount) for name, amount in amounts.items()})
        return
    table = Table(12, 12, 12)
    for name, amount in amounts.items():
        table.add(name, f"{amount.count:,}", decimal(amount.size_bytes))
