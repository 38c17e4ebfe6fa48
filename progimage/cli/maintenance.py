"""Keep a store in order: verify and repair it, rebuild its index, bound its cache."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from progimage import config
from progimage.access.transform_policy import TransformPolicy
from progimage.cli.quarantine import rebuilder_of
from progimage.cli.terminal import console, progress
from progimage.config import Settings
from progimage.jobs.retention import remove_ended
from progimage.maintenance.check import Check
from progimage.maintenance.gc import collect
from progimage.maintenance.reindex import reindex as rebuild
from progimage.stores import ObjectStore, open_store

app = typer.Typer()

# Markers looked at side by side, within the connections of `open_store`.
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
        checking = Check(store, repair=repair, grace=grace, executor=threads, rebuilder=rebuilder)
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
    grace_minutes: Annotated[
        float, typer.Option(min=0, help="spare markers younger than this: uploads in flight")
    ] = 60.0,
) -> None:
    """Rebuild the index from the records, while the service runs."""
    _, store = _open()
    counts: Counter[str] = Counter()
    grace = timedelta(minutes=grace_minutes)
    with progress("reindexing") as tell, ThreadPoolExecutor(_THREADS) as threads:
        for finding in rebuild(store, grace=grace, executor=threads, on_progress=tell):
            counts[finding.kind] += 1
    print(
        f"added {counts['missing marker']} markers, removed {counts['stray marker']}, "
        f"left {counts['unknown key']} keys that are none of ours"
    )


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
    print(
        f"removed {sweep.removed} of {sweep.seen} renditions, "
        f"{sweep.removed_bytes:,} of {sweep.seen_bytes:,} bytes, "
        f"{sweep.working_copies} working copies without use, "
        f"{sweep.stale_uploads} files of uploads cut short, "
        f"{sweep.expired_uploads} uploads whose time was over and {jobs} old jobs"
    )


def _open() -> tuple[Settings, ObjectStore]:
    settings, _ = config.load()
    return settings, open_store(settings.store, **settings.s3.options)
