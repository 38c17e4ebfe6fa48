"""Make the working copies of a library's pictures in advance."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer

from progimage.cli.configured import configured_store
from progimage.cli.terminal import message, print_row, progress
from progimage.errors import ConfigError
from progimage.maintenance.prepare import Preparation
from progimage.renditions.renderer import Renderer
from progimage.server.parts import pool_of
from progimage.stores.temp_files import TempFolder

app = typer.Typer()

# setpriority(2): processes that serve requests go first.
_LOWEST_PRIORITY = 19

# Connections beside those of the workers.
_CONNECTIONS = 4


@app.command()
def prepare(
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="pictures at a time; by default one a core")
    ] = os.cpu_count() or 1,
) -> None:
    """Make the working copies that pictures lack, while the service runs.

    Needed only after an upgrade, or a change of render.working_copy_px: uploads make their
    own, and missing ones are made when they are needed. Can be stopped and run again.
    Exit code 1 if a picture's copies could not be made.
    """
    settings, store = configured_store(workers + _CONNECTIONS)
    px = settings.render.working_copy_px
    if px == 0:
        raise ConfigError("render.working_copy_px: is 0, which keeps no working copies")
    folder = TempFolder()
    pool = pool_of(settings, workers=workers, niceness=_LOWEST_PRIORITY)
    renderer = Renderer(pool, folder, settings.picture_limits())
    counts: Counter[str] = Counter()
    copies = 0
    try:
        with progress("preparing") as count, ThreadPoolExecutor(workers) as threads:
            work = Preparation(store, renderer, folder, px, threads, workers)
            for prepared in work.run(count):
                counts[prepared.kind] += 1
                copies += prepared.copies
                if prepared.kind == "failed":
                    print_row("failed:", prepared.image_id, prepared.reason)
    finally:
        pool.close()
    message(
        f"made {copies:,} working copies for {counts['made']:,} pictures; "
        f"{counts['complete']:,} had theirs, {counts['failed']:,} failed"
    )
    if counts["failed"]:
        raise typer.Exit(1)
