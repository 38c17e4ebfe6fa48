"""Maintain a store: verify and repair it, build its index, bound its cache."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from progimage import config
from progimage.access.transform_policy import TransformPolicy
from progimage.cli.index import index_of
from progimage.cli.quarantine import rebuilder_of
from progimage.cli.terminal import console, progress
from progimage.config import Settings
from progimage.jobs.retention import remove_ended
from progimage.maintenance.check import Check
from progimage.maintenance.gc import collect
from progimage.maintenance.index_upkeep import keep_up
from progimage.maintenance.reindex import reindex as rebuild
from progimage.stores import ObjectStore, open_store

app = typer.Typer()

# Records read at the same time, within the connections of `open_store`.
_THREADS = 16


@app.command()
def check(
    repair: Annotated[
        bool,
        typer.Option(help="finish removals, rebuild records, repair the index"),
    ] = False,
    grace_minutes: Annotated[
        float, typer.Option(min=0, help="spare what is younger than this: uploads in flight")
    ] = 60.0,
) -> None:
    """Verify every picture of the store against its record; 1 if something is left wrong."""
    settings, store = _open()
    counts: Counter[str] = Counter()
    wrong = 0
    grace = timedelta(minutes=grace_minutes)
    with (
        progress("checking") as tell,
        ThreadPoolExecutor(_THREADS) as threads,
        rebuilder_of(settings, store) as rebuilder,
    ):
        index = index_of(settings, store, threads)
        checking = Check(store, repair=repair, grace=grace, index=index, rebuilder=rebuilder)
        for finding in checking.run(tell):
            counts[finding.kind] += 1
            wrong += not finding.repaired
            print(f"{'repaired' if finding.repaired else 'found'}: {finding.kind}: {finding.key}")
    summary = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    console.print(summary or "all is well")
    if wrong:
        if not repair:
            console.print("run again with --repair to mend what can be mended")
        raise typer.Exit(1)


@app.command()
def reindex(
    anew: Annotated[
        bool, typer.Option("--anew", help="remove the index first; searches wait until it is built")
    ] = False,
) -> None:
    """Build the index from the records, or repair the one that is there while the service runs."""
    settings, store = _open()
    with progress("reindexing") as tell, ThreadPoolExecutor(_THREADS) as threads:
        index = index_of(settings, store, threads)
        done = rebuild(index, anew=anew, on_progress=tell)
    if done.old_keys:
        print(f"removed {done.old_keys:,} keys of an older version's index")
    if done.built:
        print(f"built an index of {done.built:,} pictures")
    else:
        print(f"repaired {done.added:,} pictures and removed {done.removed:,} from the index")


@app.command()
def gc(
    max_age_days: Annotated[float | None, typer.Option(min=0, help="cache.max_age_days")] = None,
    max_bytes: Annotated[int | None, typer.Option(min=0, help="cache.max_bytes")] = None,
) -> None:
    """Bound cached renditions by age, size and policy, and remove old jobs, beside live traffic."""
    settings, store = _open()
    age = settings.cache.max_age_days if max_age_days is None else max_age_days
    size = settings.cache.max_bytes if max_bytes is None else max_bytes
    limits = settings.picture_limits()
    policy = TransformPolicy(settings.transforms.policy, settings.presets, limits)
    with progress("collecting") as tell:
        sweep = collect(
            store,
            max_age=timedelta(days=age),
            max_bytes=size,
            copy_px=settings.render.working_copy_px,
            is_open=policy.is_name_open,
            on_progress=tell,
        )
        jobs = remove_ended(store, datetime.now(UTC), timedelta(days=settings.jobs.keep_days))
        with ThreadPoolExecutor(_THREADS) as threads:
            kept = keep_up(index_of(settings, store, threads))
    print(
        f"removed {sweep.removed} of {sweep.seen} renditions, "
        f"{sweep.removed_bytes:,} of {sweep.seen_bytes:,} bytes, "
        f"{sweep.working_copies} working copies without use, "
        f"{sweep.stale_uploads} files of uploads cut short, "
        f"{sweep.expired_uploads} uploads whose time was over and {jobs} old jobs"
    )
    print(f"removed {kept.announcements} announcements and {kept.shelves} shelves of the index")


def _open() -> tuple[Settings, ObjectStore]:
    settings, _ = config.load()
    return settings, open_store(settings.store, **settings.s3.options)
