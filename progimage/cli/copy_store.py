"""Copy a store into another."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated
from urllib.parse import urlsplit

import typer

from progimage import config
from progimage.cli.terminal import bar, message, print_row
from progimage.errors import ConfigError
from progimage.library.index.opening import open_index
from progimage.maintenance.copy_store.copier import Copier
from progimage.stores import create_store, open_store
from progimage.stores.folder.url import path_of

app = typer.Typer()

_THREADS = 16


@app.command(
    "copy-store",
    epilog="""Examples:

    progimage copy-store file:var/store s3://bucket/prefix?region=eu-west-1

    progimage copy-store s3://bucket/prefix file:///srv/pictures --delete

    progimage copy-store file:///srv/backup file:var/store --repair --verify-all

Run it again to continue, or to catch up, while the source serves. Point the servers at the
copy after a run that copied nothing. The copy can serve from the beginning.

Exit codes: 0 everything is copied, 1 something is damaged at the source or newer at the copy.""",
)
def copy_store(
    source: Annotated[str, typer.Argument(metavar="SRC", help="file:, file:// or s3:// URL")],
    target: Annotated[str, typer.Argument(metavar="DST", help="the same; created if missing")],
    deletes: Annotated[
        bool, typer.Option("--delete", help="delete images that only the copy has")
    ] = False,
    reads_back: Annotated[
        bool, typer.Option("--read-back/--no-read-back", help="read and hash what was written")
    ] = True,
    verifies_all: Annotated[
        bool, typer.Option("--verify-all", help="also read and hash what was there before")
    ] = False,
    repairs: Annotated[
        bool,
        typer.Option(
            "--repair", help="only replace what is damaged at DST, such as from a back-up at SRC"
        ),
    ] = False,
    has_old_spelling: Annotated[bool, typer.Option("--mend", hidden=True)] = False,
    passes: Annotated[
        int, typer.Option(min=1, help="the first copies everything, the others what has changed")
    ] = 2,
) -> None:
    """Copy a store to another place or kind: originals, records, accounts, jobs, uploads.

    The index of the copy is built on the way. Renditions are not copied; the copy renders them
    again.
    """
    repairs = repairs or has_old_spelling
    if repairs and deletes:
        raise ConfigError("--repair deletes nothing; use it without --delete")
    options = config.load()[0].s3.options
    here = open_store(source, threads=_THREADS, **options)
    _check_apart(source, target)
    if not repairs:
        create_store(target, **options)
    there = open_store(target, threads=_THREADS, **options)
    counts: Counter[str] = Counter()
    size_bytes = 0
    with bar() as progress, ThreadPoolExecutor(_THREADS) as threads:
        index = open_index(there, target)
        copier = Copier(
            here, there, threads, reads_back=reads_back, verifies_all=verifies_all, index=index
        )
        total = None if repairs or progress.disable else copier.total()
        task = progress.add_task("copying", total=total, note="")
        results = copier.repair() if repairs else copier.run(passes=passes, deletes=deletes)
        for result in results:
            counts[result.kind] += 1
            size_bytes += result.size_bytes
            progress.update(task, advance=1, note=f"{size_bytes / 1e6:,.0f} MB")
            if result.kind in ("repaired", "damaged", "newer", "extra"):
                print_row(f"{result.kind}:", result.key)
    nothing = "nothing is damaged" if repairs else "nothing there"
    summary = ", ".join(f"{counts[kind]:,} {kind}" for kind in sorted(counts)) or nothing
    message(f"{summary}; {size_bytes:,} bytes copied")
    if counts["extra"]:
        message("--delete deletes what only the copy has")
    if counts["damaged"] or counts["newer"]:
        raise typer.Exit(1)


def _check_apart(source: str, target: str) -> None:
    urls = urlsplit(source), urlsplit(target)
    if not all(url.scheme == "file" for url in urls):
        return
    here, there = (path_of(url).resolve() for url in urls)
    if here.is_relative_to(there) or there.is_relative_to(here):
        raise ConfigError("SRC and DST: expected two folders, neither inside the other")
